"""The event log: typed events as JSON lines, appended and read back.

An unfinished last line (a writer that was killed, or is at work) is told apart from damage.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from goldzone.errors import StateError
from goldzone.training.runs.event_lines import decode_line, encode_line
from goldzone.training.runs.events import Event, LineTorn, LogReplaced

__all__ = ["EventFollower", "EventLog", "cut_events", "last_event", "read_events", "whole_events"]

_BLOCK: Final = 1 << 20
"""Bytes that a reader takes from the disk at once."""
_MOST: Final = 1 << 24
"""Bytes of a line: some hundred times the longest that is written."""


class EventLog:
    """Append events to a file; each line goes to the system in one call before `write` returns.

    An unfinished last line of an earlier writer is cut off; the numbering goes on after the last whole one. A
    file that does not exist is made; its folder must exist.

    Raises
    ------
    StateError
        If the file cannot be opened, or its last whole line is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        with _disk(self._path, "opened"):
            self._stream: BinaryIO = self._path.open("a+b", buffering=0)
        try:
            with _disk(self._path, "read"):
                self._next = _mend(self._stream, self._path)
        except StateError:
            self._stream.close()
            raise

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Events in the log."""
        return self._next

    def write(self, event: Event) -> Event:
        """Append an event, stamped with its sequence number and, unless it has one, with the time.

        Raises
        ------
        StateError
            If a field has a value of another type, the log is closed, or the disk refuses; the log then ends
            with the line before.
        """
        if self._stream.closed:
            raise StateError(f"{self._path}: the event log is closed; open it again")
        stamped = replace(event, sequence=self._next, time=event.time or time.time())
        try:
            line = encode_line(stamped)
        except (ValueError, TypeError) as error:
            raise StateError(f"{self._path}: event {self._next} cannot be written: {error}") from None
        with _disk(self._path, "written"):
            end = self._stream.seek(0, os.SEEK_END)
            try:
                if self._stream.write(line) != len(line):
                    raise OSError(0, "only a part was written")
            except OSError:
                with contextlib.suppress(OSError):
                    self._stream.truncate(end)
                raise
        self._next += 1
        return stamped

    def sync(self) -> None:
        """Have the system put all that was written on the disk; StateError if the disk refuses."""
        with _disk(self._path, "written"):
            os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        with _disk(self._path, "closed"):
            self._stream.close()


class EventFollower:
    """Reads a log on from where it was, also while it is written, cut or replaced.

    A log that does not exist (yet) is one without events.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._lines, self._offset, self._last = 0, 0, b""

    def poll(self) -> Iterator[tuple[int, Event]]:
        """Read what there is and was not read yet; nothing is waited for.

        Yields
        ------
        line : int
            From 1; 0 for a `LogReplaced`.
        event : Event
            A `LogReplaced` if what was read no longer stands in the log; reading begins again. An unfinished
            last line is left for later.

        Raises
        ------
        StateError
            As `read_events`.
        """
        if not self._stands():
            self._lines, self._offset, self._last = 0, 0, b""
            yield 0, LogReplaced()
        try:
            with _disk(self._path, "read"), self._open() as stream:
                stream.seek(self._offset)
                for number, event, line in _events(stream, self._path, self._lines):
                    if isinstance(event, LineTorn):
                        return
                    self._lines, self._offset, self._last = number, self._offset + len(line), line
                    yield number, event
        except StateError:
            if self._stands():  # else it was cut or replaced just now, as the next poll will tell
                raise

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb", buffering=_BLOCK)
        except FileNotFoundError:
            return io.BytesIO()

    def _stands(self) -> bool:
        """Tell whether the last line that was read is where it was; its number and time make it unique."""
        with _disk(self._path, "read"), self._open() as stream:
            stream.seek(self._offset - len(self._last))
            return stream.read(len(self._last)) == self._last


def read_events(path: str | os.PathLike[str]) -> Iterator[tuple[int, Event]]:
    """Read a log from its beginning, also while it is being written.

    Yields
    ------
    line : int
        From 1.
    event : Event
        For an unfinished last line, a `LineTorn`.

    Raises
    ------
    StateError
        If the file cannot be read, or a line is damaged, unknown or out of sequence; it names the line.
    """
    name = Path(path)
    with _disk(name, "read"), name.open("rb", buffering=_BLOCK) as stream:
        for number, event, _ in _events(stream, name, 0):
            yield number, event


def last_event(path: str | os.PathLike[str]) -> Event | None:
    """Read the last whole event of a log, and nothing before it; None of a log without one.

    Raises
    ------
    StateError
        The log cannot be read, or its last line is none of a log.
    """
    path = Path(path)
    with _disk(path, "read"), path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return None
        last, _ = _last_line(stream)
    return _event(last, f"{path} last line") if last else None


def whole_events(path: str | os.PathLike[str]) -> tuple[int, str | None]:
    """Count the events before the first damaged or unfinished line.

    Returns
    -------
    count : int
        0 for a log that is missing.
    damage : str or None
        What is wrong with the line after them, if it is not merely unfinished.
    """
    count = 0
    try:
        for count, _ in EventFollower(path).poll():  # noqa: B007 - the last one is the result
            pass
    except StateError as problem:
        return count, str(problem)
    return count, None


def cut_events(path: str | os.PathLike[str], count: int) -> None:
    """Cut a log off after its first events; one that is missing or shorter stays as it is.

    Raises
    ------
    StateError
        The file cannot be read or written.
    """
    name = Path(path)
    if not name.exists():
        return
    with _disk(name, "cut off"), name.open("r+b") as stream:
        for _ in range(count):
            if not stream.readline(_MOST).endswith(b"\n"):
                return
        stream.truncate(stream.tell())


@contextlib.contextmanager
def _disk(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"{path}: cannot be {done} ({error.strerror}); check the disk and the folder"
        ) from None


def _mend(stream: BinaryIO, path: Path) -> int:
    """Cut off an unfinished last line; return the number of the next event."""
    size = stream.seek(0, os.SEEK_END)
    if not size:
        return 0
    last, end = _last_line(stream)
    if end < size:
        stream.truncate(end)
    return _event(last, f"{path} last line").sequence + 1 if last else 0


def _last_line(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the last whole line of a log that is not empty, and where it ends."""
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as log:
        end = log.rfind(b"\n") + 1
        begin = log.rfind(b"\n", 0, max(0, end - 1)) + 1
        return log[begin : min(end, begin + _MOST)], end


def _events(stream: BinaryIO, path: Path, lines: int) -> Iterator[tuple[int, Event, bytes]]:
    """Yield number, event and line of what follows after some lines; a `LineTorn` for an unfinished one."""
    for number, line in enumerate(iter(partial(stream.readline, _MOST), b""), lines + 1):
        if len(line) == _MOST:
            raise StateError(f"{path} line {number}: is longer than {_MOST} bytes; restore the file")
        if not line.endswith(b"\n"):
            yield number, LineTorn(sequence=number - 1, length=len(line)), line
            return
        event = _event(line, f"{path} line {number}")
        if event.sequence != number - 1:
            raise StateError(
                f"{path} line {number}: has sequence {event.sequence} in place of {number - 1}; "
                "lines were lost or added, restore the file"
            )
        yield number, event, line


def _event(line: bytes, where: str) -> Event:
    try:
        return decode_line(line)
    except (ValueError, RecursionError) as error:
        raise StateError(f"{where}: {' '.join(str(error).split())}; restore the file") from None
