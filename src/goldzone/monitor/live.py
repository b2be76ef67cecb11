"""A run followed while its log grows: what is known of it now.

Only the log is read, and only what was added since; the trainer knows nothing of it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldzone.errors import StateError
from goldzone.monitor.alert_settings import AlertSettings, load_run_config
from goldzone.monitor.alert_summary import Alert, summarise
from goldzone.monitor.alerts import AlertEngine
from goldzone.monitor.history import HistoryBuilder, RunHistory
from goldzone.monitor.rules import OBSERVED
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.event_log import EventFollower
from goldzone.training.runs.events import (
    AlertEvent,
    Event,
    LayerProgressed,
    LayerTrained,
    LogReplaced,
    NeuronTrained,
    RunFinished,
    RunResumed,
    RunStarted,
    SelectionMade,
    SweepFinished,
    SweepStarted,
)
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.runs.run_parts import CONFIG, EVENTS, REPLACED
from goldzone.training.runs.run_progress import RunProgress

__all__ = ["LiveRun", "Place", "find_runs"]

_RATE_POINTS: Final = 256
"""Points of a sweep's progress that the rate is measured between."""
_DEEPEST: Final = 4
"""Folders below the given one in which runs are looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is at work."""

    sweep: int
    layer: int | None = None
    """None between two layers."""
    position: int | None = None
    """The neuron trained last; None where many learn together."""
    done: int = 0
    total: int = 0
    """Neurons of the layer in this sweep, or examples where its neurons learn together."""


class LiveRun:
    """What a run's log tells so far; `poll` reads on.

    Parameters
    ----------
    path : path
        A run folder, or an event log, whose configuration is then the default's.

    Raises
    ------
    StateError, ConfigError
        It is neither, or its configuration cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Final = Path(path)
        if not self.path.exists():
            raise StateError(f"{self.path}: does not exist; give the folder of a run or its events.jsonl")
        self.config, self.settings = TrainingConfig(), AlertSettings()
        self.source: RunSource | None = None
        self._log = self.path / EVENTS if self.path.is_dir() else self.path
        self._follower = EventFollower(self._log)
        self._begin()

    def _begin(self) -> None:
        """Forget what events told, and read the configuration, which may be another run's by now."""
        if self.path.is_dir():
            folder = RunFolder.open(self.path)
            self.config, self.source = folder.config, folder.source
            self.settings = load_run_config(folder.config_path).alerts
        self.place: Place | None = None
        """None before the first sweep and after the end."""
        self.started_at: float | None = None
        """Seconds since 1970 (UTC), of the first event."""
        self.last_at: float | None = None
        """The same, of the last event."""
        self.longest_gap = 0.0
        """Seconds, between two events of training."""
        self._builder = HistoryBuilder()
        self._history: RunHistory | None = None
        self._engine = AlertEngine(self.settings)
        self._alert_events: list[AlertEvent] = []
        self._progress = RunProgress(self.config)
        self._points: deque[tuple[float, float]] = deque(maxlen=_RATE_POINTS)
        self._problem: StateError | None = None
        self._resting = False

    def poll(self) -> tuple[Event, ...]:
        """Read what was added, and return it; what is known is as of its last event.

        After a `LogReplaced` everything begins again, from line 1.

        Raises
        ------
        StateError
            If the log cannot be read, a line is damaged or does not fit the run, each time until
            the log is replaced; what came before that line is known.
        """
        return tuple(self._poll())

    def _poll(self) -> Iterator[Event]:
        for line, event in self._follower.poll():
            if isinstance(event, LogReplaced):
                self._begin()
            elif self._resting:  # what it would belong to was freed
                self._follower = EventFollower(self._log)
                self._begin()
                yield LogReplaced()
                yield from self._poll()
                return
            elif self._problem is None:
                self._take(line, event)
            yield event
        if self._problem is not None:
            raise self._problem

    def _take(self, line: int, event: Event) -> None:
        try:
            self._builder.take(event)
        except (ValueError, OverflowError) as error:
            self._problem = StateError(f"{self._log} line {line}: {error}; restore the file")
            return
        self._history = None
        if isinstance(event, AlertEvent):
            if event.rule in OBSERVED:
                self._alert_events.append(event)
            return  # the same rules find the others again below
        self._alert_events.extend(self._engine.feed(event))
        resumed = isinstance(event, RunStarted | RunResumed)
        if self.last_at is not None and not resumed:
            self.longest_gap = max(self.longest_gap, event.time - self.last_at)
        self.last_at = event.time
        if self.started_at is None:
            self.started_at = event.time
        self._progress.on_event(event)
        if resumed:
            self._points.clear()
        self._measure_rate(event.time)
        self._move(event)

    def _measure_rate(self, time: float) -> None:
        done = self._progress.done
        per_sweep = self._progress.total / max(1, self.config.pipeline.sweeps)
        if not self._points or done - self._points[-1][1] >= per_sweep / _RATE_POINTS:
            self._points.append((time, done))

    def _move(self, event: Event) -> None:
        match event:
            case SweepStarted(sweep=sweep):
                self.place = Place(sweep)
            case SelectionMade(sweep=sweep, layer=layer, chosen=chosen):
                self.place = Place(sweep, layer, None, 0, chosen)
            case NeuronTrained(sweep=sweep, layer=layer):
                self.place = Place(sweep, layer, event.position, event.order + 1, event.total)
            case LayerProgressed(sweep=sweep, layer=layer, done=done, total=total):
                self.place = Place(sweep, layer, None, done, total)
            case LayerTrained(sweep=sweep) | SweepFinished(sweep=sweep):
                self.place = Place(sweep)
            case RunFinished():
                self.place = None
            case _:
                pass

    def rest(self) -> None:
        """Free the history of a run that is over, most of its memory; if its log changes, it is read anew."""
        if self.finished is not None:
            self._builder = HistoryBuilder(started=self.started, finished=self.finished)
            self._history, self._resting = None, True

    @property
    def started(self) -> RunStarted | None:
        """How the run began; None before it did."""
        return self._builder.started

    @property
    def history(self) -> RunHistory | None:
        """What the events tell, by sweep, layer and neuron; None before the run began, and after `rest`."""
        if self._history is None and self._builder.started is not None and not self._resting:
            self._history = self._builder.history(self._builder.started)
        return self._history

    @property
    def finished(self) -> RunFinished | None:
        """How the run ended; None while it goes on."""
        return self._builder.finished

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts under the run's rules, in the order in which they opened."""
        return summarise(self._alert_events)

    @property
    def share_done(self) -> float:
        """Of all sweeps that are configured, in [0, 1]; a run may end earlier."""
        return min(1.0, self._progress.done / self._progress.total)

    @property
    def rate(self) -> float | None:
        """Neurons a second over about the last sweep, measuring included; None while too little is known."""
        if len(self._points) < 2:
            return None
        (first, before), (last, now) = self._points[0], self._points[-1]
        return (now - before) / (last - first) if last > first and now > before else None

    @property
    def seconds_left(self) -> float | None:
        """At this rate, at most, as a run may end earlier; None if not known."""
        if self.finished is not None:
            return 0.0
        rate = self.rate
        return None if rate is None else max(0.0, self._progress.total - self._progress.done) / rate


def find_runs(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Return the run folders in a folder, by name, and the folder itself if it is one.

    What a run keeps within its own folder is left out, as are links, and what lies deeper than four folders.

    Raises
    ------
    StateError
        The folder does not exist, or is none.
    """
    top = Path(folder)
    if not top.is_dir():
        raise StateError(f"{top}: is no folder; give the folder of a run, or one with run folders in it")
    return tuple(sorted(_runs_in(top, _DEEPEST)))


def _runs_in(folder: Path, deeper: int) -> Iterator[Path]:
    if (folder / CONFIG).is_file() and (folder / EVENTS).is_file():
        yield folder
        return
    if not deeper:
        return
    try:
        inside = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:  # not for us to read, or gone meanwhile
        return
    for path in inside:
        if path.name != REPLACED and not path.name.startswith("."):
            yield from _runs_in(path, deeper - 1)
