"""A network: an architecture and its neurons, evaluated on batches of samples.

Public arrays have the samples first (``[n_samples, n]``). Inside, they are transposed, so that the
samples of one neuron are neighbours in memory; results therefore come back in Fortran order.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError, DataError
from goldzone.hashtron.architecture import Architecture, Stage
from goldzone.hashtron.kernels import hash_array
from goldzone.hashtron.layer_kernels import PackedNeurons
from goldzone.hashtron.neuron import Neuron, pack_neurons

__all__ = ["SAMPLE_BLOCK", "LayerTrace", "Network"]

SAMPLE_BLOCK = 4096
"""Samples evaluated at once: the arrays of one layer then fit a core's cache."""


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What one neuron layer read and answered."""

    features: NDArray[np.uint32]
    """uint32[n_samples, n_neurons]: combiner features (or inputs) plus the residual, before the layer's
    premodulo."""
    hashed: NDArray[np.uint32]
    """uint32[n_samples, n_neurons]: the same after the layer's premodulo, if it has one: what the neurons
    see."""
    bits: NDArray[np.uint8]
    """uint8[n_samples, n_neurons]: 0 or 1."""


@dataclass(frozen=True)
class Network:
    """An architecture and its neurons.

    Raises
    ------
    ConfigError
        If the number of neurons is not the architecture's.
    """

    architecture: Architecture
    neurons: tuple[Neuron, ...]
    """In the order of their numbers."""
    _packed: dict[int, PackedNeurons] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = self.architecture.n_neurons
        if len(self.neurons) != expected:
            raise ConfigError(f"architecture needs {expected} neurons; got {len(self.neurons)}")

    def with_neurons(self, changes: Mapping[int, Neuron]) -> Network:
        """Return this network with some neurons replaced, given by number."""
        neurons = list(self.neurons)
        touched = set()
        for number, neuron in changes.items():
            touched.add(self.architecture.locate(number)[0])
            neurons[number] = neuron
        changed = Network(self.architecture, tuple(neurons))
        changed._packed.update(
            (stage, packed) for stage, packed in self._packed.items() if stage not in touched
        )
        return changed

    def infer(
        self, inputs: ArrayLike, parity: ArrayLike | None = None, *, threads: int = 1
    ) -> NDArray[np.uint16]:
        """Return the output word of every sample.

        Parameters
        ----------
        inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]
            One feature column for each neuron of the first layer, or one for all.
        parity : uint16[n_samples], optional
            XOR-ed to the words.
        threads : int
            Changes the speed, never the result.

        Returns
        -------
        uint16[n_samples]
            Bit j is neuron j of the last layer, or feature j of a trailing combiner shifted left by j.

        Raises
        ------
        DataError
            If the inputs or the parity have another shape.
        """
        columns = self.input_columns(inputs)
        n_samples = columns.shape[1]
        words = np.empty(n_samples, dtype=np.uint16)
        self.pack()

        def run(start: int) -> None:
            block = np.array(columns[:, start : start + SAMPLE_BLOCK], order="C")
            words[start : start + SAMPLE_BLOCK] = self._run(0, block)

        starts = range(0, n_samples, SAMPLE_BLOCK)
        if threads == 1 or len(starts) == 1:
            for start in starts:
                run(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(run, starts))
        if parity is not None:
            balance = np.asarray(parity, dtype=np.uint16)
            if balance.shape != words.shape:
                raise DataError(
                    f"parity has shape {balance.shape}; give one word for each of {n_samples} samples"
                )
            words ^= balance
        return words

    def trace(self, inputs: ArrayLike) -> tuple[LayerTrace, ...]:
        """Return what every neuron layer reads and answers, from the first layer to the last.

        Parameters
        ----------
        inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]
        """
        traces: list[LayerTrace] = []
        features: NDArray[np.uint32] = self.input_columns(inputs).T
        for index in range(len(self.architecture.stages)):
            if index:
                features = self.features_above(index - 1, traces[-1].features, traces[-1].bits)
            traces.append(self.trace_layer(index, features))
        return tuple(traces)

    def input_columns(self, inputs: ArrayLike) -> NDArray[np.uint32]:
        """Return checked inputs with the samples last: a view, uint32[n_inputs or 1, n_samples].

        Raises
        ------
        DataError
            If the inputs have another shape than `infer` takes.
        """
        array = np.asarray(inputs, dtype=np.uint32)
        expected = self.architecture.n_inputs
        if array.ndim != 2 or array.shape[1] not in (1, expected):
            raise DataError(
                f"inputs have shape {array.shape}; give [n_samples, {expected}] or [n_samples, 1]"
            )
        return array.T

    def packed_layer(self, stage: int) -> PackedNeurons:
        """Return the neurons of a layer as the kernels take them, laid out once."""
        packed = self._packed.get(stage)
        if packed is None:
            numbers = self.architecture.stages[stage].neurons
            packed = pack_neurons(self.neurons[numbers.start : numbers.stop])
            self._packed[stage] = packed
        return packed

    def pack(self) -> None:
        """Lay all layers out, before threads ask for them."""
        for stage in range(len(self.architecture.stages)):
            self.packed_layer(stage)

    def outputs_above(self, stage: int, features: ArrayLike, bits: ArrayLike) -> NDArray[np.uint16]:
        """Return the output words that follow from the bits of one layer, without parity.

        Parameters
        ----------
        stage : int
            Index among the neuron layers.
        features : uint32[n_samples, n_neurons]
            What the layer read (`LayerTrace.features`); a residual layer above adds them.
        bits : uint8[n_samples, n_neurons]
            What the layer is taken to have answered.

        Returns
        -------
        uint16[n_samples]
        """
        rows = np.ascontiguousarray(np.asarray(bits, dtype=np.uint8).T)
        return self._finish(stage, np.ascontiguousarray(np.asarray(features, dtype=np.uint32).T), rows)

    def trace_layer(self, stage: int, features: ArrayLike) -> LayerTrace:
        """Return what one layer makes of the features that it reads.

        Parameters
        ----------
        stage : int
            Index among the neuron layers.
        features : uint32[n_samples, n_neurons] or uint32[n_samples, 1]
            One column serves all neurons.
        """
        rows = np.ascontiguousarray(np.asarray(features, dtype=np.uint32).T)
        layer = self.architecture.stages[stage]
        shape = (layer.layer.neurons, rows.shape[1])
        hashed = _premodulo(layer, rows)
        bits = self.packed_layer(stage).evaluate(hashed)
        return LayerTrace(np.broadcast_to(rows, shape).T, np.broadcast_to(hashed, shape).T, bits.T)

    def change_layer(
        self,
        stage: int,
        features: NDArray[np.uint32],
        present: NDArray[np.uint32],
        present_bits: NDArray[np.uint8],
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return what one layer answers when it reads something new; only neurons that do are asked.

        Parameters
        ----------
        stage : int
        features, present : uint32[n_features, n_samples], C-contiguous
            What it newly reads, and what it reads now (as `trace_layer` takes it, the samples last).
        present_bits : uint8[n_neurons, n_samples], C-contiguous
            What it answers now.

        Returns
        -------
        bits : uint8[n_neurons, n_samples]
        reached : bool[n_samples]
            Which samples have any new feature.
        """
        premodulo = self.architecture.stages[stage].layer.premodulo
        return self.packed_layer(stage).evaluate_changed(features, present, present_bits, premodulo)

    def features_above(self, stage: int, features: ArrayLike, bits: ArrayLike) -> NDArray[np.uint32]:
        """Return what the layer above `stage` reads, given that layer's features and bits.

        Parameters
        ----------
        stage : int
            Index among the neuron layers, not the last.
        features : uint32[n_samples, n_neurons]
        bits : uint8[n_samples, n_neurons]

        Returns
        -------
        uint32[n_samples, n_features]
            As many as the layer above reads: one for a last layer without combiner.
        """
        rows = np.ascontiguousarray(np.asarray(bits, dtype=np.uint8).T)
        above = self.architecture.stages[stage + 1]
        return _features(above, rows, np.asarray(features, dtype=np.uint32).T).T

    def _run(self, index: int, features: NDArray[np.uint32]) -> NDArray[np.uint16]:
        """Finish from the features of a layer: uint32[n, n_samples] -> uint16[n_samples]."""
        premodulo = self.architecture.stages[index].layer.premodulo
        bits = self.packed_layer(index).evaluate(features, premodulo)
        return self._finish(index, features, bits)

    def _finish(
        self, index: int, features: NDArray[np.uint32], bits: NDArray[np.uint8]
    ) -> NDArray[np.uint16]:
        """Finish from the features and bits of a layer (both with the samples last)."""
        stages = self.architecture.stages
        for above in range(index + 1, len(stages)):
            features = _features(stages[above], bits, features)
            bits = self.packed_layer(above).evaluate(features, stages[above].layer.premodulo)
        combiner = stages[-1].combiner
        outputs: NDArray[np.uint32] = (
            bits.astype(np.uint32)
            if combiner is None
            else combiner.features_by_row(bits, self.architecture.n_outputs)
        )
        words = np.zeros(bits.shape[1], dtype=np.uint32)
        for j, output in enumerate(outputs):
            words |= output << np.uint32(j)
        return words.astype(np.uint16)


def _features(
    stage: Stage, bits_below: NDArray[np.uint8], features_below: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    assert stage.source is not None  # noqa: S101 - only the first layer has none
    features = stage.source.features_by_row(np.ascontiguousarray(bits_below), stage.n_features)
    if stage.layer.residual:
        features += features_below[: stage.n_features]
    return features


def _premodulo(stage: Stage, features: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Apply the layer's premodulo: uint32[n or 1, n_samples] -> uint32[n_neurons or 1, n_samples]."""
    if stage.layer.premodulo == 0:
        return features
    hashed = np.empty((stage.layer.neurons, features.shape[1]), dtype=np.uint32)
    premodulo = np.uint32(stage.layer.premodulo)
    for i, row in enumerate(hashed):
        hash_array(features[i if features.shape[0] > 1 else 0], np.uint32(i), premodulo, row)
    return hashed
