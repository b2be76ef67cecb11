"""goldzone's model container: a ZIP of a manifest and binary members, the same bytes for the same content.

``manifest.json`` is canonical JSON (UTF-8, keys sorted, no spaces, newline at the end):
``{"content": {...}, "format": "goldzone-model", "format_version": 1, "members": {name: {"bytes": n,
"sha256": hex}}}``. The digest of a model is the SHA-256 of that manifest: it covers every member, and does
not depend on the compressor.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from goldzone.errors import ModelFormatError
from goldzone.storage.files import read_bounded, write_atomically

__all__ = [
    "DEFAULT_MAX_BYTES",
    "FORMAT_NAME",
    "FORMAT_VERSION",
    "Container",
    "read_container",
    "write_container",
]

FORMAT_NAME = "goldzone-model"
FORMAT_VERSION = 1
DEFAULT_MAX_BYTES = 1 << 29
"""Largest file, and largest total of unpacked members, that is read without asking: 512 MiB."""

_MANIFEST = "manifest.json"
_MOST_MANIFEST = 1 << 23
"""Bytes: Python's objects take a hundred times as many."""
_MOST_RATIO = 128
_ALWAYS_UNPACKED = 1 << 25
"""Bytes that any file may unpack to; beyond, `_MOST_RATIO` times its own: more is no model, but a bomb."""
_MEMBER_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that ZIP can express
_UNIX = 3
_SHA256 = re.compile(r"[0-9a-f]{64}")

# JSON values have no finite static type; Any is what json.loads gives.
Json: TypeAlias = Any


@dataclass(frozen=True, eq=False)
class Container:
    """What a container holds."""

    content: dict[str, Json]
    """The writer's free-form JSON object."""
    members: dict[str, bytes]
    """Binary members by name."""
    digest: str
    """SHA-256 of the manifest in lower-case hex: the identity of the model."""


def write_container(
    path: str | os.PathLike[str], content: Mapping[str, Json], members: Mapping[str, bytes]
) -> str:
    """Write a container atomically and return its digest.

    Parameters
    ----------
    path : path
    content : mapping
        JSON values; no NaN, no infinity.
    members : mapping of bytes
        Names are letters, digits, ``.``, ``_`` and ``-``, at most 100, not beginning with a dot.

    Raises
    ------
    ModelFormatError
        If a name or value cannot be stored, or the file cannot be written.
    """
    for name in members:
        _check_name(str(path), name)
    manifest = {
        "format": FORMAT_NAME,
        "format_version": FORMAT_VERSION,
        "content": dict(content),
        "members": {name: _fingerprint(data) for name, data in members.items()},
    }
    try:
        _check_keys(manifest)
        text = _canonical(manifest)
    except (TypeError, ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path}: content is not JSON ({error}); give plain values") from None
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in sorted({**members, _MANIFEST: text}.items()):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, compresslevel=9)
    write_atomically(path, stream.getvalue())
    return hashlib.sha256(text).hexdigest()


def read_container(path: str | os.PathLike[str], *, max_bytes: int = DEFAULT_MAX_BYTES) -> Container:
    """Read a container and verify every byte that matters.

    Refuses a file, or unpacked members, larger than `max_bytes` in total.

    Raises
    ------
    ModelFormatError
        If the container is damaged, oversized, of an unknown version, or not exactly what its manifest says;
        it names the file and the member.
    """
    name = str(path)
    members = _unpack(name, read_bounded(path, max_bytes), max_bytes)
    text = members.pop(_MANIFEST, None)
    if text is None:
        raise ModelFormatError(f"{name}: has no {_MANIFEST}; this is not a goldzone model")
    content, fingerprints = _read_manifest(name, text)
    for missing in sorted(set(fingerprints) - set(members)):
        raise ModelFormatError(f"{name}: member {missing!r} is missing; copy the file again")
    for extra in sorted(set(members) - set(fingerprints)):
        raise ModelFormatError(f"{name}: member {extra!r} is not in the manifest; copy the file again")
    for member, data in members.items():
        if _fingerprint(data) != fingerprints[member]:
            raise ModelFormatError(
                f"{name}: member {member!r} differs from its size or SHA-256 in the manifest; "
                "copy the file again"
            )
    return Container(content, members, hashlib.sha256(text).hexdigest())


def _fingerprint(data: bytes) -> dict[str, int | str]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _canonical(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8") + b"\n"


def _check_keys(value: Json) -> None:
    """Refuse keys that JSON would silently turn into strings."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not a string")
            _check_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner)


def _check_name(path: str, name: str) -> None:
    if name == _MANIFEST or not _MEMBER_NAME.fullmatch(name):
        raise ModelFormatError(
            f"{path}: member name {name!r} is not allowed; use letters, digits, '.', '_', '-'"
        )


def _unpack(path: str, data: bytes, max_bytes: int) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    most = min(max_bytes, max(_ALWAYS_UNPACKED, _MOST_RATIO * len(data)))
    where = "archive"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = 0
            for entry in archive.infolist():
                member = entry.filename
                where = f"member {member!r}"
                if member in members:
                    raise ModelFormatError(f"{path}: member {member!r} occurs twice; copy the file again")
                if member != _MANIFEST:
                    _check_name(path, member)
                if entry.flag_bits & 0x1:
                    raise ModelFormatError(f"{path}: member {member!r} is encrypted; models never are")
                if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                    raise ModelFormatError(
                        f"{path}: member {member!r} has an unknown compression; copy it again"
                    )
                total += entry.file_size
                if total > most or (member == _MANIFEST and entry.file_size > _MOST_MANIFEST):
                    raise ModelFormatError(
                        f"{path}: member {member!r} unpacks to more bytes than a model of "
                        f"{len(data)} bytes holds; copy the file again"
                    )
                with archive.open(entry) as stream:
                    members[member] = stream.read(entry.file_size + 1)
    except ModelFormatError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ArithmeticError,
        EOFError,
        IndexError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        raise ModelFormatError(f"{path}: {where} is damaged ({problem}); copy the file again") from None
    return members


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _read_manifest(path: str, text: bytes) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return (content, fingerprint of each member) of a manifest, refusing all but the canonical form."""
    try:
        manifest = json.loads(
            text.decode("utf-8"), parse_constant=_reject_constant, object_pairs_hook=_distinct
        )
        canonical = _canonical(manifest)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path}: {_MANIFEST} is not JSON ({error}); copy the file again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT_NAME:
        raise ModelFormatError(
            f"{path}: {_MANIFEST} field 'format' is not {FORMAT_NAME!r}; not a goldzone model"
        )
    version = manifest.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ModelFormatError(
            f"{path}: {_MANIFEST} field 'format_version' is {version!r}; "
            f"this goldzone reads {FORMAT_VERSION}, use a matching one"
        )
    content, members = manifest.get("content"), manifest.get("members")
    if set(manifest) != {"format", "format_version", "content", "members"} or canonical != text:
        raise ModelFormatError(f"{path}: {_MANIFEST} is not in canonical form; copy the file again")
    if not isinstance(content, dict) or not isinstance(members, dict):
        raise ModelFormatError(f"{path}: {_MANIFEST} fields 'content' and 'members' must be objects")
    for name, entry in members.items():
        _check_name(path, name)
        if (
            not isinstance(entry, dict)
            or set(entry) != {"bytes", "sha256"}
            or type(entry["bytes"]) is not int
            or not isinstance(entry["sha256"], str)
            or not _SHA256.fullmatch(entry["sha256"])
        ):
            raise ModelFormatError(f"{path}: {_MANIFEST} entry of member {name!r} lacks a size and SHA-256")
    return content, members
