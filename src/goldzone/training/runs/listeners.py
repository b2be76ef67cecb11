"""What looks on at a run: progress bars, alerts, dashboards, exporters.

A listener gets every event as it was written, and may write events of its own. None can disturb training: one
that fails is a warning of the run and hears no more of it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from goldzone.errors import StateError
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.events import AlertEvent, Event, Warned

__all__ = ["Audience", "Listener", "dropped"]


class Listener:
    """Looks on at a run; each method does nothing unless a subclass says otherwise."""

    def begin(self, emit: Callable[[Event], None]) -> None:
        """Take the function that writes an event of the listener's own into the run."""

    def catch_up(self, events: Iterable[Event]) -> None:
        """Take what the log held before: what decided the configuration, or a run that is resumed."""
        for event in events:
            self.on_event(event)

    def on_stage(self, name: str) -> None:
        """Take the name of a stage without sweeps, such as "testing on unseen words"."""

    def on_event(self, event: Event) -> None:
        """Take an event as it was written."""

    def on_tick(self, quiet: float, longest: float) -> None:
        """Take how long no event has come, and the longest such time before, in seconds: now and then.

        Called by another thread than the others, never while one of them is at work.
        """

    def finish(self) -> None:
        """Finish what is under way: only the event that ends the run is still to come."""

    def on_exception(self, error: BaseException) -> None:
        """Take what ends the run before its time; it goes on upwards."""

    def close(self) -> None:
        """Free what is held; the run has ended, one way or another."""


class Audience:
    """The listeners of a run at its event log; each event reaches them in their order."""

    def __init__(self, listeners: Sequence[Listener], log: BackgroundLog) -> None:
        self._listeners = list(listeners)
        self._log = log
        self._waiting: deque[Event] = deque()
        self._telling = False
        self._lock = threading.RLock()
        self._last, self._longest = time.monotonic(), 0.0
        self._tell(lambda listener: listener.begin(self.emit))

    def catch_up(self, events: Sequence[Event]) -> None:
        """Tell of the events that the log holds already."""
        self._tell(lambda listener: listener.catch_up(events))

    def on_stage(self, name: str) -> None:
        """Tell of a stage."""
        self._tell(lambda listener: listener.on_stage(name))

    def emit(self, event: Event) -> None:
        """Write an event and tell of it; what a listener emits meanwhile is told of afterwards."""
        with self._lock:
            if not isinstance(event, Warned | AlertEvent):
                now = time.monotonic()
                self._longest = max(self._longest, now - self._last)
                self._last = now
            self._waiting.append(self._log.write(event))
            if not self._telling:
                self._tell_waiting()

    def tick(self, now: float) -> tuple[float, float]:
        """Tell for how many seconds no event has come; return that, and the longest such time before.

        For another thread: nothing is told while a listener is at work.

        Parameters
        ----------
        now : float
            Of the monotonic clock.
        """
        quiet, longest = now - self._last, self._longest
        if self._lock.acquire(blocking=False):
            try:
                self._tell(lambda listener: listener.on_tick(quiet, longest))
            finally:
                self._lock.release()
        return quiet, longest

    def emit_last(self, event: Event) -> None:
        """Write an event from another thread, and wait until it is on the disk; a process ends after it."""
        self._log.write(event)
        with suppress(StateError):  # of a disk that hangs there is nobody to tell
            self._log.flush()

    def finish(self) -> None:
        """Let all finish what is under way."""
        self._tell(lambda listener: listener.finish())

    def on_exception(self, error: BaseException) -> None:
        """Tell of what ends the run before its time."""
        self._tell(lambda listener: listener.on_exception(error))

    def close(self) -> None:
        """Let all free what they hold."""
        self._tell(lambda listener: listener.close())

    def _tell_waiting(self) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            self._tell(lambda listener, event=event: listener.on_event(event))  # type: ignore[misc]

    def _tell(self, message: Callable[[Listener], None]) -> None:
        """Send a message to all, drop those that fail, then tell of what was emitted meanwhile."""
        with self._lock:
            outermost, self._telling = not self._telling, True
            try:
                for listener in tuple(self._listeners):
                    try:
                        message(listener)
                    except Exception as error:
                        self._listeners.remove(listener)
                        text = dropped(listener, error)
                        self._waiting.append(self._log.write(Warned(message=text)))
            finally:
                self._telling = not outermost
            if outermost:
                self._tell_waiting()


def dropped(hearer: object, error: Exception) -> str:
    """Say that one who failed is told nothing more."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"{type(hearer).__name__} failed ({reason}); it hears no more of this run"
