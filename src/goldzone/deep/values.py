"""The values that a neuron tells apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.quaternary import build_filter

__all__ = ["SeenValues"]


@dataclass(frozen=True, eq=False)
class SeenValues:
    """What a neuron sees on the samples: its cells if it has a premodulo."""

    salt: int
    """Of the neuron's hash row."""
    premodulo: int
    """Of its hash row; 0: it has none."""
    values: NDArray[np.uint32]
    """uint32[n]: distinct, ascending."""
    index: NDArray[np.intp]
    """int64[n_samples]: which of them each sample has."""

    @classmethod
    def of(cls, seen: NDArray[np.uint32], salt: int, premodulo: int) -> SeenValues:
        """Hash what a neuron sees, and number the distinct values: uint32[n_samples]."""
        cells = hash_values(seen, salt, premodulo) if premodulo else seen
        values, index = np.unique(cells, return_inverse=True)
        return cls(salt, premodulo, values, index)

    def add_up(self, votes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum votes by value: int64[n_samples] -> int64[n]."""
        sums = np.zeros(self.values.size, dtype=np.int64)
        np.add.at(sums, self.index, votes)
        return sums

    def neuron(self, values: NDArray[np.uint32], answers: NDArray[np.bool_]) -> Hashtron:
        """Make a neuron of the same hash row that answers some values, and any other at random."""
        program = ((self.salt, self.premodulo),) if self.premodulo else ()
        return Hashtron(program, build_filter(values, answers))
