from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

from tests.cli.conftest import Goldzone, complaint


def test_a_run_becomes_a_version_that_says_words(
    goldzone: Goldzone, run_folder: Path, model_file: Path
) -> None:
    added = goldzone("registry", "add", "models", run_folder, model_file, "--why", "first", "--json")
    assert added.code == 0, added
    first, second = json.loads(added.out)
    assert goldzone("registry", "add", "models", run_folder).out.strip() == first
    for alias, version in (("champion", first), ("challenger", second)):
        goldzone("registry", "alias", "models", f"slovak@{alias}", version.partition("@")[2])
    assert "2 versions  @challenger" in goldzone("registry", "list", "models").out
    shown = json.loads(goldzone("registry", "show", "models", "slovak@champion", "--json").out)
    assert {"config.toml", "events.jsonl", "model/model.goldzone", "model/words.goldzone"} <= {
        *shown["files"]
    }
    differing = json.loads(
        goldzone("registry", "diff", "models", "slovak@champion", "slovak@challenger", "--json").out
    )
    assert differing["config.network.neurons"] == [20, 58]
    words = ["voda", "chlieb"]
    by_alias = goldzone("phonemize", "models/slovak@champion", *words)
    assert by_alias.out == goldzone("phonemize", run_folder, *words).out
    assert (
        goldzone("evaluate", "models/slovak@champion", "slovak", "--against", "models/slovak@challenger").code
        == 0
    )
    switch = ("registry", "alias", "models", "slovak@champion")
    assert goldzone(*switch, "challenger", "--why", "better", "--plan", "spring").code == 0
    assert (
        goldzone("phonemize", "models/slovak@champion", *words).out
        == goldzone("phonemize", model_file, *words).out
    )
    assert goldzone(*switch, "--rollback", "--why", "complaints").code == 0
    log = json.loads(goldzone("registry", "log", "models", "slovak", "--json").out)
    assert [(entry["action"], entry["why"], entry["plan"]) for entry in log[-2:]] == [
        ("alias", "better", "spring"),
        ("rollback", "complaints", None),
    ]
    goldzone("registry", "pull", "models", "slovak@champion", "--out", "pulled")
    assert goldzone("phonemize", "pulled", *words).out == by_alias.out
    assert goldzone("registry", "pin", "models", "slovak@challenger", "--why", "kept").code == 0
    assert goldzone("registry", "gc", "models", "--keep", "0", "--dry-run").out.strip() == ""


def test_what_is_wrong_is_one_line(goldzone: Goldzone) -> None:
    assert "models: has no slovak" in complaint(goldzone("registry", "show", "models", "slovak@x"))
    assert (
        complaint(goldzone("registry", "alias", "models", "slovak@x"))
        == "alias: give a version, or --rollback"
    )
    assert "cannot be read" in complaint(goldzone("phonemize", "models/slovak@x", "voda"))


def test_the_commands_of_the_page_work(goldzone: Goldzone, run_folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")
    commands = [shlex.split(line)[1:] for line in page.splitlines() if line.startswith("    goldzone ")][:3]
    assert [command[0] for command in commands] == ["registry", "registry", "phonemize"]
    shutil.copytree(run_folder, "runs/slovak")
    version = ""
    for command in commands:
        finished = goldzone(*(version if word == "VERSION" else word for word in command))
        assert finished.code == 0, finished
        version = version or finished.out.strip().partition("@")[2]
