"""Compiled loops of the combiners: whole rows of samples at a time, so that each inner loop vectorises.

Layout: ``bits[size, n_samples]`` and ``out[n_features, n_samples]``, the samples contiguous.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["FRESH", "LEFT", "RIGHT", "count_bits", "majority", "pack_bits", "query_counts"]


FRESH = 0
"""A feature is packed bit by bit."""

RIGHT = 1
"""A feature is another one shifted right by one bit, with a new highest bit."""

LEFT = 2
"""A feature is another one shifted left by one bit, with a new lowest bit."""


@compiled
def pack_bits(
    bits: NDArray[np.uint8],
    table: NDArray[np.int64],
    steps: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> None:
    """Shift the bits that each row of `table` names into one integer, the first named highest.

    Parameters
    ----------
    bits : uint8[size, n_samples]
    table : int64[n_features, width]
        Bit numbers; a row that begins with -1 gives 0.
    steps : int64[n_features, 3]
        (feature, source, direction) of every feature once: `FRESH`, or `RIGHT` or `LEFT` and the feature that
        is shifted, which came before.
    out : uint32[n_features, n_samples]
        Overwritten.
    """
    width = table.shape[1]
    mask = np.uint32(0xFFFFFFFF) if width >= 32 else np.uint32((1 << width) - 1)
    for step in range(steps.shape[0]):
        feature, direction = steps[step, 0], steps[step, 2]
        target, source = out[feature], out[steps[step, 1]]
        if direction == RIGHT:
            highest, shift = bits[table[feature, 0]], np.uint32(width - 1)
            for i in range(target.shape[0]):
                target[i] = np.uint32(source[i] >> np.uint32(1)) | np.uint32(np.uint32(highest[i]) << shift)
        elif direction == LEFT:
            lowest = bits[table[feature, width - 1]]
            for i in range(target.shape[0]):
                target[i] = (np.uint32(source[i] << np.uint32(1)) | np.uint32(lowest[i])) & mask
        else:
            target[:] = 0
            if table[feature, 0] >= 0:
                for k in range(width):
                    named = bits[table[feature, k]]
                    for i in range(target.shape[0]):
                        target[i] = np.uint32(target[i] << np.uint32(1)) | np.uint32(named[i])


@compiled
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


@compiled
def query_counts(bits: NDArray[np.uint8], dim: int, masked: bool, out: NDArray[np.uint32]) -> None:
    """Count agreeing threes (query, key, value) of bits (see `goldzone.hashtron.combiners.CrossAttention`).

    Parameters
    ----------
    bits : uint8[size, n_samples]
    dim : int
        Bits of a head; the features of a head are three times as many.
    masked : bool
        A feature counts the threes up to its own only.
    out : uint32[n_features, n_samples]
        Overwritten.
    """
    n_threes = (dim - 1) // 3 + 1
    counts = np.empty((4, bits.shape[1]), np.uint32)
    all_set, with_value, without_value, with_key = counts[0], counts[1], counts[2], counts[3]
    for start in range(0, out.shape[0], 3 * dim):
        counts[:] = 0
        counted = 0
        for feature in range(start, min(start + 3 * dim, out.shape[0])):
            own = (feature - start) // 3 + 1
            while counted < (min(own, n_threes) if masked else n_threes):
                first = start + 3 * counted
                query, key, value = bits[first], bits[first + 1], bits[first + 2]
                for i in range(bits.shape[1]):
                    all_set[i] += np.uint32(query[i] & key[i] & value[i])
                    with_value[i] += np.uint32(query[i] & value[i])
                    without_value[i] += np.uint32(query[i] & (value[i] ^ np.uint8(1)))
                    with_key[i] += np.uint32(query[i] & key[i])
                counted += 1
            target = out[feature]
            if feature % 3 == 0:
                for i in range(bits.shape[1]):
                    target[i] = all_set[i]
            elif feature % 3 == 1:
                for i in range(bits.shape[1]):
                    target[i] = with_value[i] if bits[feature, i] else without_value[i]
            else:
                for i in range(bits.shape[1]):
                    target[i] = with_key[i] * np.uint32(bits[feature, i])


@compiled
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
