"""Graded neurons under training: their cells, how the premodulo moves, and the mean of the last sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import GradedTable
from goldzone.training.learners.graded_kernels import Cells, GradeRule, fold_cells, grade_cells, split_cells

__all__ = ["GradedNeurons"]

_PARTS: Final = ("premodulos", "cast", "sums", "grades", "kept")


class GradedNeurons:
    """The cells of all context neurons, with the sums that stay from sweep to sweep.

    Parameters
    ----------
    salts : uint32[n_neurons]
    premodulo : int
        A power of two: the cells that each neuron begins with.
    averaged : int
        Sweeps whose grades the network is the mean of.
    """

    def __init__(self, salts: NDArray[np.uint32], premodulo: int, *, averaged: int) -> None:
        self._salts = salts
        self._averaged = averaged
        self._take(np.full(salts.size, premodulo, dtype=np.uint32))
        self._kept: list[tuple[NDArray[np.uint32], NDArray[np.uint8]]] = []

    @property
    def premodulos(self) -> NDArray[np.int64]:
        """Cells of each neuron: int64[n_neurons]."""
        return self.cells.premodulos.astype(np.int64)

    def move(self, wanted: Mapping[int, int]) -> None:
        """Fold or split neurons until they have the wanted premodulos, all powers of two."""
        premodulos = self.cells.premodulos.copy()
        for neuron, premodulo in wanted.items():
            premodulos[neuron] = premodulo
        if np.array_equal(premodulos, self.cells.premodulos):
            return
        before, starts = self.cells, self.cells.starts
        self._take(premodulos)
        for neuron in range(premodulos.size):
            sums = before.sums[starts[neuron] : starts[neuron + 1]]
            while len(sums) != premodulos[neuron]:
                if len(sums) > premodulos[neuron]:
                    moved = np.empty((len(sums) // 2, 3), dtype=np.int32)
                    fold_cells(sums, moved)
                else:
                    moved = np.empty((2 * len(sums), 3), dtype=np.int32)
                    split_cells(sums, moved)
                sums = moved
            self.cells.sums[self.cells.starts[neuron] : self.cells.starts[neuron + 1]] = sums
        # Of a split cell each half has all its votes, so they count for both.
        splits = np.maximum(premodulos // before.premodulos, 1)
        self.cells.cast[:] = before.cast * splits

    def grade(self, rule: GradeRule) -> None:
        """Grade all cells anew."""
        grade_cells(self.cells.sums, rule, self.cells.grades)

    def keep(self) -> None:
        """Keep the grades at the end of a sweep, for the mean."""
        self._kept = [*self._kept, (self.cells.premodulos, self.cells.grades.copy())][-self._averaged :]

    def grades(self, neuron: int) -> NDArray[np.int8]:
        """Return a neuron's grades: the mean of the last sweeps, rounded, that had its present premodulo."""
        premodulo = self.cells.premodulos[neuron]
        total, count = np.zeros(int(premodulo), dtype=np.int64), 0
        for premodulos, grades in self._kept:
            if premodulos[neuron] == premodulo:
                start = int(premodulos[:neuron].sum(dtype=np.int64))
                total += grades[start : start + int(premodulo)]
                count += 1
        total -= HIGHEST * count
        mean = (2 * np.abs(total) + count) // (2 * max(1, count))
        signed: NDArray[np.int8] = (np.sign(total) * mean).astype(np.int8)
        return signed

    def tables(self) -> tuple[GradedTable, ...]:
        """Return the neurons as values."""
        return tuple(
            GradedTable.from_grades(int(salt), self.grades(neuron)) for neuron, salt in enumerate(self._salts)
        )

    def memory(self) -> dict[str, bytes]:
        """Return all that `remember` needs, little-endian; nothing before the first sweep is done."""
        if not self._kept:
            return {}
        kept = b"".join(
            premodulos.astype("<u4").tobytes() + grades.tobytes() for premodulos, grades in self._kept
        )
        parts = (
            self.cells.premodulos.astype("<u4").tobytes(),
            self.cells.cast.astype("<i8").tobytes(),
            self.cells.sums[:, :2].astype("<i4").tobytes(),
            self.cells.grades.tobytes(),
            kept,
        )
        return dict(zip(_PARTS, parts, strict=True))

    def remember(self, memory: Mapping[str, bytes]) -> None:
        """Take up what `memory` returned.

        Raises
        ------
        StateError
            It is that of other neurons.
        """
        size = self._salts.size
        if not memory:
            return
        try:
            premodulos, cast, sums, grades, rest = (memory[part] for part in _PARTS)
            self._take(np.frombuffer(premodulos, "<u4").astype(np.uint32))
            self.cells.cast[:] = np.frombuffer(cast, "<i8")
            self.cells.sums[:, :2] = np.frombuffer(sums, "<i4").reshape(-1, 2)
            self.cells.grades[:] = np.frombuffer(grades, np.uint8)
            self._kept = []
            while rest:
                had = np.frombuffer(rest[: 4 * size], "<u4").astype(np.uint32)
                end = 4 * size + int(had.sum(dtype=np.int64))
                self._kept.append((had, np.frombuffer(rest[4 * size : end], np.uint8).copy()))
                rest = rest[end:]
        except (KeyError, ValueError) as error:
            raise StateError(f"the sums to restore are of other neurons ({error}); use --force") from None

    def _take(self, premodulos: NDArray[np.uint32]) -> None:
        """Make empty cells."""
        if premodulos.size != self._salts.size:
            raise StateError(f"the sums to restore are of {premodulos.size} neurons; use --force")
        starts = np.concatenate(([0], np.cumsum(premodulos, dtype=np.int64))).astype(np.int64)
        self.cells = Cells(
            sums=np.zeros((int(starts[-1]), 3), dtype=np.int32),
            grades=np.full(int(starts[-1]), HIGHEST, dtype=np.uint8),
            cast=np.zeros(self._salts.size, dtype=np.int64),
            starts=starts,
            salts=self._salts,
            premodulos=premodulos,
        )
