"""Sealed files: a JSON header and binary parts under one SHA-256, so that damage is always noticed.

Layout: magic (8 bytes), uint32 length of the header (little-endian), header as UTF-8 JSON, the parts end to
end, SHA-256 of all before it. The header holds ``version``, ``content`` and the length of each part.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from goldzone.errors import StateError

__all__ = ["DamagedError", "Sealed", "seal", "unseal"]

_MAGIC_BYTES: Final = 8
_LENGTH: Final = struct.Struct("<I")
_DIGEST_BYTES: Final = 32

# JSON values have no finite static type; Any is what json.loads gives.
Json = Any


class DamagedError(StateError):
    """A file whose bytes are not those that were written."""


@dataclass(frozen=True, eq=False)
class Sealed:
    """What a sealed file holds.

    Attributes
    ----------
    content : dict
    parts : dict of bytes
    digest : bytes
        SHA-256 of the file without its seal.
    """

    content: dict[str, Json]
    parts: dict[str, bytes]
    digest: bytes


def seal(magic: bytes, version: int, content: Mapping[str, Json], parts: Mapping[str, bytes]) -> bytes:
    """Put content and parts into bytes that end with their SHA-256; the same values give the same bytes.

    Parameters
    ----------
    magic : bytes
        Eight bytes that name the kind of file.
    version : int
    content : mapping
        JSON values; no NaN, no infinity.
    parts : mapping of bytes
    """
    lengths = {name: len(part) for name, part in parts.items()}
    header = json.dumps(
        {"version": version, "content": dict(content), "parts": lengths},
        ensure_ascii=True,
        allow_nan=False,
        separators=(",", ":"),
    ).encode()
    body = b"".join((magic, _LENGTH.pack(len(header)), header, *parts.values()))
    return body + hashlib.sha256(body).digest()


def unseal(data: bytes, name: str, magic: bytes, version: int) -> Sealed:
    """Read what `seal` made.

    Parameters
    ----------
    data : bytes
    name : str
        What messages call it.
    magic, version
        As given to `seal`.

    Raises
    ------
    DamagedError
        The bytes are not those that were written.
    StateError
        They are whole, but of another kind or version.
    """
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise DamagedError(f"{name}: does not match its SHA-256; it is damaged")
    if body[:_MAGIC_BYTES] != magic:
        raise StateError(f"{name}: is another kind of file; restore it, or start again with --force")
    place = _MAGIC_BYTES + _LENGTH.size
    (length,) = _LENGTH.unpack_from(body, _MAGIC_BYTES)
    header = json.loads(body[place : place + length])
    if header["version"] != version:
        raise StateError(
            f"{name}: is of version {header['version']}; this goldzone reads {version}, use a matching one"
        )
    place += length
    parts: dict[str, bytes] = {}
    for part, size in header["parts"].items():
        parts[part] = body[place : place + size]
        place += size
    return Sealed(header["content"], parts, digest)
