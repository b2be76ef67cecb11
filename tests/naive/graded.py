"""Graded neurons from their description: a dictionary of cells for each, sums in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, isqrt
from typing import TypeAlias

from goldzone.hashtron.neuron import GradedTable
from tests.naive.hashtron_filter import naive_hash

WORD_VOTE = 2048
"""The vote of a word; squares are kept in a 4096th of its square."""

MOST = 2**31 - 1
"""Where sums stop to grow."""

HIGHEST = 7

Vote: TypeAlias = tuple[int, int]
"""A feature, and the vote for it."""


@dataclass(frozen=True)
class NaiveRule:
    """Evidence in 2048ths of a word, rate in 256ths of a step, damping in 2048ths of a word."""

    evidence: int
    rate: int
    damping: int = WORD_VOTE // 10


def naive_grade(z: int, n: int, rule: NaiveRule) -> int:
    """Return sign(Z) rate (|Z| - evidence) / (damping + sqrt(N)), rounded half up and cut off at 7."""
    if abs(z) <= rule.evidence:
        return 0
    root = isqrt(n * WORD_VOTE**2 // 4096)  # in 2048ths, rounded down
    steps = Fraction(rule.rate, 256) * Fraction(abs(z) - rule.evidence, rule.damping + root)
    grade = min(HIGHEST, floor(steps + Fraction(1, 2)))
    return grade if z > 0 else -grade


@dataclass
class NaiveGraded:
    """One neuron: Z and N of each cell that ever got a vote, and the votes' absolute sum."""

    salt: int
    premodulo: int
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)
    grades: dict[int, int] = field(default_factory=dict)
    cast: int = 0

    def cell(self, feature: int) -> int:
        return naive_hash(feature, self.salt, self.premodulo)

    def grade(self, feature: int) -> int:
        return self.grades.get(self.cell(feature), 0)

    def vote(self, votes: Iterable[Vote], rule: NaiveRule) -> None:
        """Add up the votes of a batch, cell by cell, and grade anew the cells that they change."""
        batch: dict[int, int] = {}
        for feature, vote in votes:
            batch[self.cell(feature)] = batch.get(self.cell(feature), 0) + vote
            self.cast += abs(vote)
        for cell, vote in batch.items():
            if vote == 0:
                continue
            z, n = self.sums.get(cell, (0, 0))
            square = floor(Fraction(vote * vote * 4096, WORD_VOTE**2) + Fraction(1, 2))
            self.sums[cell] = max(-MOST, min(MOST, z + vote)), min(MOST, n + square)
            self.grades[cell] = naive_grade(*self.sums[cell], rule)

    def grade_all(self, rule: NaiveRule) -> None:
        self.grades = {cell: naive_grade(z, n, rule) for cell, (z, n) in self.sums.items()}

    def move(self, premodulo: int) -> None:
        """Halve by adding neighbours up, double by giving both halves what the whole had; no grades yet."""
        self.grades = {}
        while self.premodulo > premodulo:
            self.premodulo //= 2
            pairs = {cell: (self._sum(2 * cell), self._sum(2 * cell + 1)) for cell in range(self.premodulo)}
            self.sums = {
                cell: (max(-MOST, min(MOST, left[0] + right[0])), min(MOST, left[1] + right[1]))
                for cell, (left, right) in pairs.items()
            }
        while self.premodulo < premodulo:
            self.premodulo *= 2
            self.sums = {cell: self._sum(cell // 2) for cell in range(self.premodulo)}
            self.cast *= 2

    def table(self) -> list[int]:
        """Return the grades of all cells."""
        return [self.grades.get(cell, 0) for cell in range(self.premodulo)]

    def agreement(self) -> float:
        return sum(abs(z) for z, _ in self.sums.values()) / self.cast if self.cast else 0.0

    def _sum(self, cell: int) -> tuple[int, int]:
        return self.sums.get(cell, (0, 0))


def naive_mean(tables: Sequence[Sequence[int]], premodulo: int) -> list[int]:
    """Return the mean grade of each cell over the tables of this size, halves rounded away from 0."""
    own = [table for table in tables if len(table) == premodulo]
    means = []
    for cell in range(premodulo):
        total = sum(table[cell] for table in own)
        size = floor(Fraction(abs(total), max(1, len(own))) + Fraction(1, 2))
        means.append(size if total > 0 else -size)
    return means


def naive_table_grade(table: GradedTable, feature: int) -> int:
    """Return the grade of a feature's cell, a byte that counts from the lowest grade."""
    return table.cells[naive_hash(feature, table.salt, table.premodulo)] - HIGHEST


def naive_planes(grade: int) -> list[bool]:
    """Write the binary digits of a grade, low ones first: three if it is positive, three if negative."""
    return [bool(max(0, way * grade) // weight % 2) for way in (1, -1) for weight in (1, 2, 4)]


def naive_grade_halves(grades: Iterable[int]) -> bytes:
    """Pack the grades that are not 0 as halves of bytes, the low half first, negative ones less than 16."""
    said = [grade % 16 for grade in grades if grade]
    return bytes(low + 16 * high for low, high in zip(said[::2], [*said[1::2], 0], strict=False))


def naive_answered(neuron: NaiveGraded, features: Iterable[int]) -> int:
    """Count the samples that a neuron answers with yes."""
    return sum(neuron.grade(feature) > 0 for feature in features)


def naive_weighed(neurons: Mapping[int, NaiveGraded], features: Mapping[int, Sequence[int]]) -> list[int]:
    """Add up, for every sample, the grades of some neurons, each counted from the lowest one."""
    rows = [[neuron.grade(feature) + HIGHEST for feature in features[j]] for j, neuron in neurons.items()]
    return [sum(column) for column in zip(*rows, strict=True)]
