"""The store of records: what came out each time a neuron was trained, the last few times for each neuron.

It lives in memory, as columns with a ring of `depth` records for each neuron, so it cannot grow.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import StateError
from goldzone.training.sums.record import COLUMNS, MAX_RUNS, SumRecord, record_values, to_columns
from goldzone.training.sums.rings import Rings
from goldzone.training.sums.snapshot import MAX_DEPTH, MAX_NAME_BYTES, possible_shape

__all__ = ["DEFAULT_DEPTH", "RecordStore"]

DEFAULT_DEPTH: Final = 32
"""Records kept for each neuron."""

_FIELDS: Final = ("layer", "position", *COLUMNS)
_VALUES: Final = operator.attrgetter(*_FIELDS)


class RecordStore:
    """The last records of every neuron, also those of changes that were not kept.

    Parameters
    ----------
    layers : sequence of int
        Neurons in each hashtron layer, from the input: ``(448, 1)``.
    depth : int
        Records kept for each neuron, 1 to 65,536; older ones are forgotten.
    identity : str
        What run the sums belong to, such as digests of configuration and data; snapshots carry it, so that
        those of another run are refused. At most 4,096 bytes of UTF-8.

    Raises
    ------
    StateError
        If there is no layer, a layer has no neuron, the depth is out of range, there would be more than 2**27
        records, or the identity is too long.
    """

    def __init__(self, layers: Sequence[int], depth: int = DEFAULT_DEPTH, *, identity: str = "") -> None:
        if not possible_shape(tuple(layers), depth):
            raise StateError(
                f"sum cache: layers {tuple(layers)} of depth {depth} are not possible; "
                f"give neurons for each layer and a depth of 1 to {MAX_DEPTH}, at most 2**27 records in all"
            )
        self._layers = tuple(layers)
        self._depth = depth
        self._identity = _checked_name(identity, "the identity")
        self._generation = 0
        self._offsets = tuple(itertools.accumulate(layers, initial=0))
        self._runs: dict[str, int] = {}
        self._rings = Rings(self._offsets[-1], depth)

    @property
    def layers(self) -> tuple[int, ...]:
        """Neurons in each layer."""
        return self._layers

    @property
    def depth(self) -> int:
        """Records kept for each neuron."""
        return self._depth

    @property
    def identity(self) -> str:
        """What run the sums belong to; empty: not told."""
        return self._identity

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs; a record's `run` is an index into it."""
        return tuple(self._runs)

    @property
    def nbytes(self) -> int:
        """Memory of the records, used or not, in bytes."""
        arrays = (self._rings.counts, self._rings.newest, *self._rings.columns.values())
        return sum(array.nbytes for array in arrays)

    def __len__(self) -> int:
        """Return how many records are kept."""
        return int(self._rings.kept.sum())

    def __bool__(self) -> bool:
        """Return True: an empty cache is still one."""
        return True

    def run_number(self, name: str) -> int:
        """Return the number of a run; a new name gets the next, and keeps it whatever is pruned.

        Raises
        ------
        StateError
            If the name is over 4,096 bytes, or there are 65,536 runs.
        """
        if name not in self._runs:
            _checked_name(name, "a run's name")
            if len(self._runs) == MAX_RUNS:
                raise StateError(f"sum cache: it knows {MAX_RUNS} runs, which is the most; begin a new one")
            self._runs[name] = len(self._runs)
        return self._runs[name]

    def append(self, record: SumRecord) -> None:
        """Add a record; the neuron's oldest goes if the ring is full.

        Raises
        ------
        StateError
            If there is no such neuron or run, or a number is not possible.
        """
        row = self._row(record.layer, record.position)
        values = record_values(record)
        self._check_run(record.run)
        self._rings.append(row, values)

    def append_batch(self, records: Iterable[SumRecord]) -> None:
        """Add records in order: all, or none if one is refused (see `append`)."""
        columns = dict(zip(_FIELDS, zip(*map(_VALUES, records), strict=True), strict=False))
        if columns:
            self.append_columns(**columns)

    def append_columns(self, **columns: ArrayLike) -> None:
        """Add records, given as a column for each field of `SumRecord`, in order: all or none.

        Parameters
        ----------
        **columns : array_like[n]
            A single value stands for all records; what has a default may be left out. Several records may be
            of one neuron.

        Raises
        ------
        StateError
            If a column is missing or unknown, lengths differ, or a record is refused (see `append`).
        """
        checked = to_columns(columns)
        if not checked["run"].size:
            return
        rows = self._rows(checked["layer"], checked["position"])
        self._check_run(int(checked["run"].max()))
        self._rings.extend(rows, checked)

    def record_result(
        self,
        run: int,
        sweep: int,
        *,
        train_accuracy: float | None,
        dev_accuracy: float | None,
        loss: float | None,
    ) -> int:
        """Write how a sweep was judged into all its records.

        Parameters
        ----------
        run, sweep : int
        train_accuracy, dev_accuracy, loss : float or None
            As in `SumRecord`; None: not known.

        Returns
        -------
        int
            How many records were filled.

        Raises
        ------
        StateError
            If there is no such run, or a value is out of range.
        """
        results = {"train_accuracy": train_accuracy, "dev_accuracy": dev_accuracy, "loss": loss}
        self._check_run(run)
        for name, value in results.items():
            column = COLUMNS[name]
            if value is not None and not (column.least <= value <= column.most or value != value):  # noqa: PLR0124
                raise StateError(
                    f"sum cache: {name} {value} is out of range; give {column.least:g} to {column.most:g}"
                )
        mask = self._of_run(run) & (self._rings.columns["sweep"] == sweep)
        for name, value in results.items():
            self._rings.columns[name][mask] = np.nan if value is None else value
        return int(mask.sum())

    def mark_reverted(self, run: int, after_sweep: int) -> int:
        """Mark a run's records of later sweeps as not accepted: the state after that sweep was restored.

        Returns
        -------
        int
            How many records were accepted before.

        Raises
        ------
        StateError
            If there is no such run.
        """
        self._check_run(run)
        columns = self._rings.columns
        mask = self._of_run(run) & (columns["sweep"] > after_sweep) & (columns["accepted"] == 1)
        self._rings.reject(mask)
        return int(mask.sum())

    def latest(self, layer: int, position: int, *, accepted_only: bool = False) -> SumRecord | None:
        """Return a neuron's last record; None if it has none."""
        found = self.history(layer, position, 1, accepted_only=accepted_only)
        return found[0] if found else None

    def history(
        self, layer: int, position: int, last: int | None = None, *, accepted_only: bool = False
    ) -> tuple[SumRecord, ...]:
        """Return a neuron's last records, oldest first.

        Parameters
        ----------
        layer, position : int
        last : int, optional
            How many at most; None: all that are kept.
        accepted_only : bool
            Pass over the changes that were not kept; controllers do.
        """
        row = self._row(layer, position)
        count = self._rings.counts.item(row)
        slots = [number % self._depth for number in range(max(0, count - self._depth), count)]
        if accepted_only:
            slots = [slot for slot in slots if self._rings.columns["accepted"][row, slot]]
        if last is not None:
            slots = slots[max(0, len(slots) - last) :]
        return tuple(self._record(layer, position, row, slot) for slot in slots)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all records as columns, in the order in which they were appended.

        Returns
        -------
        dict of str to array[n_records]
            `layer`, `position` (int64), `run` (its name, object), then the other fields of `SumRecord` as
            they are kept (`accepted` as bool), with `margin` (float64) after `samples`.
        """
        at = self._rings.places()
        order = np.argsort(self._rings.columns["serial"][at])
        rows, slots = at[0][order], at[1][order]
        layers = np.searchsorted(self._offsets, rows, side="right")
        values = {name: self._rings.columns[name][rows, slots] for name in COLUMNS}
        names = np.array([*self._runs, None], object)[:-1]
        columns: dict[str, NDArray[Any]] = {
            "layer": layers,
            "position": rows - np.array(self._offsets)[layers - 1],
            "run": names[values["run"]],
        }
        for name in itertools.islice(COLUMNS, 1, None):
            columns[name] = values[name]
            if name == "samples":
                columns["margin"] = np.abs(values["sum"]) / values["samples"]
        columns["accepted"] = values["accepted"].astype(np.bool_)
        return columns

    def prune_to_count(self, keep: int) -> int:
        """Keep the last records of each neuron; return how many records were dropped."""
        kept = self._rings.kept
        rows, _ = self._rings.places()
        starts = np.cumsum(kept) - kept
        number = np.arange(rows.size) - starts[rows]
        return self._keep(number >= kept[rows] - keep)

    def prune_older_sweeps(self, age: int) -> int:
        """Drop records more than `age` sweeps before the last of their run; return how many were dropped."""
        at = self._rings.places()
        runs, sweeps = (self._rings.columns[name][at].astype(np.int64) for name in ("run", "sweep"))
        last = np.zeros(len(self._runs), np.int64)
        np.maximum.at(last, runs, sweeps)
        return self._keep(sweeps >= last[runs] - age)

    def prune_before(self, time: float) -> int:
        """Drop records from before a time (seconds since 1970, UTC); return how many were dropped."""
        return self._keep(self._rings.columns["time"][self._rings.places()] >= time)

    def prune_run(self, run: int) -> int:
        """Drop the records of a run; return how many were dropped.

        Its name keeps its number, so that no later record can be taken for one of another run.

        Raises
        ------
        StateError
            If there is no such run.
        """
        self._check_run(run)
        return self._keep(self._rings.columns["run"][self._rings.places()] != run)

    def _keep(self, mask: NDArray[np.bool_]) -> int:
        self._rings.keep(mask)
        return int(mask.size - np.count_nonzero(mask))

    def _of_run(self, run: int) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self._rings.used() & (self._rings.columns["run"] == run)
        return mask

    def _row(self, layer: int, position: int) -> int:
        size = self._size(layer)
        if not 0 <= position < size:
            raise StateError(f"sum cache: layer {layer} has no neuron {position}; give 0 to {size - 1}")
        return self._offsets[layer - 1] + position

    def _rows(self, layers: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of neurons; refuse the first that is none."""
        known = (layers >= 1) & (layers <= len(self._layers))
        places = np.where(known, layers - 1, 0)
        known &= (positions >= 0) & (positions < np.array(self._layers)[places])
        if not known.all():
            first = int(np.argmin(known))
            self._row(int(layers[first]), int(positions[first]))
        return np.array(self._offsets)[places] + positions

    def _layer_rows(self, layer: int) -> NDArray[np.int64]:
        return np.arange(self._size(layer)) + self._offsets[layer - 1]

    def _size(self, layer: int) -> int:
        if not 1 <= layer <= len(self._layers):
            raise StateError(f"sum cache: there is no layer {layer}; give 1 to {len(self._layers)}")
        return self._layers[layer - 1]

    def _record(self, layer: int, position: int, row: int, slot: int) -> SumRecord:
        values = {name: self._rings.columns[name].item(row, slot) for name in COLUMNS}
        values["accepted"] = bool(values["accepted"])
        return SumRecord(layer, position, **values)

    def _check_run(self, run: int) -> None:
        if not 0 <= run < len(self._runs):
            raise StateError(f"sum cache: there is no run {run}; it knows {len(self._runs)}, see run_number")


def _checked_name(name: str, what: str) -> str:
    if len(name.encode()) > MAX_NAME_BYTES:
        raise StateError(f"sum cache: {what} is over {MAX_NAME_BYTES} bytes; shorten it")
    return name
