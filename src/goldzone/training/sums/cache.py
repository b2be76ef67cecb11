"""The sum cache: what came out each time a neuron was trained, the last few times for each neuron.

It lives in memory, as columns with a ring of `depth` records for each neuron, so it cannot grow. A snapshot
makes it survive the process: a versioned little-endian binary that ends with its own SHA-256, written
atomically, the one before kept as a backup.

Snapshot, version 1: magic ``GZSUMS``, uint16 version; uint32 depth, number of layers, number of runs; uint32
size of each layer; for each run uint32 length and UTF-8 name; int64 number of records ever appended, for each
neuron; each column (`_COLUMNS`) as [neurons, depth]; SHA-256 of all before it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.hashtron.files import read_bounded, write_atomically
from goldzone.training.sums.measurement import Regime, regime, smoothed_sum

__all__ = ["DEFAULT_DEPTH", "LoadedSums", "SumCache", "SumRecord"]

DEFAULT_DEPTH: Final = 32
"""Records kept for each neuron."""

_MAGIC: Final = b"GZSUMS"
_VERSION: Final = 1
_START: Final = struct.Struct("<6sHIII")
_DIGEST_BYTES: Final = 32
_MAX_BYTES: Final = 1 << 30
_MAX_DEPTH: Final = 1 << 16
_MAX_NAME_BYTES: Final = 4096

_COLUMNS: Final[dict[str, str]] = {
    "run": "<u4",
    "sweep": "<u4",
    "time": "<f8",
    "sum": "<i8",
    "samples": "<i8",
    "premodulo": "<u4",
    "duration_seconds": "<f8",
    "agreement": "<f8",
    "train_accuracy": "<f8",
    "dev_accuracy": "<f8",
    "loss": "<f8",
    "accepted": "<u1",
}
"""Column name (a field of `SumRecord`) and dtype, in the order of the snapshot."""


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
        From 1; 0 for phase 0.
    time : float
        When, in seconds since 1970 (UTC).
    sum, samples : int
        S, the sum of the outputs as +1 and -1, in [-N, N]; N, 1 or more.
    premodulo : int
        0 where there was none.
    duration_seconds : float
    agreement : float
        Margin of the votes, |sum of votes| / sum of |votes|, in [0, 1].
    train_accuracy, dev_accuracy : float
        Shares, in [0, 1], after the change.
    loss : float
    accepted : bool
        Whether the change was kept.

    The floats after `duration_seconds` are NaN when not known.
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


@dataclass(frozen=True, eq=False)
class LoadedSums:
    """What `SumCache.load` found.

    Attributes
    ----------
    cache : SumCache
    source : {"snapshot", "backup", "empty"}
    warnings : tuple of str
        One line for each file that was damaged or missing; empty when nothing was lost.
    """

    cache: SumCache
    source: Literal["snapshot", "backup", "empty"]
    warnings: tuple[str, ...]


class _DamagedError(StateError):
    """A snapshot whose bytes are not those that were written."""


class SumCache:
    """The last sums of every neuron.

    Parameters
    ----------
    layers : sequence of int
        Neurons in each hashtron layer, from the input: ``(448, 1)``.
    depth : int
        Records kept for each neuron, 1 to 65,536; older ones are forgotten.

    Raises
    ------
    StateError
        If there is no layer, a layer has no neuron, or the depth is out of range.
    """

    def __init__(self, layers: Sequence[int], depth: int = DEFAULT_DEPTH) -> None:
        if not layers or min(layers) < 1 or not 1 <= depth <= _MAX_DEPTH:
            raise StateError(
                f"sum cache: layers {tuple(layers)} of depth {depth} are not possible; "
                f"give neurons for each layer and a depth of 1 to {_MAX_DEPTH}"
            )
        self._layers = tuple(layers)
        self._depth = depth
        self._offsets = tuple(itertools.accumulate(layers, initial=0))
        self._runs: list[str] = []
        total = self._offsets[-1]
        self._counts: NDArray[np.int64] = np.zeros(total, "<i8")
        self._columns: dict[str, NDArray[Any]] = {
            name: np.zeros((total, depth), dtype) for name, dtype in _COLUMNS.items()
        }

    @property
    def layers(self) -> tuple[int, ...]:
        """Neurons in each layer."""
        return self._layers

    @property
    def depth(self) -> int:
        """Records kept for each neuron."""
        return self._depth

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs; a record's `run` is an index into it."""
        return tuple(self._runs)

    def run_number(self, name: str) -> int:
        """Return the number of a run; a new name gets the next."""
        if len(name.encode()) > _MAX_NAME_BYTES:
            raise StateError(f"sum cache: a run's name is over {_MAX_NAME_BYTES} bytes; shorten it")
        if name not in self._runs:
            self._runs.append(name)
        return self._runs.index(name)

    def append(self, record: SumRecord) -> None:
        """Add a record; the neuron's oldest goes if the ring is full.

        Raises
        ------
        StateError
            If there is no such neuron or run, or a number is not possible.
        """
        self.append_batch((record,))

    def append_batch(self, records: Iterable[SumRecord]) -> None:
        """Add records in order: all, or none if one is refused (see `append`)."""
        batch = list(records)
        rows = [self._row(record.layer, record.position) for record in batch]
        for record in batch:
            self._check(record)
        for row, record in zip(rows, batch, strict=True):
            slot = self._counts[row] % self._depth
            for name, column in self._columns.items():
                column[row, slot] = getattr(record, name)
            self._counts[row] += 1

    def latest(self, layer: int, position: int) -> SumRecord | None:
        """Return a neuron's last record; None if it was never trained."""
        found = self.history(layer, position, 1)
        return found[0] if found else None

    def history(self, layer: int, position: int, last: int | None = None) -> tuple[SumRecord, ...]:
        """Return a neuron's last records, oldest first; all that are kept if `last` is None."""
        row = self._row(layer, position)
        count = int(self._counts[row])
        kept = min(count, self._depth, self._depth if last is None else last)
        return tuple(
            self._record(layer, position, row, number % self._depth) for number in range(count - kept, count)
        )

    def measured(self, layer: int) -> list[tuple[int, int] | None]:
        """Return each neuron's last (S, N), None where never trained: the input of selection."""
        places = self._last_places(layer)
        sums = self._columns["sum"][places].tolist()
        samples = self._columns["samples"][places].tolist()
        return [(s, n) if n else None for s, n in zip(sums, samples, strict=True)]

    def margins(self, layer: int) -> NDArray[np.float64]:
        """Return each neuron's last margin |S|/N: float64[n_neurons], NaN where never trained."""
        return np.array(
            [math.nan if entry is None else abs(entry[0]) / entry[1] for entry in self.measured(layer)]
        )

    def smoothed_sum(self, layer: int, position: int, last: int) -> int | None:
        """Return the mean of a neuron's last sums (`goldzone.training.sums.measurement.smoothed_sum`)."""
        return smoothed_sum(self.history(layer, position, last), last)

    def gold_zone(self, layer: int, noise_floor: float | None = None, collapse: float = 0.8) -> list[int]:
        """Return the positions whose last sum is in the gold zone (see `regime`)."""
        return [
            position
            for position, entry in enumerate(self.measured(layer))
            if entry is not None and regime(*entry, noise_floor, collapse) is Regime.GOLD_ZONE
        ]

    def snapshot(self) -> bytes:
        """Return all content as bytes; the same content gives the same bytes."""
        names = [name.encode() for name in self._runs]
        parts = [
            _START.pack(_MAGIC, _VERSION, self._depth, len(self._layers), len(names)),
            struct.pack(f"<{len(self._layers)}I", *self._layers),
            *(struct.pack("<I", len(name)) + name for name in names),
            self._counts.tobytes(),
            *(column.tobytes() for column in self._columns.values()),
        ]
        data = b"".join(parts)
        return data + hashlib.sha256(data).digest()

    @classmethod
    def from_snapshot(cls, data: bytes, name: str) -> SumCache:
        """Read a snapshot.

        Parameters
        ----------
        data : bytes
        name : str
            What messages call it.

        Raises
        ------
        StateError
            If the snapshot is damaged or of an unknown version.
        """
        body = _verified(data, name)
        try:
            return cls._from_body(body)
        except (struct.error, ValueError, IndexError, StateError) as problem:
            raise _DamagedError(
                f"{name}: is not what goldzone writes ({problem}); restore a backup or delete it"
            ) from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a snapshot atomically; the one before is kept beside it with the suffix ``.bak``.

        At every moment one of the two is whole. A damaged snapshot does not replace a backup.

        Raises
        ------
        StateError
            If a file cannot be written.
        """
        target = Path(path)
        if target.exists():
            previous = read_bounded(target, _MAX_BYTES, error=StateError)
            if _is_whole(previous):
                write_atomically(_backup_path(target), previous, error=StateError)
        write_atomically(target, self.snapshot(), error=StateError)

    @staticmethod
    def load(path: str | os.PathLike[str], layers: Sequence[int], depth: int = DEFAULT_DEPTH) -> LoadedSums:
        """Read a snapshot, or its backup if it is damaged or missing; with neither, start an empty cache.

        What was damaged is told in `LoadedSums.warnings`, so that a run can report it and go on: a lost sum
        cache costs a sweep, not the model.

        Parameters
        ----------
        path : path
            As given to `save`.
        layers : sequence of int
            The network's layers; a snapshot of another network is refused.
        depth : int
            Of an empty cache; a snapshot keeps its own.

        Raises
        ------
        StateError
            If a file is there but cannot be read, is of an unknown version, or belongs to other layers.
        """
        target = Path(path)
        warnings: list[str] = []
        sources: tuple[tuple[Path, Literal["snapshot", "backup"]], ...] = (
            (target, "snapshot"),
            (_backup_path(target), "backup"),
        )
        for file, source in sources:
            if not file.exists():
                if source == "backup" and warnings:
                    warnings.append(f"{file}: there is no backup; all sums are lost")
                continue
            try:
                cache = SumCache.from_snapshot(read_bounded(file, _MAX_BYTES, error=StateError), str(file))
            except _DamagedError as problem:
                warnings.append(str(problem))
                continue
            if cache.layers != tuple(layers):
                raise StateError(
                    f"{file}: holds layers {cache.layers}, the network has {tuple(layers)}; "
                    "use the run folder of this network"
                )
            if source == "backup" and not warnings:
                warnings.append(f"{target}: is missing; the backup {file.name} was read")
            return LoadedSums(cache, source, tuple(warnings))
        return LoadedSums(SumCache(layers, depth), "empty", tuple(warnings))

    @classmethod
    def _from_body(cls, body: memoryview) -> SumCache:
        _, _, depth, n_layers, n_runs = _START.unpack_from(body)
        place = _START.size
        if n_layers > len(body) // 4:
            raise ValueError("more layers than bytes")
        layers = struct.unpack_from(f"<{n_layers}I", body, place)
        place += 4 * n_layers
        names = []
        for _ in range(n_runs):
            (length,) = struct.unpack_from("<I", body, place)
            names.append(str(body[place + 4 : place + 4 + length], "utf-8"))
            place += 4 + length
        # Compared before anything of that size is allocated.
        record_bytes = sum(np.dtype(dtype).itemsize for dtype in _COLUMNS.values())
        if len(body) - place != sum(layers) * (8 + depth * record_bytes):
            raise ValueError(f"{len(body)} bytes do not hold layers {layers} of depth {depth}")
        cache = cls(layers, depth)
        for array in (cache._counts, *cache._columns.values()):
            flat = np.frombuffer(body, array.dtype, array.size, place)
            array[...] = flat.reshape(array.shape)
            place += array.nbytes
        cache._runs = names
        cache._check_content()
        return cache

    def _check_content(self) -> None:
        """Refuse a snapshot with a record that `append` would have refused, or with two runs of one name."""
        if len(set(self._runs)) != len(self._runs) or (self._counts < 0).any():
            raise ValueError("runs or counts are not possible")
        used = np.arange(self._depth) < self._counts[:, np.newaxis]
        sums, samples = self._columns["sum"], self._columns["samples"]
        possible = (
            (samples >= 1)
            & (sums >= -samples)
            & (sums <= samples)
            & (self._columns["run"] < len(self._runs))
            & (self._columns["accepted"] <= 1)
        )
        if not possible[used].all():
            raise ValueError("a record is not possible")
        if any(column[~used].any() for column in self._columns.values()):
            raise ValueError("an unused place is not empty")

    def _row(self, layer: int, position: int) -> int:
        size = self._size(layer)
        if not 0 <= position < size:
            raise StateError(f"sum cache: layer {layer} has no neuron {position}; give 0 to {size - 1}")
        return self._offsets[layer - 1] + position

    def _size(self, layer: int) -> int:
        if not 1 <= layer <= len(self._layers):
            raise StateError(f"sum cache: there is no layer {layer}; give 1 to {len(self._layers)}")
        return self._layers[layer - 1]

    def _last_places(self, layer: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and slot of each neuron's last record; of a neuron without one, an empty place."""
        rows = np.arange(self._size(layer)) + self._offsets[layer - 1]
        return rows, (self._counts[rows] - 1) % self._depth

    def _record(self, layer: int, position: int, row: int, slot: int) -> SumRecord:
        values = {name: column[row, slot].item() for name, column in self._columns.items()}
        values["accepted"] = bool(values["accepted"])
        return SumRecord(layer, position, **values)

    def _check(self, record: SumRecord) -> None:
        where = f"sum cache: layer {record.layer} neuron {record.position}"
        if record.samples < 1 or abs(record.sum) > record.samples:
            raise StateError(
                f"{where}: sum {record.sum} of {record.samples} samples is not possible; "
                "give a sum in [-N, N] with N at least 1"
            )
        for name, value, end in (
            ("run", record.run, len(self._runs)),
            ("sweep", record.sweep, 1 << 32),
            ("premodulo", record.premodulo, 1 << 32),
        ):
            if not 0 <= value < end:
                raise StateError(f"{where}: {name} {value} is out of range; give 0 to {end - 1}")


def _backup_path(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def _is_whole(data: bytes) -> bool:
    """Tell whether the bytes end with their own SHA-256."""
    body = memoryview(data)[:-_DIGEST_BYTES]
    return len(data) > _DIGEST_BYTES and hashlib.sha256(body).digest() == data[-_DIGEST_BYTES:]


def _verified(data: bytes, name: str) -> memoryview:
    """Return a snapshot without its digest, after checking digest, magic and version."""
    if not _is_whole(data):
        raise _DamagedError(f"{name}: does not match its SHA-256; restore a backup or delete it")
    body = memoryview(data)[:-_DIGEST_BYTES]
    if len(body) < _START.size or bytes(body[: len(_MAGIC)]) != _MAGIC:
        raise _DamagedError(f"{name}: is no sum cache; restore a backup or delete it")
    version = _START.unpack_from(body)[1]
    if version != _VERSION:
        raise StateError(
            f"{name}: is of version {version}; this goldzone reads {_VERSION}, use a matching one"
        )
    return body
