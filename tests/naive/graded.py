"""Graded neurons as their definition reads, one cell at a time, in Python's integers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isqrt

from tests.naive.hashtron_filter import WORD, naive_hash

_MOST = 2**31 - 1


@dataclass
class NaiveCell:
    """Z and N: the sums of a cell's votes and of their squares, with 11 and 12 fraction bits."""

    z: int = 0
    n: int = 0


@dataclass
class NaiveRule:
    """Evidence and damping with 11 fraction bits, rate with 8."""

    evidence: int
    rate: int
    damping: int

    def grade(self, cell: NaiveCell) -> int:
        """Return sign(Z) rate (|Z| - evidence) / (damping + sqrt N), rounded half up, from -7 to 7."""
        beyond = abs(cell.z) - self.evidence
        if beyond <= 0:
            return 0
        root = self.damping + isqrt(cell.n * 2**10)  # 12 and 10 fraction bits make a root of 11
        # beyond / root has no fraction bits, times rate has 8: half of 2^8 is added, then they are cut off.
        steps = (2 * beyond * self.rate + root * 2**8) // (root * 2**9)
        return min(steps, 7) if cell.z > 0 else -min(steps, 7)


@dataclass
class NaiveGraded:
    """One neuron."""

    salt: int
    premodulo: int
    cells: list[NaiveCell] = field(default_factory=list)
    cast: int = 0

    def __post_init__(self) -> None:
        self.cells = self.cells or [NaiveCell() for _ in range(self.premodulo)]

    def learn(self, votes: Iterable[tuple[int, int]]) -> None:
        """Take the votes of a batch, (feature, vote): those in one cell are one vote, their sum."""
        together: dict[int, int] = {}
        for feature, vote in votes:
            cell = naive_hash(feature & WORD, self.salt, self.premodulo)
            together[cell] = together.get(cell, 0) + vote
            self.cast += abs(vote)
        for number, vote in together.items():
            cell_ = self.cells[number]
            cell_.z = max(-_MOST, min(_MOST, cell_.z + vote))
            cell_.n = min(_MOST, cell_.n + (vote * vote + 2**9) // 2**10)

    def answer(self, feature: int, rule: NaiveRule) -> int:
        """Return the grade of a feature's cell."""
        return rule.grade(self.cells[naive_hash(feature & WORD, self.salt, self.premodulo)])

    def halved(self) -> NaiveGraded:
        """Return the neuron with half of the cells: of what each feature's cell now holds, the sums."""
        pairs = zip(self.cells[::2], self.cells[1::2], strict=True)
        cells = [NaiveCell(max(-_MOST, min(_MOST, a.z + b.z)), min(_MOST, a.n + b.n)) for a, b in pairs]
        return NaiveGraded(self.salt, self.premodulo // 2, cells, self.cast)


def naive_sum(neuron: NaiveGraded, features: Sequence[int], rule: NaiveRule) -> int:
    """Return S: how many features are answered with yes, a grade above 0."""
    return sum(neuron.answer(feature, rule) > 0 for feature in features)


def naive_mean(grades: Sequence[int]) -> int:
    """Return the mean of grades, halves away from zero."""
    total, count = sum(grades), len(grades)
    rounded = (2 * abs(total) + count) // (2 * count)
    return rounded if total > 0 else -rounded
