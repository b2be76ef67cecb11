"""Columns of records, with a ring of `depth` records for each row; what a row is, the store knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.training.sums.record import COLUMNS

__all__ = ["Places", "Rings", "ranks"]

Places: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row and slot of each of some records."""

_SERIALS: Final = 1 << 32


class Rings:
    """The last `depth` records of each row.

    Until a ring is full, its records lie in the slots from 0 on, oldest first; then the oldest lies where the
    next one goes. Unused slots are 0.

    Parameters
    ----------
    rows, depth : int

    Attributes
    ----------
    columns : dict of str to array[rows, depth]
        The columns of a record, and ``serial``, which rises from each record to the next over all rows.
    counts : int64[rows]
        Records appended to each row, less those that were pruned; the next one's slot, modulo `depth`.
    newest : int64[rows]
        Slot of the newest accepted record; -1: none.
    """

    def __init__(self, rows: int, depth: int) -> None:
        self.depth = depth
        self.counts: NDArray[np.int64] = np.zeros(rows, np.int64)
        self.newest: NDArray[np.int64] = np.full(rows, -1, np.int64)
        self.columns: dict[str, NDArray[Any]] = {
            name: np.zeros((rows, depth), column.dtype) for name, column in COLUMNS.items()
        }
        self.columns["serial"] = np.zeros((rows, depth), "<u4")
        self._next_serial = 0

    @property
    def kept(self) -> NDArray[np.int64]:
        """Records of each row: int64[rows]."""
        return np.minimum(self.counts, self.depth)

    def append(self, row: int, values: Sequence[float]) -> None:
        """Append a record, its values in the order of `COLUMNS`; a full ring loses its oldest."""
        serial = self._take_serials(1)
        slot = self.counts.item(row) % self.depth
        for column, value in zip(self.columns.values(), (*values, serial), strict=True):
            column[row, slot] = value
        self.counts[row] += 1
        if values[-1]:
            self.newest[row] = slot
        elif self.newest.item(row) == slot:  # all newer ones were not accepted either
            self.newest[row] = -1

    def extend(self, rows: NDArray[np.int64], columns: Mapping[str, NDArray[Any]]) -> None:
        """Append records in order; several may go to one row."""
        serial = self._take_serials(rows.size)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        touched, sizes = np.unique(ordered, return_counts=True)
        rank = _within_groups(sizes)
        # Of a row's records, all but the last `depth` would be overwritten at once.
        lasting = rank >= np.repeat(sizes - self.depth, sizes)
        slots = (self.counts[ordered] + rank) % self.depth
        at, source = (ordered[lasting], slots[lasting]), order[lasting]
        for name in COLUMNS:
            self.columns[name][at] = columns[name][source]
        self.columns["serial"][at] = serial + source
        self.counts[touched] += sizes
        self._find_newest(touched)

    def places(self) -> Places:
        """Return where all records are, row by row, in each row oldest first."""
        kept = self.kept
        rows = np.repeat(np.arange(kept.size), kept)
        slots = (np.repeat(self.counts - kept, kept) + _within_groups(kept)) % self.depth
        return rows, slots

    def recent(self, rows: NDArray[np.int64], last: int) -> tuple[Places, NDArray[np.bool_]]:
        """Return where the last accepted records of some rows are.

        Returns
        -------
        places : (int64[n, 1], int64[n, min(last, depth)])
            In each row oldest first, to the right.
        there : bool[n, min(last, depth)]
            Whether there is such a record; the others are places of none.
        """
        back = np.arange(self.depth)
        column = rows[:, np.newaxis]
        slots = (self.counts[column] - 1 - back) % self.depth  # newest first
        there = self.columns["accepted"][column, slots] == 1  # an unused slot is 0
        first = np.argsort(~there, axis=1, kind="stable")[:, :last][:, ::-1]
        return (column, np.take_along_axis(slots, first, 1)), np.take_along_axis(there, first, 1)

    def newest_serials(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the serial of each row's newest accepted record: int64[n]; -1: none."""
        slots = self.newest[rows]
        return np.where(slots >= 0, self.columns["serial"][rows, slots].astype(np.int64), -1)

    def used(self) -> NDArray[np.bool_]:
        """Return which slots hold a record: bool[rows, depth]."""
        return np.arange(self.depth) < self.counts[:, np.newaxis]

    def reject(self, mask: NDArray[np.bool_]) -> None:
        """Mark the records of a mask, bool[rows, depth], as not accepted."""
        self.columns["accepted"][mask] = 0
        self._find_newest(np.flatnonzero(mask.any(axis=1)))

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Drop all records but those of a mask over `places`."""
        rows, slots = (place[mask] for place in self.places())
        # One column after the other, so that there is never a second copy of all.
        self._lay_out(rows, ((name, column[rows, slots]) for name, column in self.columns.items()))

    def fill(self, kept: NDArray[np.int64], columns: Mapping[str, NDArray[Any]]) -> None:
        """Replace all records.

        Parameters
        ----------
        kept : int64[rows]
            Records of each row, at most `depth`.
        columns : mapping of str to array
            All columns with ``serial``, in the order of `places`; the serials are 0, 1, 2, ... in some order.
        """
        self._lay_out(np.repeat(np.arange(kept.size), kept), columns.items())
        self._next_serial = int(kept.sum())

    def _lay_out(self, rows: NDArray[np.int64], columns: Iterable[tuple[str, NDArray[Any]]]) -> None:
        """Put records, row by row and oldest first, into the slots from 0 on; clear all others."""
        self.counts[:] = np.bincount(rows, minlength=self.counts.size)
        slots = _within_groups(self.counts)
        for name, values in columns:
            self.columns[name][...] = 0
            self.columns[name][rows, slots] = values
        self._find_newest(np.arange(self.counts.size))

    def _find_newest(self, rows: NDArray[np.int64]) -> None:
        accepted = self.columns["accepted"][rows] == 1  # an unused slot is 0
        serials = np.where(accepted, self.columns["serial"][rows].astype(np.int64), -1)
        slots = np.argmax(serials, axis=1)
        self.newest[rows] = np.where(accepted.any(axis=1), slots, -1)

    def _take_serials(self, count: int) -> int:
        """Return the first of `count` new serials; when they run out, the records are numbered anew."""
        if self._next_serial + count > _SERIALS:
            at = self.places()
            self.columns["serial"][at] = ranks(self.columns["serial"][at])
            self._next_serial = at[0].size
        first = self._next_serial
        self._next_serial += count
        return first


def ranks(values: NDArray[Any]) -> NDArray[np.uint32]:
    """Return the place of each value in their sorted order: uint32[n]."""
    result = np.empty(values.size, np.uint32)
    result[np.argsort(values, kind="stable")] = np.arange(values.size)
    return result


def _within_groups(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0, 1, ..., size - 1 for each size in turn."""
    ends = np.cumsum(sizes)
    return np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes)
