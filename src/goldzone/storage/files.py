"""Reading and replacing whole files, so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Final

from goldzone.errors import GoldzoneError, ModelFormatError

__all__ = ["read_bounded", "sync_folder", "write_atomically"]

_BLOCK: Final = 1 << 20


def write_atomically(
    path: str | os.PathLike[str], data: bytes, *, error: type[GoldzoneError] = ModelFormatError
) -> None:
    """Replace a file by `data`, or leave it as it was.

    The data goes to a temporary file in the same folder, is synced to the disk and then renamed.

    Raises
    ------
    error
        If the folder or the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as problem:
        raise error(f"{target}: cannot be written ({problem.strerror}); check the folder") from None
    finally:
        with contextlib.suppress(OSError):  # the first error is the one to report
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where folders can be opened at all (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(
    path: str | os.PathLike[str], max_bytes: int, *, error: type[GoldzoneError] = ModelFormatError
) -> bytes:
    """Return a file's bytes; memory is asked for as there are bytes, not for all that `max_bytes` allows.

    Raises
    ------
    error
        If it cannot be read or is larger than `max_bytes`.
    """
    try:
        with Path(path).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = b"" if size > max_bytes else _read(stream, size, max_bytes)
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror}); check the path") from None
    if max(size, len(data)) > max_bytes:
        raise error(f"{path}: larger than {max_bytes} bytes; raise the limit if the file is genuine")
    return data


def _read(stream: BinaryIO, size: int, max_bytes: int) -> bytes:
    """Read a file of a known size, and what it has grown by or a pipe holds, up to a byte too many."""
    blocks = [stream.read(size + 1)]
    total = len(blocks[0])
    while blocks[-1] and total <= max_bytes:
        blocks.append(stream.read(min(_BLOCK, max_bytes + 1 - total)))
        total += len(blocks[-1])
    return b"".join(filter(None, blocks))
