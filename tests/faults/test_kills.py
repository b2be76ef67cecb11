"""Whatever happens to a process, and wherever, its run becomes the same model.

Nothing here waits for a clock: faults come at counted operations, and a run takes a few processes at most.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

import pytest

if not hasattr(os, "fork"):
    pytest.skip("needs signals and fork", allow_module_level=True)

from tests.faults.forks import MOST_RUNS, Order, Trial
from tests.faults.fuse import Fault

REPOSITORY = Path(__file__).parents[2]

Ask: TypeAlias = "Callable[[Order | None], list[Trial]]"


@pytest.fixture(scope="module")
def ask(words: Path, tiny_toml: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """From an order (None: for files that are too large) to what came of it."""
    folder = tmp_path_factory.mktemp("forks")
    command = [sys.executable, "-m", "tests.faults.forks", str(words), str(tiny_toml), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def answer(order: Order | None) -> list[Trial]:
            stdin.write(json.dumps(asdict(order) if order else None) + "\n")
            stdin.flush()
            line = stdout.readline()
            assert line, "the process that forks has ended"
            return [Trial(**trial) for trial in json.loads(line)]

        yield answer


def check(found: list[Trial], code: int) -> None:
    """Check that all runs came to the right model, a whole log, and a state without temporary files."""
    for trial in found:
        assert trial.right, trial
        assert trial.log == "", trial
        assert not any(name.endswith(".tmp") for name in trial.left), trial
        assert trial.kills < MOST_RUNS, trial
        # What is deleted at the end may be all that a full disk still lets happen.
        assert trial.code == code or (code == 2 and trial.name.startswith("unlink")), trial


def check_one_line(trial: Trial, reason: str) -> None:
    assert trial.error.splitlines()[-1].startswith("error: "), trial
    assert reason in trial.error, trial
    assert "Traceback" not in trial.error, trial


def test_runs_that_are_killed_at_an_operation_of_each_name_become_the_same_model(ask: Ask) -> None:
    found = ask(Order("kill", again=0.4))
    check(found, -9)
    assert any(trial.kills > 1 for trial in found)
    names = {trial.name for trial in found}
    assert len(names) == len(found)
    assert {f"{operation} checkpoint.goldzone" for operation in ("replace", "unlink")} <= names
    assert {f"write {name}" for name in ("events.jsonl", "model.goldzone tmp")} <= names
    assert ("write journal.goldzone" in names) is not ("event LayerProgressed" in names)
    assert {f"event {name}" for name in ("RunStarted", "NeuronTrained", "RunFinished")} <= names


def test_runs_that_are_killed_as_they_learn_become_the_same_model(ask: Ask) -> None:
    found = ask(Order("kill", most=4, among="event NeuronTrained"))
    assert len(found) == 4
    check(found, -9)


def test_a_full_disk_is_one_line_and_the_run_can_be_resumed(ask: Ask) -> None:
    found = ask(Order("full", most=10))
    check(found, 2)
    for trial in found:
        if trial.code == 2:
            check_one_line(trial, "No space left on device")


def test_a_limit_of_the_system_on_files_is_one_line_and_the_run_can_be_resumed(ask: Ask) -> None:
    (trial,) = ask(None)
    check([trial], 2)
    check_one_line(trial, "cannot be written")


@pytest.mark.parametrize(("fault", "code"), [("interrupt", 130), ("terminate", 143)])
def test_a_signal_ends_a_process_in_a_state_that_goes_on_to_the_same_model(
    ask: Ask, fault: Fault, code: int
) -> None:
    found = ask(Order(fault, most=2, among="event NeuronTrained"))
    check(found, code)
    for trial in found:
        assert "interrupted; continue with: goldzone resume " in trial.error.splitlines()[-1]


def test_a_second_trainer_of_a_run_is_refused_whatever_it_wants(ask: Ask) -> None:
    (trial,) = ask(Order("stop", most=1, among="event NeuronTrained"))
    check([trial], 0)  # it went on after the others had come
    assert len(trial.refused) == 3
    for code, error in trial.refused:
        assert code == 2
        assert error.endswith(": another process is training this run; wait for it, or stop it\n")
        assert error.count("\n") == 2  # before it, how the words were read


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "code"), [("kill", -9), ("full", 2)])
def test_every_operation_may_be_the_last(ask: Ask, fault: Fault, code: int) -> None:
    found = ask(Order(fault, every=True, again=0.3))
    print(fault, len(found), "runs,", sum(trial.kills for trial in found), "kills")  # noqa: T201 - with -s
    assert len(found) > 100
    check(found, code)
