"""Ends this process, or lets the disk refuse, at a chosen operation on files."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

Fault = Literal["kill", "full"]


class Fuse:
    """Counts the operations that change files under a folder, and burns at one of them.

    Parameters
    ----------
    folder : Path
    at : int or None
        Number of the operation, from 0; None: only count.
    fault : {"kill", "full"}
        After half of what is to be written: the process is killed, or the disk is full from there on.
    tell : callable
        Gets the name of the operation at which it burns.
    """

    def __init__(
        self, folder: Path, at: int | None, fault: Fault, tell: Callable[[str], None] = lambda name: None
    ) -> None:
        self.names: list[str] = []
        self._folder = str(folder)
        self._at = at
        self._fault = fault
        self._tell = tell
        self._lock = threading.Lock()  # events are written by a thread of their own

    def install(self) -> None:
        """Take the place of the functions of `io` and `os` for the rest of the process."""
        open_, replace, unlink, fsync = io.open, os.replace, os.unlink, os.fsync

        def opening(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            ours = str(file).startswith(self._folder) and set(mode) & set("wxa+")
            if not ours:
                return open_(file, mode, *rest, **options)
            self.reach("open", file, needs_room=True)
            return _Stream(open_(file, mode, *rest, **options), self, file)

        def replacing(source: Any, target: Any, **options: Any) -> None:
            self.reach("replace", target, needs_room=True)
            replace(source, target, **options)

        def unlinking(file: Any, **options: Any) -> None:
            self.reach("unlink", file)
            unlink(file, **options)

        def syncing(descriptor: Any) -> None:
            self.reach("sync", "", needs_room=True)
            fsync(descriptor)

        vars(io)["open"] = opening
        for name, function in (("replace", replacing), ("unlink", unlinking), ("fsync", syncing)):
            vars(os)[name] = function

    def reach(
        self,
        operation: str,
        file: Any,
        *,
        needs_room: bool = False,
        half: Callable[[], object] = lambda: None,
    ) -> None:
        """Come to an operation; `half` does a part of it."""
        with self._lock:
            number = len(self.names)
            self.names.append(f"{operation} {_kind(file)}".strip())
            if self._at is None or number < self._at or (number > self._at and self._fault == "kill"):
                return
            if number == self._at:
                self._tell(self.names[number])
            if self._fault == "kill":
                half()
                os.kill(os.getpid(), signal.SIGKILL)
            elif needs_room:
                half()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Stream:
    """An open file whose writes come to the fuse first."""

    def __init__(self, real: Any, fuse: Fuse, file: Any) -> None:
        self._real = real
        self._fuse = fuse
        self._file = file

    def write(self, data: bytes) -> int:
        def half() -> None:
            self._real.write(data[: len(data) // 2])
            self._real.flush()

        self._fuse.reach("write", self._file, needs_room=True, half=half)
        return int(self._real.write(data))

    def truncate(self, size: int | None = None) -> int:
        self._fuse.reach("truncate", self._file)
        return int(self._real.truncate(size))

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._real.close()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _kind(file: Any) -> str:
    """Name a file without what differs from one to the next."""
    name = re.sub(r"\.\d+\.[0-9a-f]{8}\.tmp$", " tmp", Path(str(file)).name)
    return re.sub(r"-\d+", "", name).lstrip(".")
