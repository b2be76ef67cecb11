from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from goldzone.g2p.model import read_model
from goldzone.monitor.alert_settings import load_run_config
from goldzone.training.config import load_config
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished, Warned
from goldzone.training.runs.run_folder import RunFolder
from tests.cli.conftest import Goldzone, complaint


def toy_lexicon(path: Path, *extra: str) -> Path:
    """Write 45 words and any further lines."""
    rows = [f"{a}{b}{c}\t{a}{b}{c}" for a in "bdg" for b in "aeiou" for c in "mnr"]
    path.write_text("\n".join([*rows, *extra]) + "\n", encoding="utf-8")
    return path


def warnings(run: Path) -> list[str]:
    events = read_events(RunFolder.open(run).events_path)
    return [event.message for _, event in events if isinstance(event, Warned)]


def test_a_run_folder_holds_all_of_a_run(run_folder: Path, quick_toml: Path) -> None:
    run = RunFolder.open(run_folder)
    assert run.config == load_config(quick_toml)
    assert load_run_config(run.config_path) == load_run_config(quick_toml)
    assert load_run_config(run.config_path).alerts.collapse.threshold == 0.75
    assert run.sums_path.exists()
    model, digest = read_model(run.model_path)
    assert model.name == "slovak"
    *_, (_, last) = read_events(run.events_path)
    assert isinstance(last, RunFinished)
    assert last.model_digest == digest
    assert warnings(run_folder) == []  # nothing was skipped


def test_the_summary_for_scripts_tells_all(goldzone: Goldzone, quick_toml: Path) -> None:
    finished = goldzone("train", "slovak", "--config", quick_toml, "--limit", "300", "--json")
    assert finished.code == 0
    summary = json.loads(finished.out)
    assert summary["name"] == "slovak"
    assert summary["run"] == "runs/slovak"
    assert summary["digest"] == read_model(summary["model"])[1]
    assert summary["bytes"] == Path(summary["model"]).stat().st_size
    assert summary["train"]["words"] == 300
    assert summary["rows"]["skipped"] == []
    assert summary["test"]["words"] == 36  # as much of them as of the train words
    low, high = summary["test"]["word_error_interval"]
    assert low <= summary["test"]["word_error"] <= high
    assert summary["dev"]["words"] == 39
    assert summary["final"]["words"] == 300 + 36 + 39


def test_the_first_screen(goldzone: Goldzone, quick_toml: Path) -> None:
    finished = goldzone("train", "slovak", "--config", quick_toml)
    assert finished.code == 0
    for wanted in (
        r"words +│ 2,399 train, 311 dev, 290 test",
        r"best sweep +│ [12] of 2 \(all sweeps done\)",
        r"train words right +│ \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\), of 1,000",
        r"dev words right +│ \d+\.\d%",
        r"test words right +│ \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\)",
        r"test phoneme errors +│ \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\)",
        r"after that +│ all 3,000 words learnt, held-out ones too",
        r"model +│ runs/slovak/final/model/model\.goldzone \([\d,]+ bytes\)",
        r"SHA-256 +│ [0-9a-f]{16}\.\.\.",
        r"time +│ \d+\.\d s",
        r"say a word +│ goldzone phonemize runs/slovak \w+",
    ):
        assert re.search(wanted, finished.out), wanted
    assert max(map(len, finished.out.splitlines())) <= 80
    said = finished.err.splitlines()
    assert said[0] == "2,399 words, 18,791 positions, 262,092 samples, 21 neurons"
    assert [line.partition(": words right: train ")[0] for line in said[1:3]] == ["sweep 1/2", "sweep 2/2"]
    assert said[1].endswith("best so far")


def test_the_last_line_of_the_screen_is_a_command_that_works(goldzone: Goldzone, quick_toml: Path) -> None:
    toy_lexicon(Path("my words.tsv"))
    screen = goldzone("train", "my words.tsv", "--config", quick_toml, "--out", "my run").out
    command = re.search(r"goldzone (phonemize 'my run' (\w+))", screen)
    assert command
    assert goldzone("phonemize", "my run", command[2]).out == f"{command[2]}\t{command[2]}\n"


def test_the_folder_is_named_after_the_lexicon(goldzone: Goldzone, quick_toml: Path) -> None:
    toy_lexicon(Path("my words.tsv"))
    assert goldzone("train", "my words.tsv", "--config", quick_toml).code == 0
    assert Path("runs/my-words/model/model.goldzone").exists()


def test_skipped_rows_are_warned_of_and_counted(goldzone: Goldzone, quick_toml: Path) -> None:
    toy_lexicon(Path("toy.tsv"), "no tab here", "\tempty", "bam\t" + "x" * 30)
    finished = goldzone("train", "toy.tsv", "--config", quick_toml, "--json")
    assert finished.code == 0
    summary = json.loads(finished.out)
    assert [reason["count"] for reason in summary["rows"]["skipped"]] == [1, 1]
    assert summary["unalignable"] == 1
    skipped, unalignable = warnings(Path("runs/toy"))
    assert skipped.startswith("46 of 48 rows used; 1 skipped: ")
    assert unalignable.startswith("1 pronunciations cannot be aligned: 'bam' (30 segments for 3 letters)")
    assert f"warning: {skipped}\n" in finished.err
    assert f"warning: {unalignable}\n" in finished.err


def test_the_bar_leaves_standard_output_to_json(
    goldzone: Goldzone, quick_toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # standard error counts as a terminal
    finished = goldzone("train", "slovak", "--config", quick_toml, "--json")
    assert json.loads(finished.out)["name"] == "slovak"
    assert "━" in finished.err


def test_seed_and_threads(goldzone: Goldzone, quick_toml: Path) -> None:
    def digest(*options: str) -> str:
        out = goldzone(
            *("train", "slovak", "--config", quick_toml, "--limit", "150", "--force", "--json"), *options
        ).out
        return str(json.loads(out)["digest"])

    assert digest("--seed", "5", "--threads", "1") == digest("--seed", "5", "--threads", "3")
    assert load_config(Path("runs/slovak/config.toml")).seed == 5
    assert digest("--seed", "6") != digest("--seed", "5")


def test_a_folder_in_use_is_refused_and_can_be_forced(goldzone: Goldzone, quick_toml: Path) -> None:
    train = ("train", "slovak", "--config", quick_toml, "--limit", "150")
    assert goldzone(*train).code == 0
    before = Path("runs/slovak/model/model.goldzone").stat().st_mtime_ns
    line = complaint(goldzone(*train))
    assert line.startswith("runs/slovak: already holds a run; ")
    assert "--force" in line
    assert "--out" in line
    assert Path("runs/slovak/model/model.goldzone").stat().st_mtime_ns == before
    assert goldzone(*train, "--force").code == 0


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[pipeline]\nsweep = 3", "bad.toml: 'pipeline.sweep' is no field; did you mean pipeline.sweeps?"),
        ("[network]\nneurons = 0", "bad.toml: network.neurons: 0"),
        ("[network]\ntemplates = ['L0 bogus']", "bad.toml: network.templates[0]: 'bogus'"),
        ("[[", "bad.toml: is not TOML"),
    ],
)
def test_a_bad_configuration_is_one_line(goldzone: Goldzone, toml: str, problem: str) -> None:
    Path("bad.toml").write_text(toml)
    assert complaint(goldzone("train", "slovak", "--config", "bad.toml")).startswith(problem)
    assert not Path("runs").exists()


def test_files_that_cannot_be_used_are_one_line(goldzone: Goldzone) -> None:
    assert complaint(goldzone("train", "slovak", "--config", "none.toml")).startswith("none.toml: ")
    Path("empty.tsv").write_text("")
    assert complaint(goldzone("train", "empty.tsv")).startswith("empty.tsv: no usable row")
    Path("long.tsv").write_text(f"a\t{'x' * 30}\nb\t{'y' * 30}\n")
    assert "no word" in complaint(goldzone("train", "long.tsv"))
    Path("file").write_text("")
    assert complaint(goldzone("train", "slovak", "--out", "file/run")).startswith("file/run: ")


def test_without_dev_and_test_words(goldzone: Goldzone) -> None:
    Path("all.toml").write_text("[network]\nneurons = 10\n[data]\nfractions = [1.0, 0.0, 0.0]\n")
    toy_lexicon(Path("toy.tsv"))
    finished = goldzone("train", "toy.tsv", "--config", "all.toml")
    assert finished.code == 0
    assert re.search(r"words +│ 45 train ", finished.out)
    assert "no dev words: last sweep taken" in finished.out
    assert "test words right" not in finished.out


def test_a_lexicon_that_cannot_be_aligned_leaves_the_folder_free(goldzone: Goldzone, tmp_path: Path) -> None:
    lexicon = tmp_path / "long.tsv"
    lexicon.write_text("".join(f"{a}\t{'ta' * 40}\n" for a in "abcdefghij"), encoding="utf-8")
    for _ in range(2):
        assert "no word is left" in complaint(goldzone("train", str(lexicon), "--out", "runs/long"))
    assert not Path("runs/long").exists()


def test_a_size_is_kept(goldzone: Goldzone) -> None:
    Path("short.toml").write_text("[pipeline]\nsweeps = 2\n", encoding="utf-8")
    arguments = ("train", "slovak", "--config", "short.toml", "--limit", "400", "--json")
    usual = json.loads(goldzone(*arguments).out)["final"]["bytes"]
    wanted = usual * 3 // 4
    small = goldzone(*arguments, "--out", "small", "--size", str(wanted))
    assert small.code == 0, small.err
    assert json.loads(small.out)["final"]["bytes"] <= wanted
    assert "is taken" in small.err
    again = goldzone(*arguments, "--out", "usual", "--size", "10MB")
    assert json.loads(again.out)["final"]["bytes"] == usual


def test_a_size_that_cannot_be_kept_is_one_line(goldzone: Goldzone, quick_toml: Path) -> None:
    arguments = ("train", "slovak", "--config", quick_toml, "--limit", "40", "--size")
    assert "give one such as 50KB" in complaint(goldzone(*arguments, "some"))
    ended = goldzone(*arguments, "100")
    assert ended.code == 2
    assert re.fullmatch(
        r"error: size: no model of these words has 100 bytes; the smallest has [\d,]+",
        ended.err.splitlines()[-1],
    )
    assert not Path("runs").exists()
