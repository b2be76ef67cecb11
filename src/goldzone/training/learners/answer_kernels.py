"""Compiled pass that writes a neuron's answers as bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.hashtron.kernels import hash32

__all__ = ["pack_answers"]


@compiled
def pack_answers(
    context: NDArray[np.uint32],
    positions: NDArray[np.int64],
    keys: NDArray[np.uint32],
    salt: np.uint32,
    premodulo: np.uint32,
    bits: NDArray[np.uint8],
    packed: NDArray[np.uint64],
) -> None:
    """Write a context neuron's answer to one candidate of each of some positions.

    Parameters
    ----------
    context : uint32[n_positions]
        Values of the neuron's template.
    positions : int64[n]
    keys : uint32[n]
        Key of the candidate at each of them.
    bits : uint8[premodulo]
        The neuron's answers by cell.
    packed : uint64[ceil(n / 64)]
        Output: answer i is bit ``i % 64`` of word ``i // 64``.
    """
    packed[:] = 0
    for index in range(positions.shape[0]):
        cell = hash32(np.uint32(context[positions[index]] + keys[index]), salt, premodulo)
        packed[index // 64] |= np.uint64(bits[cell]) << np.uint64(index % 64)
