"""Start-up: importing, asking for help, and what compiling adds to the first command on a fresh machine."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.speed.measure import Figure, Setting, best_seconds

__all__ = ["figures"]

_START_BOUND = 0.4
_COMPILE_BOUND = 15.0


def figures(setting: Setting) -> list[Figure]:
    """Measure the start of programs, each in a process of its own.

    Quick mode leaves out what has to be compiled anew.
    """
    found = _starts(1 if setting.quick else setting.repeats)
    return found if setting.quick else [*found, *_first_commands()]


def _starts(repeats: int) -> list[Figure]:
    seconds = best_seconds(
        {
            "python": _job("-c", "pass"),
            "import": _job("-c", "import goldzone"),
            "help": _job("-m", "goldzone", "--help"),
            "command_help": _job("-m", "goldzone", "train", "--help"),
            "import_kernels": _job("-c", "import goldzone.g2p.phonemizer"),
            "numba": _job("-c", "import numba"),
        },
        repeats,
    )
    bare, numba = seconds["python"], seconds["numba"]
    return [
        *(
            Figure(
                f"startup.{name}",
                seconds[name],
                "s",
                bound=_START_BOUND,
                peer="python -c pass",
                ratio=seconds[name] / bare,
            )
            for name in ("import", "help", "command_help")
        ),
        Figure(
            "startup.import_kernels",
            seconds["import_kernels"],
            "s",
            peer="python -c 'import numba'",
            ratio=seconds["import_kernels"] / numba,
        ),
    ]


def _first_commands() -> list[Figure]:
    """Run commands with an empty cache, and again: the difference is what compiling and keeping take.

    In seconds of processor time, which other programs disturb less: one thread compiles.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands: dict[str, list[str | Path]] = {
            "train": ["train", "slovak", "--limit", "300", "--out", folder / "run", "--force", "--json"],
            "phonemize": ["phonemize", folder / "run", "voda"],
        }
        found = []
        for command, arguments in commands.items():
            environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / f"cache_{command}")}
            first, again = (_seconds(arguments, environment) for _ in range(2))
            found.append(
                Figure(
                    f"startup.compile_{command}",
                    first - again,
                    "s",
                    bound=_COMPILE_BOUND,
                    peer="the same command with compiled code",
                    ratio=first / again,
                )
            )
        return found


def _job(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def _seconds(arguments: Sequence[str | Path], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "goldzone", *arguments], check=True, capture_output=True, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
