"""The context committee as a value, and its tables as few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldzone.errors import ModelFormatError
from goldzone.hashtron.gap_kernels import pack_ones, read_gaps, write_gaps
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.hashtron.presets import context_committee

__all__ = ["MAX_CELLS", "Committee", "decode_tables", "encode_tables"]

MAX_CELLS = 1 << 30
"""Cells of all tables together: 128 MiB as bits. A damaged file must not ask for more."""


@dataclass(frozen=True)
class Committee:
    """A trained context committee."""

    template_of: tuple[int, ...]
    """The feature column that each context neuron reads."""
    tables: tuple[BitTable, ...]
    """The context neurons."""
    final: Hashtron
    """Reads the number of ones: is this candidate right?"""

    def network(self, *, for_go: bool = False) -> Network:
        """Return the same network for `goldzone.hashtron`; context neuron i reads feature i.

        With `for_go`, tables become filters that the reference's reader can run: about 3 bits a cell.
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
    # A one takes a byte, and at most one more for each 128 zeros before it.
    out = np.empty(cells + cells // 128 + 1, dtype=np.uint8)
    zeros = end = 0
    for table in tables:
        zeros, end = write_gaps(np.frombuffer(table.cells, dtype=np.uint8), zeros, out, end)
        zeros -= 8 * len(table.cells) - table.premodulo  # bits of the last byte that are no cells
    return out[:end].tobytes()


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
    packed = np.frombuffer(data, dtype=np.uint8)
    if data and data[-1] >= 0x80:
        raise ModelFormatError(f"{name}: ends inside a number at byte {len(data)}; copy the file again")
    starts = np.concatenate(([0], np.cumsum(premodulos, dtype=np.int64)))
    ones = np.empty(len(data), dtype=np.int64)
    count, malformed, beyond = read_gaps(packed, int(starts[-1]), ones)
    if malformed >= 0:
        raise ModelFormatError(f"{name}: the number at byte {malformed} is malformed; copy the file again")
    if beyond >= 0:
        raise ModelFormatError(
            f"{name}: a one lies beyond the last of {starts[-1]} cells; copy the file again"
        )
    ones = ones[:count]
    edges = np.searchsorted(ones, starts)
    tables = []
    for index, (salt, premodulo) in enumerate(zip(salts, premodulos, strict=True)):
        cells = np.zeros(-(-premodulo // 8), dtype=np.uint8)
        pack_ones(ones[edges[index] : edges[index + 1]], starts[index], cells)
        tables.append(BitTable(salt, premodulo, cells.tobytes()))
    return tuple(tables)
