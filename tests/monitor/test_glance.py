from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from goldzone.monitor.glance import Glance, State, badness, glance
from goldzone.monitor.live import LiveRun, Place
from goldzone.monitor.verdict import Verdict
from goldzone.training.runs.events import Event, SweepFinished
from tests.monitor.scripts import Script
from tests.monitor.small_logs import toy_run, write_log


def seen(path: Path, events: list[Event], now: float = 0.0) -> Glance:
    live = LiveRun(write_log(path, events))
    live.poll()
    return glance(live, now)


def script(*devs: float) -> Script:
    found = Script(3, 1)
    for sweep, dev in enumerate(devs, 1):
        found.sweep(sweep, train=0.9, dev=dev, margins={1: [0.001, 0.5, 0.9]}, seconds={1: 1.0, 2: 1.0})
        done = found.events[-1]
        assert isinstance(done, SweepFinished)
        found.events[-1] = replace(done, best=dev == max(devs[:sweep]))
    return found


def test_the_regimes_of_a_layer_are_those_of_its_last_sums(tmp_path: Path) -> None:
    found = seen(tmp_path / "log", script(0.5, 0.6).events)
    first = found.layers[0]
    assert (first.noisy, first.gold_zone, first.collapsed, first.not_measured) == (1, 1, 1, 0)
    assert first.margin is not None
    assert first.margin.median == pytest.approx(0.5)
    assert (first.premodulo, first.target) == (100, None)


def test_what_was_not_trained_is_not_measured(tmp_path: Path) -> None:
    found = seen(tmp_path / "log", toy_run()[:5])
    assert [layer.not_measured for layer in found.layers] == [3, 0]
    assert found.place == Place(1, 1, 0, 1, 1)
    assert (found.verdict, found.gap, found.best_sweep) == (Verdict.NOT_KNOWN, None, None)


def test_the_model_of_a_finished_run_is_from_the_sweep_it_says(tmp_path: Path) -> None:
    found = seen(tmp_path / "log", toy_run())
    assert (found.state, found.best_sweep, found.best_dev) == (State.FINISHED, 1, 0.4)
    assert found.gap == pytest.approx(0.5)
    assert found.silent_seconds is None


def test_a_run_is_silent_after_far_more_than_its_longest_pause(tmp_path: Path) -> None:
    slow = Script(3, 1)
    slow.sweep(1, train=0.9, dev=0.5, seconds={1: 100.0})
    live = LiveRun(write_log(tmp_path / "log", slow.events))
    live.poll()
    assert live.longest_gap == 100.0
    assert glance(live, slow.time + 299).state is State.TRAINING
    assert glance(live, slow.time + 301).state is State.SILENT
    quick = LiveRun(write_log(tmp_path / "quick", script(0.5).events))
    quick.poll()
    assert quick.last_at is not None
    assert glance(quick, quick.last_at + 59).state is State.TRAINING
    assert glance(quick, quick.last_at + 61).state is State.SILENT


def test_an_empty_log_waits(tmp_path: Path) -> None:
    found = seen(tmp_path / "log", [])
    assert (found.state, found.run, found.curve, found.layers) == (State.WAITING, None, (), ())


def test_the_worst_come_first(tmp_path: Path) -> None:
    runs = {
        "alert": script(0.6, 0.5, 0.4).events,
        "falling": script(0.6, 0.5).events,
        "low": script(0.2, 0.3).events,
        "high": script(0.5, 0.6).events,
    }
    now = max(events[-1].time for events in runs.values())
    found = [seen(tmp_path / name, events, now) for name, events in reversed(runs.items())]
    assert [Path(each.path).name for each in sorted(found, key=badness)] == list(runs)
    late = seen(tmp_path / "silent", script(0.5, 0.7).events, now + 1000)
    assert badness(found[-1]) < badness(late) < badness(found[-2])
