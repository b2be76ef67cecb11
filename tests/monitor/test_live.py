from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldzone.data.builtin import load_builtin
from goldzone.errors import StateError
from goldzone.g2p.task import PhonemizerTask
from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.alert_summary import summarise
from goldzone.monitor.alerts import replay
from goldzone.monitor.history import read_history
from goldzone.monitor.live import LiveRun, Place, find_runs
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event, LogReplaced
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.task import RunContext
from tests.monitor.scripts import Script
from tests.monitor.small_logs import FINISHED, STARTED, toy_run, trained, write_log


def falling() -> list[Event]:
    script = Script(3, 1)
    for sweep, dev in enumerate((0.6, 0.5, 0.4), 1):
        script.sweep(sweep, train=0.9, dev=dev, seconds={1: 1.0, 2: 1.0})
    return script.events


def facts(run: LiveRun) -> tuple[object, ...]:
    """All that tests compare."""
    history = run.history
    assert history is not None
    return (
        history.sweeps,
        history.selections,
        history.neurons.sum.tolist(),
        run.alerts,
        run.place,
        run.rate,
        run.seconds_left,
        run.share_done,
        run.longest_gap,
    )


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 21), max_size=6))
def test_read_in_pieces_or_at_once_is_the_same(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    events, folder = falling(), tmp_path_factory.mktemp("live")
    live = LiveRun(write_log(folder / "log", []))
    with EventLog(folder / "log") as log:
        for number, event in enumerate(events):
            log.write(event)
            if number in cuts:
                live.poll()
    live.poll()
    at_once = LiveRun(folder / "log")
    assert len(at_once.poll()) == len(events)
    assert facts(live) == facts(at_once)


def test_the_history_and_the_alerts_are_those_of_the_log(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log", falling())
    live = LiveRun(path)
    live.poll()
    history = read_history(path)
    assert live.history is not None
    assert live.history.sweeps == history.sweeps
    expected = summarise(replay(falling(), AlertSettings()))
    assert live.alerts == expected
    assert [alert.rule for alert in expected] == ["dev_falling"]


def test_rate_and_time_left_count_by_the_times_of_the_events(tmp_path: Path) -> None:
    live = LiveRun(write_log(tmp_path / "log", falling()))
    live.poll()
    assert live.rate == pytest.approx(1.0)  # one neuron a second, as the script says
    sweeps = TrainingConfig().pipeline.sweeps
    assert live.seconds_left == pytest.approx(4 * sweeps - 12)
    assert live.share_done == pytest.approx(3 / sweeps)
    assert live.longest_gap == 1.0


def test_the_place_moves_with_the_events(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log", [])
    live = LiveRun(path)
    assert (live.poll(), live.place, live.history, live.rate) == ((), None, None, None)
    places = []
    with EventLog(path) as log:
        for event in toy_run():
            log.write(event)
            live.poll()
            places.append(live.place)
    assert places[:5] == [None, Place(1), Place(1, 2, 0, 1, 1), Place(1, 1, None, 0, 4), Place(1, 1, 0, 1, 1)]
    assert places[-1] is None
    assert live.finished is not None
    assert live.seconds_left == 0.0


def test_a_log_that_is_replaced_is_a_new_run(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log", falling())
    live = LiveRun(path)
    live.poll()
    path.unlink()
    write_log(path, toy_run())
    assert isinstance(live.poll()[0], LogReplaced)
    fresh = LiveRun(path)
    fresh.poll()
    assert facts(live) == facts(fresh)
    assert live.alerts == ()


def test_an_event_that_does_not_fit_names_its_line(tmp_path: Path) -> None:
    live = LiveRun(write_log(tmp_path / "log", [STARTED, trained(1, 7, 0, 1, 1)]))
    for _ in range(2):
        with pytest.raises(StateError, match=r"log line 2: the run has no neuron 7\.0; restore"):
            live.poll()
    write_log(tmp_path / "other", toy_run()).replace(tmp_path / "log")
    live.poll()
    assert live.finished is not None


def test_runs_are_found_but_not_what_they_keep_inside(tmp_path: Path) -> None:
    for name in ("b", "a/x", "a/y", "b/final", "c/replaced", "d/e/f/g/h"):
        RunFolder.create(tmp_path / name, TrainingConfig(), initial_events=[FINISHED])
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "empty").mkdir()
    assert find_runs(tmp_path) == tuple(tmp_path / name for name in ("a/x", "a/y", "b"))
    assert find_runs(tmp_path / "b") == (tmp_path / "b",)
    with pytest.raises(StateError, match="nowhere: is no folder; give"):
        find_runs(tmp_path / "nowhere")


class KilledError(Exception):
    """Ends a run from outside."""


def test_a_run_that_was_interrupted_and_taken_up_again_is_as_if_read_anew(tmp_path: Path) -> None:
    given = {"network": {"neurons": 6}, "credit": {"kind": "rank"}, "pipeline": {"sweeps": 2}}
    task = PhonemizerTask.of(load_builtin("slovak"), TrainingConfig.model_validate(given), limit=60)
    steps = iter(range(9))
    live: LiveRun | None = None

    def check() -> None:
        nonlocal live
        live = live or LiveRun(tmp_path / "run")
        live.poll()  # also while it trains
        if next(steps, None) is None:
            raise KilledError

    with pytest.raises(KilledError):
        start_run(task, tmp_path / "run", RunContext(check_interrupt=check))
    assert live is not None
    live.poll()
    assert live.place is not None
    resume_run(task, tmp_path / "run", RunContext())
    live.poll()
    fresh = LiveRun(tmp_path / "run")
    fresh.poll()
    assert facts(live)[:-4] == facts(fresh)[:-4]  # rate and pauses know of the time in between
    assert live.finished == fresh.finished
    assert live.finished is not None
