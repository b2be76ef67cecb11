"""The real command line in processes that are killed at random moments."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from goldzone.errors import StateError
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, RunFinished, RunStarted, SweepFinished
from tests.faults.forks import log_problem, sha256

_MOST_ATTEMPTS = 5


@dataclass
class Killing:
    """What kills came to.

    Attributes
    ----------
    runs : int
        That were killed once or more.
    moments : Counter of str
        In what they were killed.
    bad : list of str
        A line for each run that did not end with the right model and a whole log.
    """

    runs: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Command:
    """How a run is started.

    Attributes
    ----------
    words : str
        A lexicon file or a built-in sample.
    config : Path
    limit : int
    """

    words: str
    config: Path
    limit: int

    def start(self, run: Path) -> subprocess.Popen[bytes]:
        """Train in a folder, or resume what has been begun there."""
        if (run / "config.toml").exists():
            arguments = ["resume", str(run)]
        else:
            arguments = ["train", self.words, "--config", str(self.config), "--out", str(run)]
            arguments += ["--limit", str(self.limit)]
        return goldzone(*arguments, "--threads", "1")


def goldzone(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a command of goldzone in a process of its own."""
    command = [sys.executable, "-m", "goldzone", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(command: Command, run: Path) -> str:
    """Train or resume until the run is finished; return the last message."""
    for _ in range(_MOST_ATTEMPTS):
        process = command.start(run)
        _, error = process.communicate()
        if process.returncode == 0 or b"is finished" in error:
            break
    return error.decode().strip().rpartition("\n")[2]


def kill_at_random(command: Command, folder: Path, runs: int, *, most: int, seed: int) -> Killing:
    """Kill runs at random moments, each 1 to `most` times, and resume them to the end.

    Parameters
    ----------
    command : Command
    folder : Path
        For the runs.
    runs : int
        One that ends before it is killed does not count.
    most : int
        Kills of one run.
    seed : int
        Names the moments, as shares of the time that a run takes.
    """
    chance = random.Random(seed)
    started = time.monotonic()
    finish(command, folder / "reference")
    seconds = time.monotonic() - started
    wanted = sha256(folder / "reference")
    killing, number = Killing(), 0
    while killing.runs < runs:
        run, before = folder / f"run{number}", killing.moments.total()
        for _ in range(chance.randint(1, most)):
            process = command.start(run)
            try:
                process.communicate(timeout=chance.uniform(0, 1.1) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                killing.moments[_moment(run)] += 1
        killing.runs += killing.moments.total() > before
        message = finish(command, run)
        right = (run / "model" / "model.goldzone").exists() and sha256(run) == wanted
        problem = log_problem(run) if right else f"no right model: {message}"
        if problem:
            killing.bad.append(f"{run.name}: {problem}")
        number += 1
    return killing


def _moment(run: Path) -> str:
    """Say in what a run was killed, by what it has left."""
    if not (run / "config.toml").exists():
        return "starting"
    if any(run.rglob("*.tmp")):
        return "writing a file"
    events: list[Event] = []
    with contextlib.suppress(StateError):
        events += [event for _, event in read_events(run / "events.jsonl")]
    if not any(isinstance(event, RunStarted) for event in events):
        return "preparing"
    if isinstance(events[-1], RunFinished):
        return "ending"
    if (run / "state" / "sums.goldzone").exists():
        return "testing"
    return "between sweeps" if isinstance(events[-1], SweepFinished) else "training"
