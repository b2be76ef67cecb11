from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.forks import Order
from tests.faults.fuse import Fault
from tests.faults.harness import Command, kill_at_random

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals and fork")

REPOSITORY = Path(__file__).parents[2]


def trials(order: Order) -> list[dict[str, Any]]:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.faults.forks"],
        input=json.dumps(vars(order)).encode(),
        capture_output=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr.decode()
    return [json.loads(line) for line in finished.stdout.splitlines()]


def check(found: list[dict[str, Any]], code: int) -> None:
    """Check that all runs came to the right model, a whole log, and a state without temporary files."""
    for trial in found:
        assert trial["model"] == trial["wanted"], trial
        assert trial["log"] == "", trial
        assert not any(name.endswith(".tmp") for name in trial["left"]), trial
        if not trial["name"].startswith("unlink"):  # of a state that is no longer needed
            assert trial["code"] == code, trial


def order(folder: Path, config: Path, words: Path, fault: Fault, most: int | None, again: float) -> Order:
    return Order(str(folder), str(config), str(words), fault, most, 1, again)


def test_runs_killed_while_writing_become_the_same_model(
    tmp_path: Path, tiny_toml: Path, words: Path
) -> None:
    found = trials(order(tmp_path, tiny_toml, words, "kill", 10, 0.5))
    assert len(found) == 10
    assert len({trial["name"] for trial in found}) > 5
    assert any(trial["kills"] > 1 for trial in found)
    check(found, -9)


def test_a_full_disk_is_one_line_and_the_run_can_be_resumed(
    tmp_path: Path, tiny_toml: Path, words: Path
) -> None:
    found = trials(order(tmp_path, tiny_toml, words, "full", 10, 0.0))
    check(found, 2)
    for trial in found:
        if trial["code"] == 2:
            assert trial["error"].splitlines()[-1].startswith("error: "), trial
            assert "No space left on device" in trial["error"], trial
            assert "Traceback" not in trial["error"], trial


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "code"), [("kill", -9), ("full", 2)])
def test_every_operation_on_a_file_may_be_the_last(
    tmp_path: Path, tiny_toml: Path, words: Path, fault: Fault, code: int
) -> None:
    found = trials(order(tmp_path, tiny_toml, words, fault, None, 0.3))
    names = {trial["name"] for trial in found}
    assert {f"{operation} checkpoint.goldzone" for operation in ("replace", "unlink")} <= names
    assert {f"write {name}" for name in ("journal.goldzone", "events.jsonl", "model.goldzone tmp")} <= names
    check(found, code)


def test_runs_killed_at_random_moments_become_the_same_model(tmp_path: Path, small_toml: Path) -> None:
    killing = kill_at_random(Command("slovak", small_toml, 300), tmp_path, 10, most=1, seed=1)
    assert killing.moments.total() == 10
    assert killing.bad == []


@pytest.mark.slow
def test_200_runs_killed_at_random_moments_become_the_same_model(tmp_path: Path, small_toml: Path) -> None:
    killing = kill_at_random(Command("slovak", small_toml, 300), tmp_path, 200, most=2, seed=2)
    print(killing.moments.total(), dict(killing.moments))  # noqa: T201 - shown with -s
    assert killing.bad == []
    assert killing.moments.total() > 200  # some of them twice
    assert {"preparing", "training"} <= set(killing.moments)
