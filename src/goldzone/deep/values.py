"""The values that a neuron tells apart, and neurons made from what is known about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.neuron import BitTable, Hashtron, Neuron
from goldzone.hashtron.quaternary import build_filter

__all__ = ["SeenValues", "make_filter", "make_table", "memory_bytes", "present_premodulo"]


@dataclass(frozen=True, eq=False)
class SeenValues:
    """What a neuron sees on the samples: its cells if it has a premodulo.

    Parameters
    ----------
    salt, premodulo : int
        The neuron's hash row; premodulo 0: none.
    values : uint32[n]
        Distinct, ascending.
    place : int64[n_samples]
        Which of them each sample has.
    """

    salt: int
    premodulo: int
    values: NDArray[np.uint32]
    place: NDArray[np.intp]

    @classmethod
    def of(cls, seen: NDArray[np.uint32], salt: int, premodulo: int) -> SeenValues:
        """Hash what a neuron sees, and number the distinct values: uint32[n_samples]."""
        cells = hash_values(seen, salt, premodulo) if premodulo else seen
        values, place = np.unique(cells, return_inverse=True)
        return cls(salt, premodulo, values, place)

    @property
    def program(self) -> tuple[tuple[int, int], ...]:
        """The rows of a neuron that sees these values."""
        return ((self.salt, self.premodulo),) if self.premodulo else ()

    def add_up(self, votes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum votes by value: int64[n_samples] -> int64[n]."""
        sums = np.zeros(self.values.size, dtype=np.int64)
        np.add.at(sums, self.place, votes)
        return sums


def make_filter(seen: SeenValues, known: NDArray[np.bool_], answers: NDArray[np.bool_]) -> Hashtron:
    """Make a neuron that answers the known values, and any other at random: bool[n] each."""
    return Hashtron(seen.program, build_filter(seen.values[known], answers[known]))


def make_table(
    seen: SeenValues, known: NDArray[np.bool_], answers: NDArray[np.bool_], old: Neuron | None
) -> BitTable:
    """Make a table; it goes on with an old one's cells, or starts silent.

    Parameters
    ----------
    seen : SeenValues
        Of a premodulo in 1..`MAX_TABLE_CELLS`.
    known, answers : bool[n]
    old : Hashtron or BitTable, optional
        Counts if it is a table of the same salt and premodulo.
    """
    bits = np.zeros(seen.premodulo, dtype=np.bool_)
    if isinstance(old, BitTable) and (old.salt, old.premodulo) == (seen.salt, seen.premodulo):
        bits = old.bits()
    bits[seen.values[known]] = answers[known]
    return BitTable.from_bits(seen.salt, bits)


def present_premodulo(neuron: Neuron) -> int:
    """Return the cells that a neuron tells apart; 0 if it has no hash row."""
    if isinstance(neuron, BitTable):
        return neuron.premodulo
    return neuron.program[-1][1] if neuron.program else 0


def memory_bytes(neurons: Iterable[Neuron]) -> int:
    """Add up the bytes of filters and tables."""
    return sum(len(n.cells) if isinstance(n, BitTable) else len(n.filter) for n in neurons)
