"""Where a registry keeps its files: a folder, or a bucket through fsspec.

Files are written once and never changed; that a file is there means that it is whole.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, Final, Protocol

from goldzone.errors import GoldzoneError, StateError
from goldzone.storage.files import sync_folder

__all__ = ["BucketStore", "FolderStore", "Store", "open_store"]

_HIDDEN: Final = "."


class Store(Protocol):
    """Files by key, such as ``french/log/00000001.json``."""

    def read(self, key: str) -> bytes:
        """Return a file; StateError if it cannot be read."""

    def create(self, key: str, data: bytes) -> bool:
        """Write a file that is not there yet, all of it or nothing; tell whether it was written.

        Of several that create the same file at the same time, one is told that it has.
        """

    def keys(self, prefix: str) -> list[str]:
        """List the files whose keys begin with a folder's name and ``/``, or all for the empty text."""

    def delete(self, key: str) -> None:
        """Delete a file, if it is there."""


class FolderStore:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> bytes:
        """Return a file."""
        try:
            return (self._folder / key).read_bytes()
        except OSError as error:
            raise StateError(f"{self._folder / key}: cannot be read ({error.strerror})") from None

    def create(self, key: str, data: bytes) -> bool:
        """Write a file that is not there yet."""
        target = self._folder / key
        temporary = target.with_name(f"{_HIDDEN}{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(temporary, target)  # a rename would replace what another has written meanwhile
            sync_folder(target.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise StateError(f"{target}: cannot be written ({error.strerror}); check the folder") from None
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return True

    def keys(self, prefix: str) -> list[str]:
        """List files, without those that are being written."""
        files = (self._folder / prefix).rglob("*")
        return sorted(
            file.relative_to(self._folder).as_posix()
            for file in files
            if file.is_file() and not file.name.startswith(_HIDDEN)
        )

    def delete(self, key: str) -> None:
        """Delete a file, and its folder if that is empty now."""
        file = self._folder / key
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{file}: cannot be deleted ({error.strerror}); check the folder") from None
        with contextlib.suppress(OSError):
            file.parent.rmdir()


class BucketStore:
    """A file system of fsspec whose files appear whole, as those of object stores do.

    Parameters
    ----------
    file_system : fsspec.AbstractFileSystem
    root : str
        The registry's folder in it.
    """

    def __init__(self, file_system: Any, root: str) -> None:
        self._files = file_system
        self._root = root.rstrip("/")

    def read(self, key: str) -> bytes:
        """Return a file."""
        try:
            return bytes(self._files.cat_file(self._path(key)))
        except OSError as error:
            raise StateError(f"{self._path(key)}: cannot be read ({error})") from None

    def create(self, key: str, data: bytes) -> bool:
        """Write a file that is not there yet."""
        try:
            self._files.makedirs(self._path(key).rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(self._path(key), data, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            raise StateError(f"{self._path(key)}: cannot be written ({error}); check the bucket") from None
        return True

    def keys(self, prefix: str) -> list[str]:
        """List files."""
        self._files.invalidate_cache()  # others may have written meanwhile
        try:
            files = self._files.find(self._path(prefix))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateError(f"{self._path(prefix)}: cannot be listed ({error}); check the bucket") from None
        return sorted(file[len(self._root) + 1 :] for file in files)

    def delete(self, key: str) -> None:
        """Delete a file."""
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StateError(f"{self._path(key)}: cannot be deleted ({error}); check the bucket") from None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")


def open_store(place: str, **options: Any) -> Store:
    """Open a folder, or a bucket of an address such as ``s3://bucket/models``.

    Parameters
    ----------
    place : str
    **options
        For fsspec's file system.

    Raises
    ------
    GoldzoneError
        The address needs a library that is not installed, or is not known.
    """
    protocol, found, rest = place.partition("://")
    if not found or protocol in {"file", "local"}:
        return FolderStore(Path(rest if found else place))
    try:
        import fsspec
    except ModuleNotFoundError:
        raise GoldzoneError(
            "a registry in a bucket needs fsspec; install it with: pip install 'goldzone[buckets]'"
        ) from None
    try:
        file_system, root = fsspec.core.url_to_fs(place, **options)
    except (ImportError, ValueError) as error:
        raise GoldzoneError(f"{place}: cannot be opened ({' '.join(str(error).split())})") from None
    return BucketStore(file_system, root)
