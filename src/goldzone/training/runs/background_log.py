"""The event log off the hot path: a bounded queue and one thread that writes."""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import Final

from msgspec.structs import replace

from goldzone.errors import StateError
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event

__all__ = ["BackgroundLog"]

_MOST_WAITING: Final = 10_000
_LONGEST_STALL: Final = 30.0
_PAUSE: Final = 0.05
"""Seconds between two looks into the queue: waking the thread for each event would cost training more."""


class BackgroundLog:
    """Appends events to a log while training goes on.

    After an error of the disk, events are dropped until `flush` or `close` tells of it. A disk that hangs
    holds training up once the queue is full, and ends it after `longest_stall` seconds.

    Parameters
    ----------
    path : path
        As for `goldzone.training.runs.event_log.EventLog`.
    most_waiting : int
        Events that may wait for the disk.
    longest_stall : float
        Seconds to wait for room in a full queue.

    Raises
    ------
    StateError
        The log cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        most_waiting: int = _MOST_WAITING,
        longest_stall: float = _LONGEST_STALL,
    ) -> None:
        self._log = EventLog(path)
        self._path = path
        self._count = self._log.count
        self._longest_stall = longest_stall
        self._queue: queue.Queue[Event | threading.Event | None] = queue.Queue(most_waiting)
        self._urgent = threading.Event()
        self._lock = threading.Lock()
        self._error: StateError | None = None
        self._thread = threading.Thread(target=self._work, name="event log", daemon=True)
        self._thread.start()

    def __enter__(self) -> BackgroundLog:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            self.close()
        except StateError:
            if error is None:  # else the first error is the one to report
                raise

    @property
    def count(self) -> int:
        """Events so far, those that wait included."""
        return self._count

    def write(self, event: Event) -> Event:
        """Stamp an event with its sequence number and time, and leave it to the thread.

        Raises
        ------
        StateError
            The queue has been full for too long.
        """
        with self._lock:
            stamped = replace(event, sequence=self._count, time=event.time or time.time())
            self._put(stamped)
            self._count += 1
        return stamped

    def flush(self) -> None:
        """Wait until all events so far are on the disk.

        Raises
        ------
        StateError
            An event could not be written, or the disk hangs.
        """
        done = threading.Event()
        self._put(done)
        if not done.wait(self._longest_stall):
            raise self._hangs()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Write what waits and end the thread, with the errors of `flush`; closing again does nothing."""
        if not self._thread.is_alive():
            return
        try:
            self.flush()
        finally:
            self._put(None)
            self._thread.join(self._longest_stall)
            self._log.close()

    def _put(self, item: Event | threading.Event | None) -> None:
        try:
            self._queue.put(item, timeout=self._longest_stall)
        except queue.Full:
            raise self._hangs() from None
        if not isinstance(item, Event):
            self._urgent.set()

    def _work(self) -> None:
        while True:
            self._urgent.wait(_PAUSE)
            self._urgent.clear()
            while not self._queue.empty():
                item = self._queue.get_nowait()  # this thread alone takes items out
                if item is None:
                    return
                try:
                    if isinstance(item, threading.Event):
                        self._log.sync()
                    elif self._error is None:
                        self._log.write(item)
                except StateError as error:
                    self._error = self._error or error
                finally:
                    if isinstance(item, threading.Event):
                        item.set()

    def _hangs(self) -> StateError:
        return StateError(f"{self._path}: the disk has not answered for {self._longest_stall:g} s; check it")
