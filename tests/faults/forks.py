"""A process that has everything loaded and forks a child for each command of goldzone.

    python -m tests.faults.forks WORDS CONFIG FOLDER

Trains once undisturbed. Then takes an `Order` as a line of JSON on standard input, and answers each with a
line: a list of `Trial`. In a trial a child runs the real command line until something happens to it at a
counted operation; others resume until the run is finished, at most `MOST_RUNS` processes together.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from goldzone.cli import main
from tests.faults.finished import log_problem, sha256
from tests.faults.fuse import Fault, Fuse

MOST_RUNS = 3
"""The one that is hit, one that goes on and may be killed too, and one that comes to the end."""


@dataclass(frozen=True)
class Order:
    """What trials are wanted.

    Attributes
    ----------
    fault : {"kill", "interrupt", "terminate", "stop", "full"}
    most : int or None
        Trials, of operations of different names first; None: one of each name.
    every : bool
        One at each operation.
    among : str
        What the names of the operations begin with.
    seed : int
    again : float
        Share of the trials in which a process that resumes is killed too.
    """

    fault: Fault
    most: int | None = None
    every: bool = False
    among: str = ""
    seed: int = 1
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
    right : bool
        Whether the model is that of the run that nothing happened to.
    left : list of str
        Files in the state folder at the end.
    log : str
        What is wrong with the event log at the end.
    refused : list of (int, str)
        Exit code and standard error of the commands that were tried on the run while it was stopped.
    """

    name: str
    code: int
    error: str
    kills: int
    right: bool
    left: list[str]
    log: str
    refused: list[tuple[int, str]]


class Forks:
    """Carries out trials in a folder, beside a run that nothing happens to.

    Parameters
    ----------
    words, config : str
        Lexicon and configuration files.
    folder : Path
    """

    def __init__(self, words: str, config: str, folder: Path) -> None:
        # The model of all words is one more run: with it where neurons learn together, which is the default.
        final = "--final" if "rank" not in Path(config).read_text(encoding="utf-8") else "--no-final"
        self._train = ["train", words, "--config", config, final, "--out"]
        self._folder = folder
        self._made = 0
        counted = Fuse(folder / "reference")
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            counted.install(patch)
            _command([*self._train, str(folder / "reference")])  # here: the children have all compiled
        self._counts = counted.counts
        self._model = sha256(folder / "reference")

    def trials(self, order: Order) -> list[Trial]:
        """Carry out an order."""
        chance = random.Random(order.seed)
        counts = {name: count for name, count in self._counts.items() if name.startswith(order.among)}
        return [
            self._trial(name, number, order.fault, self._second(chance, order.again))
            for name, number in _choose(counts, None if order.every else order.most or len(counts), chance)
        ]

    def too_large(self) -> Trial:
        """Let the system refuse files of more than half of the largest one of a run."""
        files = (path for path in (self._folder / "reference").rglob("*") if path.is_file())
        most = max(path.stat().st_size for path in files) // 2
        run = self._next_run()
        first = _child(
            [*self._train, str(run)], lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        )
        return self._resumed(run, f"more than {most} bytes", first, [None])

    def _trial(self, name: str, number: int, fault: Fault, second: str | None) -> Trial:
        run, refused = self._next_run(), []

        def try_others() -> None:
            for command in (self._train, ["train", "--force", *self._train[1:]], ["resume"]):
                refused.append(_child([*command, str(run)]))

        first = _child([*self._train, str(run)], _burning(Fuse(run, name, number, fault)), try_others)
        fuses = [Fuse(run, second) if second else None, None]
        return self._resumed(run, name, first, fuses, refused)

    def _resumed(
        self,
        run: Path,
        name: str,
        first: tuple[int, str],
        fuses: Sequence[Fuse | None],
        refused: Sequence[tuple[int, str]] = (),
    ) -> Trial:
        """Go on with a run until it is finished, and tell what came of it."""
        code, error = first
        kills = int(code < 0)
        for fuse in fuses:
            if code == 0 or "is finished" in error:
                break
            known = (run / "config.toml").exists()
            command = ["resume", str(run)] if known else [*self._train, str(run)]
            code, error = _child(command, _burning(fuse))
            kills += int(code < 0)
        if code != 0 and "is finished" not in error:
            raise RuntimeError(f"{name}: not finished after {1 + len(fuses)} processes: {error}")
        left = sorted(path.name for path in (run / "state").iterdir())
        return Trial(name, *first, kills, sha256(run) == self._model, left, log_problem(run), list(refused))

    def _second(self, chance: random.Random, share: float) -> str | None:
        """Name the first operation of a kind, for a process that resumes: it surely comes to most of them."""
        return chance.choice(sorted(self._counts)) if chance.random() < share else None

    def _next_run(self) -> Path:
        self._made += 1
        return self._folder / f"run{self._made}"


def _choose(counts: dict[str, int], most: int | None, chance: random.Random) -> list[tuple[str, int]]:
    """Choose operations, one of each name first; None: all of them."""
    every = [(name, number) for name, count in sorted(counts.items()) for number in range(count)]
    if most is None:
        return every
    chance.shuffle(every)
    seen: Counter[str] = Counter()
    ranked = []
    for name, number in every:
        ranked.append((seen[name], name, number))
        seen[name] += 1
    ranked.sort(key=lambda one: one[0])  # stable: in random order otherwise
    return [(name, number) for _, name, number in ranked[:most]]


def _burning(fuse: Fuse | None) -> Callable[[], None]:
    """Return what installs a fuse for the rest of a process."""
    return lambda: fuse.install(pytest.MonkeyPatch()) if fuse else None


def _command(arguments: list[str]) -> int:
    """Run a command of goldzone in this process."""
    sys.argv = ["goldzone", *arguments, "--threads", "1"]
    try:
        main()
    except SystemExit as ending:
        return int(ending.code or 0)
    return 0


def _child(
    arguments: list[str],
    prepare: Callable[[], None] = lambda: None,
    while_stopped: Callable[[], None] = lambda: None,
) -> tuple[int, str]:
    """Run a command of goldzone in a child, and return its exit code and standard error."""
    with tempfile.TemporaryFile() as errors:
        process = os.fork()
        if not process:
            code = 70
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                os.dup2(errors.fileno(), 2)
                prepare()
                code = _command(arguments)
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(process, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            while_stopped()
            os.kill(process, signal.SIGCONT)
            _, status = os.waitpid(process, 0)
        errors.seek(0)
        return os.waitstatus_to_exitcode(status), errors.read().decode()


def _serve(words: str, config: str, folder: str) -> None:
    answers, forks = sys.stdout, Forks(words, config, Path(folder))
    for line in sys.stdin:
        asked = json.loads(line)
        found = forks.trials(Order(**asked)) if asked else [forks.too_large()]
        answers.write(json.dumps([asdict(trial) for trial in found]) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
