"""Phases of a run: what its curve says now, what it will probably say next, and when to step back.

Only the change between the last two sweeps and the best dev accuracy count, so a phase can be worked out by
hand. A change of accuracy *rises* if it is above the tolerance, *falls* if it is below minus the tolerance,
and is *flat* in between.

=================  ================  ================  =================
train, dev         rises             flat              falls
=================  ================  ================  =================
rises              fitting           fitting           fitting
flat               generalisation    generalisation    over-pressure
falls              generalisation    generalisation    over-pressure
=================  ================  ================  =================

Train rising while dev falls is memorisation; it counts as fitting, until patience makes it done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from goldzone.training.control.curve import Curve, CurvePoint

__all__ = [
    "PATIENCE",
    "TOLERANCE",
    "Forecast",
    "Phase",
    "best_point",
    "change_noise",
    "detect_phase",
    "forecast",
    "must_step_back",
]

TOLERANCE: Final = 0.005
"""Change of accuracy that counts as none: `change_noise` of 800 words."""
PATIENCE: Final = 2
"""Sweeps without a gain after which a run is done, where none is configured."""

_CHURN: Final = 0.02
"""Share of words whose answer changes in a sweep that changes nothing else; measured 0.005 to 0.07."""

# The forecast's prior, as if seen before the first sweep: each gain is 0.3 of the one before, known as well
# as from one gain of 2 points, with residuals of 0.75 points known as well as from two sweeps.
_RATIO: Final = 0.3
_RATIO_WEIGHT: Final = 0.02**2
_RATIO_ERROR: Final = 0.5
_LARGEST_RATIO: Final = 0.9
_RESIDUAL: Final = 0.0075
_RESIDUAL_COUNT: Final = 2


class Phase(Enum):
    """Where a run stands (epic, "Phases"; the table above)."""

    BOOTSTRAP = "bootstrap"
    FITTING = "fitting"
    GENERALISATION = "generalisation"
    OVER_PRESSURE = "over_pressure"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the next sweep will probably come to."""

    dev_accuracy: float
    """Expected dev accuracy, in [0, 1]."""
    error: float
    """Its standard error."""
    phase: Phase
    """The phase if both accuracies come out as expected."""


def change_noise(words: int) -> float:
    """Return the standard error of a change of accuracy between two sweeps that are equally good.

    Both are judged on the same words, so only words whose answer changes count: with a share q of them, each
    as likely to turn right as wrong, the change has variance q / words. 1 for no words.
    """
    return min(1.0, math.sqrt(_CHURN / words)) if words > 0 else 1.0


def best_point(curve: Curve) -> CurvePoint | None:
    """Return the first of the points with the highest dev accuracy; None if no point has one."""
    known = [point for point in curve if point.dev_accuracy is not None]
    return max(known, key=_dev, default=None)


def detect_phase(curve: Curve, *, patience: int = PATIENCE, tolerance: float = TOLERANCE) -> Phase:
    """Tell the phase after the last sweep of a curve.

    In this order:

    1. bootstrap: fewer than two sweeps, so no change is known;
    2. done: dev accuracy is known in every sweep, and none of the last `patience` sweeps is above the best
       before them. No tolerance: it is the rule by which training stops;
    3. by the changes of train and dev accuracy between the last two sweeps, as in the table of this module.

    Without dev accuracy in the last two sweeps the change of dev counts as flat: what is not seen cannot
    tell generalisation from over-pressure, and a run without dev words is never done before its last sweep.

    Parameters
    ----------
    curve : Curve
    patience : int
        1 or more.
    tolerance : float
        0 or more; `change_noise` of the dev words is sensible.
    """
    if len(curve) < 2:
        return Phase.BOOTSTRAP
    if _used_up(curve, patience):
        return Phase.DONE
    before, now = curve[-2:]
    train = now.train_accuracy - before.train_accuracy
    if train > tolerance:
        return Phase.FITTING
    known = before.dev_accuracy is not None and now.dev_accuracy is not None
    dev = _dev(now) - _dev(before) if known else 0.0
    return Phase.OVER_PRESSURE if dev < -tolerance else Phase.GENERALISATION


def forecast(curve: Curve, *, patience: int = PATIENCE, tolerance: float = TOLERANCE) -> Forecast | None:
    """Expect the next sweep's dev accuracy and phase.

    Geometric saturation: each gain is a ratio r of the gain before. r is the least-squares slope through the
    origin over successive gains, drawn towards a prior (ridge regression), within [0, 0.9]; so a single wild
    gain cannot send the forecast off, and on a plateau it is the last value. The variance is that of the
    residuals, drawn towards a prior, plus (0.5 * last gain)**2 for the error of r. Patience and tolerance are
    as in `detect_phase`. None with fewer than two sweeps, or if a sweep has no dev accuracy.
    """
    dev = [point.dev_accuracy for point in curve if point.dev_accuracy is not None]
    if len(curve) < 2 or len(dev) < len(curve):
        return None
    expected, error = _saturate(dev)
    train, _ = _saturate([point.train_accuracy for point in curve])
    last = curve[-1]
    following = CurvePoint(last.sweep + 1, train, expected, last.premodulo)
    return Forecast(
        expected, error, detect_phase((*curve, following), patience=patience, tolerance=tolerance)
    )


def must_step_back(curve: Curve, tolerance: float = TOLERANCE) -> int | None:
    """Return the sweep whose state to restore, because lowering the premodulo since then cost dev accuracy.

    That is the best sweep on dev (`best_point`), if the premodulo is lower now than it was then, and dev
    accuracy is more than `tolerance` below. None otherwise, and so always if the premodulo never changes.
    """
    best = best_point(curve)
    if best is None or curve[-1].dev_accuracy is None:
        return None
    now = curve[-1]
    lowered, lost = now.premodulo < best.premodulo, _dev(now) < _dev(best) - tolerance
    return best.sweep if lowered and lost else None


def _dev(point: CurvePoint) -> float:
    assert point.dev_accuracy is not None  # noqa: S101 - callers leave out points without it
    return point.dev_accuracy


def _used_up(curve: Curve, patience: int) -> bool:
    """Tell whether the last `patience` sweeps brought nothing above the best before them."""
    if len(curve) <= patience or any(point.dev_accuracy is None for point in curve):
        return False
    return max(map(_dev, curve[-patience:])) <= max(map(_dev, curve[:-patience]))


def _saturate(values: Sequence[float]) -> tuple[float, float]:
    """Expect the next of two or more accuracies; return it, in [0, 1], and its standard error."""
    gains = [after - before for before, after in pairwise(values)]
    successive = list(pairwise(gains))
    slope = (_RATIO * _RATIO_WEIGHT + sum(before * after for before, after in successive)) / (
        _RATIO_WEIGHT + sum(before * before for before, _ in successive)
    )
    ratio = min(max(slope, 0.0), _LARGEST_RATIO)
    squares = sum((after - ratio * before) ** 2 for before, after in successive)
    variance = (_RESIDUAL_COUNT * _RESIDUAL**2 + squares) / (_RESIDUAL_COUNT + len(successive))
    expected = values[-1] + ratio * gains[-1]
    return min(max(expected, 0.0), 1.0), math.hypot(math.sqrt(variance), _RATIO_ERROR * gains[-1])
