"""What raises the alerts of a run as it goes, and tells of them outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.alerts import AlertEngine
from goldzone.monitor.notify import Notifier, make_notifier
from goldzone.monitor.rules import OBSERVED, RULES
from goldzone.training.runs.events import (
    AlertClosed,
    AlertEvent,
    AlertOpened,
    Event,
    SweepStarted,
    Warned,
)
from goldzone.training.runs.listeners import Listener

__all__ = ["AlertListener"]


class AlertListener(Listener):
    """Raises the alerts of a run as it goes: each becomes an event, and is told outside.

    `run` is its name, for those who are told. With `outside` False nobody is: the settings come from a folder
    whose author may be somebody else.
    """

    def __init__(self, settings: AlertSettings, run: str, *, outside: bool = True) -> None:
        self._settings = settings if outside else settings.silent()
        self._run = run
        self._engine = AlertEngine(settings)
        self._emit: Callable[[Event], None] = lambda event: None
        self._notifier: Notifier | None = None
        self._sweep = 0
        self._still = False

    def begin(self, emit: Callable[[Event], None]) -> None:
        """Take the function that writes alerts into the run; make ready to tell of them."""
        self._emit = emit
        self._notifier = make_notifier(
            self._settings, run=self._run, warn=lambda line: emit(Warned(message=line))
        )

    def catch_up(self, events: Iterable[Event]) -> None:
        """Take the log of a run that is resumed; only alerts that it should hold but does not are raised."""
        due: list[AlertEvent] = []
        told = 0
        for event in events:
            if isinstance(event, AlertEvent) and event.rule in OBSERVED:
                self._still = isinstance(event, AlertOpened)
            else:
                told += isinstance(event, AlertEvent)
                due += self._engine.feed(event)
        self._raise(due[told:])

    def on_tick(self, quiet: float, longest: float) -> None:
        """Raise an alert if no event has come for long."""
        rule = self._settings.standstill
        value = quiet / max(rule.window, longest)
        if rule.severity != "off" and not self._still and value > rule.threshold:
            self._still = True
            text = f"no event for {quiet:,.0f} s: {RULES['standstill'].advice}"
            self._raise([self._standstill(AlertOpened, value, text)])

    def on_event(self, event: Event) -> None:
        """Take an event as it was written."""
        if isinstance(event, SweepStarted):
            self._sweep = event.sweep
        if self._still and not isinstance(event, AlertEvent | Warned):
            self._still = False
            self._raise([self._standstill(AlertClosed, 0.0, "events come again")])
        self._raise(self._engine.feed(event))
        if self._notifier is not None:
            self._notifier.poll()

    def finish(self) -> None:
        """Deliver what waits, for some seconds at most."""
        self.close()

    def close(self) -> None:
        """Deliver what waits, for some seconds at most; closing again does nothing."""
        if self._notifier is not None:
            self._notifier.close()

    def _standstill(self, kind: type[AlertEvent], value: float, message: str) -> AlertEvent:
        rule = self._settings.standstill
        return kind(
            rule="standstill",
            layer=None,
            severity=rule.severity,
            sweep=self._sweep,
            value=value,
            threshold=rule.threshold,
            message=message,
        )

    def _raise(self, alerts: Iterable[AlertEvent]) -> None:
        for alert in alerts:
            self._emit(alert)
            if self._notifier is not None:
                self._notifier.send(alert)
