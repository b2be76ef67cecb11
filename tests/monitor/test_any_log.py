"""No log, however strange, brings down who looks on: it is shown, or refused in a line."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from goldzone.cli.glance_display import news_line, run_picture
from goldzone.cli.output import screen
from goldzone.errors import StateError
from goldzone.monitor.glance import badness, glance
from goldzone.monitor.live import LiveRun
from goldzone.monitor.metrics import RunCollector
from goldzone.monitor.tracking.run_tracker import sweep_scalars
from goldzone.training.runs.events import Event, NeuronTrained, RunStarted, SweepFinished
from tests.monitor.small_logs import STARTED, toy_run, write_log
from tests.training.runs.event_samples import events as any_event

some_logs = st.tuples(
    st.lists(any_event, max_size=2),
    st.lists(st.sampled_from(toy_run()), max_size=20),
    st.lists(any_event, max_size=6),
).map(lambda parts: [*parts[0], STARTED, *parts[1], *parts[2]])


@settings(max_examples=40, deadline=None)
@given(log=some_logs, now=st.floats(0, 2e9))
def test_any_log_is_shown_or_refused(
    log: list[Event], now: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_log(tmp_path_factory.mktemp("any") / "log", log)
    live = LiveRun(path)
    try:
        news = live.poll()
    except StateError:
        news = ()
    seen = glance(live, now)
    json.dumps(asdict(seen), allow_nan=False)
    assert badness(seen) == badness(seen)
    stream = io.StringIO()
    console = screen()
    console.file = stream
    console.print(run_picture(seen))
    assert seen.verdict in " ".join(stream.getvalue().split())
    for event in news:
        news_line(event, seen)
        if isinstance(event, SweepFinished) and live.history is not None:
            assert all(
                abs(value) < float("inf")
                for value in sweep_scalars(event, live.history, live.config).values()
            )
    text = RunCollector([path], clock=lambda: now).text().decode()
    assert list(text_string_to_metric_families(text))


def test_numbers_beyond_reason_are_shown(tmp_path: Path) -> None:
    huge = NeuronTrained(
        sweep=10**18,
        layer=1,
        position=0,
        order=0,
        total=0,
        premodulo=2**62,
        target=2**62,
        sum=2**62,
        samples=2**62,
        agreement=1e300,
        regime=None,
        reason="",
        seconds=1e300,
        changed=0,
    )
    live = LiveRun(write_log(tmp_path / "log", [STARTED, huge, huge]))
    live.poll()
    json.dumps(asdict(glance(live, 0.0)), allow_nan=False)
    assert isinstance(live.started, RunStarted)
