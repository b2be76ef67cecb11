"""The quaternary filter: an immutable map from uint32 to bool in about three bits a key.

A filter is a plain byte string; an empty one answers each key's lowest bit. A key that was never stored
gets a pseudo-random answer. The bytes depend on the set of keys and values alone, not on their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from goldzone.errors import DataError
from goldzone.hashtron.kernels import insert_keys

__all__ = ["MAX_FILTER_BYTES", "build_filter"]

MAX_FILTER_BYTES = (1 << 30) - 1
"""Cells are numbered by a uint32, four cells to a byte."""


def _bytes_for(n: int) -> int:
    return (3 + (3 * n + 1) // 2) // 4


def build_filter(keys: ArrayLike, values: ArrayLike) -> bytes:
    """Build the filter that answers `values` for `keys`.

    The filter has four cells a byte, low bits first, and is empty for no keys.

    Parameters
    ----------
    keys : uint32[n]
        Distinct, in any order.
    values : bool[n]

    Raises
    ------
    DataError
        If a key occurs twice, the lengths differ, or the filter would pass `MAX_FILTER_BYTES`.

    Notes
    -----
    The sizes and limits are those of github.com/neurlang/quaternary: start with room for 3n/2 cells and
    n changes; each time the changes reach the limit, grow both by one half.
    """
    key_array = np.ascontiguousarray(keys, dtype=np.uint32)
    value_array = np.ascontiguousarray(values, dtype=np.bool_).astype(np.uint8)
    if key_array.ndim != 1 or key_array.shape != value_array.shape:
        raise DataError(
            f"filter keys and values have shapes {key_array.shape} and {value_array.shape}; "
            "give two one-dimensional arrays of one length"
        )
    n = key_array.size
    if n == 0:
        return b""
    if not np.all(key_array[1:] > key_array[:-1]):  # keys that ascend need no sorting to be distinct
        ordered = np.sort(key_array)
        repeated = np.flatnonzero(ordered[1:] == ordered[:-1])
        if repeated.size:
            raise DataError(f"filter key {ordered[repeated[0]]} occurs twice; give each key once")
    size = _bytes_for(n)
    limit = n
    while size <= MAX_FILTER_BYTES:
        cells = np.zeros(size, dtype=np.uint8)
        if insert_keys(cells, key_array, value_array, limit):
            return cells.tobytes()
        size = _bytes_for(4 * size)
        limit = (3 * limit + 1) // 2
    raise DataError(f"a filter for {n} keys would pass {MAX_FILTER_BYTES} bytes; use fewer keys")
