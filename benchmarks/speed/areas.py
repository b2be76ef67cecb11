"""The areas that are measured, each a module of this folder with ``figures(setting)``.

Each has a process of its own, which keeps areas apart: the peak memory of one is not the next one's, the
threads that a library leaves behind do not disturb, and one that dies stops no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import ModuleType

from benchmarks.speed.measure import Figure, Setting

__all__ = ["AREAS", "AreaResult", "measure_apart", "measure_area"]

AREAS = (
    "tally",
    "deep",
    "data_path",
    "prediction",
    "startup",
    "fleet",
    "memory",
    "peer_numpy",
    "peer_phonetisaurus",
    "peer_learners",
)

_OWN = ("goldzone", "benchmarks")


@dataclass(frozen=True, slots=True)
class AreaResult:
    """What measuring an area gave: figures, or one line that says why there are none.

    Attributes
    ----------
    area : str
    figures : tuple of Figure
    skipped : str
        What is not installed. Empty otherwise.
    failed : str
        What went wrong. Empty otherwise.
    """

    area: str
    figures: tuple[Figure, ...] = ()
    skipped: str = ""
    failed: str = ""


def measure_area(
    area: str, setting: Setting, load: Callable[[str], ModuleType] = importlib.import_module
) -> AreaResult:
    """Measure one area here and now; what it raises becomes a line.

    Parameters
    ----------
    area : str
    setting : Setting
    load : callable
        From a module's full name to the module.
    """
    name = f"{__package__}.{area}"
    try:
        return AreaResult(area, tuple(load(name).figures(setting)))
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing == name:
            return AreaResult(area, skipped="there is no such module here")
        if missing.split(".")[0] not in _OWN:
            return AreaResult(area, skipped=f"{missing} is not installed; try pip install '.[benchmarks]'")
        return AreaResult(area, failed=_line(error))
    except (Exception, SystemExit) as error:
        return AreaResult(area, failed=_line(error))


def measure_apart(area: str, setting: Setting) -> AreaResult:
    """Measure one area in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(measure_area, area, setting).result()
        except BrokenProcessPool:
            return AreaResult(area, failed="its process died, perhaps for want of memory")


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
