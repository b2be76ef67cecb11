"""Pairs of anti-correlated neurons, from lists of answers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations


def naive_phi(one: Sequence[int], other: Sequence[int]) -> tuple[int, Fraction] | None:
    """Return the sign and the square of the correlation of two columns of 0 and 1; None: no correlation."""
    mean_one, mean_other = Fraction(sum(one), len(one)), Fraction(sum(other), len(other))
    together = sum(((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True)), Fraction(0))
    spread_one = sum(((a - mean_one) ** 2 for a in one), Fraction(0))
    spread_other = sum(((b - mean_other) ** 2 for b in other), Fraction(0))
    if spread_one * spread_other == 0:
        return None
    return (together > 0) - (together < 0), together**2 / (spread_one * spread_other)


def naive_pairs(
    positions: Sequence[int], answers: Sequence[Sequence[int]], share: Fraction, highest: Fraction
) -> list[tuple[int, int]]:
    """Take the most negative pair of neurons that are both free, again and again."""
    rows = range(len(answers))
    free, pairs = set(rows), list[tuple[int, int]]()
    while len(pairs) + 1 <= share * len(positions) / 2:
        found = []
        for one, other in combinations(sorted(free), 2):
            phi = naive_phi(answers[one], answers[other])
            if phi is not None and phi[0] < 0 and phi[1] >= highest**2:
                found.append((-phi[1], sorted((positions[one], positions[other])), one, other))
        if not found:
            break
        _, _, one, other = min(found)
        pairs.append((positions[one], positions[other]))
        free -= {one, other}
    return pairs
