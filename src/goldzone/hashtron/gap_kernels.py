"""Compiled loops for numbers of seven bits a byte: the gaps between the ones of bit tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["pack_ones", "read_gaps", "write_gaps"]

_LONGEST_GAP = 5  # bytes of seven bits: 2^35 cells


@compiled
def write_gaps(packed: NDArray[np.uint8], zeros: int, out: NDArray[np.uint8], end: int) -> tuple[int, int]:
    """Write the zeros before each one of a table's cells.

    Parameters
    ----------
    packed : uint8[n_bytes]
        Cells, eight a byte, low bits first.
    zeros : int
        Zeros since the last one, before these cells.
    out : uint8[n]
        Output, from `end` on: at most a byte a one and a byte for each 128 zeros.

    Returns
    -------
    zeros, end : int
        Zeros since the last one, up to the end of the last byte; end of what was written.
    """
    for index in range(packed.shape[0]):
        byte = packed[index]
        if byte == 0:  # most are: few cells answer 1
            zeros += 8
            continue
        for bit in range(8):
            if (byte >> np.uint8(bit)) & np.uint8(1) == 0:
                zeros += 1
                continue
            while zeros >= 128:
                out[end] = 128 | (zeros & 127)
                zeros >>= 7
                end += 1
            out[end] = zeros
            end += 1
            zeros = 0
    return zeros, end


@compiled
def read_gaps(data: NDArray[np.uint8], n_cells: int, ones: NDArray[np.int64]) -> tuple[int, int, int]:
    """Read gaps and write the cells that answer 1, ascending.

    Parameters
    ----------
    data : uint8[n_bytes]
    n_cells : int
        Cells that there are.
    ones : int64[>= n_bytes]
        Output.

    Returns
    -------
    count, malformed, beyond : int
        Ones written; first byte of the first number that is cut off, too long or not in its shortest form; of
        the first that lies beyond the last cell. -1 for none. Reading stops at a malformed number.
    """
    count, start, beyond = 0, 0, -1
    cell = np.int64(0)
    while start < data.shape[0]:
        gap, last = np.int64(0), start
        while last < data.shape[0] and last - start < _LONGEST_GAP and data[last] >= 128:
            gap |= np.int64(data[last] & np.uint8(127)) << (7 * (last - start))
            last += 1
        if last == data.shape[0] or last - start == _LONGEST_GAP or (last > start and data[last] == 0):
            return count, start, beyond
        gap |= np.int64(data[last]) << (7 * (last - start))
        if beyond < 0 and gap < n_cells - cell:
            ones[count] = cell + gap
            cell += gap + 1
            count += 1
        elif beyond < 0:
            beyond = start
        start = last + 1
    return count, -1, beyond


@compiled
def pack_ones(ones: NDArray[np.int64], start: int, packed: NDArray[np.uint8]) -> None:
    """Set the bits of a table whose cells begin at `start`, low bits first."""
    for index in range(ones.shape[0]):
        cell = ones[index] - start
        packed[cell >> 3] |= np.uint8(1 << (cell & 7))
