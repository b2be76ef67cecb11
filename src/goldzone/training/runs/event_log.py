"""The event log: typed events as JSON lines, appended and read back.

An unfinished last line (a writer that was killed, or is at work) is told apart from damage.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

import numpy as np

from goldzone.errors import StateError
from goldzone.training.runs.events import EVENTS, Event, LineTorn, NeuronTrained

__all__ = ["EventLog", "cut_events", "read_events", "whole_events"]

_NAMES: Final = {event_class: name for name, event_class in EVENTS.items()}
_DERIVED: Final[dict[type[Event], tuple[str, ...]]] = {NeuronTrained: ("margin",)}
"""Properties that lines hold besides the fields, so that a line can be read without a computation."""


class EventLog:
    """Append events to a file; each line goes to the system in one call before `write` returns.

    An unfinished last line of an earlier writer is cut off; the numbering goes on after the last whole one.

    Parameters
    ----------
    path : path
        Made if it does not exist; its folder must.

    Raises
    ------
    StateError
        If the file cannot be opened, or its last whole line is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        try:
            self._stream: BinaryIO = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise _disk_error(self._path, "opened", error) from None
        try:
            self._next = _mend(self._stream, self._path)
        except OSError as error:
            self._stream.close()
            raise _disk_error(self._path, "read", error) from None
        except StateError:
            self._stream.close()
            raise

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Events in the log."""
        return self._next

    def write(self, event: Event) -> Event:
        """Append an event, stamped with its sequence number and, unless it has one, with the time.

        Returns
        -------
        Event
            As it was written.

        Raises
        ------
        StateError
            If a field has a value of another type, the log is closed, or the disk refuses; the log then ends
            with the line before.
        """
        if self._stream.closed:
            raise StateError(f"{self._path}: the event log is closed; open it again")
        stamped = dataclasses.replace(event, sequence=self._next, time=event.time or time.time())
        try:
            line = _to_line(stamped)
        except ValueError as error:
            raise StateError(f"{self._path}: event {self._next} cannot be written: {error}") from None
        try:
            end = self._stream.seek(0, os.SEEK_END)
            try:
                if self._stream.write(line) != len(line):
                    raise OSError(0, "only a part was written")
            except OSError:
                with contextlib.suppress(OSError):
                    self._stream.truncate(end)
                raise
        except OSError as error:
            raise _disk_error(self._path, "written", error) from None
        self._next += 1
        return stamped

    def sync(self) -> None:
        """Have the system put all that was written on the disk.

        Raises
        ------
        StateError
            The disk refuses.
        """
        try:
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise _disk_error(self._path, "written", error) from None

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        try:
            self._stream.close()
        except OSError as error:
            raise _disk_error(self._path, "closed", error) from None


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
    try:
        with name.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    yield number, LineTorn(sequence=number - 1, length=len(line))
                    return
                event = _from_line(line, f"{name} line {number}")
                if event.sequence != number - 1:
                    raise StateError(
                        f"{name} line {number}: has sequence {event.sequence} in place of {number - 1}; "
                        "lines were lost or added, restore the file"
                    )
                yield number, event
    except OSError as error:
        raise _disk_error(name, "read", error) from None


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
    if not Path(path).exists():
        return 0, None
    try:
        for _, event in read_events(path):
            if isinstance(event, LineTorn):
                break
            count += 1
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
    try:
        with name.open("r+b") as stream:
            for _ in range(count):
                if not stream.readline().endswith(b"\n"):
                    return
            stream.truncate(stream.tell())
    except OSError as error:
        raise _disk_error(name, "cut off", error) from None


def _disk_error(path: Path, what: str, error: OSError) -> StateError:
    return StateError(f"{path}: cannot be {what} ({error.strerror}); check the disk and the folder")


def _mend(stream: BinaryIO, path: Path) -> int:
    """Cut off an unfinished last line; return the number of the next event."""
    end = stream.seek(0, os.SEEK_END)
    window = 4096
    while True:
        start = max(0, end - window)
        stream.seek(start)
        tail = stream.read(end - start)
        whole, newline, unfinished = tail.rpartition(b"\n")
        if start == 0 or b"\n" in whole:  # the last whole line begins within the window
            break
        window *= 2
    if unfinished:
        stream.truncate(end - len(unfinished))
    if not newline:
        return 0
    return _from_line(whole.rpartition(b"\n")[2], f"{path} last line").sequence + 1


def _to_line(event: Event) -> bytes:
    """Return an event as its line; ValueError if a field has a value of another type."""
    event_class = type(event)
    if event_class not in _NAMES:
        raise ValueError(f"{event_class.__name__} is not in the registry")
    content: dict[str, Any] = {"event": _NAMES[event_class]}
    for name, field in _FIELDS[event_class].items():
        content[name] = _converted(name, field, _plain(getattr(event, name)))
    content |= {name: getattr(event, name) for name in _DERIVED.get(event_class, ())}
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _from_line(line: bytes, where: str) -> Event:
    try:
        content = _decode(line.decode())
        if not isinstance(content, dict):
            raise ValueError("is not an object")
        return _from_content(content)
    except (ValueError, RecursionError) as error:
        raise StateError(f"{where}: {' '.join(str(error).split())}; restore the file") from None


def _from_content(content: dict[str, Any]) -> Event:
    name = content.pop("event", None)
    if not isinstance(name, str) or name not in EVENTS:
        near = difflib.get_close_matches(str(name), EVENTS, n=1)
        raise ValueError(f"event {name!r} is unknown" + (f", did you mean {near[0]!r}?" if near else ""))
    event_class = EVENTS[name]
    derived = {key: content.pop(key, None) for key in _DERIVED.get(event_class, ())}
    fields = _FIELDS[event_class]
    for key in sorted(content.keys() ^ fields.keys()):
        if key not in fields:
            raise ValueError(f"field {key!r} is unknown")
        if not fields[key].may_miss:
            raise ValueError(f"field {key!r} is missing")
    event = event_class(**{key: _converted(key, fields[key], value) for key, value in content.items()})
    for key, value in derived.items():
        if value != getattr(event, key):
            raise ValueError(f"field {key!r} is {value!r}, but follows as {getattr(event, key)!r}")
    return event


def _plain(value: Any) -> Any:
    """Turn what computing leaves behind into what JSON knows: NumPy's numbers, NaN and infinity."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field occurs twice")
    return found


_decode: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_distinct).decode


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _float(value: Any) -> float | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if _int(value) is None else float(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _ints(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or any(_int(item) is None for item in value):
        return None
    return tuple(value)


def _texts(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or any(_text(text) is None for pair in value.items() for text in pair):
        return None
    return value


def _numbers(value: Any) -> dict[str, float] | None:
    fits = isinstance(value, dict) and all(isinstance(v, int | float) for v in value.values())
    return {name: float(v) for name, v in value.items()} if fits else None


_KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "int": _int,
    "float": _float,
    "str": _text,
    "bool": _bool,
    "tuple[int, ...]": _ints,
    "dict[str, str]": _texts,
    "dict[str, float]": _numbers,
}


class _Field(NamedTuple):
    """How a field of an event is checked.

    Attributes
    ----------
    declared : str
        Its type's text, as annotations are not evaluated.
    check : callable
        Returns a JSON value as that type, or None if it has another.
    optional : bool
        Whether it may be null.
    may_miss : bool
        Whether a line without it is read: its default is null, so it says no more than null does. Logs from
        before the field was added hold such lines.
    """

    declared: str
    check: Callable[[Any], Any]
    optional: bool
    may_miss: bool


def _fields(event_class: type[Event]) -> dict[str, _Field]:
    found = {}
    for field in dataclasses.fields(event_class):
        declared = str(field.type)
        check = _KINDS[declared.removesuffix(" | None")]
        found[field.name] = _Field(declared, check, declared.endswith(" | None"), field.default is None)
    return found


_FIELDS: Final = {event_class: _fields(event_class) for event_class in EVENTS.values()}
"""Looked up once: a log may hold hundreds of thousands of lines."""


def _converted(name: str, field: _Field, value: Any) -> Any:
    """Check a JSON value against a field's declared type."""
    if value is None and field.optional:
        return None
    result = field.check(value)
    if result is None:
        raise ValueError(f"field {name!r} is {value!r} in place of {field.declared}")
    return result
