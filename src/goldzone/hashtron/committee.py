"""The context committee as a value, and its tables as few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldzone.errors import ModelFormatError, StateError
from goldzone.hashtron.gap_kernels import pack_ones, read_gaps, write_gaps
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import BitTable, GradedTable, Hashtron
from goldzone.hashtron.presets import context_committee

__all__ = ["MAX_CELLS", "Committee", "decode_grades", "decode_tables", "encode_grades", "encode_tables"]

MAX_CELLS = 1 << 30
"""Cells of all tables together: 128 MiB as bits. A damaged file must not ask for more."""
_EMPTY_CELLS = 1 << 27
_CELLS_A_BYTE = 4096


@dataclass(frozen=True)
class Committee:
    """A trained context committee: of bit tables, or of graded tables."""

    template_of: tuple[int, ...]
    """The feature column that each context neuron reads."""
    tables: tuple[BitTable | GradedTable, ...]
    """The context neurons, all of one kind."""
    final: Hashtron
    """Is this candidate right? Reads the number of ones; of graded neurons their sum, each grade plus 7."""

    def __post_init__(self) -> None:
        """Refuse tables of two kinds."""
        if len({type(table) for table in self.tables}) != 1:
            raise StateError("a committee needs context neurons, either bit tables or graded ones")

    @property
    def graded(self) -> bool:
        """Whether the context neurons are graded."""
        return isinstance(self.tables[0], GradedTable)

    @property
    def bit_tables(self) -> tuple[BitTable, ...]:
        """The context neurons, if they are bit tables; else none."""
        return tuple(table for table in self.tables if isinstance(table, BitTable))

    @property
    def graded_tables(self) -> tuple[GradedTable, ...]:
        """The context neurons, if they are graded; else none."""
        return tuple(table for table in self.tables if isinstance(table, GradedTable))

    @property
    def answers_a_neuron(self) -> int:
        """The highest answer of a context neuron, counted from its lowest."""
        return 2 * HIGHEST if self.graded else 1

    def columns(self) -> tuple[int, ...]:
        """Return the feature column that each context neuron of `network` reads."""
        return tuple(template for template in self.template_of for _ in range(self.answers_a_neuron))

    def network(self, *, for_go: bool = False) -> Network:
        """Return the same network for `goldzone.hashtron`; context neuron i reads feature i, see `columns`.

        A graded neuron becomes fourteen plain ones. With `for_go`, tables become filters that the reference's
        reader can run: about 3 bits a cell.
        """
        plain = [
            neuron
            for table in self.tables
            for neuron in (table.bit_neurons() if isinstance(table, GradedTable) else (table,))
        ]
        context = [table.to_hashtron() for table in plain] if for_go else plain
        return Network(context_committee(len(plain)), (*context, self.final))


def encode_tables(tables: Sequence[BitTable]) -> bytes:
    """Write the ones of all tables, end to end, as the gaps between them.

    A gap is the number of zeros before a one, in groups of seven bits, low ones first, the high bit set on
    all but the last byte (LEB128). Under pressure with a vote threshold few cells answer 1, so this is far
    smaller than a bit a cell, and close to the entropy once deflated.

    Raises
    ------
    ModelFormatError
        `decode_tables` would refuse it: there are more than `MAX_CELLS` cells, or nearly all are empty.
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
    if cells > _EMPTY_CELLS + _CELLS_A_BYTE * end:
        raise ModelFormatError(
            f"{cells} cells are too many for a model file with {end} bytes of ones; use a lower premodulo"
        )
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
        A gap is cut off, too long, or not in its shortest form, a one lies beyond the last cell, or so many
        cells are declared that a few bytes would fill the memory.
    """
    most = min(MAX_CELLS, _EMPTY_CELLS + _CELLS_A_BYTE * len(data))
    if sum(premodulos) > most:
        raise ModelFormatError(
            f"{name}: {sum(premodulos)} cells are declared; at most {most} are read from {len(data)} bytes"
        )
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
    tables: list[BitTable] = []
    for index, (salt, premodulo) in enumerate(zip(salts, premodulos, strict=True)):
        cells = np.zeros(-(-premodulo // 8), dtype=np.uint8)
        pack_ones(ones[edges[index] : edges[index + 1]], starts[index], cells)
        tables.append(BitTable(salt, premodulo, cells.tobytes()))
    return tuple(tables)


def encode_grades(tables: Sequence[GradedTable]) -> tuple[bytes, bytes]:
    """Write which cells of all tables have a grade, as `encode_tables` does, and these grades.

    A grade is four bits, two's complement, the first of two in the low half of a byte.

    Raises
    ------
    ModelFormatError
        The tables have more than `MAX_CELLS` cells.
    """
    grades = [table.grades() for table in tables]
    used = [BitTable.from_bits(table.salt, each != 0) for table, each in zip(tables, grades, strict=True)]
    said = np.concatenate([each[each != 0] for each in grades]).astype(np.uint8) & np.uint8(15)
    halves = np.concatenate((said, np.zeros(said.size % 2, np.uint8)))
    return encode_tables(used), (halves[::2] | halves[1::2] << np.uint8(4)).tobytes()


def decode_grades(
    gaps: bytes, grades: bytes, salts: Sequence[int], premodulos: Sequence[int], name: str
) -> tuple[GradedTable, ...]:
    """Read what `encode_grades` wrote; see `decode_tables`.

    Raises
    ------
    ModelFormatError
        As `decode_tables`; or there is not one grade for each cell that has one.
    """
    used = [table.bits() for table in decode_tables(gaps, salts, premodulos, name)]
    counts = [int(bits.sum()) for bits in used]
    total = sum(counts)
    packed = np.frombuffer(grades, dtype=np.uint8)
    halves = np.stack((packed & np.uint8(15), packed >> np.uint8(4)), axis=1).reshape(-1)
    said = halves[:total]
    if packed.size != -(-total // 2) or np.isin(said, (0, HIGHEST + 1)).any() or halves[total:].any():
        raise ModelFormatError(f"{name}: the grades do not match the cells; copy the file again")
    signed = np.where(said > HIGHEST, said.astype(np.int8) - np.int8(16), said.astype(np.int8))
    tables, start = [], 0
    for salt, bits, count in zip(salts, used, counts, strict=True):
        cells = np.zeros(bits.size, np.int8)
        cells[bits] = signed[start : start + count]
        tables.append(GradedTable.from_grades(salt, cells))
        start += count
    return tuple(tables)
