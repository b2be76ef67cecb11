"""The best model that fits a size: the more evidence a cell must have, the fewer grades there are to store.

Bytes fall about as a power of the factor on `beam.evidence`, so a few trainings, each nearer, find it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from goldzone.errors import ConfigError
from goldzone.g2p.model import write_model
from goldzone.g2p.prepared_data import PreparedData
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.hashtron.committee import Committee
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks

__all__ = ["Attempt", "fit_size", "model_bytes", "next_factor", "parse_size", "with_evidence"]

_UNITS: Final = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "KIB": 1 << 10, "MIB": 1 << 20}
_EXPONENT: Final = 0.6
"""Bytes fall as the factor to this power, before two attempts tell better (docs/research.md)."""
_AIM: Final = 0.95
_CLOSE: Final = 0.9
"""A model of this share of the size, or more, is near enough."""
_RESERVE: Final = 400
"""Bytes of what a model of all words tells of the held-out words of the run before."""
_AT_REST: Final = 0.99
_DIGITS: Final = 3
_MOST_ATTEMPTS: Final = 6
_LARGEST_FACTOR: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a factor on the evidence came to."""

    factor: float
    bytes: int


def parse_size(text: str) -> int:
    """Read a size such as ``50KB``, ``48 KiB``, ``0.2MB`` or ``60000``, in bytes.

    Raises
    ------
    ConfigError
        It is none.
    """
    number = text.strip().rstrip("BKMibkm ")
    unit = text.strip()[len(number) :].strip().upper()
    try:
        size = float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        raise ConfigError(f"size {text!r}: is none; give one such as 50KB") from None
    if not 1 <= size < math.inf:
        raise ConfigError(f"size {text!r}: is below a byte or without end; give one such as 50KB")
    return int(size)


def next_factor(attempts: Sequence[Attempt], size: int) -> float | None:
    """Choose the factor to try next; None when the best attempt so far is to be taken.

    Parameters
    ----------
    attempts : sequence of Attempt
        In any order; without one the first factor is 1, the default, below which nothing is gained.
    size : int
        Bytes that the model may have.
    """
    if not attempts:
        return 1.0
    fit = max((each for each in attempts if each.bytes <= size), key=lambda each: each.bytes, default=None)
    over = min((each for each in attempts if each.bytes > size), key=lambda each: each.bytes, default=None)
    near = fit is not None and (fit.factor <= 1 or fit.bytes >= _CLOSE * size)
    if over is None or near or (fit is not None and len(attempts) >= _MOST_ATTEMPTS):
        return None
    exponent = _EXPONENT
    if fit is not None and over.factor < fit.factor:
        exponent = math.log(over.bytes / fit.bytes) / math.log(fit.factor / over.factor)
    found = _rounded(over.factor * (over.bytes / (_AIM * size)) ** (1 / exponent))
    if fit is None:
        largest = max(each.factor for each in attempts)
        return found if found > largest else _rounded(2 * largest)
    return found if over.factor < found < fit.factor else None


def with_evidence(config: TrainingConfig, factor: float) -> TrainingConfig:
    """Return the configuration with each step of `beam.evidence` so many times as high."""
    evidence = tuple(_rounded(factor * each) for each in config.beam.evidence)
    return config.model_copy(update={"beam": config.beam.model_copy(update={"evidence": evidence})})


def fit_size(task: PhonemizerTask, size: int, measure: Callable[[PhonemizerTask], int]) -> PhonemizerTask:
    """Find the configuration whose model fits a size; what it then gets right is what it is.

    Parameters
    ----------
    task : PhonemizerTask
        Of the words that the delivered model learns.
    size : int
        Bytes of the model file.
    measure : callable
        Trains a task and returns the bytes of its model (`model_bytes`).

    Returns
    -------
    PhonemizerTask
        With the configuration found.

    Raises
    ------
    ConfigError
        The size cannot be reached, or the credit is not that of graded neurons.
    """
    if task.config.credit.kind != "beam":
        raise ConfigError(
            f"size: is reached by the evidence of graded neurons; credit.kind is {task.config.credit.kind!r}"
        )
    attempts: list[Attempt] = []
    while (factor := next_factor(attempts, size)) is not None:
        if factor > _LARGEST_FACTOR or _at_rest(attempts, size):
            least = min(each.bytes for each in attempts)
            raise ConfigError(f"size: no model of these words has {size:,} bytes; the smallest has {least:,}")
        attempts.append(Attempt(factor, measure(_with_evidence(task, factor))))
    taken = max((each for each in attempts if each.bytes <= size), key=lambda each: each.bytes)
    return _with_evidence(task, taken.factor)


def model_bytes(
    task: PhonemizerTask, data: PreparedData, hooks: Hooks[Committee] | None = None, *, threads: int = 1
) -> int:
    """Train without a run folder; return the bytes of the model file, with some to spare."""
    trained = train_model(task, hooks, data=data, threads=threads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        write_model(path, trained.model)
        return path.stat().st_size + _RESERVE


def _at_rest(attempts: Sequence[Attempt], size: int) -> bool:
    """Tell whether more evidence brings no smaller model any more, and none fits."""
    falls = [after.bytes / before.bytes for before, after in pairwise(attempts)]
    return bool(falls) and falls[-1] > _AT_REST and min(each.bytes for each in attempts) > size


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _with_evidence(task: PhonemizerTask, factor: float) -> PhonemizerTask:
    return replace(task, config=with_evidence(task.config, factor))
