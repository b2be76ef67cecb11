"""Compiled count of the samples on which two neurons both answer 1, on packed bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["count_common", "count_ones"]

_BLOCK = 64
"""Words of each neuron that are compared with all others while they are in the cache."""


@compiled
def count_ones(word: np.uint64) -> np.int64:
    """Count the ones of a uint64 by sums of neighbouring fields; LLVM makes one instruction of it.

    Warren, Hacker's Delight, section 5-1.
    """
    word = np.uint64(word)
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def count_common(packed: NDArray[np.uint64], common: NDArray[np.int64]) -> None:
    """Count, for every two neurons, the samples on which both answer 1.

    Parameters
    ----------
    packed : uint64[n_neurons, n_words]
        One bit a sample.
    common : int64[n_neurons, n_neurons]
        Output; on its diagonal the ones of each neuron.
    """
    n_neurons, n_words = packed.shape
    common[:] = 0
    for start in range(0, n_words, _BLOCK):
        stop = min(n_words, start + _BLOCK)
        for first in range(n_neurons):
            for second in range(first, n_neurons):
                count = np.int64(0)
                for word in range(start, stop):
                    count += count_ones(packed[first, word] & packed[second, word])
                common[first, second] += count
    for first in range(n_neurons):
        for second in range(first):
            common[first, second] = common[second, first]
