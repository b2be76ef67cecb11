"""Compiled loops over one layer of neurons, for whole batches of samples.

Layout: the samples are the last, contiguous axis (``[n_neurons, n_samples]``). A layer is given by flat
arrays, the same for all functions here:

rows : uint32[n_rows, 2]
    All programs one after another, as (salt, maximum).
row_starts : int64[n_neurons + 1]
    Neuron j owns ``rows[row_starts[j] : row_starts[j + 1]]``.
memory : uint8[n_bytes]
    All filters and bit tables one after another.
memory_starts : int64[n_neurons + 1]
    Neuron j owns ``memory[memory_starts[j] : memory_starts[j + 1]]``.
memory_kinds : uint8[n_neurons]
    `NO_MEMORY`, `FILTER_MEMORY` or `TABLE_MEMORY`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.hashtron.kernels import KEY_BLOCK, Number, hash32, look_up_block

__all__ = ["FILTER_MEMORY", "NO_MEMORY", "TABLE_MEMORY", "evaluate_changed", "evaluate_layer"]

NO_MEMORY = 0
"""The neuron answers with the lowest bit of its hashed feature."""

FILTER_MEMORY = 1
"""The neuron asks a quaternary filter."""

TABLE_MEMORY = 2
"""The neuron reads one bit of a packed table (low bits first)."""


@compiled
def evaluate_layer(
    features: NDArray[np.uint32],
    premodulo: Number,
    rows: NDArray[np.uint32],
    row_starts: NDArray[np.int64],
    memory: NDArray[np.uint8],
    memory_starts: NDArray[np.int64],
    memory_kinds: NDArray[np.uint8],
    bits: NDArray[np.uint8],
) -> None:
    """Write the bits of one layer for a batch of samples to `bits`.

    Parameters
    ----------
    features : uint32[n_neurons, n_samples] or uint32[1, n_samples]
        What each neuron reads; one row serves all neurons.
    premodulo : int
        When not 0, neuron j reads ``hash(feature, j, premodulo)``.
    rows, row_starts, memory, memory_starts, memory_kinds
        The layer, see above.
    bits : uint8[n_neurons, n_samples]
        Output, 0 or 1.
    """
    n_neurons, n_samples = bits.shape
    keys = np.empty(KEY_BLOCK, np.uint32)
    work = np.empty((3, KEY_BLOCK), np.uint32)
    for j in range(n_neurons):
        read = features[j if features.shape[0] > 1 else 0]
        program = rows[row_starts[j] : row_starts[j + 1]]
        own = memory[memory_starts[j] : memory_starts[j + 1]]
        for start in range(0, n_samples, KEY_BLOCK):
            new, target = read[start : start + KEY_BLOCK], bits[j, start : start + KEY_BLOCK]
            block = keys[: new.shape[0]]
            for i in range(new.shape[0]):
                block[i] = new[i]
            _answer(block, j, premodulo, program, own, memory_kinds[j], target, work)


@compiled
def evaluate_changed(
    features: NDArray[np.uint32],
    present: NDArray[np.uint32],
    present_bits: NDArray[np.uint8],
    premodulo: Number,
    rows: NDArray[np.uint32],
    row_starts: NDArray[np.int64],
    memory: NDArray[np.uint8],
    memory_starts: NDArray[np.int64],
    memory_kinds: NDArray[np.uint8],
    bits: NDArray[np.uint8],
    reached: NDArray[np.uint8],
) -> None:
    """Write the bits of a layer that reads new features, asking only the neurons that read something else.

    Parameters
    ----------
    features : uint32[n_neurons, n_samples] or uint32[1, n_samples]
        What each neuron newly reads; one row serves all neurons.
    present : uint32, as `features`
        What it reads now.
    present_bits : uint8[n_neurons, n_samples]
        What it answers now.
    premodulo, rows, row_starts, memory, memory_starts, memory_kinds
        As for `evaluate_layer`.
    bits : uint8[n_neurons, n_samples]
        Overwritten by what it newly answers.
    reached : uint8[n_samples]
        Overwritten: 1 where some feature of the sample is new.
    """
    n_neurons, n_samples = bits.shape
    keys, places = np.empty(KEY_BLOCK, np.uint32), np.empty(KEY_BLOCK, np.uint32)
    differs, answers = np.empty(KEY_BLOCK, np.uint8), np.empty(KEY_BLOCK, np.uint8)
    work = np.empty((3, KEY_BLOCK), np.uint32)
    reached[:] = 0
    for j in range(n_neurons):
        row = j if features.shape[0] > 1 else 0
        program = rows[row_starts[j] : row_starts[j + 1]]
        own = memory[memory_starts[j] : memory_starts[j + 1]]
        for start in range(0, n_samples, KEY_BLOCK):
            stop = min(start + KEY_BLOCK, n_samples)
            new, old, size = features[row, start:stop], present[row, start:stop], stop - start
            target, kept = bits[j, start:stop], present_bits[j, start:stop]
            changed = _compare(new, old, differs[:size], reached[start:stop])
            if 2 * changed > size:
                # Most: to pick them out would cost more than to ask for the rest too.
                for i in range(size):
                    keys[i] = new[i]
                _answer(keys[:size], j, premodulo, program, own, memory_kinds[j], target, work)
                continue
            for i in range(size):
                target[i] = kept[i]
            if changed == 0:
                continue
            asked = 0
            for i in range(size):
                places[asked] = i
                keys[asked] = new[i]
                asked += int(differs[i])
            _answer(keys[:asked], j, premodulo, program, own, memory_kinds[j], answers[:asked], work)
            for k in range(asked):
                target[places[k]] = answers[k]


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
    keys: NDArray[np.uint32],
    position: Number,
    premodulo: Number,
    program: NDArray[np.uint32],
    memory: NDArray[np.uint8],
    kind: Number,
    answers: NDArray[np.uint8],
    work: NDArray[np.uint32],
) -> None:
    """Write one neuron's answers for at most `KEY_BLOCK` features; `keys` are hashed in place."""
    if premodulo:
        _hash_in_place(keys, np.uint32(position), np.uint32(premodulo))
    for row in range(program.shape[0]):
        _hash_in_place(keys, program[row, 0], program[row, 1])
    if kind == FILTER_MEMORY:
        look_up_block(memory, keys, answers, work)
    elif kind == NO_MEMORY:
        for i in range(keys.shape[0]):
            answers[i] = np.uint8(keys[i] & np.uint32(1))
    else:
        for i in range(keys.shape[0]):
            cell = np.int64(keys[i])
            answers[i] = np.uint8(memory[cell >> 3] >> np.uint8(cell & 7)) & np.uint8(1)
