"""What a capacity decision is made from, and the bounds that follow from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from goldzone.errors import StateError
from goldzone.training.control.arithmetic import exact
from goldzone.training.control.curve import Curve
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Measurement

__all__ = ["Bounds", "ControllerInput", "effective_bounds"]


@dataclass(frozen=True, slots=True)
class ControllerInput:
    """All that a controller knows when it decides; as it keeps nothing, a resumed run decides the same.

    Attributes
    ----------
    history : sequence of Measurement
        The neuron's past, oldest first, only records of states that were kept; empty for one never trained.
    current : int
        Its premodulo now, 2 or more; the configured start if it was never trained.
    samples : int
        N, 1 or more.
    sweep, sweeps : int
        The sweep that is under way, from 1, and the most that the run makes.
    curve : Curve
        The sweeps that are done.
    largest : int
        Most cells that a neuron of this network may have, 2 or more.
    distinct : int or None
        The neuron's distinct feature values; needed where the bounds are relative to them.
    held : bool
        Lowering has been stopped: the premodulo must not fall below `current`.
    """

    history: Sequence[Measurement]
    current: int
    samples: int
    sweep: int
    sweeps: int
    curve: Curve
    largest: int
    distinct: int | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most cells that a neuron may have; floor <= ceiling."""

    floor: int
    ceiling: int


def effective_bounds(settings: CapacitySettings, given: ControllerInput) -> Bounds:
    """Return the bounds of a neuron's premodulo.

    With ``bounds = "samples"`` or ``"distinct"`` they are shares of N or of the distinct feature values, kept
    within the absolute `floor` and `ceiling`. The ceiling is never above `ControllerInput.largest`, and the
    floor never above the ceiling.

    Raises
    ------
    StateError
        If the bounds are relative to the distinct feature values and these are not given.
    """
    top = min(settings.ceiling, given.largest)
    bottom = min(settings.floor, top)
    if settings.bounds == "absolute":
        return Bounds(bottom, top)
    base = given.samples if settings.bounds == "samples" else given.distinct
    if base is None:
        raise StateError("capacity.bounds: the distinct feature values are not known; use 'samples'")
    floor = min(max(math.ceil(exact(settings.floor_share) * base), bottom), top)
    ceiling = min(max(math.floor(exact(settings.ceiling_share) * base), floor), top)
    return Bounds(floor, ceiling)
