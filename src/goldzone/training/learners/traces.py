"""What every layer of a network reads and answers on the training samples, kept up to date change by change.

A change of one neuron, or a trial flip of its bit, is followed upward from its layer, and only for the
samples that it still reaches: where the features of some layer come out as they were, all that follows is as
it was. Layers below are never computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.network import LayerTrace, Network
from goldzone.hashtron.neuron import Neuron

__all__ = ["Flip", "Traces"]

_NumberT = TypeVar("_NumberT", np.uint8, np.uint32)


@dataclass(frozen=True, eq=False)
class Flip:
    """What would be otherwise if one neuron answered the opposite on every sample.

    Parameters
    ----------
    samples : int64[n]
        The samples whose last layer would read or answer something else, ascending.
    features : uint32[n_features, n]
        What the last layer would read there (see `Traces.features`).
    words : uint16[n]
        The output words there, without parity.
    """

    samples: NDArray[np.int64]
    features: NDArray[np.uint32]
    words: NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class _Change:
    """What a layer newly reads and answers, on some samples."""

    samples: NDArray[np.int64]
    features: NDArray[np.uint32]
    bits: NDArray[np.uint8]


class Traces:
    """A network and its answers on a fixed batch of samples.

    Parameters
    ----------
    network : Network
    inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]

    Attributes
    ----------
    network : Network
    features : list of uint32[n_features, n_samples]
        What each layer reads, before its premodulo; one row may serve all its neurons.
    bits : list of uint8[n_neurons, n_samples]
        What each layer answers.
    words : uint16[n_samples]
        Output words, without parity.

    All arrays change in place.
    """

    def __init__(self, network: Network, inputs: ArrayLike) -> None:
        self.network = network
        self.features: list[NDArray[np.uint32]] = []
        self.bits: list[NDArray[np.uint8]] = []
        # A layer that reads one feature has it repeated for each neuron; one row of it is enough.
        for stage, trace in zip(network.architecture.stages, network.trace(inputs), strict=True):
            rows = trace.features.T[: stage.n_features]
            self.features.append(np.array(rows[:1] if rows.strides[0] == 0 else rows, order="C"))
            self.bits.append(np.array(trace.bits.T, order="C"))
        last = len(self.bits) - 1
        self.words = network.outputs_above(last, self.features[last].T, self.bits[last].T)

    @property
    def n_samples(self) -> int:
        """N."""
        return int(self.words.size)

    def seen(self, stage: int, position: int) -> NDArray[np.uint32]:
        """Return what a neuron sees, after its layer's premodulo: uint32[n_samples]."""
        return self.hashed(stage, position, self.features[stage])

    def hashed(self, stage: int, position: int, features: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return what a neuron sees when its layer reads `features`: uint32[n_features, n] -> uint32[n]."""
        row = features[position if features.shape[0] > 1 else 0]
        premodulo = self.network.architecture.stages[stage].layer.premodulo
        return hash_values(row, position, premodulo) if premodulo else row

    def layer(self, stage: int) -> LayerTrace:
        """Return one layer in the form of `Network.trace`, all neurons' features in full."""
        size = self.bits[stage].shape[0]
        features = np.broadcast_to(self.features[stage], self.bits[stage].shape)
        hashed = np.stack([self.seen(stage, position) for position in range(size)])
        return LayerTrace(features.T, hashed.T, self.bits[stage].T)

    def put(self, changes: Mapping[int, Neuron]) -> None:
        """Replace neurons, given by number, and bring all that depends on them up to date."""
        locate = self.network.architecture.locate
        self.network = self.network.with_neurons(changes)
        # From the input on: when a layer's turn comes, what it reads is already that of the new network.
        for stage, numbers in groupby(sorted(changes), key=lambda number: locate(number)[0]):
            moved = np.zeros(self.n_samples, dtype=np.bool_)
            for number in numbers:
                _, position = locate(number)
                answers = changes[number].evaluate(self.seen(stage, position))
                moved |= answers != self.bits[stage][position]
                self.bits[stage][position] = answers
            samples = np.flatnonzero(moved)
            change = _Change(
                samples, _columns(self.features[stage], samples), _columns(self.bits[stage], samples)
            )
            for above in range(stage + 1, len(self.bits)):
                change = self._lift(above, change)
                self.features[above][:, change.samples] = change.features
                self.bits[above][:, change.samples] = change.bits
        last = len(self.bits) - 1
        self.words = self.network.outputs_above(last, self.features[last].T, self.bits[last].T)

    def flip(self, stage: int, position: int) -> Flip:
        """Try the opposite of one neuron's answer on every sample; nothing is changed."""
        bits = self.bits[stage].copy()
        bits[position] ^= 1
        change = _Change(np.arange(self.n_samples), self.features[stage], bits)
        for above in range(stage + 1, len(self.bits)):
            change = self._lift(above, change)
        last = len(self.bits) - 1
        words = self.network.outputs_above(last, change.features.T, change.bits.T)
        return Flip(change.samples, change.features, words)

    def _lift(self, stage: int, below: _Change) -> _Change:
        """Follow a change of the layer below to a layer, with the samples that it still reaches."""
        features = self.network.features_above(stage - 1, below.features.T, below.bits.T).T
        present = _columns(self.features[stage], below.samples)
        reached = np.flatnonzero((features != present).any(axis=0))
        features = _columns(features, reached)
        bits = np.ascontiguousarray(self.network.trace_layer(stage, features.T).bits.T)
        return _Change(below.samples[reached], features, bits)


def _columns(array: NDArray[_NumberT], samples: NDArray[np.int64]) -> NDArray[_NumberT]:
    """Return the columns of some samples, C-contiguous; the array itself where these are all."""
    if samples.size == array.shape[1]:
        return np.ascontiguousarray(array)
    return np.take(array, samples, axis=1)
