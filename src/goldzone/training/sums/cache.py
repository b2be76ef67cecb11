"""The sum cache: the last sums of every neuron, and snapshots that make them survive the process.

It lives in memory, with room for `depth` records of each neuron, so it cannot grow.
"""

from __future__ import annotations

import math
import operator
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.storage.backups import read_newest, write_rotated
from goldzone.storage.sealed import DamagedError, Sealed, seal, unseal
from goldzone.training.sums.record import COLUMNS, RECORD, SumRecord, check_record, check_value

__all__ = ["DEFAULT_DEPTH", "LoadedSums", "SumCache", "SumRecord"]

DEFAULT_DEPTH: Final = 32
"""Records kept of each neuron."""

_MAX_DEPTH: Final = 1 << 16
_MAX_RECORDS: Final = 1 << 27
_VALUES: Final = operator.attrgetter(*COLUMNS)

_MAGIC: Final = b"GZSUMSNP"
_VERSION: Final = 3
_VERSION_2: Final = b"GZSUMS\x02\x00"
"""How version 2 began, which had a layout of its own."""
_NOT_A_CACHE: Final = (ArithmeticError, LookupError, MemoryError, StateError, TypeError, ValueError)
"""What building a cache from a sealed file that describes none can raise."""


@dataclass(frozen=True, eq=False)
class LoadedSums:
    """What `SumCache.load` found."""

    cache: SumCache
    warnings: tuple[str, ...]
    """A line for each file that is damaged, missing or in the wrong place, and for what became of it; empty
    when nothing was lost."""


class SumCache:
    """The last records of every neuron, also those of changes that were not kept.

    Parameters
    ----------
    layers : sequence of int
        Neurons in each hashtron layer, from the input: ``(765, 1)``.
    depth : int
        Records kept of each neuron, 1 to 65,536; older ones are forgotten.
    identity : str
        What run the sums belong to, such as digests of configuration and data; snapshots carry it, so that
        those of another run are refused.

    Raises
    ------
    StateError
        If there is no layer, a layer has no neuron, the depth is out of range, or there would be more than
        2**27 records.
    """

    def __init__(self, layers: Sequence[int], depth: int = DEFAULT_DEPTH, *, identity: str = "") -> None:
        if not (
            layers and min(layers) >= 1 and 1 <= depth <= _MAX_DEPTH and sum(layers) * depth <= _MAX_RECORDS
        ):
            raise StateError(
                f"sum cache: layers {tuple(layers)} of depth {depth} are not possible; "
                f"give neurons for each layer and a depth of 1 to {_MAX_DEPTH}, at most 2**27 records in all"
            )
        self.layers = tuple(layers)
        self.depth = depth
        self.identity = identity
        self._offsets = tuple(accumulate(layers, initial=0))
        self._runs: dict[str, int] = {}
        # A row for each neuron, layer by layer: its records oldest first, then zeros.
        self._records = np.zeros((self._offsets[-1], depth), RECORD)
        self._kept = np.zeros(self._offsets[-1], np.int64)
        self._appended = self._newest_row = 0

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs; a record's `run` is an index into it."""
        return tuple(self._runs)

    @property
    def nbytes(self) -> int:
        """Memory of the records, used or not, in bytes."""
        return self._records.nbytes + self._kept.nbytes

    def __len__(self) -> int:
        """Return how many records are kept."""
        return int(self._kept.sum())

    def __bool__(self) -> bool:
        """Return True: an empty cache is still one."""
        return True

    def run_number(self, name: str) -> int:
        """Return the number of a run; a new name gets the next."""
        return self._runs.setdefault(name, len(self._runs))

    def append(self, *records: SumRecord) -> None:
        """Add records in order, all or none; a neuron whose room is full loses its oldest.

        Raises
        ------
        StateError
            If there is no such neuron or run, or a number is not possible.
        """
        rows = [self._row(record.layer, record.position) for record in records]
        for record in records:
            check_record(record)
            if record.run >= len(self._runs):
                raise StateError(f"sum cache: there is no run {record.run}; it knows {len(self._runs)}")
        for row, record in zip(rows, records, strict=True):
            self._put(row, _VALUES(record))

    def record_result(
        self,
        run: int,
        sweep: int,
        *,
        train_accuracy: float | None,
        dev_accuracy: float | None,
        loss: float | None,
    ) -> None:
        """Write how a sweep was judged into all its records; None or NaN: not known.

        Raises
        ------
        StateError
            If a value is out of range.
        """
        results = {"train_accuracy": train_accuracy, "dev_accuracy": dev_accuracy, "loss": loss}
        known = {name: math.nan if value is None else value for name, value in results.items()}
        for name, value in known.items():
            check_value(name, value)
        mask = (self._records["run"] == run) & (self._records["sweep"] == sweep)
        for name, value in known.items():
            self._records[name][mask] = value

    def mark_reverted(self, run: int, after_sweep: int) -> None:
        """Mark a run's records of later sweeps as not accepted: the state after that sweep was restored."""
        mask = (self._records["run"] == run) & (self._records["sweep"] > after_sweep)
        self._records["accepted"][mask] = False

    @property
    def newest(self) -> SumRecord | None:
        """The record that was appended last; None if there is none."""
        if not self._appended:
            return None
        return self.history(*self._neuron(self._newest_row))[-1]

    def history(self, layer: int, position: int, *, accepted_only: bool = False) -> tuple[SumRecord, ...]:
        """Return a neuron's records, oldest first; `accepted_only`: without changes that were not kept.

        Raises
        ------
        StateError
            If there is no such neuron.
        """
        row = self._row(layer, position)
        return tuple(
            SumRecord(layer, position, *values)
            for *values, _ in self._records[row, : self._kept[row]].tolist()
            if values[-1] or not accepted_only
        )

    def layer_sums(self, layer: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return S and N of each neuron's last accepted record: int64[n_neurons] each, 0 where there is none.

        Raises
        ------
        StateError
            If there is no such layer.
        """
        first = self._row(layer, 0)
        records = self._records[first : first + self.layers[layer - 1]]
        accepted = records["accepted"][:, ::-1]  # newest first; False where there is no record
        last = records[np.arange(len(records)), self.depth - 1 - np.argmax(accepted, axis=1)]
        there = accepted.any(axis=1)
        return np.where(there, last["sum"], 0), np.where(there, last["samples"].astype(np.int64), 0)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all records as columns, in the order in which they were appended.

        Returns
        -------
        dict of str to array[n_records]
            `layer`, `position` (int64), `run` (its name, object), then the other fields of `SumRecord` as
            they are kept, with `margin` (float64) after `samples`.
        """
        rows, records = self._in_order()
        layers = np.searchsorted(self._offsets, rows, side="right")
        columns: dict[str, NDArray[Any]] = {
            "layer": layers,
            "position": rows - np.array(self._offsets)[layers - 1],
            "run": np.array([*self._runs, None], object)[records["run"]],
        }
        for name in tuple(COLUMNS)[1:]:
            columns[name] = records[name]
            if name == "samples":
                columns["margin"] = np.abs(records["sum"]) / records["samples"]
        return columns

    def snapshot(self, generation: int = 0) -> bytes:
        """Return all content as sealed bytes (`goldzone.storage.sealed`); the same for the same content.

        The header holds layers, depth, identity, generation and the names of the runs. The parts are, in the
        order in which the records were appended, ``neuron``, its number over all layers as uint32, and each
        of `COLUMNS`.
        """
        rows, records = self._in_order()
        content = {
            "layers": list(self.layers),
            "depth": self.depth,
            "identity": self.identity,
            "generation": generation,
            "runs": list(self._runs),
        }
        parts = {"neuron": rows.astype("<u4").tobytes()}
        return seal(_MAGIC, _VERSION, content, parts | {name: records[name].tobytes() for name in COLUMNS})

    @classmethod
    def from_snapshot(cls, data: bytes, name: str) -> SumCache:
        """Read a snapshot; `name` is what messages call it.

        Raises
        ------
        DamagedError
            If the bytes are not those that were written.
        StateError
            If they are of another version.
        """
        return cls._whole(_unsealed(data, name), data, name)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a snapshot with two rotated backups (`goldzone.storage.backups`).

        Raises
        ------
        StateError
            If a file cannot be written, or one there is of other layers or of another identity.
        """

        def decode(data: bytes, name: str) -> tuple[int, None]:
            return _own_generation(_unsealed(data, name), name, self.layers, self.identity), None

        write_rotated(Path(path), self.snapshot, decode)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], layers: Sequence[int], *, identity: str | None = None
    ) -> LoadedSums:
        """Read a snapshot, or its newest whole backup; with neither, start an empty cache.

        What was damaged is told in `LoadedSums.warnings`, so that a run can report it and go on: a lost sum
        cache costs a sweep, not the model.

        Parameters
        ----------
        path : path
            As given to `save`.
        layers : sequence of int
            The network's layers; a snapshot of another network is refused.
        identity : str, optional
            A snapshot of another identity is refused; None: any is taken.

        Raises
        ------
        StateError
            If a file is there but cannot be read, is of another version, or belongs to other layers or to
            another run.
        """

        def decode(data: bytes, name: str) -> tuple[int, SumCache]:
            sealed = _unsealed(data, name)
            generation = _own_generation(sealed, name, tuple(layers), identity)
            return generation, cls._whole(sealed, data, name)

        found = read_newest(Path(path), decode)
        return LoadedSums(found.value or cls(layers, identity=identity or ""), found.warnings)

    @classmethod
    def _whole(cls, sealed: Sealed, data: bytes, name: str) -> SumCache:
        """Return the cache that a snapshot describes; it must describe itself by the same bytes."""
        try:
            cache = cls._restored(sealed)
            if cache.snapshot(int(sealed.content["generation"])) == data:
                return cache
        except _NOT_A_CACHE:
            pass
        raise _damaged(name)

    @classmethod
    def _restored(cls, sealed: Sealed) -> SumCache:
        """Build the cache that a snapshot describes; what it raises says that there is none."""
        content, parts = sealed.content, sealed.parts
        layers, depth = tuple(map(int, content["layers"])), int(content["depth"])
        cache = cls(layers, depth, identity=str(content["identity"]))
        for run in content["runs"]:
            cache.run_number(str(run))
        rows = np.frombuffer(parts["neuron"], "<u4").tolist()
        columns = (np.frombuffer(parts[name], COLUMNS[name].dtype).tolist() for name in COLUMNS)
        for row, *values in zip(rows, *columns, strict=True):
            cache.append(SumRecord(*cache._neuron(row), *values))
        return cache

    def _put(self, row: int, values: tuple[float, ...]) -> None:
        """Add a record of which all is checked."""
        own, kept = self._records[row], self._kept.item(row)
        if kept == self.depth:
            room = own.view(np.uint8)  # as bytes: twenty times as fast as field by field
            room[: -RECORD.itemsize] = room[RECORD.itemsize :]
        else:
            self._kept[row] = kept = kept + 1
        own[kept - 1] = (*values, self._appended)
        self._appended, self._newest_row = self._appended + 1, row

    def _in_order(self) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """Return rows and records, in the order in which they were appended."""
        used = self._used()
        records = self._records[used]
        order = np.argsort(records["serial"])
        return np.nonzero(used)[0][order], records[order]

    def _used(self) -> NDArray[np.bool_]:
        """Return where there are records: bool[n_neurons, depth]."""
        return np.arange(self.depth) < self._kept[:, np.newaxis]

    def _neuron(self, row: int) -> tuple[int, int]:
        """Return layer and position of a row."""
        layer = bisect_right(self._offsets, row)
        return layer, row - self._offsets[layer - 1]

    def _row(self, layer: int, position: int) -> int:
        if not 1 <= layer <= len(self.layers):
            raise StateError(f"sum cache: there is no layer {layer}; give 1 to {len(self.layers)}")
        size = self.layers[layer - 1]
        if not 0 <= position < size:
            raise StateError(f"sum cache: layer {layer} has no neuron {position}; give 0 to {size - 1}")
        return self._offsets[layer - 1] + position


def _unsealed(data: bytes, name: str) -> Sealed:
    if data.startswith(_VERSION_2):
        raise StateError(f"{name}: is of version 2; this goldzone reads {_VERSION}, use a matching one")
    return unseal(data, name, _MAGIC, _VERSION)


def _own_generation(sealed: Sealed, name: str, layers: tuple[int, ...], identity: str | None) -> int:
    """Return the generation of a snapshot of this network and this run; refuse another's."""
    content = sealed.content
    try:
        held, owner, generation = tuple(content["layers"]), content["identity"], int(content["generation"])
    except _NOT_A_CACHE:
        raise _damaged(name) from None
    if held != layers:
        raise StateError(
            f"{name}: holds layers {held}, the network has {layers}; use the run folder of this network"
        )
    if identity not in {None, owner}:
        raise StateError(
            f"{name}: belongs to another run ({owner or 'without identity'}, not {identity}); "
            "put this run's file back, or delete it"
        )
    return generation


def _damaged(name: str) -> DamagedError:
    return DamagedError(f"{name}: holds what no sum cache does; restore a backup or delete it")
