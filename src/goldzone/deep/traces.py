"""What every layer of a network reads and answers on the training samples, kept up to date change by change.

A change of one neuron, or a trial flip of its bit, is followed upward from its layer, and only where it still
reaches: a neuron that reads what it read answers what it answered, and where all features of a layer come out
as they were, so does all that follows. Layers below are never computed again.

The samples are cut into blocks that threads share; what one layer reads and answers on a block fits a core's
cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.layer_kernels import PackedNeurons
from goldzone.hashtron.network import SAMPLE_BLOCK, LayerTrace, Network
from goldzone.hashtron.neuron import Neuron, pack_neurons
from goldzone.training.learners.column_kernels import pick_columns, put_columns

__all__ = ["Flip", "Traces"]

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")
_NumberT = TypeVar("_NumberT", np.uint8, np.uint32)

_PICKED: Final = 0.6
"""Samples are picked out where at most this share of them is reached: copying them costs too."""


@dataclass(frozen=True, eq=False)
class Flip:
    """What would be otherwise if one neuron answered the opposite on every sample."""

    samples: NDArray[np.int64]
    """int64[n]: the samples whose last layer would read or answer something else, ascending."""
    features: NDArray[np.uint32]
    """uint32[n_features, n]: what the last layer would read there."""
    words: NDArray[np.uint16]
    """uint16[n]: the output words there, without parity."""


@dataclass(frozen=True, eq=False)
class _Change:
    """What a layer newly reads and answers, on some samples of a block."""

    samples: NDArray[np.int64]
    features: NDArray[np.uint32]
    bits: NDArray[np.uint8]


class Traces:
    """A network and its answers on a fixed batch of samples.

    Parameters
    ----------
    network : Network
    inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]
    threads : int
        Changes the speed, never the result.

    Attributes
    ----------
    network : Network
    words : uint16[n_samples]
        Output words, without parity. Changes in place.
    """

    def __init__(self, network: Network, inputs: ArrayLike, *, threads: int = 1) -> None:
        self.network = network
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        columns = network.input_columns(inputs)
        self.words = np.empty(columns.shape[1], dtype=np.uint16)
        network.pack()
        starts = range(0, max(1, columns.shape[1]), SAMPLE_BLOCK)
        self._blocks = self._each(lambda start: _Block(network, columns, start, self.words), starts)

    @property
    def n_samples(self) -> int:
        """N."""
        return int(self.words.size)

    def close(self) -> None:
        """End the worker threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def layer_bits(self, stage: int) -> NDArray[np.uint8]:
        """Return what one layer answers, copied: uint8[n_neurons, n_samples]."""
        return np.concatenate([block.bits[stage] for block in self._blocks], axis=1)

    def answers(self, stage: int, position: int) -> NDArray[np.uint8]:
        """Return what one neuron answers, copied: uint8[n_samples]."""
        return np.concatenate([block.bits[stage][position] for block in self._blocks])

    def seen(self, stage: int, position: int) -> NDArray[np.uint32]:
        """Return what a neuron sees, after its layer's premodulo, copied: uint32[n_samples]."""
        rows = [_row(block.features[stage], position) for block in self._blocks]
        return self.hashed(stage, position, np.concatenate(rows).reshape(1, -1))

    def hashed(self, stage: int, position: int, features: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return what a neuron sees when its layer reads `features`: uint32[n_features, n] -> uint32[n]."""
        row = _row(features, position)
        premodulo = self.network.architecture.stages[stage].layer.premodulo
        return hash_values(row, position, premodulo) if premodulo else row

    def map_layer(self, stage: int, work: Callable[[LayerTrace, slice], _ResultT]) -> list[_ResultT]:
        """Call a function with what one layer reads and answers on each block, and with its samples."""
        return self._each(lambda block: work(block.layer(self.network, stage), block.samples), self._blocks)

    def disregard(self, stage: int, position: int) -> NDArray[np.bool_]:
        """Tell for which samples one neuron's bit cannot matter by the rules of the combiner above it.

        Returns
        -------
        bool[n_samples]
            See `goldzone.hashtron.combiners.Combiner.disregard`; all True without a combiner.
        """
        combiner = self.network.architecture.stages[stage].combiner
        if combiner is None:
            return np.ones(self.n_samples, dtype=np.bool_)
        return np.concatenate([combiner.disregard(block.bits[stage].T, position) for block in self._blocks])

    def put(self, changes: Mapping[int, Neuron]) -> None:
        """Replace neurons, given by number, and bring all that depends on them up to date."""
        self.network = network = self.network.with_neurons(changes)
        network.pack()
        locate = network.architecture.locate
        packed = {number: pack_neurons([changes[number]]) for number in sorted(changes)}
        stages = [
            (stage, {locate(number)[1]: packed[number] for number in numbers})
            for stage, numbers in groupby(packed, key=lambda number: locate(number)[0])
        ]
        self._each(lambda block: block.put(network, stages), self._blocks)

    def flip(self, stage: int, position: int) -> Flip:
        """Try the opposite of one neuron's answer on every sample; nothing is changed."""
        network = self.network
        network.pack()
        flips = self._each(lambda block: block.flip(network, stage, position), self._blocks)
        return Flip(
            np.concatenate([flip.samples for flip in flips]),
            np.concatenate([flip.features for flip in flips], axis=1),
            np.concatenate([flip.words for flip in flips]),
        )

    def _each(self, work: Callable[[_ItemT], _ResultT], items: Iterable[_ItemT]) -> list[_ResultT]:
        return list(self._pool.map(work, items) if self._pool else map(work, items))


class _Block:
    """Neighbouring samples: what each layer reads and answers, the samples last.

    A layer that reads one feature has one row of features, which serves all its neurons.
    """

    def __init__(
        self, network: Network, columns: NDArray[np.uint32], start: int, words: NDArray[np.uint16]
    ) -> None:
        features = np.array(columns[:, start : start + SAMPLE_BLOCK], order="C")
        self.samples = slice(start, start + features.shape[1])
        self._words = words[self.samples]
        self.features: list[NDArray[np.uint32]] = []
        self.bits: list[NDArray[np.uint8]] = []
        for stage in range(len(network.architecture.stages)):
            if stage:
                features = network.features_above(stage - 1, features.T, self.bits[-1].T).T
            self.features.append(features)
            self.bits.append(network.trace_layer(stage, features.T).bits.T)
        self._finish(network)

    def layer(self, network: Network, stage: int) -> LayerTrace:
        """Return one layer in the form of `Network.trace`, all neurons' features in full."""
        features, bits = self.features[stage], self.bits[stage]
        premodulo, rows = network.architecture.stages[stage].layer.premodulo, range(bits.shape[0])
        hashed = features
        if premodulo:
            hashed = np.stack([hash_values(_row(features, j), j, premodulo) for j in rows])
        return LayerTrace(
            np.broadcast_to(features, bits.shape).T, np.broadcast_to(hashed, bits.shape).T, bits.T
        )

    def put(self, network: Network, stages: list[tuple[int, dict[int, PackedNeurons]]]) -> None:
        """Take a network over of which some neurons, listed by layer and position, are new."""
        # From the input on: when a layer's turn comes, what it reads is already that of the new network.
        for stage, changed in stages:
            moved = np.zeros(self._words.size, dtype=np.bool_)
            for position, neuron in changed.items():
                premodulo = network.architecture.stages[stage].layer.premodulo
                seen = _row(self.features[stage], position)
                if premodulo:
                    seen = hash_values(seen, position, premodulo)
                answers = neuron.evaluate(seen.reshape(1, -1))[0]
                moved |= answers != self.bits[stage][position]
                self.bits[stage][position] = answers
            whole = _Change(np.arange(moved.size), self.features[stage], self.bits[stage])
            change = _pick(whole, moved, int(_PICKED * moved.size))
            for above in range(stage + 1, len(self.bits)):
                if not change.samples.size:
                    break
                change = self._lift(network, above, change)
                if change.samples.size == moved.size:
                    self.features[above], self.bits[above] = change.features, change.bits
                else:
                    put_columns(self.features[above], change.samples, change.features)
                    put_columns(self.bits[above], change.samples, change.bits)
        self._finish(network)

    def flip(self, network: Network, stage: int, position: int) -> Flip:
        """Do what `Traces.flip` does, for these samples."""
        bits = self.bits[stage].copy()
        bits[position] ^= 1
        change = _Change(np.arange(bits.shape[1]), self.features[stage], bits)
        for above in range(stage + 1, len(self.bits)):
            change = self._lift(network, above, change)
        words = network.outputs_above(len(self.bits) - 1, change.features.T, change.bits.T)
        return Flip(change.samples + self.samples.start, change.features, words)

    def _lift(self, network: Network, stage: int, below: _Change) -> _Change:
        """Follow a change of the layer below to a layer; the last keeps only the samples that are reached."""
        features = network.features_above(stage - 1, below.features.T, below.bits.T).T
        present = _columns(self.features[stage], below.samples)
        present_bits = _columns(self.bits[stage], below.samples)
        bits, reached = network.change_layer(stage, features, present, present_bits)
        is_last = stage == len(self.bits) - 1
        worth = reached.size if is_last else int(_PICKED * reached.size)
        return _pick(_Change(below.samples, features, bits), reached, worth)

    def _finish(self, network: Network) -> None:
        self._words[:] = network.outputs_above(len(self.bits) - 1, self.features[-1].T, self.bits[-1].T)


def _pick(change: _Change, reached: NDArray[np.bool_], worth: int) -> _Change:
    """Keep only the reached samples of a change, if these are at most `worth`."""
    count = int(np.count_nonzero(reached))
    if count == reached.size or count > worth:
        return change
    kept = np.flatnonzero(reached)
    return _Change(change.samples[kept], _columns(change.features, kept), _columns(change.bits, kept))


def _row(features: NDArray[np.uint32], position: int) -> NDArray[np.uint32]:
    row: NDArray[np.uint32] = features[position if features.shape[0] > 1 else 0]
    return row


def _columns(array: NDArray[_NumberT], samples: NDArray[np.int64]) -> NDArray[_NumberT]:
    """Return the columns of some samples, C-contiguous; the array itself where these are all."""
    if samples.size == array.shape[1]:
        return np.ascontiguousarray(array)
    picked = np.empty((array.shape[0], samples.size), dtype=array.dtype)
    pick_columns(array, samples, picked)
    return picked
