"""Which neurons of a layer are trained, and in which order (epic, "Neuron Selection").

A strategy orders a whole layer; the first k are trained. Strategies are pure: what they know is each neuron's
last sum, the thresholds of the gold zone, and words of a named stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ConfigError
from goldzone.training.sums.measurement import Regime, regime

__all__ = ["STRATEGIES", "Measured", "select_neurons"]

Measured: TypeAlias = tuple[int, int] | None
"""A neuron's last sum S and number of samples N; None: never trained."""

Strategy: TypeAlias = Callable[[Sequence[Measured], NDArray[np.uint32], float | None, float], list[int]]

_MODERATE: Final = 0.5
"""Moderate margins reach half the way from the gold zone's edge to the extreme (0 or 1)."""


def select_neurons(
    strategy: str,
    measured: Sequence[Measured],
    count: int,
    words: NDArray[np.uint32],
    *,
    noise_floor: float | None = None,
    collapse: float = 0.8,
) -> list[int]:
    """Choose the neurons of one layer to train, in order.

    Parameters
    ----------
    strategy : {"gold_zone", "fixed", "random"}
        ``gold_zone``: neurons never trained, by position (so a first full sweep trains every one); then those
        in the gold zone, nearest to its middle first; then moderate margins, nearest to the zone first;
        then the others in random order. ``fixed``: by position. ``random``: in random order.
    measured : sequence of (S, N) or None
        One per neuron.
    count : int
        How many to choose; a layer with fewer gives them all.
    words : uint32[n_neurons]
        From a named stream (`goldzone.training.streams`); the random order. Ties go by position.
    noise_floor, collapse
        The gold zone, as in `goldzone.training.sums.measurement.regime`.

    Returns
    -------
    list of int
        Positions, each once.

    Raises
    ------
    ConfigError
        If the strategy is unknown, the count negative, or there is not one word per neuron.
    """
    if strategy not in STRATEGIES:
        raise ConfigError(f"selection.strategy: {strategy!r} is unknown; use one of {', '.join(STRATEGIES)}")
    if count < 0:
        raise ConfigError(f"count: {count} neurons cannot be selected; give 0 or more")
    if len(words) != len(measured):
        raise ConfigError(f"words: {len(words)} for {len(measured)} neurons; give one for each")
    return STRATEGIES[strategy](measured, words, noise_floor, collapse)[:count]


def _gold_zone_order(
    measured: Sequence[Measured], words: NDArray[np.uint32], noise_floor: float | None, collapse: float
) -> list[int]:
    keys: list[tuple[int, float, int]] = []
    for position, entry in enumerate(measured):
        if entry is None:
            keys.append((0, 0.0, position))
            continue
        margin, lower = abs(entry[0]) / entry[1], _lower_edge(entry[1], noise_floor)
        found = regime(*entry, noise_floor, collapse)
        if found is Regime.GOLD_ZONE:
            keys.append((1, abs(margin - (lower + collapse) / 2), position))
            continue
        distance = _distance_outside(found, margin, lower, collapse)
        if distance < _MODERATE:
            keys.append((2, distance, position))
        else:
            keys.append((3, float(words[position]), position))
    return [position for _, _, position in sorted(keys)]


def _fixed_order(
    measured: Sequence[Measured], words: NDArray[np.uint32], noise_floor: float | None, collapse: float
) -> list[int]:
    del words, noise_floor, collapse
    return list(range(len(measured)))


def _random_order(
    measured: Sequence[Measured], words: NDArray[np.uint32], noise_floor: float | None, collapse: float
) -> list[int]:
    del measured, noise_floor, collapse
    order: list[int] = np.argsort(words, kind="stable").tolist()
    return order


STRATEGIES: Final[dict[str, Strategy]] = {
    "gold_zone": _gold_zone_order,
    "fixed": _fixed_order,
    "random": _random_order,
}
"""Strategies by their name in the configuration."""


def _lower_edge(n: int, noise_floor: float | None) -> float:
    """Return the gold zone's lower edge as a margin."""
    return (math.sqrt(n) if noise_floor is None else noise_floor) / n


def _distance_outside(found: Regime, margin: float, lower: float, collapse: float) -> float:
    """Return how far outside the zone a margin is: 0 at the edge, 1 at the extreme.

    Each side is measured by its own width; otherwise the noisy side, sqrt(N)/N wide, would always come first.
    """
    width = 1 - collapse if found is Regime.COLLAPSED else lower
    outside = margin - collapse if found is Regime.COLLAPSED else lower - margin
    return outside / width if width > 0 else 1.0
