from __future__ import annotations

import threading
from pathlib import Path

import pytest

from goldzone.errors import StateError
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import EventLog, read_events
from goldzone.training.runs.events import Event, SweepStarted


def sweeps_in(path: Path) -> list[int]:
    return [event.sweep for _, event in read_events(path) if isinstance(event, SweepStarted)]


def test_all_events_are_in_the_log_at_a_clean_end_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with BackgroundLog(path, most_waiting=3) as log:
        stamped = [log.write(SweepStarted(sweep=sweep)) for sweep in range(1, 200)]
        assert [event.sequence for event in stamped] == list(range(199))
        assert log.count == 199
    assert sweeps_in(path) == list(range(1, 200))
    assert [event for _, event in read_events(path)] == stamped


def test_flush_waits_until_what_was_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with BackgroundLog(path) as log:
        for sweep in range(1, 50):
            log.write(SweepStarted(sweep=sweep))
            log.flush()
            assert len(sweeps_in(path)) == sweep


def test_the_numbering_goes_on_after_an_earlier_writer(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for start in (1, 3):
        with BackgroundLog(path) as log:
            log.write(SweepStarted(sweep=start))
            log.write(SweepStarted(sweep=start + 1))
    assert sweeps_in(path) == [1, 2, 3, 4]


def test_a_failing_disk_does_not_stop_training_and_is_told_at_the_next_flush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = EventLog.write

    def refuse(log: EventLog, event: Event) -> Event:
        if event.sequence == 2:
            raise StateError("the disk is full")
        return real(log, event)

    monkeypatch.setattr(EventLog, "write", refuse)
    path = tmp_path / "events.jsonl"
    log = BackgroundLog(path, most_waiting=2)
    for sweep in range(1, 100):
        log.write(SweepStarted(sweep=sweep))
    with pytest.raises(StateError, match="the disk is full"):
        log.flush()
    with pytest.raises(StateError, match="the disk is full"):
        log.close()
    log.close()
    assert sweeps_in(path) == [1, 2]  # nothing after a gap


def test_the_first_error_is_the_one_that_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(log: EventLog, event: Event) -> Event:
        raise StateError("the disk is full")

    monkeypatch.setattr(EventLog, "write", refuse)

    def fail_otherwise() -> None:
        with BackgroundLog(tmp_path / "events.jsonl") as log:
            log.write(SweepStarted(sweep=1))
            raise KeyError

    with pytest.raises(KeyError):
        fail_otherwise()


def test_a_disk_that_hangs_holds_training_up_no_longer_than_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    real = EventLog.write

    def hang(log: EventLog, event: Event) -> Event:
        go_on.wait()
        return real(log, event)

    monkeypatch.setattr(EventLog, "write", hang)
    path = tmp_path / "events.jsonl"
    log = BackgroundLog(path, most_waiting=2, longest_stall=0.05)
    for sweep in range(1, 3):  # as many as may wait
        log.write(SweepStarted(sweep=sweep))

    def overfill() -> None:
        for sweep in range(3, 10):
            log.write(SweepStarted(sweep=sweep))

    with pytest.raises(StateError, match=r"has not answered for 0\.05 s"):
        overfill()
    with pytest.raises(StateError, match="has not answered"):
        log.flush()
    go_on.set()
    written = log.count
    log._longest_stall = 60.0
    log.close()
    assert sweeps_in(path) == list(range(1, written + 1))
