"""Neurons: values that answer one bit, or a small signed number, per feature.

Two kinds share one evaluation. A `Hashtron` is what the reference runs: hash rows, then a quaternary
filter. A `BitTable` is one hash row and one bit per reachable cell: smaller and faster under a small
premodulo, and convertible to a `Hashtron` that computes the same function. A `GradedTable` is a graded
neuron: three bit tables for a candidate and three against it, of one salt and premodulo, that weigh 1, 2, 4.

Numbering, salts, maxima and features are unsigned 32-bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError
from goldzone.hashtron.hashing import LARGEST, hash_values
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.layer_kernels import PackedNeurons
from goldzone.hashtron.quaternary import MAX_FILTER_BYTES, build_filter

__all__ = [
    "MAX_TABLE_CELLS",
    "AnyNeuron",
    "BitTable",
    "GradedTable",
    "Hashtron",
    "Neuron",
    "pack_neurons",
]

MAX_TABLE_CELLS: Final = 1 << 24
"""Most cells of a bit table that is trained: 2 MiB; more is no pressure at all."""


def _check_uint32(name: str, number: int) -> None:
    if not 0 <= number <= LARGEST:
        raise ConfigError(f"neuron {name} is {number}; give an integer in 0..{LARGEST}")


@dataclass(frozen=True)
class Hashtron:
    """Hash rows applied in turn, then a quaternary filter (or the lowest bit without one)."""

    program: tuple[tuple[int, int], ...] = ()
    """``x = hash(x, salt, maximum)`` for each row; may be empty."""
    filter: bytes = b""
    """As `goldzone.hashtron.quaternary.build_filter` returns it; may be empty."""

    def __post_init__(self) -> None:
        for row, (salt, maximum) in enumerate(self.program):
            _check_uint32(f"salt in row {row}", salt)
            _check_uint32(f"maximum in row {row}", maximum)
        if len(self.filter) > MAX_FILTER_BYTES:
            raise ConfigError(f"neuron filter has {len(self.filter)} bytes; at most {MAX_FILTER_BYTES} work")

    def evaluate(self, features: ArrayLike) -> NDArray[np.uint8]:
        """Return the bit (0 or 1) of each feature: uint32[n_samples] -> uint8[n_samples]."""
        return _evaluate_one(self, features)

    def to_hashtron(self) -> Hashtron:
        """Return this neuron; the counterpart of `BitTable.to_hashtron`."""
        return self


@dataclass(frozen=True)
class BitTable:
    """One hash row and one bit per cell that it reaches.

    The answer is bit ``hash(feature, salt, premodulo)`` of `cells`. A cell that nobody voted on is 0:
    "no evidence for this candidate".
    """

    salt: int
    premodulo: int
    """Number of cells, at least 1."""
    cells: bytes
    """``ceil(premodulo / 8)`` bytes, low bits first; the unused bits of the last byte are 0."""

    def __post_init__(self) -> None:
        _check_uint32("salt", self.salt)
        _check_uint32("premodulo", self.premodulo)
        expected = (self.premodulo + 7) // 8
        if self.premodulo == 0:
            raise ConfigError("bit table premodulo is 0; a table needs at least one cell")
        if len(self.cells) != expected:
            raise ConfigError(
                f"bit table of premodulo {self.premodulo} has {len(self.cells)} bytes; give {expected}"
            )
        if self.premodulo % 8 and self.cells[-1] >> (self.premodulo % 8):
            raise ConfigError(f"bit table of premodulo {self.premodulo} has bits set beyond its last cell")

    @classmethod
    def from_bits(cls, salt: int, bits: ArrayLike) -> BitTable:
        """Pack a table from one answer per cell: bool[premodulo]."""
        answers = np.asarray(bits, dtype=np.bool_)
        return cls(salt, answers.size, np.packbits(answers, bitorder="little").tobytes())

    def bits(self) -> NDArray[np.bool_]:
        """Return the answer of every cell: bool[premodulo]."""
        packed = np.frombuffer(self.cells, dtype=np.uint8)
        return np.unpackbits(packed, count=self.premodulo, bitorder="little").astype(np.bool_)

    def evaluate(self, features: ArrayLike) -> NDArray[np.uint8]:
        """Return the bit (0 or 1) of each feature: uint32[n_samples] -> uint8[n_samples]."""
        return _evaluate_one(self, features)

    def to_hashtron(self) -> Hashtron:
        """Return the same function as one program row and a filter that holds every cell."""
        keys = np.arange(self.premodulo, dtype=np.uint32)
        return Hashtron(((self.salt, self.premodulo),), build_filter(keys, self.bits()))


@dataclass(frozen=True)
class GradedTable:
    """One hash row and a grade from -7 to 7 per cell that it reaches.

    The answer is the grade of cell ``hash(feature, salt, premodulo)``: how much it speaks for a candidate, or
    against it. A cell without enough evidence is 0.
    """

    salt: int
    premodulo: int
    """Number of cells, at least 1."""
    cells: bytes
    """A byte a cell: the grade plus `HIGHEST`."""

    def __post_init__(self) -> None:
        _check_uint32("salt", self.salt)
        _check_uint32("premodulo", self.premodulo)
        if self.premodulo == 0 or len(self.cells) != self.premodulo:
            raise ConfigError(
                f"graded table of premodulo {self.premodulo} has {len(self.cells)} cells; give one each, "
                "and at least one"
            )
        if np.frombuffer(self.cells, dtype=np.uint8).max() > 2 * HIGHEST:
            raise ConfigError(f"graded table has a grade above {HIGHEST}; grades are -{HIGHEST} to {HIGHEST}")

    @classmethod
    def from_grades(cls, salt: int, grades: ArrayLike) -> GradedTable:
        """Make a table from one grade per cell: integers[premodulo], -7 to 7."""
        given = np.asarray(grades)
        if given.size and not -HIGHEST <= given.min() <= given.max() <= HIGHEST:
            raise ConfigError(f"graded table has a grade out of range; give -{HIGHEST} to {HIGHEST}")
        return cls(salt, given.size, (given.astype(np.int8) + np.int8(HIGHEST)).view(np.uint8).tobytes())

    def grades(self) -> NDArray[np.int8]:
        """Return the grade of every cell: int8[premodulo]."""
        return np.frombuffer(self.cells, dtype=np.uint8).astype(np.int8) - np.int8(HIGHEST)

    def evaluate(self, features: ArrayLike) -> NDArray[np.int8]:
        """Return the grade of each feature: uint32[n_samples] -> int8[n_samples]."""
        values = np.ascontiguousarray(features, dtype=np.uint32)
        found: NDArray[np.int8] = self.grades()[hash_values(values, self.salt, self.premodulo)]
        return found

    def planes(self) -> tuple[BitTable, ...]:
        """Return six bit tables: for the candidate with weights 1, 2, 4, then against it with 1, 2, 4.

        The grade is the weighted sum of the first three less that of the last three.
        """
        grades = self.grades()
        return tuple(
            BitTable.from_bits(self.salt, (part & weight) != 0)
            for part in (np.maximum(grades, 0), np.maximum(-grades, 0))
            for weight in (1, 2, 4)
        )

    def bit_neurons(self) -> tuple[BitTable, ...]:
        """Return fourteen bit tables whose number of ones is the grade plus `HIGHEST`.

        Each plane stands as often as it weighs, those against the candidate negated. So a network of plain
        hashtrons with a sum combiner computes what graded neurons do.
        """
        planes = self.planes()
        against = (BitTable.from_bits(self.salt, ~plane.bits()) for plane in planes[3:])
        return tuple(
            plane
            for plane, weight in zip((*planes[:3], *against), (1, 2, 4) * 2, strict=True)
            for _ in range(weight)
        )


Neuron: TypeAlias = Hashtron | BitTable
"""Answers a bit."""

AnyNeuron: TypeAlias = Hashtron | BitTable | GradedTable


def pack_neurons(neurons: Sequence[Neuron]) -> PackedNeurons:
    """Lay the programs, filters and tables of several neurons end to end."""
    programs = [n.program if isinstance(n, Hashtron) else ((n.salt, n.premodulo),) for n in neurons]
    memories = [n.filter if isinstance(n, Hashtron) else n.cells for n in neurons]
    return PackedNeurons(
        rows=np.array([row for program in programs for row in program], dtype=np.uint32).reshape(-1, 2),
        row_starts=np.cumsum([0, *map(len, programs)], dtype=np.int64),
        memory=np.frombuffer(b"".join(memories), dtype=np.uint8).copy(),
        memory_starts=np.cumsum([0, *map(len, memories)], dtype=np.int64),
        is_table=np.array([isinstance(n, BitTable) for n in neurons], dtype=np.bool_),
    )


def _evaluate_one(neuron: Neuron, features: ArrayLike) -> NDArray[np.uint8]:
    row = np.ascontiguousarray(features, dtype=np.uint32).reshape(1, -1)
    bits: NDArray[np.uint8] = pack_neurons([neuron]).evaluate(row)[0]
    return bits
