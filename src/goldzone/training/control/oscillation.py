"""Oscillation: a premodulo that goes up and down instead of settling.

A lower capacity shrinks the margin and a small margin asks for more capacity, so the law can chase its own
tail (epic, "Premodulo oscillation"). Found in a neuron's premodulos alone, in exact fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

__all__ = ["LEAST_STEP", "Oscillation", "detect_oscillation"]

LEAST_STEP: Final = Fraction(5, 4)
"""The least step, as a factor up or down, that counts."""
_PERIOD: Final = 2
"""Reversals in a whole period: down and up again. One alone may be the end of an overshoot."""


@dataclass(frozen=True, slots=True)
class Oscillation:
    """How a premodulo swings."""

    detected: bool
    """Whether it turned twice or more, a whole period."""
    reversals: int
    """How often a step was followed by one in the opposite direction, both large enough to count."""
    amplitude: Fraction
    """The largest of the steps at a reversal, as a factor; 1 without any."""
    half_step: Fraction
    """From the last premodulo to the geometric mean (its integer part) of the last two, as a factor: half of
    the last step on a logarithmic scale; 1 if there are not two."""


def detect_oscillation(premodulos: Sequence[int], window: int) -> Oscillation:
    """Look for an oscillation.

    Parameters
    ----------
    premodulos : sequence of int
        A neuron's, oldest first; 0, for none, is passed over.
    window : int
        How many of the last are looked at; with less than 4 nothing is found.
    """
    last = [premodulo for premodulo in premodulos if premodulo][-window:] if window else []
    steps = [Fraction(new, old) for old, new in pairwise(last) if new != old]
    reversals = [
        max(_size(before), _size(after))
        for before, after in pairwise(steps)
        if (before > 1) != (after > 1) and min(_size(before), _size(after)) >= LEAST_STEP
    ]
    return Oscillation(
        detected=len(reversals) >= _PERIOD,
        reversals=len(reversals),
        amplitude=max(reversals, default=Fraction(1)),
        half_step=_size(Fraction(math.isqrt(last[-2] * last[-1]), last[-1]))
        if len(last) > 1
        else Fraction(1),
    )


def _size(step: Fraction) -> Fraction:
    """Return a step as a factor of 1 or more, whatever its direction."""
    return max(step, 1 / step)
