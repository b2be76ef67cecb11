"""Compiled loops of the combiners: whole rows of samples at a time, so that each inner loop vectorises.

Layout: ``bits[size, n_samples]`` and ``out[n_features, n_samples]``, the samples contiguous.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["count_bits", "majority", "pack_bits", "prefix_counts"]


@njit(cache=True, nogil=True)
def pack_bits(bits: NDArray[np.uint8], table: NDArray[np.int64], out: NDArray[np.uint32]) -> None:
    """Shift the bits that each row of `table` names into one integer, the first named highest.

    Parameters
    ----------
    bits : uint8[size, n_samples]
    table : int64[n_features, width]
        Bit numbers; a row that begins with -1 gives 0.
    out : uint32[n_features, n_samples]
        Overwritten.
    """
    for feature in range(table.shape[0]):
        target = out[feature]
        target[:] = 0
        if table[feature, 0] < 0:
            continue
        for k in range(table.shape[1]):
            source = bits[table[feature, k]]
            for i in range(target.shape[0]):
                target[i] = np.uint32(target[i] << np.uint32(1)) | np.uint32(source[i])


@njit(cache=True, nogil=True)
def count_bits(bits: NDArray[np.uint8], table: NDArray[np.int64], out: NDArray[np.uint32]) -> None:
    """Count the set bits among those that each row of `table` names.

    Parameters
    ----------
    bits : uint8[size, n_samples]
    table : int64[n_features, width]
    out : uint32[n_features, n_samples]
        Overwritten.
    """
    for feature in range(table.shape[0]):
        target = out[feature]
        target[:] = 0
        for k in range(table.shape[1]):
            source = bits[table[feature, k]]
            for i in range(target.shape[0]):
                target[i] += np.uint32(source[i])


@njit(cache=True, nogil=True)
def prefix_counts(bits: NDArray[np.uint8], out: NDArray[np.uint32]) -> None:
    """Count the set bits among rows 0..k of `bits` for every k.

    Parameters
    ----------
    bits : uint8[n_rows, n_samples]
    out : uint32[n_rows, n_samples]
        Overwritten.
    """
    for k in range(bits.shape[0]):
        for i in range(bits.shape[1]):
            out[k, i] = bits[k, i]
        if k > 0:
            for i in range(bits.shape[1]):
                out[k, i] += out[k - 1, i]


@njit(cache=True, nogil=True)
def majority(bits: NDArray[np.uint8], group: int, bias: int, out: NDArray[np.uint8]) -> None:
    """Vote within each group of neighbouring bits: 1 when (ones - zeros) > `bias`.

    Parameters
    ----------
    bits : uint8[n_groups * group, n_samples]
    out : uint8[n_groups, n_samples]
        Overwritten.
    """
    ones = np.empty(bits.shape[1], np.int32)
    for g in range(out.shape[0]):
        ones[:] = 0
        for k in range(group):
            source = bits[g * group + k]
            for i in range(ones.shape[0]):
                ones[i] += np.int32(source[i])
        for i in range(ones.shape[0]):
            out[g, i] = 2 * ones[i] - group > bias
