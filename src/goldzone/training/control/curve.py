"""The learning curve: one point a sweep, the input of phases and of controllers that look at accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Curve", "CurvePoint"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a sweep came to."""

    sweep: int
    """From 1."""
    train_accuracy: float
    """Share of training words right, in [0, 1]."""
    dev_accuracy: float | None
    """Share of dev words right; None without dev words."""
    premodulo: int
    """Median premodulo of the neurons before the final one after the sweep, the lower of two middle ones."""


Curve: TypeAlias = tuple[CurvePoint, ...]
"""The sweeps that are done, oldest first, also those that were stepped back from."""
