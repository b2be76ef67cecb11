"""The journal: what has happened since a checkpoint, one small record after the other.

Layout: magic ``GZJOURNL``, 32 bytes that name the checkpoint, then records: uint32 length of the header,
uint32 length of the part (little-endian), header as UTF-8 JSON, part, and 16 bytes of a SHA-256 over the
checksum before it and the record. The chain starts from the beginning of the file, so a record that was
changed, moved, or belongs to another journal ends the reading.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.storage.sealed import Json, to_json

__all__ = ["Entry", "Journal", "read_journal"]

_MAGIC: Final = b"GZJOURNL"
_NAME_BYTES: Final = 32
_LENGTHS: Final = struct.Struct("<II")
_CHECKSUM_BYTES: Final = 16
_MAX_BYTES: Final = 1 << 32


@dataclass(frozen=True, eq=False)
class Entry:
    """One record."""

    content: dict[str, Json]
    part: bytes
    end: int
    """Where it ends in the file, in bytes."""
    checksum: bytes
    """The link that the next record's checksum starts from."""


class Journal:
    """Appends records; each goes to the system in one call before `append` returns.

    Parameters
    ----------
    path : path
    checkpoint : bytes
        32 bytes that name the checkpoint that the journal follows.
    after : Entry, optional
        Go on after this record of `read_journal`, cutting off what comes later; None: begin anew.

    Raises
    ------
    StateError
        The file cannot be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], checkpoint: bytes, *, after: Entry | None = None
    ) -> None:
        self._path = Path(path)
        head = _MAGIC + checkpoint
        if after is None:
            write_atomically(self._path, head, error=StateError)
        self._checksum = _first_link(head) if after is None else after.checksum
        try:
            self._stream: BinaryIO = self._path.open("r+b", buffering=0)
            self._stream.truncate(len(head) if after is None else after.end)
            self._stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise self._refused(error) from None

    def append(self, content: Mapping[str, Json], part: bytes = b"") -> None:
        """Add a record.

        Raises
        ------
        StateError
            The disk refuses; the journal then ends with the record before.
        """
        header = to_json(content)
        record = _LENGTHS.pack(len(header), len(part)) + header + part
        checksum = _next_link(self._checksum, record)
        end = self._stream.tell()
        try:
            if self._stream.write(record + checksum) != len(record) + _CHECKSUM_BYTES:
                raise OSError(0, "only a part was written")
        except OSError as error:
            with contextlib.suppress(OSError):
                self._stream.truncate(end)
                self._stream.seek(end)
            raise self._refused(error) from None
        self._checksum = checksum

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._stream.close()

    def _refused(self, error: OSError) -> StateError:
        return StateError(
            f"{self._path}: cannot be written ({error.strerror}); make room or check the folder"
        )


def read_journal(path: str | os.PathLike[str], checkpoint: bytes) -> tuple[Entry, ...]:
    """Read the whole records of a journal; a torn or damaged one ends the reading.

    The journal of another checkpoint counts as empty, as does a missing one.

    Raises
    ------
    StateError
        The file is there but cannot be read.
    """
    if not Path(path).exists():
        return ()
    data = read_bounded(path, _MAX_BYTES, error=StateError)
    head = _MAGIC + checkpoint
    if data[: len(head)] != head:
        return ()
    entries: list[Entry] = []
    start, link = len(head), _first_link(head)
    while (header := start + _LENGTHS.size) <= len(data):
        header_bytes, part_bytes = _LENGTHS.unpack_from(data, start)
        part = header + header_bytes
        end = part + part_bytes
        link = _next_link(link, data[start:end])
        if data[end : end + _CHECKSUM_BYTES] != link:
            break
        start = end + _CHECKSUM_BYTES
        entries.append(Entry(json.loads(data[header:part]), data[part:end], start, link))
    return tuple(entries)


def _first_link(head: bytes) -> bytes:
    return hashlib.sha256(head).digest()[:_CHECKSUM_BYTES]


def _next_link(link: bytes, record: bytes) -> bytes:
    return hashlib.sha256(link + record).digest()[:_CHECKSUM_BYTES]
