"""Compiled loops over plain arrays: the hash, the quaternary filter and one layer of neurons.

Layout: the samples are the last, contiguous axis (``[n_features, n_samples]``), so that the inner loops
run over neighbours in memory. Integers are unsigned 32-bit and wrap; numba widens every uint32 operation
to 64 bits, hence the explicit casts, which LLVM narrows back to 32-bit vector lanes.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "FILTER_MEMORY",
    "MAX_ROUNDS",
    "NO_MEMORY",
    "TABLE_MEMORY",
    "Number",
    "evaluate_layer",
    "fold_hash",
    "hash32",
    "hash_array",
    "insert_keys",
    "look_up",
    "look_up_keys",
]

Number: TypeAlias = int | np.uint8 | np.uint32 | np.int64
"""Any integer: the kernels cast to uint32 themselves."""

MAX_ROUNDS = 64
"""Cells that a key may visit in a filter before the look-up gives up."""

NO_MEMORY = 0
"""The neuron answers with the lowest bit of its hashed feature."""

FILTER_MEMORY = 1
"""The neuron asks a quaternary filter."""

TABLE_MEMORY = 2
"""The neuron reads one bit of a packed table (low bits first)."""


@njit(cache=True, nogil=True)
def hash32(n: Number, salt: Number, maximum: Number) -> np.uint32:
    """Hash a number into ``0 .. maximum - 1`` (0 when `maximum` is 0).

    Xor-shifts with prime distances between a subtraction and an addition of the salt, then Lemire's
    multiply-shift (https://arxiv.org/abs/1805.10941) in place of a modulo.

    Parameters
    ----------
    n, salt, maximum : uint32
    """
    s = np.uint32(salt)
    m = np.uint32(np.uint32(n) - s)
    m = np.uint32(m ^ np.uint32(m << np.uint32(2)))
    m = np.uint32(m ^ np.uint32(m << np.uint32(3)))
    m = np.uint32(m ^ np.uint32(m >> np.uint32(5)))
    m = np.uint32(m ^ np.uint32(m >> np.uint32(7)))
    m = np.uint32(m ^ np.uint32(m << np.uint32(11)))
    m = np.uint32(m ^ np.uint32(m << np.uint32(13)))
    m = np.uint32(m ^ np.uint32(m >> np.uint32(17)))
    m = np.uint32(m ^ np.uint32(m << np.uint32(19)))
    m = np.uint32(m + s)
    return np.uint32((np.uint64(m) * np.uint64(np.uint32(maximum))) >> np.uint64(32))


@njit(cache=True, nogil=True)
def hash_array(values: NDArray[np.uint32], salt: Number, maximum: Number, out: NDArray[np.uint32]) -> None:
    """Write ``hash32(values[i], salt, maximum)`` to ``out[i]``; `out` may be `values` itself."""
    for i in range(values.shape[0]):
        out[i] = hash32(values[i], salt, maximum)


@njit(cache=True, nogil=True)
def fold_hash(start: Number, salts: NDArray[np.uint32]) -> np.uint32:
    """Hash `start` once with each salt in turn, each time into ``0 .. 2**32 - 2``."""
    folded = np.uint32(start)
    for i in range(salts.shape[0]):
        folded = hash32(folded, salts[i], np.uint32(0xFFFFFFFF))
    return folded


@njit(cache=True, nogil=True)
def look_up(cells: NDArray[np.uint8], start: Number, size: Number, key: Number) -> np.uint8:
    """Answer one key from the filter ``cells[start : start + size]``.

    A cell holds two bits, four cells to a byte, low bits first: 0 empty, 1 false, 2 true, 3 conflict. A
    conflict sends the key on, rotated right by one bit. An empty filter answers the key's lowest bit.
    """
    x = np.uint32(key)
    if size == 0:
        return np.uint8(x & np.uint32(1))
    n_cells = np.uint32(4 * size)
    for salt in range(MAX_ROUNDS):
        cell = np.int64(hash32(x, salt, n_cells))
        state = (cells[start + (cell >> 2)] >> np.uint8((cell & 3) * 2)) & np.uint8(3)
        if state == 0:
            return np.uint8(x & np.uint32(1))
        if state != 3:
            return np.uint8(state - 1)
        x = np.uint32(np.uint32(x >> np.uint32(1)) | np.uint32(x << np.uint32(31)))
    return np.uint8(0)


@njit(cache=True, nogil=True)
def look_up_keys(cells: NDArray[np.uint8], keys: NDArray[np.uint32], out: NDArray[np.uint8]) -> None:
    """Write each key's answer (0 or 1) from the filter `cells` to `out`."""
    for i in range(keys.shape[0]):
        out[i] = look_up(cells, 0, cells.shape[0], keys[i])


@njit(cache=True, nogil=True)
def _insert_key(cells: NDArray[np.uint8], key: Number, value: Number) -> int:
    """Store one key in `cells` (in place) and return the number of cells changed.

    A key that still disagrees after the last round counts as one change more, so that the caller grows
    the filter.
    """
    x = np.uint32(key)
    n_cells = np.uint32(4 * cells.shape[0])
    changes = 0
    for salt in range(MAX_ROUNDS):
        cell = np.int64(hash32(x, salt, n_cells))
        byte = cell >> 2
        shift = np.uint8((cell & 3) * 2)
        state = (cells[byte] >> shift) & np.uint8(3)
        if state == 0:
            if np.uint32(value) == (x & np.uint32(1)):
                return changes
            cells[byte] |= np.uint8((value + 1) << shift)
            return changes + 1
        if state == value + 1:
            return changes
        if state != 3:
            cells[byte] |= np.uint8(np.uint8(3) << shift)
            changes += 1
        x = np.uint32(np.uint32(x >> np.uint32(1)) | np.uint32(x << np.uint32(31)))
    return changes + 1


@njit(cache=True, nogil=True)
def insert_keys(
    cells: NDArray[np.uint8], keys: NDArray[np.uint32], values: NDArray[np.uint8], limit: int
) -> bool:
    """Store all keys in the zeroed filter `cells` (in place); tell whether it was large enough.

    The keys are inserted again and again until a pass changes no cell (True) or the changes of all
    passes reach `limit` (False: start again on a larger filter).
    """
    changes = 0
    while True:
        before = changes
        for i in range(keys.shape[0]):
            changes += _insert_key(cells, keys[i], values[i])
            if changes >= limit:
                return False
        if changes == before:
            return True


@njit(cache=True, nogil=True)
def evaluate_layer(
    features: NDArray[np.uint32],
    rows: NDArray[np.uint32],
    row_starts: NDArray[np.int64],
    memory: NDArray[np.uint8],
    memory_starts: NDArray[np.int64],
    memory_kinds: NDArray[np.uint8],
    bits: NDArray[np.uint8],
) -> None:
    """Write the bits of one layer of neurons for a batch of samples to `bits`.

    Parameters
    ----------
    features : uint32[n_neurons, n_samples] or uint32[1, n_samples]
        What each neuron reads, after the layer's premodulo; one row serves all neurons.
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
    bits : uint8[n_neurons, n_samples]
        Output, 0 or 1.
    """
    n_neurons, n_samples = bits.shape
    work = np.empty(n_samples, np.uint32)
    for j in range(n_neurons):
        if features.shape[0] == 1:
            work[:] = features[0]
        else:
            work[:] = features[j]
        for row in range(row_starts[j], row_starts[j + 1]):
            hash_array(work, rows[row, 0], rows[row, 1], work)
        start = memory_starts[j]
        answer = bits[j]
        if memory_kinds[j] == NO_MEMORY:
            for i in range(n_samples):
                answer[i] = np.uint8(work[i] & np.uint32(1))
        elif memory_kinds[j] == FILTER_MEMORY:
            size = memory_starts[j + 1] - start
            for i in range(n_samples):
                answer[i] = look_up(memory, start, size, work[i])
        else:
            for i in range(n_samples):
                cell = np.int64(work[i])
                answer[i] = (memory[start + (cell >> 3)] >> np.uint8(cell & 7)) & np.uint8(1)
