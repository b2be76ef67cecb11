from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from goldzone.training.config import config_from_toml
from goldzone.training.pipeline import Hooks
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event, Warned
from goldzone.training.sweeps import train_sweeps
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.scripts import run_finished, run_started
from tests.training.test_sweeps import FakeTrainer


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    """The log of a small run with a warning, line by line."""
    path = tmp_path / "run.jsonl"
    with EventLog(path) as log:
        log.write(run_started((3, 2, 1)))
        log.write(Warned(message="one row was skipped"))

        def on_event(event: Event) -> None:
            log.write(event)

        config = config_from_toml("[pipeline]\nsweeps = 2\npatience = 9\n", "test")
        train_sweeps(FakeTrainer((3, 2, 1)), config, Hooks(on_event=on_event))
        log.write(run_finished())
    return path.read_text(encoding="utf-8").splitlines()


def write(lines: Sequence[str], *, renumbered: bool = False) -> Path:
    path = Path("events.jsonl")
    with path.open("w", encoding="utf-8") as stream:
        for number, line in enumerate(lines):
            content = json.loads(line)
            if renumbered:
                content["sequence"] = number
            stream.write(json.dumps(content) + "\n")
    return path


def test_a_run_in_order_is_proved(goldzone: Goldzone, run_folder: Path, lines: list[str]) -> None:
    finished = goldzone("verify-order", run_folder)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == f"{run_folder}: 2 sweeps, 42 neurons: order holds\n"
    assert json.loads(goldzone("verify-order", write(lines), "--json").out) == {
        "run": "events.jsonl",
        "sweeps": 2,
        "neurons": 12,
        "holds": True,
        "violations": [],
    }


@pytest.mark.parametrize("renumbered", [False, True])
def test_every_exchange_of_two_neighbouring_lines_is_found(
    goldzone: Goldzone, lines: list[str], renumbered: bool
) -> None:
    for place in range(len(lines) - 1):
        exchanged = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
        finished = goldzone("verify-order", write(exchanged, renumbered=renumbered), "--json")
        found = json.loads(finished.out)
        harmless = renumbered and any('"warned"' in line for line in exchanged[place : place + 2])
        assert finished.code == (0 if harmless else 1)
        assert found["holds"] is harmless
        told = [violation["line"] for violation in found["violations"]]
        assert harmless or told[0] in {place + 1, place + 2}


def test_each_violation_is_a_line_with_its_number(goldzone: Goldzone, lines: list[str]) -> None:
    first = next(index for index, line in enumerate(lines) if '"layer_trained"' in line)
    finished = goldzone("verify-order", write([*lines[:first], *lines[first + 1 :]], renumbered=True))
    assert (finished.code, finished.err) == (1, "")
    assert finished.out.startswith(f"events.jsonl line {first + 1}: layer 2 is ")
    assert finished.out.endswith(" in place of layer 3\n")
    assert finished.out.count("\n") == 1


def test_many_violations_are_counted(goldzone: Goldzone, lines: list[str]) -> None:
    finished = goldzone(
        "verify-order",
        write(
            [lines[0], *[next(line for line in lines if '"neuron_trained"' in line)] * 50], renumbered=True
        ),
    )
    told = finished.out.splitlines()
    assert (finished.code, len(told)) == (1, 21)
    assert told[-1] == "events.jsonl: 30 more lines break the order"


def test_nothing_after_a_damaged_line_is_believed(goldzone: Goldzone, lines: list[str]) -> None:
    path = write(lines)
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*text[:5], "{}", *text[6:]]) + "\n", encoding="utf-8")
    found = json.loads(goldzone("verify-order", path, "--json").out)
    assert found["holds"] is False
    assert [violation["line"] for violation in found["violations"]] == [6]


def test_an_unfinished_run_holds_as_far_as_it_is(goldzone: Goldzone, lines: list[str]) -> None:
    path = write(lines[:8])
    with path.open("a", encoding="utf-8") as stream:
        stream.write(lines[8][:20])
    assert goldzone("verify-order", path).code == 0


def test_what_cannot_be_verified_is_one_line(goldzone: Goldzone, lines: list[str]) -> None:
    assert complaint(goldzone("verify-order", "nothing")).startswith("nothing: is no event log")
    Path("empty").mkdir()
    assert complaint(goldzone("verify-order", "empty")).startswith("empty: is no run folder")
    assert complaint(goldzone("verify-order", write(lines[:2]))).endswith(
        "has no sweep yet; verify it when one has begun"
    )
