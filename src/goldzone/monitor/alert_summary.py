"""Alerts as a whole: what was told of each, from its opening to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from goldzone.training.runs.events import AlertClosed, AlertEvent, AlertOpened

__all__ = ["Alert", "summarise"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert from its opening to its end."""

    rule: str
    layer: int | None
    severity: str
    opened: int
    """The sweep in which it opened."""
    closed: int | None
    """The sweep in which it closed; None while it is open."""
    updates: int
    value: float
    threshold: float
    message: str
    """As are value and threshold: what was told last while it was open."""


def summarise(events: Iterable[AlertEvent]) -> tuple[Alert, ...]:
    """Gather the events of each alert, in the order in which the alerts opened."""
    told: list[list[AlertEvent]] = []
    present: dict[tuple[str, int | None], list[AlertEvent]] = {}
    for event in events:
        key = (event.rule, event.layer)
        if isinstance(event, AlertOpened):
            present[key] = [event]
            told.append(present[key])
        elif key in present:
            present[key].append(event)
            if isinstance(event, AlertClosed):
                del present[key]
    return tuple(_gathered(of_one) for of_one in told)


def _gathered(events: list[AlertEvent]) -> Alert:
    last = events[-1]
    closed = last.sweep if isinstance(last, AlertClosed) else None
    while_open = events if closed is None else events[:-1]
    latest = while_open[-1]
    return Alert(
        rule=latest.rule,
        layer=latest.layer,
        severity=latest.severity,
        opened=events[0].sweep,
        closed=closed,
        updates=len(while_open) - 1,
        value=latest.value,
        threshold=latest.threshold,
        message=latest.message,
    )
