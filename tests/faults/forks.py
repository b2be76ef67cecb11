"""A process that has everything loaded and forks one child for each trial: ``python -m tests.faults.forks``.

Reads an `Order` as JSON from standard input, and writes a `Trial` as a line of JSON for each run.
A child runs the real command line with a `Fuse`; then others resume until the run is finished.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from goldzone.cli import main
from goldzone.errors import StateError
from goldzone.monitor.order import check_order
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished
from tests.faults.fuse import Fault, Fuse

_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Order:
    """What trials are wanted.

    Attributes
    ----------
    folder : str
        For the runs.
    config : str
        Configuration file.
    words : str
        Lexicon file.
    fault : {"kill", "full"}
    most : int or None
        Trials; None: one at each operation. Of fewer, as many different operations as there are.
    seed : int
    again : float
        Share of the trials in which a process that resumes is killed too.
    """

    folder: str
    config: str
    words: str
    fault: Fault
    most: int | None
    seed: int
    again: float = 0.0


@dataclass(frozen=True)
class Trial:
    """What came of a run.

    Attributes
    ----------
    name : str
        The operation at which it was hit.
    code : int
        Exit code of the process that was hit; negative: the signal that ended it.
    error : str
        Its standard error.
    kills : int
    model : str
        SHA-256 of the model.
    left : tuple of str
        Files in the state folder at the end.
    log : str
        What is wrong with the event log at the end.
    """

    name: str
    code: int
    error: str
    kills: int
    model: str
    left: tuple[str, ...]
    log: str


def trials(order: Order) -> Iterator[tuple[str, Trial]]:
    """Yield the SHA-256 of the model that should come out, with each trial."""
    folder, chance = Path(order.folder), random.Random(order.seed)
    sys.stdout, real_stdout = io.StringIO(), sys.stdout
    _command(_train(order, folder / "reference"))  # in this process: its children have all compiled
    sys.stdout = real_stdout
    wanted = sha256(folder / "reference")
    names = _names(order, folder / "counted")
    for number, at in enumerate(_choose(names, order.most, chance)):
        run = folder / f"run{number}"
        second = chance.randrange(len(names)) if chance.random() < order.again else None
        yield wanted, _trial(order, run, at, second)


def sha256(run: Path) -> str:
    """Return the SHA-256 of a run's model."""
    return hashlib.sha256((run / "model" / "model.goldzone").read_bytes()).hexdigest()


def log_problem(run: Path) -> str:
    """Say what is wrong with the event log of a run that should have finished; empty: nothing."""
    try:
        problems = check_order(read_events(run / "events.jsonl"))
        last = deque((event for _, event in read_events(run / "events.jsonl")), maxlen=1)
    except StateError as error:
        return str(error)
    if problems:
        return f"line {problems[0].line}: {problems[0].problem}"
    return "" if last and isinstance(last[0], RunFinished) else "has no end"


def _trial(order: Order, run: Path, at: int, second: int | None) -> Trial:
    note = run.with_name("note")
    note.write_text("")
    fuse = Fuse(run, at, order.fault, lambda name: _tell(note, name))
    code, error = first = _child(_train(order, run), fuse)
    name, kills = note.read_text(), int(code < 0)
    for attempt in range(_MOST_ATTEMPTS):
        again = None if attempt or second is None else Fuse(run, second, "kill")
        known = (run / "config.toml").exists()
        code, error = _child(["resume", str(run)] if known else _train(order, run), again)
        kills += int(code < 0)
        if code == 0 or "is finished" in error:
            break
    else:
        raise RuntimeError(f"{name}: cannot be resumed: {error}")
    left = tuple(sorted(path.name for path in (run / "state").iterdir()))
    return Trial(name, *first, kills, sha256(run), left, log_problem(run))


def _names(order: Order, run: Path) -> list[str]:
    """Return the names of all operations of a run that is not hit."""
    fuse = Fuse(run, None, "kill")
    _child(_train(order, run), fuse, note=run.with_name("names"))
    return list(json.loads(run.with_name("names").read_text()))


def _choose(names: list[str], most: int | None, chance: random.Random) -> list[int]:
    """Choose places in a list, different names first."""
    places = list(range(len(names)))
    if most is None:
        return places
    chance.shuffle(places)
    first_of = {names[place]: place for place in reversed(places)}
    others = [place for place in places if place not in first_of.values()]
    firsts = [place for place in places if place in first_of.values()]
    return (firsts + others)[:most]


def _train(order: Order, run: Path) -> list[str]:
    return ["train", order.words, "--config", order.config, "--out", str(run)]


def _command(arguments: list[str]) -> int:
    """Run a command of goldzone in this process."""
    sys.argv = ["goldzone", *arguments, "--threads", "1"]
    try:
        main()
    except SystemExit as ending:
        return int(ending.code or 0)
    return 0


def _child(arguments: list[str], fuse: Fuse | None, note: Path | None = None) -> tuple[int, str]:
    """Run a command of goldzone in a child, and return its exit code and standard error."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.close(reading)
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(writing, 2)
            if fuse is not None:
                fuse.install()
            code = _command(arguments)
            if note is not None and fuse is not None:
                note.write_text(json.dumps(fuse.names))
            sys.stderr.flush()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        error = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), error


def _tell(note: Path, name: str) -> None:
    descriptor = os.open(note, os.O_WRONLY)
    os.write(descriptor, name.encode())
    os.close(descriptor)


if __name__ == "__main__":
    for wanted_model, trial in trials(Order(**json.load(sys.stdin))):
        print(json.dumps({"wanted": wanted_model, **asdict(trial)}), flush=True)  # noqa: T201 - its answer
