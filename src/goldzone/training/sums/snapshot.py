"""The bytes of a sum cache's snapshot.

Version 2 (version 1 was never released, and is refused), little-endian: magic ``GZSUMS``, uint16 version;
uint32 depth, number of layers, number of runs, bytes of the identity; uint64 generation; uint32 size of each
layer; the identity in UTF-8; for each run uint32 length and UTF-8 name; uint32 records kept for each neuron;
then of all records, neuron by neuron and oldest first, each column of `COLUMNS`, and as uint32 each record's
place in the order in which they were appended; at last the SHA-256 of all before it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.training.sums.record import COLUMNS, MAX_RUNS, RECORD_BYTES

__all__ = [
    "MAX_DEPTH",
    "MAX_NAME_BYTES",
    "Content",
    "DamagedSnapshotError",
    "decode",
    "encode",
    "possible_shape",
]

MAX_DEPTH: Final = 1 << 16
MAX_NAME_BYTES: Final = 4096
"""Of a run's name, and of an identity."""

_MAGIC: Final = b"GZSUMS"
_VERSION: Final = 2
_START: Final = struct.Struct("<6sHIIIIQ")
_DIGEST_BYTES: Final = 32
_MAX_RECORDS: Final = 1 << 27
_KEPT: Final = np.dtype("<u4")
_DTYPES: Final = {**{name: np.dtype(column.dtype) for name, column in COLUMNS.items()}, "serial": _KEPT}


class DamagedSnapshotError(StateError):
    """A snapshot whose bytes are not those that were written."""


@dataclass(frozen=True, eq=False)
class Content:
    """All that a snapshot holds.

    Attributes
    ----------
    layers : tuple of int
    depth : int
    identity : str
        What run the sums belong to; empty: not told.
    generation : int
        How often the cache was saved.
    runs : tuple of str
    kept : int64[n_neurons]
        Records of each neuron.
    columns : dict of str to array[n_records]
        `COLUMNS`, and ``serial``: 0, 1, 2, ... in the order in which the records were appended. Neuron by
        neuron, in each oldest first.
    """

    layers: tuple[int, ...]
    depth: int
    identity: str
    generation: int
    runs: tuple[str, ...]
    kept: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]


def possible_shape(layers: tuple[int, ...], depth: int) -> bool:
    """Tell whether a cache can have these layers and this depth."""
    return (
        len(layers) > 0
        and min(layers) >= 1
        and 1 <= depth <= MAX_DEPTH
        and sum(layers) * depth <= _MAX_RECORDS
    )


def encode(content: Content) -> bytes:
    """Return a snapshot; the same content gives the same bytes."""
    identity = content.identity.encode()
    names = [name.encode() for name in content.runs]
    sizes = (content.depth, len(content.layers), len(names), len(identity))
    data = b"".join(
        (
            _START.pack(_MAGIC, _VERSION, *sizes, content.generation),
            struct.pack(f"<{len(content.layers)}I", *content.layers),
            identity,
            *(struct.pack("<I", len(name)) + name for name in names),
            content.kept.astype(_KEPT).tobytes(),
            *(content.columns[name].astype(dtype).tobytes() for name, dtype in _DTYPES.items()),
        )
    )
    return data + hashlib.sha256(data).digest()


def decode(data: bytes, name: str) -> Content:
    """Read a snapshot; every number in it is checked.

    Parameters
    ----------
    data : bytes
    name : str
        What messages call it.

    Raises
    ------
    DamagedSnapshotError
        If the bytes do not match their SHA-256, or are not what `encode` writes.
    StateError
        If the snapshot is of another version.
    """
    body = _verified(data, name)
    try:
        return _from_body(body)
    except (struct.error, ValueError) as problem:
        raise DamagedSnapshotError(
            f"{name}: is not what goldzone writes ({problem}); restore a backup or delete it"
        ) from None


def _verified(data: bytes, name: str) -> memoryview:
    """Return a snapshot without its digest, after checking digest, magic and version."""
    body = memoryview(data)[:-_DIGEST_BYTES]
    if len(data) <= _DIGEST_BYTES or hashlib.sha256(body).digest() != data[-_DIGEST_BYTES:]:
        raise DamagedSnapshotError(f"{name}: does not match its SHA-256; restore a backup or delete it")
    if len(body) < len(_MAGIC) + 2 or bytes(body[: len(_MAGIC)]) != _MAGIC:
        raise DamagedSnapshotError(f"{name}: is no sum cache; restore a backup or delete it")
    (version,) = struct.unpack_from("<H", body, len(_MAGIC))
    if version != _VERSION:
        raise StateError(
            f"{name}: is of version {version}; this goldzone reads {_VERSION}, use a matching one"
        )
    return body


def _from_body(body: memoryview) -> Content:
    _, _, depth, n_layers, n_runs, identity_bytes, generation = _START.unpack_from(body)
    place = _START.size
    if n_layers > len(body) // 4 or n_runs > MAX_RUNS:
        raise ValueError("more layers or runs than there can be")
    layers = struct.unpack_from(f"<{n_layers}I", body, place)
    place += 4 * n_layers
    if not possible_shape(layers, depth):
        raise ValueError(f"layers {layers[:8]} of depth {depth} are not possible")
    identity, place = _text(body, place, identity_bytes)
    runs = []
    for _ in range(n_runs):
        (length,) = struct.unpack_from("<I", body, place)
        run, place = _text(body, place + 4, length)
        runs.append(run)
    if len(set(runs)) != len(runs):
        raise ValueError("two runs have one name")
    neurons = sum(layers)
    kept = np.frombuffer(body, _KEPT, neurons, place).astype(np.int64)
    place += neurons * _KEPT.itemsize
    records = int(kept.sum())
    if (kept > depth).any() or len(body) - place != records * RECORD_BYTES:
        raise ValueError(f"{len(body)} bytes do not hold {records} records")
    columns = {}
    for column, dtype in _DTYPES.items():
        columns[column] = np.frombuffer(body, dtype, records, place)
        place += columns[column].nbytes
    _check_records(columns, kept, len(runs))
    return Content(layers, depth, identity, generation, tuple(runs), kept, columns)


def _text(body: memoryview, place: int, length: int) -> tuple[str, int]:
    """Return a UTF-8 text and the place after it."""
    if length > MAX_NAME_BYTES or place + length > len(body):
        raise ValueError("a name is too long")
    return str(body[place : place + length], "utf-8"), place + length


def _check_records(columns: dict[str, NDArray[Any]], kept: NDArray[np.int64], n_runs: int) -> None:
    """Refuse records that a cache would not have taken, or whose order is none."""
    for name, column in COLUMNS.items():
        values = columns[name]
        good = (values >= column.least) & (values <= column.most)
        if column.may_be_unknown:
            good |= np.isnan(values)
        if not good.all():
            raise ValueError(f"a {name} is not possible")
    if (columns["run"] >= n_runs).any() or (np.abs(columns["sum"]) > columns["samples"]).any():
        raise ValueError("a record is not possible")
    serials = columns["serial"].astype(np.int64)
    if (np.sort(serials) != np.arange(serials.size)).any():
        raise ValueError("the order of the records is none")
    within = np.ones(serials.size, np.bool_)
    within[(np.cumsum(kept) - kept)[kept > 0]] = False
    if (np.diff(serials, prepend=-1)[within] <= 0).any():
        raise ValueError("a neuron's records are out of order")
