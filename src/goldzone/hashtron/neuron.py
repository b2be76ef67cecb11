"""Neurons: values that answer one bit per feature.

Two kinds share one evaluation. A `Hashtron` is what the reference runs: hash rows, then a quaternary
filter. A `BitTable` is one hash row and one bit per reachable cell: smaller and faster under a small
premodulo, and convertible to a `Hashtron` that computes the same function.

Numbering, salts, maxima and features are unsigned 32-bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.layer_kernels import (
    FILTER_MEMORY,
    NO_MEMORY,
    TABLE_MEMORY,
    evaluate_changed,
    evaluate_layer,
)
from goldzone.hashtron.quaternary import MAX_FILTER_BYTES, build_filter

__all__ = ["BitTable", "Hashtron", "Neuron", "PackedNeurons", "pack_neurons"]


def _check_uint32(name: str, number: int) -> None:
    if not 0 <= number <= LARGEST:
        raise ConfigError(f"neuron {name} is {number}; give an integer in 0..{LARGEST}")


@dataclass(frozen=True)
class Hashtron:
    """Hash rows applied in turn, then a quaternary filter (or the lowest bit without one).

    Parameters
    ----------
    program : tuple of (salt, maximum)
        ``x = hash(x, salt, maximum)`` for each row; may be empty.
    filter : bytes
        As `goldzone.hashtron.quaternary.build_filter` returns it; may be empty.
    """

    program: tuple[tuple[int, int], ...] = ()
    filter: bytes = b""

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

    Parameters
    ----------
    salt : int
    premodulo : int
        Number of cells, at least 1.
    cells : bytes
        ``ceil(premodulo / 8)`` bytes, low bits first; the unused bits of the last byte are 0.
    """

    salt: int
    premodulo: int
    cells: bytes

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


@dataclass(frozen=True, eq=False)
class PackedNeurons:
    """The neurons of one layer as flat arrays, as `goldzone.hashtron.layer_kernels` takes them."""

    rows: NDArray[np.uint32]
    row_starts: NDArray[np.int64]
    memory: NDArray[np.uint8]
    memory_starts: NDArray[np.int64]
    memory_kinds: NDArray[np.uint8]

    def evaluate(self, features: NDArray[np.uint32], premodulo: int = 0) -> NDArray[np.uint8]:
        """Evaluate all neurons on a batch.

        Parameters
        ----------
        features : uint32[n_neurons, n_samples] or uint32[1, n_samples], C-contiguous
            One row serves all neurons.
        premodulo : int
            When not 0, neuron j reads ``hash(feature, j, premodulo)``.

        Returns
        -------
        uint8[n_neurons, n_samples]
        """
        bits = np.empty((self.memory_kinds.size, features.shape[1]), dtype=np.uint8)
        evaluate_layer(features, premodulo, *self._layer, bits)
        return bits

    def evaluate_changed(
        self,
        features: NDArray[np.uint32],
        present: NDArray[np.uint32],
        present_bits: NDArray[np.uint8],
        premodulo: int = 0,
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Evaluate only the neurons that read something else than now.

        Parameters
        ----------
        features, present : uint32[n_neurons, n_samples] or uint32[1, n_samples], C-contiguous
            What they newly read, and what they read now.
        present_bits : uint8[n_neurons, n_samples], C-contiguous
            What they answer now.
        premodulo : int

        Returns
        -------
        bits : uint8[n_neurons, n_samples]
            What they newly answer.
        reached : bool[n_samples]
            Which samples have any new feature.
        """
        bits = np.empty(present_bits.shape, dtype=np.uint8)
        reached = np.empty(features.shape[1], dtype=np.uint8)
        evaluate_changed(features, present, present_bits, premodulo, *self._layer, bits, reached)
        return bits, reached.view(np.bool_)

    @property
    def _layer(
        self,
    ) -> tuple[
        NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]
    ]:
        return self.rows, self.row_starts, self.memory, self.memory_starts, self.memory_kinds


def _starts(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def pack_neurons(neurons: Sequence[Neuron]) -> PackedNeurons:
    """Lay the programs, filters and tables of several neurons end to end."""
    programs: list[tuple[tuple[int, int], ...]] = []
    memories: list[bytes] = []
    kinds: list[int] = []
    for neuron in neurons:
        if isinstance(neuron, BitTable):
            programs.append(((neuron.salt, neuron.premodulo),))
            memories.append(neuron.cells)
            kinds.append(TABLE_MEMORY)
        else:
            programs.append(neuron.program)
            memories.append(neuron.filter)
            kinds.append(FILTER_MEMORY if neuron.filter else NO_MEMORY)
    rows = [row for program in programs for row in program]
    return PackedNeurons(
        rows=np.array(rows, dtype=np.uint32).reshape(-1, 2),
        row_starts=_starts([len(program) for program in programs]),
        memory=np.frombuffer(b"".join(memories), dtype=np.uint8).copy(),
        memory_starts=_starts([len(memory) for memory in memories]),
        memory_kinds=np.array(kinds, dtype=np.uint8),
    )


def _evaluate_one(neuron: Neuron, features: ArrayLike) -> NDArray[np.uint8]:
    row = np.ascontiguousarray(features, dtype=np.uint32).reshape(1, -1)
    bits: NDArray[np.uint8] = pack_neurons([neuron]).evaluate(row)[0]
    return bits
