"""Premodulos that do not follow from a neuron's sum: from accuracies. Pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from goldzone.training.control.arithmetic import exact
from goldzone.training.control.curve import Curve
from goldzone.training.control.law import MIN_PREMODULO

__all__ = ["ValidatedLevel", "reference_premodulo", "validated_level"]


def reference_premodulo(accuracy: float, least: int, most: int) -> int:
    """Return the premodulo that the Go trainer takes at an accuracy.

    That is (100 - s)**2 * (least - most) / 2500 + most at s percent of success, where the quotient loses its
    fraction, and at least 2: `most` at 100 %, `least` at 50 %, and below that less than `least`, down to 2.
    Here s is not cut to a whole percent.

    Parameters
    ----------
    accuracy : float
        Share of training words right, in [0, 1].
    least, most : int
        least <= most.
    """
    wrong = 100 - 100 * exact(accuracy)
    return max(most - math.floor(wrong**2 * (most - least) / 2500), MIN_PREMODULO)


@dataclass(frozen=True, slots=True)
class ValidatedLevel:
    """The premodulo of all neurons in the next sweep; `turned`: whether lowering it has cost accuracy."""

    premodulo: int
    turned: bool


def validated_level(curve: Curve, start: int, tolerance: float) -> ValidatedLevel:
    """Halve the premodulo sweep by sweep as long as dev accuracy holds, then go back to the best for good.

    The levels are counted from the start, one for each point of the curve, and not read off the curve, whose
    premodulos are medians over neurons that need not all have been trained. Points without dev accuracy
    tell nothing: the level stays.

    Parameters
    ----------
    curve : Curve
        One point for each sweep that is done, also those that were stepped back from.
    start : int
        Level of the first sweep.
    tolerance : float
        How much lower than the best so far a dev accuracy that holds may be.
    """
    level = best_level = start
    best: Fraction | None = None
    for point in curve:
        if point.dev_accuracy is None:
            continue
        accuracy = exact(point.dev_accuracy)
        if best is not None and accuracy < best - exact(tolerance):
            return ValidatedLevel(best_level, turned=True)
        if best is None or accuracy > best:
            best, best_level = accuracy, level
        level = max(level // 2, MIN_PREMODULO)
    return ValidatedLevel(level, turned=False)
