"""Neurons: values that answer one bit per feature.

Two kinds share one evaluation. A `Hashtron` is what the reference runs: hash rows, then a quaternary
filter. A `BitTable` is one hash row and one bit per reachable cell: smaller and faster under a small
premodulo, and convertible to a `Hashtron` that computes the same function.

Numbering, salts, maxima and features are unsigned 32-bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.layer_kernels import PackedNeurons
from goldzone.hashtron.quaternary import MAX_FILTER_BYTES, build_filter

__all__ = ["MAX_TABLE_CELLS", "BitTable", "Hashtron", "Neuron", "pack_neurons"]

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


Neuron: TypeAlias = Hashtron | BitTable


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
