"""Layers of neurons as flat arrays, and the compiled loops that evaluate them for whole batches of samples.

Layout: the samples are the last, contiguous axis (``[n_neurons, n_samples]``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.hashtron.kernels import KEY_BLOCK, Number, hash32, look_up_block

__all__ = ["PackedNeurons"]


class PackedNeurons(NamedTuple):
    """The neurons of one layer, laid end to end."""

    rows: NDArray[np.uint32]
    """uint32[n_rows, 2]: all programs, as (salt, maximum)."""
    row_starts: NDArray[np.int64]
    """int64[n_neurons + 1]: neuron j owns ``rows[row_starts[j] : row_starts[j + 1]]``."""
    memory: NDArray[np.uint8]
    """uint8[n_bytes]: all filters and bit tables."""
    memory_starts: NDArray[np.int64]
    """int64[n_neurons + 1]: neuron j owns ``memory[memory_starts[j] : memory_starts[j + 1]]``."""
    is_table: NDArray[np.bool_]
    """bool[n_neurons]: whether the neuron reads one bit of a packed table (low bits first), or asks a
    quaternary filter."""

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
            0 or 1.
        """
        bits = np.empty((self.is_table.size, features.shape[1]), dtype=np.uint8)
        _evaluate_layer(self, features, premodulo, bits)
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
        reached = np.zeros(features.shape[1], dtype=np.uint8)
        _evaluate_changed(self, features, present, present_bits, premodulo, bits, reached)
        return bits, reached.view(np.bool_)


@compiled
def _evaluate_layer(
    layer: PackedNeurons, features: NDArray[np.uint32], premodulo: Number, bits: NDArray[np.uint8]
) -> None:
    """Write the bits of one layer for a batch of samples to `bits`."""
    keys, work = np.empty(KEY_BLOCK, np.uint32), np.empty((3, KEY_BLOCK), np.uint32)
    for j in range(bits.shape[0]):
        read = features[j if features.shape[0] > 1 else 0]
        for start in range(0, read.shape[0], KEY_BLOCK):
            new, target = read[start : start + KEY_BLOCK], bits[j, start : start + KEY_BLOCK]
            _answer(layer, j, premodulo, _copied(new, keys), target, work)


@compiled
def _evaluate_changed(
    layer: PackedNeurons,
    features: NDArray[np.uint32],
    present: NDArray[np.uint32],
    present_bits: NDArray[np.uint8],
    premodulo: Number,
    bits: NDArray[np.uint8],
    reached: NDArray[np.uint8],
) -> None:
    """Write the bits of a layer that reads new features, asking only the neurons that read something else.

    `reached` becomes 1 where some feature of the sample is new.
    """
    keys, offsets = np.empty(KEY_BLOCK, np.uint32), np.empty(KEY_BLOCK, np.uint32)
    differs, answers = np.empty(KEY_BLOCK, np.uint8), np.empty(KEY_BLOCK, np.uint8)
    work = np.empty((3, KEY_BLOCK), np.uint32)
    for j in range(bits.shape[0]):
        row = j if features.shape[0] > 1 else 0
        for start in range(0, bits.shape[1], KEY_BLOCK):
            stop = min(start + KEY_BLOCK, bits.shape[1])
            new, size = features[row, start:stop], stop - start
            target, kept = bits[j, start:stop], present_bits[j, start:stop]
            changed = _compare(new, present[row, start:stop], differs[:size], reached[start:stop])
            if 2 * changed > size:
                # Most: to pick them out would cost more than to ask for the rest too.
                _answer(layer, j, premodulo, _copied(new, keys), target, work)
                continue
            for i in range(size):
                target[i] = kept[i]
            if changed == 0:
                continue
            asked = 0
            for i in range(size):
                offsets[asked] = i
                keys[asked] = new[i]
                asked += int(differs[i])
            _answer(layer, j, premodulo, keys[:asked], answers[:asked], work)
            for k in range(asked):
                target[offsets[k]] = answers[k]


@compiled_part
def _copied(values: NDArray[np.uint32], room: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Copy values to the start of `room`, and return that."""
    block = room[: values.shape[0]]
    for i in range(block.shape[0]):
        block[i] = values[i]
    return block


@compiled_part
def _compare(
    new: NDArray[np.uint32], old: NDArray[np.uint32], differs: NDArray[np.uint8], reached: NDArray[np.uint8]
) -> np.uint32:
    """Mark where two rows differ, in `differs` and beside the marks in `reached`; return how often."""
    for i in range(new.shape[0]):
        differs[i] = np.uint8(new[i] != old[i])
    for i in range(new.shape[0]):
        reached[i] |= differs[i]
    count = np.uint32(0)
    for i in range(new.shape[0]):
        count = np.uint32(count + np.uint32(differs[i]))
    return count


@compiled_part
def _hash_in_place(keys: NDArray[np.uint32], salt: np.uint32, maximum: np.uint32) -> None:
    """Hash each key; with one array instead of two that may overlap, the loop vectorises."""
    for i in range(keys.shape[0]):
        keys[i] = hash32(keys[i], salt, maximum)


@compiled_part
def _answer(
    layer: PackedNeurons,
    position: Number,
    premodulo: Number,
    keys: NDArray[np.uint32],
    answers: NDArray[np.uint8],
    work: NDArray[np.uint32],
) -> None:
    """Write one neuron's answers for at most `KEY_BLOCK` features; `keys` are hashed in place."""
    if premodulo:
        _hash_in_place(keys, np.uint32(position), np.uint32(premodulo))
    for row in range(layer.row_starts[position], layer.row_starts[position + 1]):
        _hash_in_place(keys, layer.rows[row, 0], layer.rows[row, 1])
    memory = layer.memory[layer.memory_starts[position] : layer.memory_starts[position + 1]]
    if layer.is_table[position]:
        for i in range(keys.shape[0]):
            cell = np.int64(keys[i])
            answers[i] = np.uint8(memory[cell >> 3] >> np.uint8(cell & 7)) & np.uint8(1)
    else:
        look_up_block(memory, keys, answers, work)
