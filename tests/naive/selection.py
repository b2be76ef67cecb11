"""Selection under `gold_zone`, one neuron at a time, from the definition in the epic."""

from __future__ import annotations

import math
from collections.abc import Sequence

from goldzone.training.sums.measurement import Regime, regime


def naive_groups(
    measured: Sequence[tuple[int, int] | None], noise_floor: float | None, collapse: float
) -> list[tuple[str, float]]:
    """Return each neuron's group and its distance there."""
    groups: list[tuple[str, float]] = []
    for entry in measured:
        if entry is None:
            groups.append(("untrained", 0.0))
            continue
        s, n = abs(entry[0]), entry[1]
        lower = (math.sqrt(n) if noise_floor is None else noise_floor) / n
        found = regime(s, n, noise_floor, collapse)
        if found is Regime.GOLD_ZONE:
            groups.append(("gold_zone", abs(s / n - (lower + collapse) / 2)))
            continue
        outside, width = (
            (s / n - collapse, 1 - collapse) if found is Regime.COLLAPSED else (lower - s / n, lower)
        )
        distance = outside / width if width > 0 else 1.0
        groups.append(("moderate" if distance < 0.5 else "far", distance))
    return groups


def naive_gold_zone_order(
    measured: Sequence[tuple[int, int] | None],
    words: Sequence[int],
    noise_floor: float | None,
    collapse: float,
) -> list[int]:
    order = []
    for position, (group, distance) in enumerate(naive_groups(measured, noise_floor, collapse)):
        rank = ["untrained", "gold_zone", "moderate", "far"].index(group)
        order.append((rank, words[position] if group == "far" else distance, position))
    return [position for _, _, position in sorted(order)]
