"""What a capacity decision is made from, and the bounds that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goldzone.training.control.curve import Curve
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Measurement

__all__ = ["ControllerInput", "bounds"]


@dataclass(frozen=True, slots=True)
class ControllerInput:
    """All that a controller knows when it decides; as it keeps nothing, a resumed run decides the same."""

    history: Sequence[Measurement]
    """The neuron's past, oldest first, only records of states that were kept; empty for one never trained."""
    current: int
    """Its premodulo now, 2 or more; the configured start if it was never trained."""
    samples: int
    """N, 1 or more."""
    curve: Curve
    """The sweeps that are done."""
    largest: int
    """Most cells that a neuron of this network may have, 2 or more."""
    tolerance: float
    """Change of accuracy, as a share, that counts as none."""
    held: bool = False
    """Lowering has been stopped: the premodulo must not fall below `current`."""
    ladder: bool = False
    """Premodulos are powers of two: what is decided is rounded to the nearest one."""


def bounds(settings: CapacitySettings, given: ControllerInput) -> tuple[int, int]:
    """Return the least and the most cells of a neuron: the settings', but never above what it may have."""
    ceiling = min(settings.ceiling, given.largest)
    return min(settings.floor, ceiling), ceiling
