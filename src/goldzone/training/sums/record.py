"""What is kept of each training of a neuron: the record, its columns, and what they may hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from goldzone.errors import StateError

__all__ = ["COLUMNS", "RECORD", "Column", "SumRecord", "check_record", "check_value"]

_UINT16: Final = (1 << 16) - 1
_UINT32: Final = (1 << 32) - 1
_FLOAT32: Final = float(np.finfo(np.float32).max)
_FLOAT64: Final = float(np.finfo(np.float64).max)


class Column(NamedTuple):
    """How one field of a record is kept: type, bounds (both included), and whether it may be NaN."""

    dtype: str
    least: float
    most: float
    may_be_unknown: bool = False


COLUMNS: Final[dict[str, Column]] = {
    "run": Column("<u2", 0, _UINT16),
    "sweep": Column("<u2", 0, _UINT16),
    "time": Column("<f8", -_FLOAT64, _FLOAT64),
    "sum": Column("<i8", -_UINT32, _UINT32),
    "samples": Column("<u4", 1, _UINT32),
    "premodulo": Column("<u4", 0, _UINT32),
    "duration_seconds": Column("<f4", 0, _FLOAT32),
    "agreement": Column("<f4", 0, 1, may_be_unknown=True),
    "train_accuracy": Column("<f4", 0, 1, may_be_unknown=True),
    "dev_accuracy": Column("<f4", 0, 1, may_be_unknown=True),
    "loss": Column("<f4", -_FLOAT32, _FLOAT32, may_be_unknown=True),
    "accepted": Column("?", 0, 1),
}
"""Columns by the field of `SumRecord` that they hold, in its order and that of the snapshot."""

RECORD: Final[np.dtype[Any]] = np.dtype(
    [*((name, column.dtype) for name, column in COLUMNS.items()), ("serial", "<u4")]
)
"""A record in memory, 53 bytes; ``serial`` rises from each record to the next, over all neurons."""


@dataclass(frozen=True, slots=True)
class SumRecord:
    """One training of one neuron.

    The floats after `duration_seconds` are NaN when not known. A cache keeps all floats but the time as
    float32.
    """

    layer: int
    """The hashtron layer from the input, from 1."""
    position: int
    """In the layer, from 0."""
    run: int
    """Number of the run, from `SumCache.run_number`."""
    sweep: int
    """From 1 to 65,535; 0 for a training outside the sweeps."""
    time: float
    """When, in seconds since 1970 (UTC)."""
    sum: int
    """S, the sum of the boolean outputs, in [0, N]; records from before it was that are in [-N, N]."""
    samples: int
    """N, from 1 to 2**32 - 1."""
    premodulo: int
    """0 where there was none."""
    duration_seconds: float
    agreement: float = math.nan
    """Margin of the votes, |sum of votes| / sum of |votes|, in [0, 1]."""
    train_accuracy: float = math.nan
    """Share, in [0, 1], after the sweep."""
    dev_accuracy: float = math.nan
    """The same."""
    loss: float = math.nan
    accepted: bool = True
    """Whether the change was kept."""

    @property
    def margin(self) -> float:
        """|S| / N."""
        return abs(self.sum) / self.samples


def check_record(record: SumRecord) -> None:
    """Refuse a record that is not possible.

    Raises
    ------
    StateError
        If a value is out of its column's range, or |S| > N.
    """
    where = f"layer {record.layer} neuron {record.position}: "
    for name in COLUMNS:
        check_value(name, getattr(record, name), where)
    if abs(record.sum) > record.samples:
        raise StateError(
            f"sum cache: {where}sum {record.sum} of {record.samples} samples is not possible; "
            "give a sum in [-N, N]"
        )


def check_value(name: str, value: float, where: str = "") -> None:
    """Refuse a value that a column cannot hold; `where` is what the message begins with.

    Raises
    ------
    StateError
        If it is out of range, or NaN where that is not allowed.
    """
    column = COLUMNS[name]
    if column.least <= value <= column.most or (column.may_be_unknown and math.isnan(value)):
        return
    raise StateError(
        f"sum cache: {where}{name} {value} is out of range; give {column.least:g} to {column.most:.10g}"
    )
