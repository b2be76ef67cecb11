from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, SweepStarted, Warned
from goldzone.training.runs.listeners import Audience, Listener
from goldzone.training.runs.watchdog import EXIT_CODE, Limits, Watchdog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[BackgroundLog]:
    with BackgroundLog(tmp_path / "events.jsonl") as log:
        yield log


class Watcher(Listener):
    def __init__(self) -> None:
        self.ticks: list[tuple[float, float]] = []
        self.ticked = threading.Event()

    def on_tick(self, quiet: float, longest: float) -> None:
        self.ticks.append((quiet, longest))
        self.ticked.set()


@pytest.mark.parametrize(
    ("limits", "quiet", "ended"),
    [
        (Limits(None, None), 10_000.0, ""),
        (Limits(700.0, None), 650.0, ""),  # its time is not over
        (Limits(60.0, None), 590.0, ""),  # a step may be long
        (Limits(60.0, None), 601.0, "the time limit of 60 s is over"),
        (Limits(None, 60.0), 601.0, "the time limit of a layer, 60 s, is over"),
        (Limits(None, 700.0), 650.0, ""),
    ],
)
def test_a_run_that_stands_still_after_its_time_is_ended(
    tmp_path: Path, log: BackgroundLog, limits: Limits, quiet: float, ended: str
) -> None:
    told: list[str] = []
    watchdog = Watchdog(Audience([], log), limits, "runs/x", end=told.append)
    watchdog.look(time.monotonic() + quiet)
    log.flush()
    last = [event.message for _, event in read_events(tmp_path / "events.jsonl") if isinstance(event, Warned)]
    assert told == last
    assert len(told) == bool(ended)
    assert all(ended in line and "goldzone resume runs/x" in line for line in told)


def test_the_longest_time_without_an_event_is_waited_for_five_times(
    log: BackgroundLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    told: list[str] = []
    audience = Audience([], log)
    watchdog = Watchdog(audience, Limits(1.0, None), "x", patience=10.0, end=told.append)
    now[0] = 100.0
    audience.emit(SweepStarted(sweep=1))
    audience.emit(Warned(message="nothing happens"))
    watchdog.look(599.0)
    assert told == []
    watchdog.look(601.0)
    assert len(told) == 1


def test_listeners_are_told_by_the_thread(log: BackgroundLog) -> None:
    watcher = Watcher()
    with Watchdog(Audience([watcher], log), Limits(None, None), "x", every=0.001):
        assert watcher.ticked.wait(30)
    count = len(watcher.ticks)
    assert not any(thread.name == "watchdog" for thread in threading.enumerate())
    assert len(watcher.ticks) == count


def test_nothing_is_told_while_a_listener_is_at_work(log: BackgroundLog) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    class Slow(Listener):
        def on_event(self, event: Event) -> None:
            at_work.set()
            assert go_on.wait(30)

    watcher = Watcher()
    audience = Audience([Slow(), watcher], log)
    thread = threading.Thread(target=audience.emit, args=(SweepStarted(sweep=1),))
    thread.start()
    assert at_work.wait(30)
    audience.tick(time.monotonic())
    assert watcher.ticks == []
    go_on.set()
    thread.join(30)
    audience.tick(time.monotonic())
    assert len(watcher.ticks) == 1


HANGS = """
import sys, threading
from functools import partial
from pathlib import Path
from goldzone.data.builtin import load_builtin
from goldzone.g2p.task import PhonemizerTask, PreparedPhonemizer
from goldzone.monitor.alert_listener import AlertListener
from goldzone.monitor.alert_settings import run_config_from_toml
from goldzone.training import runner
from goldzone.training.runs.run_folder import RunSource
from goldzone.training.task import RunContext

config = run_config_from_toml(Path(sys.argv[2]).read_text(), "c")
task = PhonemizerTask.of(load_builtin("slovak"), config.training, limit=100)
context = RunContext(1, [AlertListener(config.alerts, "x")])
if sys.argv[3] == "hang":
    limits = runner.Limits(0.1, None)
    runner.Limits = lambda *_: limits
    runner.Watchdog = partial(runner.Watchdog, every=0.01, patience=0.3)
    evaluate = PreparedPhonemizer.evaluate
    calls = []
    def hang(self, network):
        calls.append(network)
        if len(calls) == 2:
            threading.Event().wait()  # for ever
        return evaluate(self, network)
    PreparedPhonemizer.evaluate = hang
    runner.start_run(task, Path(sys.argv[1]), context, source=RunSource(name="slovak", limit=100))
elif sys.argv[3] == "resume":
    print(runner.resume_run(task, Path(sys.argv[1]), context).digest)
else:
    print(runner.start_run(task, Path(sys.argv[1]), context, source=RunSource(name="slovak")).digest)
"""


def test_a_run_that_hangs_raises_an_alert_and_is_ended_and_goes_on_to_the_same_model(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGS, encoding="utf-8")
    (tmp_path / "c.toml").write_text(
        "[network]\nneurons = 8\n[pipeline]\nsweeps = 3\n[alerts.standstill]\nthreshold = 0.05\nwindow = 1\n",
        encoding="utf-8",
    )

    def run(folder: str, what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "hangs.py", folder, "c.toml", what]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    ended = run("runs", "hang")
    assert ended.returncode == EXIT_CODE, ended.stderr
    assert "time limit of 0.1 s is over: the run is ended; go on with it (goldzone" in ended.stderr
    names = [type(event).__name__ for _, event in read_events(tmp_path / "runs" / "events.jsonl")]
    assert "AlertOpened" in names
    assert names[-1] == "Warned"
    assert run("runs", "resume").stdout == run("whole", "whole").stdout != ""
