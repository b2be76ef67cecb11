"""A run's events as what trackers of experiments know: parameters, scalars by step, distributions, notes.

A step is a sweep, and a time that of the event: a run that is exported afterwards looks as it did live.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from goldzone.monitor.glance import layer_glances
from goldzone.monitor.history import HistoryBuilder, RunHistory
from goldzone.monitor.run_state import last_trainings
from goldzone.monitor.summary import capacity_correlation
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import (
    AlertEvent,
    CapacityChanged,
    Event,
    LogReplaced,
    RunFinished,
    RunStarted,
    SteppedBack,
    SweepFinished,
    Warned,
)
from goldzone.training.runs.listeners import Listener

__all__ = ["RunTracker", "Tracker", "parameters", "sweep_scalars"]


class Tracker(Protocol):
    """Where a run is written to. Times are seconds since 1970 (UTC); steps are sweeps, 0 before the first."""

    def begin(self, started: RunStarted, parameters: Mapping[str, str]) -> None:
        """Begin a run; what was written of the same run before is replaced."""

    def scalars(self, values: Mapping[str, float], step: int, time: float) -> None:
        """Write finite numbers by name."""

    def distribution(self, name: str, values: npt.NDArray[np.float64], step: int, time: float) -> None:
        """Write how values are distributed, float64[n] with n at least 1."""

    def note(self, text: str, step: int, time: float) -> None:
        """Write what happened, in words."""

    def end(self, finished: RunFinished) -> None:
        """Finish the run."""

    def close(self) -> None:
        """See to it that all is kept; a run that has not ended stays open."""


class RunTracker(Listener):
    """Writes a run to a tracker while it trains, or event by event from its log.

    Parameters
    ----------
    tracker : Tracker
    config : TrainingConfig
        Of the run.
    """

    def __init__(self, tracker: Tracker, config: TrainingConfig) -> None:
        self._tracker = tracker
        self._config = config
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._builder = HistoryBuilder()
        self._sweep = 0

    def on_event(self, event: Event) -> None:
        """Write an event; ValueError for one that does not fit the run."""
        if isinstance(event, LogReplaced):
            self._begin_anew()
            return
        self._builder.take(event)
        match event:
            case RunStarted():
                self._tracker.begin(event, parameters(event, self._config))
            case SweepFinished():
                self._sweep = event.sweep
                self._measured(event)
            case SteppedBack(sweep=sweep, to_sweep=back, reason=reason):
                self._tracker.note(f"back to the state of sweep {back}: {reason}", sweep, event.time)
            case AlertEvent(sweep=sweep):
                what = type(event).__name__.removeprefix("Alert").lower()
                where = "" if event.layer is None else f", layer {event.layer}"
                text = f"alert {what} ({event.severity}, {event.rule}{where}): {event.message}"
                self._tracker.note(text, sweep, event.time)
            case CapacityChanged(sweep=sweep, values=values, reason=reason):
                changed = ", ".join(f"{field} = {value}" for field, value in values.items())
                self._tracker.note(f"capacity: {changed}; {reason}", sweep, event.time)
            case Warned(message=message) if self._builder.started is not None:
                self._tracker.note(f"warning: {message}", self._sweep, event.time)
            case RunFinished():
                self._tracker.end(event)
            case _:
                pass

    def _measured(self, event: SweepFinished) -> None:
        if self._builder.started is None:
            return
        history = self._builder.history(self._builder.started)
        self._tracker.scalars(sweep_scalars(event, history, self._config), event.sweep, event.time)
        for layer in range(1, len(history.layers) + 1):
            last = last_trainings(history.neurons.where(history.neurons.layer == layer))
            margins = last.margin[np.isfinite(last.margin)]
            if margins.size:
                self._tracker.distribution(f"layer_{layer}/margin", margins, event.sweep, event.time)

    def close(self) -> None:
        """Keep what was written."""
        self._tracker.close()


def parameters(started: RunStarted, config: TrainingConfig) -> dict[str, str]:
    """Return what a run was given: its configuration by ``section.field``, and what its start tells."""
    given: dict[str, str] = {
        "layers": json.dumps(started.layers),
        "train_examples": str(started.train_examples),
        "dev_examples": str(started.dev_examples),
        "samples": str(started.samples),
        "config_digest": started.config_digest,
        "data_fingerprint": started.data_fingerprint,
    }
    for section, fields in config.model_dump(mode="json").items():
        if isinstance(fields, dict):
            given |= {f"{section}.{name}": _text(value) for name, value in fields.items()}
        else:
            given[section] = _text(fields)
    return given


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def sweep_scalars(event: SweepFinished, history: RunHistory, config: TrainingConfig) -> dict[str, float]:
    """Return the numbers of a sweep that are known, by name.

    Parameters
    ----------
    event : SweepFinished
    history : RunHistory
        As of the end of the sweep.
    config : TrainingConfig
        Whose thresholds tell the regimes.
    """
    train, dev = event.train_score, event.dev_score
    values: dict[str, float | None] = {
        "accuracy/train": train,
        "accuracy/dev": dev,
        "accuracy/gap": None if train is None or dev is None else train - dev,
        "loss_bits": event.loss,
        "seconds": event.seconds,
        "capacity/law_fit": capacity_correlation(history.before_final()),
        **{f"metrics/{name}": value for name, value in event.metrics.items()},
    }
    for layer in layer_glances(history, config):
        name = f"layer_{layer.layer}"
        values |= {
            f"{name}/noisy_neurons": layer.noisy,
            f"{name}/gold_zone_neurons": layer.gold_zone,
            f"{name}/collapsed_neurons": layer.collapsed,
            f"{name}/margin_median": None if layer.margin is None else layer.margin.median,
            f"{name}/premodulo_median": layer.premodulo,
            f"{name}/premodulo_law_median": layer.target,
        }
    return {
        name: float(value) for name, value in values.items() if value is not None and math.isfinite(value)
    }
