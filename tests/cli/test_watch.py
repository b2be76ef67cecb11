from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from goldzone.cli.glance_display import sparkline
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import RunFinished
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.run_folders import recorded
from tests.monitor.scripts import run_finished

OFTEN = "0.1"


def test_one_picture_shows_what_a_person_asks(goldzone: Goldzone, tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.6, 0.5, 0.4, finished=False)
    shown = goldzone("watch", "r", "--once")
    assert (shown.code, shown.err) == (0, "")
    words = " ".join(shown.out.split())
    assert words.startswith("r: r silent for ")
    assert "falling: dev 40.0%, best 60.0% after sweep 1" in words
    assert "sweep 3/" in words
    assert "train  ▅▅▅  90.0% (90.0% to 90.0%)" in shown.out
    assert re.search(r"dev    █[▄▅]▁  40\.0% \(40\.0% to 60\.0%\)", shown.out)
    assert re.search(r"gap    ▁[▄▅]█  50\.0% \(30\.0% to 50\.0%\)", shown.out)
    assert "1 3 1 1 1 0.5000 100 -" in words
    assert "alert since sweep 3: warning, dev falling: dev 40.0% of words right" in words
    assert max(map(len, shown.out.splitlines())) <= 80
    assert run.exists()


def test_json_is_the_glance_of_each_run(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "runs" / "b", 0.5, 0.6)
    recorded(tmp_path / "runs" / "a", 0.6, 0.5, 0.4)
    found = json.loads(goldzone("watch", "runs", "--json").out)
    assert [(each["path"], each["verdict"], each["state"]) for each in found] == [
        ("runs/a", "falling", "finished"),
        ("runs/b", "learning", "finished"),
    ]
    assert found[0]["layers"][0]["gold_zone"] == 1
    assert [alert["rule"] for alert in found[0]["open_alerts"]] == ["dev_falling"]
    assert found[0]["problem"] is None


def test_a_folder_is_a_table_with_the_worst_first(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "runs" / "good", 0.5, 0.6)
    recorded(tmp_path / "runs" / "bad", 0.6, 0.5, 0.4)
    damaged = recorded(tmp_path / "runs" / "torn", 0.5)
    log = damaged / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"sweep_started"', b'"sweep_startex"'))
    shown = goldzone("watch", "runs", "--once").out
    assert shown.startswith("runs: 3 runs, ")
    assert "1 that cannot be read" in shown.splitlines()[0]
    rows = [line.split()[0] for line in shown.splitlines()[3:6]]
    assert rows == ["torn", "bad", "good"]
    assert "events.jsonl line 2" in " ".join(shown.split())


def test_without_a_terminal_news_are_lines_until_the_run_ends(goldzone: Goldzone, tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.5, 0.6, finished=False)

    def finish() -> None:
        with EventLog(run / "events.jsonl") as log:
            log.write(RunFinished(reason="done", best_sweep=2, dev_score=0.6, model_digest=None, seconds=1.0))

    ending = threading.Timer(0.3, finish)
    ending.start()
    shown = goldzone("watch", "r", "--every", OFTEN)
    ending.join()
    lines = shown.out.splitlines()
    assert (shown.code, shown.err) == (0, "")
    assert lines[0] == "r: 3 + 1 neurons, 1 words"
    assert lines[1].startswith("sweep 1/")
    assert lines[1].endswith("train 90.0%  dev 50.0%")
    assert lines[-1].startswith("finished: done; learning: dev rose by +10.0%")


def test_news_of_several_runs_say_whose_they_are(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "x", 0.5)
    recorded(tmp_path / "y", 0.5)
    lines = goldzone("watch", "x", "y").out.splitlines()
    assert {line.partition(":")[0] for line in lines} == {"x", "y"}


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("nowhere", "nowhere: is no folder; give the folder of a run"),
        ("empty", "empty: no run is there; begin one"),
    ],
)
def test_what_is_no_run_is_one_line(goldzone: Goldzone, tmp_path: Path, argument: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    assert expected in complaint(goldzone("watch", argument))


def test_a_damaged_run_alone_is_the_error(goldzone: Goldzone, tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.5)
    (run / "events.jsonl").write_bytes(b"{}\n")
    assert "events.jsonl line 1" in complaint(goldzone("watch", "r", "--once"))


def test_a_run_that_is_damaged_while_it_is_watched_is_an_error(goldzone: Goldzone, tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.5, finished=False)

    def damage() -> None:
        with (run / "events.jsonl").open("ab") as log:
            log.write(b"{}\n")

    ending = threading.Timer(0.3, damage)
    ending.start()
    shown = goldzone("watch", "r", "--every", OFTEN)
    ending.join()
    assert shown.code == 2
    assert shown.out.startswith("r: 3 + 1 neurons")
    assert "events.jsonl line 10" in shown.err


def test_on_a_terminal_the_picture_is_drawn_again_until_the_run_ends(
    goldzone: Goldzone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(tmp_path / "x\x1b]0;title\x07", 0.5, 0.6, finished=False)
    monkeypatch.setenv("FORCE_COLOR", "1")

    def finish() -> None:
        with EventLog(run / "events.jsonl") as log:
            log.write(run_finished())

    ending = threading.Timer(0.5, finish)
    ending.start()
    shown = goldzone("watch", run.name, "--every", OFTEN)
    ending.join()
    assert (shown.code, shown.err) == (0, "")
    assert "\x1b[2K" in shown.out  # what was drawn before is taken away
    assert "\x1b]" not in shown.out
    assert "\x07" not in shown.out
    assert "silent for" in shown.out
    last = shown.out.rpartition("\x1b[2K")[2]
    assert "learning" in last
    assert "finished" in last


def test_names_are_neither_markup_nor_commands_of_a_terminal(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "[red]x[" / "\x1b[31mred", 0.5)
    recorded(tmp_path / "[red]x[" / "b", 0.5)
    for arguments in (("--once",), ()):
        shown = goldzone("watch", "[red]x[", *arguments)
        assert "[red]x[" in shown.out
        assert "\x1b" not in shown.out
        assert shown.code == 0


def test_a_picture_fits_a_narrow_screen(
    goldzone: Goldzone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "r", 0.6, 0.5, 0.4, finished=False)
    monkeypatch.setenv("COLUMNS", "40")
    shown = goldzone("watch", "r", "--once").out
    assert "dev falling" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 40


def test_a_sparkline_shows_rises_gaps_and_nothing_but_the_last() -> None:
    assert sparkline([0.0, 0.5, None, 1.0], 0.0, 1.0) == "▁▅·█"
    assert sparkline([0.3], 0.3, 0.3) == "▅"
    assert len(sparkline([0.1] * 100, 0.0, 1.0)) == 40
