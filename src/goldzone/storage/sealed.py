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
from itertools import accumulate, pairwise
from typing import Any, Final

from goldzone.errors import StateError

__all__ = ["DamagedError", "Json", "Sealed", "seal", "to_json", "unseal"]

_MAGIC_BYTES: Final = 8
_LENGTH: Final = struct.Struct("<I")
_DIGEST_BYTES: Final = 32

# JSON values have no finite static type; Any is what json.loads gives.
Json = Any


def to_json(value: Json) -> bytes:
    """Return a value as JSON in ASCII without spaces; ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()


class DamagedError(StateError):
    """A file whose bytes are not those that were written."""


@dataclass(frozen=True, eq=False)
class Sealed:
    """What a sealed file holds."""

    content: dict[str, Json]
    parts: dict[str, bytes]
    digest: bytes
    """SHA-256 of the file without its seal."""


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
    header = to_json({"version": version, "content": dict(content), "parts": lengths})
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
    try:
        (length,) = _LENGTH.unpack_from(body, _MAGIC_BYTES)
        start = _MAGIC_BYTES + _LENGTH.size + length
        header = json.loads(body[start - length : start])
        if (found := header["version"]) != version:
            raise StateError(
                f"{name}: is of version {found!r:.20}; this goldzone reads {version}, use a matching one"
            )
        ends = accumulate(header["parts"].values(), initial=start)
        parts = {
            part: body[begin:end] for part, (begin, end) in zip(header["parts"], pairwise(ends), strict=True)
        }
        return Sealed(dict(header["content"]), parts, digest)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error):
        raise DamagedError(f"{name}: is sealed, but not as goldzone seals; restore it or delete it") from None
