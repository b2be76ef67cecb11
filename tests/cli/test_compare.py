"""The commands of docs/compare.md, on quick trainings, and what they leave behind."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from goldzone.fleet import processes
from tests.cli.conftest import Goldzone, complaint
from tests.cli.test_train_all import OneByOne

PAGE = Path(__file__).parents[2] / "docs" / "compare.md"


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ProcessExecutor", OneByOne)


def test_the_commands_of_the_page_work(goldzone: Goldzone, quick_toml: Path) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("    goldzone ")]
    assert [command[1] for command in commands] == ["compare", "compare"]
    first, second = (goldzone(*command[1:], "--config", quick_toml) for command in commands)
    for finished, words in ((first, "571"), (second, "290")):
        verdict = next(line for line in finished.out.splitlines() if line.startswith("verdict: "))
        codes = {"verdict: Successful": 0, "verdict: Failed": 1, "verdict: Inconclusive": 3}
        assert codes[verdict] == finished.code
        assert words in finished.out
    report = json.loads(Path("comparison/comparison.json").read_text())
    assert report["arms"] == ["coarse", "usual"]
    assert [one["name"] for one in report["languages"]] == ["slovak", "hebrew"]
    slovak = report["languages"][0]["differences"]["word_accuracy"]
    again = json.loads(Path("again/comparison.json").read_text())
    assert again["overall"]["differences"]["word_accuracy"] == slovak
    header, *rows = (row.split("\t") for row in Path("words.tsv").read_text().splitlines())
    assert header == ["language", "won", "word", "coarse", "usual", "listed"]
    won = sum(int(row[1]) for row in rows if row[0] == "slovak")
    assert won / 290 == pytest.approx(slovak["value"])
    assert Path("difference.png").read_bytes().startswith(b"\x89PNG")


def test_an_arm_against_itself_is_inconclusive(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("compare", "slovak", "--arm", f"a={run_folder}", "--arm", f"b={run_folder}", "--json")
    assert finished.code == 3
    found = json.loads(finished.out)
    assert (found["verdict"], found["overall"]["p"]) == ("Inconclusive", 1.0)
    assert found["overall"]["differences"]["word_accuracy"]["interval"][1] > 0.01


def test_it_may_be_worse_by_the_margin(goldzone: Goldzone, run_folder: Path) -> None:
    arms = ("--arm", f"a={run_folder}", "--arm", f"b={run_folder}")
    assert goldzone("compare", "slovak", *arms, "--margin", "0.02").code == 0


def test_what_cannot_be_compared_is_one_line(goldzone: Goldzone) -> None:
    assert complaint(goldzone("compare", "slovak")).startswith("arms: 0 are given; give two")
    assert complaint(goldzone("compare", "nothing", "--arms", "backward,forward")).startswith(
        "nothing: is neither"
    )
    assert "is no name of a picture" in complaint(
        goldzone("compare", "slovak", "--arms", "backward,forward", "--png", "x.pdf")
    )
