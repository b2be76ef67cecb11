"""Compiled loops over plain arrays: the hash and the quaternary filter.

Layout: the samples are the last, contiguous axis (``[n_features, n_samples]``), so that the inner loops
run over neighbours in memory. Integers are unsigned 32-bit and wrap; numba widens every uint32 operation
to 64 bits, hence the explicit casts, which LLVM narrows back to 32-bit vector lanes.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part

__all__ = [
    "FULL_RANGE",
    "HIGHEST",
    "KEY_BLOCK",
    "Number",
    "fold_hash",
    "hash32",
    "hash_array",
    "insert_keys",
    "look_up_block",
]

Number: TypeAlias = int | np.uint8 | np.uint32 | np.int64
"""Any integer: the kernels cast to uint32 themselves."""

FULL_RANGE = np.uint32(0xFFFFFFFF)
"""The maximum that hashes into ``0 .. 2**32 - 2``."""

HIGHEST = 7
"""The highest grade of a graded neuron; the lowest is its negative."""

_MAX_ROUNDS = 64
"""Cells that a key may visit in a filter before the look-up gives up."""

KEY_BLOCK = 1024
"""Keys looked up together: what is noted about them stays in the first-level cache, beside the filter."""

_CONFLICT = 3
"""State of a cell that sends its keys on."""


@compiled
def hash32(n: Number, salt: Number, maximum: Number) -> np.uint32:
    """Hash a number into ``0 .. maximum - 1`` (0 when `maximum` is 0).

    Xor-shifts with prime distances between a subtraction and an addition of the salt, then Lemire's
    multiply-shift (https://arxiv.org/abs/1805.10941) instead of a modulo.

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


@compiled
def hash_array(values: NDArray[np.uint32], salt: Number, maximum: Number, out: NDArray[np.uint32]) -> None:
    """Write ``hash32(values[i], salt, maximum)`` to ``out[i]``; `out` may be `values` itself.

    The values go through a small array of their own: a loop over two arrays that overlap does not vectorise.
    """
    block = np.empty(min(values.shape[0], KEY_BLOCK), np.uint32)
    for start in range(0, values.shape[0], KEY_BLOCK):
        source, target = values[start : start + KEY_BLOCK], out[start : start + KEY_BLOCK]
        for i in range(source.shape[0]):
            block[i] = source[i]
        for i in range(source.shape[0]):
            target[i] = hash32(block[i], salt, maximum)


@compiled
def fold_hash(start: Number, salts: NDArray[np.uint32]) -> np.uint32:
    """Hash `start` once with each salt in turn, each time into ``0 .. 2**32 - 2``."""
    folded = np.uint32(start)
    for i in range(salts.shape[0]):
        folded = hash32(folded, salts[i], FULL_RANGE)
    return folded


@compiled_part
def _state(cells: NDArray[np.uint8], cell: np.uint32) -> np.uint8:
    """Return the two bits of a cell."""
    shift = np.uint8(np.uint32(cell & np.uint32(3)) << np.uint32(1))
    return np.uint8(np.uint8(cells[np.uint32(cell >> np.uint32(2))] >> shift) & np.uint8(3))


@compiled_part
def _settle(state: np.uint8, key: np.uint32) -> np.uint8:
    """Return a key's answer in a cell without conflict, by arithmetic: a branch would be mispredicted."""
    empty = np.uint8(state == np.uint8(0))
    return np.uint8(np.uint8(state >> np.uint8(1)) | np.uint8(empty & np.uint8(key)))


@compiled_part
def _rotate(key: np.uint32) -> np.uint32:
    """Rotate a key right by one bit."""
    return np.uint32(np.uint32(key >> np.uint32(1)) | np.uint32(key << np.uint32(31)))


@compiled
def look_up_block(
    cells: NDArray[np.uint8], keys: NDArray[np.uint32], out: NDArray[np.uint8], work: NDArray[np.uint32]
) -> None:
    """Write each key's answer (0 or 1) from the filter `cells` to `out`.

    A cell holds two bits, four cells to a byte, low bits first: 0 empty, 1 false, 2 true, 3 conflict. A
    conflict sends the key on, rotated right by one bit. An empty filter answers the key's lowest bit.

    All keys go through the first round together, then those that met a conflict through the next: hashes in
    one loop, cells in another. Each loop is free of branches, so that hashes fill vector lanes and look-ups
    overlap.

    Parameters
    ----------
    cells : uint8[n_bytes]
    keys : uint32[n]
        At most `KEY_BLOCK`.
    out : uint8[n]
        Overwritten.
    work : uint32[3, n or more]
        Scratch.
    """
    n = keys.shape[0]
    if cells.shape[0] == 0:
        for i in range(n):
            out[i] = np.uint8(keys[i] & np.uint32(1))
        return
    n_cells = np.uint32(4 * cells.shape[0])
    hashed, moved, waiting = work[0], work[1], work[2]
    for i in range(n):
        hashed[i] = hash32(keys[i], 0, n_cells)
    for i in range(n):
        out[i] = _state(cells, hashed[i])
    left = 0
    for i in range(n):
        waiting[left] = i
        left += int(out[i] == np.uint8(_CONFLICT))
    for i in range(n):
        out[i] = _settle(out[i], keys[i])
    for k in range(left):
        moved[k] = _rotate(keys[waiting[k]])
    for salt in range(1, _MAX_ROUNDS):
        if left == 0:
            return
        for k in range(left):
            hashed[k] = hash32(moved[k], salt, n_cells)
        kept = 0
        for k in range(left):
            state = _state(cells, hashed[k])
            out[waiting[k]] = _settle(state, moved[k])
            waiting[kept] = waiting[k]
            moved[kept] = _rotate(moved[k])
            kept += int(state == np.uint8(_CONFLICT))
        left = kept
    for k in range(left):
        out[waiting[k]] = np.uint8(0)


@compiled_part
def _mark(state: np.uint8, value: np.uint8, key: np.uint32) -> np.uint8:
    """Return the bits that a key sets in its cell: none in an empty one, if its lowest bit is its value."""
    speaks = np.uint8(state != np.uint8(0)) | np.uint8(value ^ np.uint8(key & np.uint32(1)))
    return np.uint8(np.uint8(value + np.uint8(1)) * speaks)


@compiled
def insert_keys(
    cells: NDArray[np.uint8], keys: NDArray[np.uint32], values: NDArray[np.uint8], limit: int
) -> bool:
    """Store all keys in the zeroed filter `cells` (in place); tell whether it was large enough.

    All keys are visited again and again until a pass changes no cell (True), or the changes of all passes
    reach `limit` or a key meets its last conflict (False: start again on a larger filter). What the cells
    become, and after how many changes, does not depend on the order of visits: a state only ever gains bits.
    So a pass first picks the keys that their cell disagrees with, lets these speak there, then those that
    conflict in their next cell, and so on; and a key goes on from where it is, though the reference walks
    from its first cell each time.
    """
    n_cells = np.uint32(4 * cells.shape[0])
    moved = keys.copy()
    cell = np.empty(keys.shape[0], np.uint32)
    rounds = np.zeros(keys.shape[0], np.uint8)
    waiting = np.empty(keys.shape[0], np.int64)
    for i in range(keys.shape[0]):
        cell[i] = hash32(keys[i], 0, n_cells)
    changes = 0
    while True:
        before, left = changes, 0
        for i in range(keys.shape[0]):
            state = _state(cells, cell[i])
            waiting[left] = i
            left += int((state | _mark(state, values[i], moved[i])) != state or state == _CONFLICT)
        while left > 0:
            kept = 0
            for k in range(left):
                i = waiting[k]
                state = _state(cells, cell[i])
                added = _mark(state, values[i], moved[i])
                shift = np.uint8(np.uint32(cell[i] & np.uint32(3)) << np.uint32(1))
                cells[np.uint32(cell[i] >> np.uint32(2))] |= np.uint8(added << shift)
                changes += int((state | added) != state)
                waiting[kept] = i
                kept += int((state | added) == _CONFLICT)
            for k in range(kept):
                i = waiting[k]
                rounds[i] += np.uint8(1)
                if rounds[i] == _MAX_ROUNDS:
                    return False
                moved[i] = _rotate(moved[i])
                cell[i] = hash32(moved[i], rounds[i], n_cells)
            left = kept
        if changes >= limit:
            return False
        if changes == before:
            return True
