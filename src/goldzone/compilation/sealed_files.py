"""Files of compiled code under a checksum: what is damaged is not run.

Numba unpickles its cache and hands the code to the processor; a single wrong bit may end the process there.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numba.core.caching

__all__ = ["DamagedCodeError", "sealed"]

_DIGEST_BYTES: Final = 32
_FILES: Any = numba.core.caching.IndexDataCacheFile


class DamagedCodeError(Exception):
    """A file of the cache is not as it was written."""


def sealed(files: Any) -> Any:
    """Return the files of one kernel's cache with a checksum at the end of each.

    Parameters
    ----------
    files : numba.core.caching.IndexDataCacheFile
    """
    taken = _SealedFiles.__new__(_SealedFiles)
    taken.__dict__.update(files.__dict__)
    return taken


class _SealedFiles(_FILES):  # type: ignore[misc] # numba has no types for its caches
    """Each reader checks a file and lets numba read it, which does not look at what follows a pickle."""

    def _load_index(self) -> Any:
        path = Path(self._index_path)
        if path.exists():
            _check(path)
        return super()._load_index()

    def _load_data(self, name: str) -> Any:
        _check(Path(self._data_path(name)))
        return super()._load_data(name)

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        content = io.BytesIO()
        yield content
        with super()._open_for_write(filepath) as stream:
            stream.write(content.getvalue() + _digest(Path(filepath), content.getbuffer()))


def _check(path: Path) -> None:
    data = memoryview(path.read_bytes())
    if _digest(path, data[:-_DIGEST_BYTES]) != data[-_DIGEST_BYTES:]:
        raise DamagedCodeError(f"{path}: does not match its checksum")


def _digest(path: Path, content: memoryview) -> bytes:
    """Return the SHA-256 of a file; its name is part of it, so that files that changed places are noticed."""
    digest = hashlib.sha256(path.name.encode() + b"\0")
    digest.update(content)
    return digest.digest()
