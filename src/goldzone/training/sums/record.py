"""What is kept of each training of a neuron: the record, its columns, and what they may hold."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import StateError

__all__ = ["COLUMNS", "MAX_RUNS", "RECORD_BYTES", "Column", "SumRecord", "record_values", "to_columns"]

_UINT16: Final = (1 << 16) - 1
_UINT32: Final = (1 << 32) - 1
_FLOAT32: Final = float(np.finfo(np.float32).max)
_FLOAT64: Final = float(np.finfo(np.float64).max)

MAX_RUNS: Final = _UINT16 + 1
"""Runs that a cache can tell apart."""


@dataclass(frozen=True, slots=True)
class Column:
    """How one field of a record is kept.

    Attributes
    ----------
    dtype : str
        Little-endian.
    least, most : int or float
        Bounds, both included.
    default : float, optional
        Value where none is given; None: one must be given. NaN, not known, is allowed only where it is the
        default.
    """

    dtype: str
    least: float
    most: float
    default: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        return "f" not in self.dtype

    @property
    def may_be_unknown(self) -> bool:
        """Whether it may hold NaN."""
        return self.default is not None and math.isnan(self.default)


COLUMNS: Final[dict[str, Column]] = {
    "run": Column("<u2", 0, MAX_RUNS - 1),
    "sweep": Column("<u2", 0, _UINT16),
    "time": Column("<f8", -_FLOAT64, _FLOAT64),
    "sum": Column("<i8", -_UINT32, _UINT32),
    "samples": Column("<u4", 1, _UINT32),
    "premodulo": Column("<u4", 0, _UINT32),
    "duration_seconds": Column("<f4", 0, _FLOAT32),
    "agreement": Column("<f4", 0, 1, math.nan),
    "train_accuracy": Column("<f4", 0, 1, math.nan),
    "dev_accuracy": Column("<f4", 0, 1, math.nan),
    "loss": Column("<f4", -_FLOAT32, _FLOAT32, math.nan),
    "accepted": Column("<u1", 0, 1, 1),
}
"""Columns by the field of `SumRecord` that they hold, in the order of the snapshot."""

RECORD_BYTES: Final = sum(np.dtype(column.dtype).itemsize for column in COLUMNS.values()) + 4
"""Memory of a record: its columns, and a uint32 that tells when it was appended."""


@dataclass(frozen=True, slots=True)
class SumRecord:
    """One training of one neuron.

    Attributes
    ----------
    layer, position : int
        The neuron: its hashtron layer from the input, from 1; its place in the layer, from 0.
    run : int
        Number of the run, from `SumCache.run_number`.
    sweep : int
        From 1 to 65,535; 0 for a training outside the sweeps.
    time : float
        When, in seconds since 1970 (UTC).
    sum, samples : int
        S, the sum of the outputs as +1 and -1, in [-N, N]; N, from 1 to 2**32 - 1.
    premodulo : int
        0 where there was none.
    duration_seconds : float
    agreement : float
        Margin of the votes, |sum of votes| / sum of |votes|, in [0, 1].
    train_accuracy, dev_accuracy : float
        Shares, in [0, 1], after the sweep.
    loss : float
    accepted : bool
        Whether the change was kept.

    The floats after `duration_seconds` are NaN when not known. A cache keeps all floats but the time as
    float32.
    """

    layer: int
    position: int
    run: int
    sweep: int
    time: float
    sum: int
    samples: int
    premodulo: int
    duration_seconds: float
    agreement: float = math.nan
    train_accuracy: float = math.nan
    dev_accuracy: float = math.nan
    loss: float = math.nan
    accepted: bool = True

    @property
    def margin(self) -> float:
        """|S| / N."""
        return abs(self.sum) / self.samples


def record_values(record: SumRecord) -> list[float]:
    """Return a record's values in the order of `COLUMNS`, after checking them.

    Raises
    ------
    StateError
        If a value is of another kind or out of its column's range, or |S| > N.
    """
    where = f"layer {record.layer} neuron {record.position}"
    values: list[float] = []
    for name, column in COLUMNS.items():
        value: float = getattr(record, name)
        if isinstance(value, np.generic):
            value = value.item()
        try:
            value = operator.index(value) if column.whole else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise StateError(f"sum cache: {where}: {name} {value!r} is not {_kind(column)}") from None
        if not (column.least <= value <= column.most or (column.may_be_unknown and math.isnan(value))):
            raise _out_of_range(where, name, value, record.samples)
        values.append(value)
    if abs(record.sum) > record.samples:
        raise _out_of_range(where, "sum", record.sum, record.samples)
    return values


def to_columns(given: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    """Turn arrays and single values into checked columns of one length.

    Parameters
    ----------
    given : mapping of str to array_like
        By field of `SumRecord`; a single value stands for all records. What a record has a default for may
        be left out.

    Returns
    -------
    dict of str to array
        `layer` and `position` as int64[n], not checked; the others as in `COLUMNS`, each [n].

    Raises
    ------
    StateError
        If a column is missing or unknown, the lengths differ, or a value is of another kind or out of range.
    """
    wanted = {"layer": None, "position": None, **{name: column.default for name, column in COLUMNS.items()}}
    unknown = [name for name in given if name not in wanted]
    missing = [name for name, default in wanted.items() if default is None and name not in given]
    if unknown or missing:
        what = f"column {unknown[0]!r} is unknown" if unknown else f"column {missing[0]!r} is missing"
        raise StateError(f"sum cache: {what}; give the fields of SumRecord")
    arrays = {name: np.asarray(given.get(name, default)) for name, default in wanted.items()}
    try:
        shape = np.broadcast_shapes((1,), *(array.shape for array in arrays.values()))
    except ValueError:
        shape = (0, 0)
    if len(shape) != 1:
        lengths = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
        raise StateError(f"sum cache: columns differ in shape ({lengths}); give one value for each record")
    for name, array in arrays.items():
        column = COLUMNS.get(name, _PLACE)
        if array.dtype.kind not in ("iub" if column.whole else "iubf"):
            raise StateError(f"sum cache: column {name!r} holds what is not {_kind(column)}")
        if not column.whole:
            arrays[name] = array.astype(np.float64)
    full = {name: np.broadcast_to(array, shape) for name, array in arrays.items()}
    for name, column in COLUMNS.items():
        good = (full[name] >= column.least) & (full[name] <= column.most)
        if column.may_be_unknown:
            good |= np.isnan(full[name])
        _refuse_first(~good, name, full)
    _refuse_first(np.abs(full["sum"].astype(np.int64)) > full["samples"], "sum", full)
    return {name: array.astype(COLUMNS.get(name, _PLACE).dtype) for name, array in full.items()}


_PLACE: Final = Column("<i8", 0, 0)
"""`layer` and `position`, whose bounds are the cache's."""


def _refuse_first(bad: NDArray[np.bool_], name: str, columns: Mapping[str, NDArray[Any]]) -> None:
    if bad.any():
        at = int(np.argmax(bad))
        where = f"layer {columns['layer'][at]} neuron {columns['position'][at]}"
        raise _out_of_range(where, name, columns[name][at], columns["samples"][at])


def _out_of_range(where: str, name: str, value: float, samples: float) -> StateError:
    if name in {"sum", "samples"}:
        sum_of = f"{value} of {samples} samples" if name == "sum" else f"of {samples} samples"
        advice = f"give a sum in [-N, N] with N from 1 to {_UINT32}"
        return StateError(f"sum cache: {where}: sum {sum_of} is not possible; {advice}")
    least, most = COLUMNS[name].least, COLUMNS[name].most
    return StateError(f"sum cache: {where}: {name} {value} is out of range; give {least:g} to {most:.10g}")


def _kind(column: Column) -> str:
    return "whole numbers of 64 bits" if column.whole else "numbers"
