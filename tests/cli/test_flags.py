from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldzone.fleet.flag_file import load_flags
from goldzone.training.config import load_config
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import FlagsResolved
from goldzone.training.runs.run_folder import RunFolder
from tests.cli.conftest import Goldzone, complaint

FLAGS = """
sum_cache = false
[direction]
default = "forward"
[[direction.rules]]
languages = ["slovak", "polish"]
value = "backward"
"""


@pytest.fixture
def file() -> Path:
    path = Path("flags.toml")
    path.write_text(FLAGS)
    return path


def dataset_of(*names: str) -> Path:
    for name in names:
        (Path("languages") / name).mkdir(parents=True)
        (Path("languages") / name / "lexicon.tsv").write_text("a\ta\nb\tb\n")
    return Path("languages")


def test_the_table_tells_what_and_why(goldzone: Goldzone, file: Path) -> None:
    finished = goldzone("flags", file, "--language", "slovak", "--language", "czech")
    assert (finished.code, finished.err) == (0, "")
    title, *table = finished.out.splitlines()
    assert title == "flags.toml: 2 languages"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table if "│" in line]
    assert ["slovak", "direction", "backward", "TARGETING_MATCH", "rule 1: names slovak"] in rows
    assert ["czech", "direction", "forward", "DEFAULT", "no rule fits"] in rows
    assert [row[2:4] for row in rows if row[1] == "sum_cache"] == [["false", "STATIC"]] * 2
    assert max(map(len, table)) <= 80


def test_the_json_holds_the_same(goldzone: Goldzone, file: Path) -> None:
    finished = goldzone("flags", file, "--language", "slovak", "--json")
    facts = json.loads(finished.out)
    assert (facts["file"], facts["sha256"]) == ("flags.toml", load_flags(file).digest)
    assert list(facts["languages"]) == ["slovak"]
    slovak = facts["languages"]["slovak"]
    assert list(slovak) == ["direction", "sum_cache", "selection", "controller", "credit"]
    assert slovak["direction"] == {
        "value": "backward",
        "reason": "TARGETING_MATCH",
        "why": "rule 1: names slovak",
    }


def test_without_a_language_those_of_the_file_and_the_samples_are_shown(
    goldzone: Goldzone, file: Path
) -> None:
    shown = json.loads(goldzone("flags", file, "--json").out)["languages"]
    assert list(shown) == ["hebrew", "polish", "slovak"]


def test_a_dataset_s_languages_are_shown_and_others_warned_of(goldzone: Goldzone, file: Path) -> None:
    dataset = dataset_of("slovak", "polis", "english/american")
    finished = goldzone("flags", file, "--dataset", dataset, "--json")
    assert list(json.loads(finished.out)["languages"]) == ["english/american", "polis", "slovak"]
    assert finished.err == (
        "warning: flags.toml: names polish, which is not in languages; did you mean polis?\n"
    )


def test_words_are_counted_when_a_rule_asks(goldzone: Goldzone) -> None:
    Path("flags.toml").write_text("[[credit.rules]]\nmax_words = 2\nvalue = 'hard'")
    dataset = dataset_of("small")
    shown = json.loads(goldzone("flags", "flags.toml", "--dataset", dataset, "--json").out)["languages"]
    assert shown["small"]["credit"] == {
        "value": "hard",
        "reason": "TARGETING_MATCH",
        "why": "rule 1: 2 words",
    }
    line = complaint(goldzone("flags", "flags.toml", "--language", "polish"))
    assert line.startswith("polish: is neither a file nor a built-in sample")


def test_flags_are_shown_over_a_configuration(goldzone: Goldzone, file: Path) -> None:
    Path("config.toml").write_text("[capacity]\ncontroller = 'law'\n[pipeline]\ndirection = 'backward'")
    shown = goldzone("flags", file, "--language", "czech", "--config", "config.toml", "--json").out
    czech = json.loads(shown)["languages"]["czech"]
    assert (czech["controller"]["value"], czech["direction"]["value"]) == ("law", "forward")


@pytest.mark.parametrize("command", [["flags", "bad.toml"], ["train", "slovak", "--flags", "bad.toml"]])
def test_a_wrong_file_is_one_line(goldzone: Goldzone, command: list[str]) -> None:
    Path("bad.toml").write_text("creditt = 'hard'")
    assert complaint(goldzone(*command)) == "bad.toml: 'creditt' is no field; did you mean credit?"
    assert not Path("runs").exists()


def test_training_obeys_flags_before_its_configuration_file_and_keeps_the_seed(
    goldzone: Goldzone, file: Path
) -> None:
    # The sample has 3,000 words, of which 100 are learnt.
    file.write_text(f"{FLAGS}[[credit.rules]]\nmin_words = 3000\nvalue = 'margin'")
    Path("config.toml").write_text(
        "seed = 3\n[network]\nneurons = 8\n[pipeline]\nsweeps = 1\nsum_cache = true\n"
        "[capacity]\npremodulo = 1024\n"
    )
    finished = goldzone(
        *("train", "slovak", "--config", "config.toml", "--flags", file, "--seed", "5"),
        *("--limit", "100", "--json"),
    )
    assert finished.code == 0
    assert finished.err.startswith(
        "flags: direction backward (TARGETING_MATCH), sum_cache false (STATIC), selection fixed (DEFAULT), "
    )
    config = load_config("runs/slovak/config.toml")
    assert (config.seed, config.pipeline.sum_cache, config.pipeline.direction) == (5, False, "backward")
    _, first = next(read_events(RunFolder.open("runs/slovak").events_path))
    assert isinstance(first, FlagsResolved)
    assert (first.language, first.source, first.digest) == ("slovak", "flags.toml", load_flags(file).digest)
    assert first.values["sum_cache"] == "false"
    assert first.why["credit"] == "rule 1: 3000 words"
    assert config.credit.kind == "margin"


def test_without_flags_a_run_has_no_flags(run_folder: Path) -> None:
    events = read_events(RunFolder.open(run_folder).events_path)
    assert not any(isinstance(event, FlagsResolved) for _, event in events)
