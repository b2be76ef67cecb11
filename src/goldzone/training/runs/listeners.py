"""What looks on at a run: progress bars, alerts, dashboards, exporters.

A listener gets every event as it was written, and may write events of its own. None can disturb training: one
that fails is a warning of the run and hears no more of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.events import Event, Warned

__all__ = ["Audience", "Listener"]


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

    def finish(self) -> None:
        """Finish what is under way: only the event that ends the run is still to come."""

    def close(self) -> None:
        """Free what is held; the run has ended, one way or another."""


class Audience:
    """The listeners of a run at its event log; each event reaches them in their order."""

    def __init__(self, listeners: Sequence[Listener], log: BackgroundLog) -> None:
        self._listeners = list(listeners)
        self._log = log
        self._waiting: deque[Event] = deque()
        self._telling = False
        self._tell(lambda listener: listener.begin(self.emit))

    def catch_up(self, events: Sequence[Event]) -> None:
        """Tell of the events that the log holds already."""
        self._tell(lambda listener: listener.catch_up(events))

    def on_stage(self, name: str) -> None:
        """Tell of a stage."""
        self._tell(lambda listener: listener.on_stage(name))

    def emit(self, event: Event) -> None:
        """Write an event and tell of it; what a listener emits meanwhile is told of afterwards."""
        self._waiting.append(self._log.write(event))
        if not self._telling:
            self._tell_waiting()

    def finish(self) -> None:
        """Let all finish what is under way."""
        self._tell(lambda listener: listener.finish())

    def close(self) -> None:
        """Let all free what they hold."""
        self._tell(lambda listener: listener.close())

    def _tell_waiting(self) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            self._tell(lambda listener, event=event: listener.on_event(event))  # type: ignore[misc]

    def _tell(self, message: Callable[[Listener], None]) -> None:
        """Send a message to all, drop those that fail, then tell of what was emitted meanwhile."""
        outermost, self._telling = not self._telling, True
        try:
            for listener in tuple(self._listeners):
                try:
                    message(listener)
                except Exception as error:
                    self._listeners.remove(listener)
                    reason = f"{type(error).__name__}: {error}".splitlines()[0]
                    text = f"{type(listener).__name__} failed ({reason}); it hears no more of this run"
                    self._waiting.append(self._log.write(Warned(message=text)))
        finally:
            self._telling = not outermost
        if outermost:
            self._tell_waiting()
