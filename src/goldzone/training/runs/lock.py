"""The lock of a run folder: two trainers never write one run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from goldzone.errors import StateError

__all__ = ["locked"]


@contextmanager
def locked(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a lock file; the system frees it when the process ends, however it ends.

    Raises
    ------
    StateError
        Another process holds it, or it cannot be made.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StateError(
            f"{Path(path).parent}: another process is training this run; wait for it, or stop it"
        ) from None
    except OSError as error:
        raise StateError(f"{path}: cannot be locked ({error.strerror}); check the folder") from None
    try:
        yield
    finally:
        lock.release()
