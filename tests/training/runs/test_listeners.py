from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, SweepStarted, Warned
from goldzone.training.runs.listeners import Audience, Listener


@pytest.fixture
def log(tmp_path: Path) -> Iterator[BackgroundLog]:
    with BackgroundLog(tmp_path / "events.jsonl") as log:
        yield log


def written(tmp_path: Path, log: BackgroundLog) -> list[Event]:
    log.flush()
    return [event for _, event in read_events(tmp_path / "events.jsonl")]


class Notes(Listener):
    """Writes down all that it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def on_stage(self, name: str) -> None:
        self.heard.append(name)

    def on_event(self, event: Event) -> None:
        self.heard.append(event)

    def finish(self) -> None:
        self.heard.append("finish")

    def close(self) -> None:
        self.heard.append("close")


class Echo(Listener):
    """Answers each sweep with two events of its own."""

    def begin(self, emit: Callable[[Event], None]) -> None:
        self.emit = emit

    def on_event(self, event: Event) -> None:
        if isinstance(event, SweepStarted):
            self.emit(Warned(message=f"first of {event.sweep}"))
            self.emit(Warned(message=f"second of {event.sweep}"))


class Failing(Listener):
    """Fails at one of its calls."""

    def __init__(self, at: str) -> None:
        def fail(*_: object) -> None:
            raise ValueError("no screen\nat all")

        self.calls = 0
        setattr(self, at, fail)


def test_all_hear_all_in_the_order_of_the_log(tmp_path: Path, log: BackgroundLog) -> None:
    before, after = Notes(), Notes()
    audience = Audience([before, Echo(), after], log)
    audience.on_stage("aligning")
    audience.emit(SweepStarted(sweep=1))
    audience.emit(SweepStarted(sweep=2))
    audience.finish()
    audience.close()
    events = written(tmp_path, log)
    assert [type(event).__name__ for event in events] == ["SweepStarted", "Warned", "Warned"] * 2
    assert before.heard == after.heard == ["aligning", *events, "finish", "close"]


def test_a_resumed_run_is_heard_from_its_beginning(log: BackgroundLog) -> None:
    notes = Notes()
    past = [SweepStarted(sweep=1), Warned(message="old", sequence=1)]
    Audience([notes], log).catch_up(past)
    assert notes.heard == past


@pytest.mark.parametrize("at", ["begin", "catch_up", "on_stage", "on_event", "finish", "close"])
def test_a_listener_that_fails_is_a_warning_and_hears_no_more(
    tmp_path: Path, log: BackgroundLog, at: str
) -> None:
    notes = Notes()
    audience = Audience([Failing(at), notes], log)
    audience.catch_up([])
    audience.on_stage("aligning")
    audience.emit(SweepStarted(sweep=1))
    audience.emit(SweepStarted(sweep=2))
    audience.finish()
    audience.close()
    events = written(tmp_path, log)
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert warnings == ["Failing failed (ValueError: no screen); it hears no more of this run"]
    assert [e.sweep for e in events if isinstance(e, SweepStarted)] == [1, 2]
    assert [event for event in notes.heard if isinstance(event, Event)] == events


def test_what_ends_a_run_is_no_failure_of_a_listener(log: BackgroundLog) -> None:
    class Stopping(Listener):
        def on_event(self, event: Event) -> None:
            raise KeyboardInterrupt

    audience = Audience([Stopping()], log)
    with pytest.raises(KeyboardInterrupt):
        audience.emit(SweepStarted(sweep=1))
    assert log.count == 1
