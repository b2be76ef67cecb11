"""The context committee as a value, and its tables as few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ModelFormatError
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.hashtron.presets import context_committee

__all__ = ["MAX_CELLS", "Committee", "decode_tables", "encode_tables"]

MAX_CELLS = 1 << 30
"""Cells of all tables together: 128 MiB as bits. A damaged file must not ask for more."""

_LONGEST_GAP = 5  # bytes of seven bits: 2^35 cells


@dataclass(frozen=True)
class Committee:
    """A trained context committee.

    Attributes
    ----------
    template_of : tuple of int
        The feature column that each context neuron reads.
    tables : tuple of BitTable
        The context neurons.
    final : Hashtron
        Reads the number of ones: is this candidate right?
    """

    template_of: tuple[int, ...]
    tables: tuple[BitTable, ...]
    final: Hashtron

    def network(self, *, for_go: bool = False) -> Network:
        """Return the same network for `goldzone.hashtron`; context neuron i reads feature i.

        Parameters
        ----------
        for_go : bool
            Write the tables as filters that the reference's reader can run: about 3 bits a cell.
        """
        context = [table.to_hashtron() for table in self.tables] if for_go else self.tables
        return Network(context_committee(len(self.tables)), (*context, self.final))


def encode_tables(tables: Sequence[BitTable]) -> bytes:
    """Write the ones of all tables, end to end, as the gaps between them.

    A gap is the number of zeros before a one, in groups of seven bits, low ones first, the high bit set on
    all but the last byte (LEB128). Under pressure with a vote threshold few cells answer 1, so this is far
    smaller than a bit a cell, and close to the entropy once deflated.

    Raises
    ------
    ModelFormatError
        The tables have more than `MAX_CELLS` cells, which `decode_tables` would refuse.
    """
    if (cells := sum(table.premodulo for table in tables)) > MAX_CELLS:
        raise ModelFormatError(
            f"{cells} cells are too many for a model file, which holds {MAX_CELLS}; "
            "use fewer neurons or a lower premodulo"
        )
    bits = [table.bits() for table in tables]
    ones = np.flatnonzero(np.concatenate(bits)) if bits else np.zeros(0, dtype=np.int64)
    gaps = np.diff(ones, prepend=-1) - 1
    places = range(max(1, -(-int(gaps.max(initial=0)).bit_length() // 7)))  # as many as the longest gap takes
    groups = [(gaps >> (7 * place)) & 0x7F for place in places]
    more = [(gaps >> (7 * (place + 1))) > 0 for place in places]
    columns = np.stack([group | (rest << 7) for group, rest in zip(groups, more, strict=True)], axis=1)
    used = np.stack([np.ones_like(more[0]), *more[:-1]], axis=1)
    return columns[used].astype(np.uint8).tobytes()


def decode_tables(
    data: bytes, salts: Sequence[int], premodulos: Sequence[int], name: str
) -> tuple[BitTable, ...]:
    """Read what `encode_tables` wrote.

    Parameters
    ----------
    data : bytes
    salts, premodulos : sequence of int
        Of each table.
    name : str
        File and member, for messages.

    Raises
    ------
    ModelFormatError
        A gap is cut off, too long, or not in its shortest form, or a one lies beyond the last cell.
    """
    if sum(premodulos) > MAX_CELLS:
        raise ModelFormatError(f"{name}: {sum(premodulos)} cells are declared; at most {MAX_CELLS} are read")
    gaps = _decode_gaps(np.frombuffer(data, dtype=np.uint8), name)
    starts = np.concatenate(([0], np.cumsum(premodulos, dtype=np.int64)))
    # Checked before the sum: the positions must not wrap.
    if gaps.size and (gaps.max() >= starts[-1] or int(gaps.sum()) + gaps.size > starts[-1]):
        raise ModelFormatError(
            f"{name}: a one lies beyond the last of {starts[-1]} cells; copy the file again"
        )
    ones = np.cumsum(gaps + 1) - 1
    edges = np.searchsorted(ones, starts)
    tables = []
    for index, (salt, premodulo) in enumerate(zip(salts, premodulos, strict=True)):
        bits = np.zeros(premodulo, dtype=np.bool_)
        bits[ones[edges[index] : edges[index + 1]] - starts[index]] = True
        tables.append(BitTable.from_bits(salt, bits))
    return tuple(tables)


def _decode_gaps(data: NDArray[np.uint8], name: str) -> NDArray[np.int64]:
    last = np.flatnonzero(data < 0x80)
    if data.size and (last.size == 0 or last[-1] != data.size - 1):
        raise ModelFormatError(f"{name}: ends inside a number at byte {data.size}; copy the file again")
    first = np.concatenate(([0], last[:-1] + 1)) if last.size else last
    lengths = last - first + 1
    long = np.flatnonzero((lengths > _LONGEST_GAP) | ((lengths > 1) & (data[last] == 0)))
    if long.size:
        raise ModelFormatError(
            f"{name}: the number at byte {first[long[0]]} is malformed; copy the file again"
        )
    gaps = np.zeros(last.size, dtype=np.int64)
    for place in range(_LONGEST_GAP):
        present = lengths > place
        gaps[present] |= (data[first[present] + place].astype(np.int64) & 0x7F) << (7 * place)
    return gaps
