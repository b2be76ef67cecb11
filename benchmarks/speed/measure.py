"""Timing on a noisy machine: things that are compared take turns, and the best time of each counts.

The best time is the one least disturbed. A figure is worth keeping as a ratio to something that was timed in
the same minute: another machine, or a busy one, then moves both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Figure", "Setting", "best_seconds"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a measurement may use.

    Attributes
    ----------
    dataset : Path, optional
        Folder of languages; built-in samples and made-up arrays where it is not given.
    threads : int
    repeats : int
        Turns of each thing that is compared.
    quick : bool
        Small problems, to try the program out: figures that mean nothing.
    """

    dataset: Path | None = None
    threads: int = 2
    repeats: int = 7
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes
    ----------
    name : str
        ``area.what``, such as ``"tally.two_threads"``; never changes once recorded.
    value : float
    unit : str
        Such as ``"ns/sample"``.
    better : {"lower", "higher"}
    bound : float, optional
        What the value must reach.
    peer : str
        What `ratio` compares with, in words: a floor or another program. Empty for none.
    ratio : float, optional
        Value of goldzone over that of the peer, in the same unit and run.
    """

    name: str
    value: float
    unit: str
    better: Literal["lower", "higher"] = "lower"
    bound: float | None = None
    peer: str = ""
    ratio: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the bound is reached; None without one."""
        if self.bound is None:
            return None
        return self.value <= self.bound if self.better == "lower" else self.value >= self.bound


def best_seconds(
    jobs: Mapping[str, Callable[[], object]], repeats: int, *, warm_up: bool = True
) -> dict[str, float]:
    """Run jobs in turns and return the shortest time of each, in seconds.

    Parameters
    ----------
    jobs : mapping of str to callable
    repeats : int
        Turns of each job, at least 1.
    warm_up : bool
        Run each once before, unmeasured: compiled code and caches are then ready.
    """
    if warm_up:
        for job in jobs.values():
            job()
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
