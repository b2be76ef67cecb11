"""Lets something happen to this process at a counted operation: a signal, or a disk that is full."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from goldzone.training.runs.background_log import BackgroundLog

Fault = Literal["kill", "interrupt", "terminate", "stop", "full"]

_SIGNALS: Final = {
    "kill": signal.SIGKILL,
    "interrupt": signal.SIGINT,
    "terminate": signal.SIGTERM,
    "stop": signal.SIGSTOP,
}


class Fuse:
    """Counts events, and the operations that change files under a folder, and burns at one of them.

    Parameters
    ----------
    folder : Path
    name : str
        Of an operation, as ``"write journal.goldzone"`` or ``"event NeuronTrained"``; empty: just count.
    number : int
        Which one of those of that name, from 0. It does not depend on what other threads do.
    fault : {"kill", "interrupt", "terminate", "stop", "full"}
        A signal (a process is killed after half of what is to be written); or the disk is full from there on.
    """

    def __init__(self, folder: Path, name: str = "", number: int = 0, fault: Fault = "kill") -> None:
        self.counts: Counter[str] = Counter()
        self._folder = str(folder)
        self._at = (name, number)
        self._fault = fault
        self._full = False
        self._lock = threading.Lock()  # events are written by a thread of their own

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of functions of `io`, `os` and the event log."""
        open_, replace, unlink, fsync = io.open, os.replace, os.unlink, os.fsync
        write_event = BackgroundLog.write

        def ours(file: Any) -> bool:
            return str(file).startswith(self._folder)

        def opening(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            if not ours(file) or not set(mode) & set("wxa+"):
                return open_(file, mode, *rest, **options)
            self.reach("open", file, needs_room=True)
            return _Stream(open_(file, mode, *rest, **options), self, file)

        def replacing(source: Any, target: Any, **options: Any) -> None:
            if ours(target):
                self.reach("replace", target, needs_room=True)
            replace(source, target, **options)

        def unlinking(file: Any, **options: Any) -> None:
            if ours(file):
                self.reach("unlink", file)
            unlink(file, **options)

        def syncing(descriptor: Any) -> None:
            self.reach("sync", "", needs_room=True)
            fsync(descriptor)

        def writing(log: BackgroundLog, event: Any) -> Any:
            self.reach("event", type(event).__name__)
            return write_event(log, event)

        patch.setattr(io, "open", opening)
        for name, function in (("replace", replacing), ("unlink", unlinking), ("fsync", syncing)):
            patch.setattr(os, name, function)
        patch.setattr(BackgroundLog, "write", writing)

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
            name = f"{operation} {_kind(file)}".strip()
            here = (name, self.counts[name]) == self._at
            self.counts[name] += 1
            if self._fault != "full":
                if here:
                    if self._fault == "kill":
                        half()
                    os.kill(os.getpid(), _SIGNALS[self._fault])
                return
            self._full |= here
            if self._full and needs_room:
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
