"""A run at one glance: is it learning, where is it, is anything wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from goldzone.monitor.alert_summary import Alert
from goldzone.monitor.history import NeuronColumns, RunHistory
from goldzone.monitor.live import LiveRun, Place
from goldzone.monitor.run_state import last_trainings, learning_curve, signal_sums
from goldzone.monitor.summary import Quartiles, capacity_correlation, quartiles
from goldzone.monitor.verdict import WORST_FIRST, Judgement, Verdict, judge
from goldzone.training.config import TrainingConfig
from goldzone.training.control.ladder import for_words
from goldzone.training.runs.events import RunFinished
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Regime

__all__ = ["Glance", "LayerGlance", "State", "SweepPoint", "badness", "glance", "layer_glances"]

_LEAST_SILENCE: Final = 60.0
_TIMES_LONGEST: Final = 3.0
"""A run is silent after a minute and three times its longest pause so far."""


class State(StrEnum):
    """What a run does now."""

    WAITING = "waiting"
    """It has not begun."""
    TRAINING = "training"
    SILENT = "silent"
    """Its log has not grown for longer than it ever paused: it was killed, interrupted, or is stuck."""
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One sweep of the curve."""

    sweep: int
    train: float | None
    dev: float | None
    phase: str | None
    best: bool


@dataclass(frozen=True, slots=True)
class LayerGlance:
    """A layer by the last training of each of its neurons."""

    layer: int
    """From 1, the input's; the last is the final neuron's."""
    neurons: int
    noisy: int
    """Neurons in this regime, under the configured thresholds and signal, as are the next two."""
    gold_zone: int
    collapsed: int
    not_measured: int
    margin: Quartiles | None
    """Of |S| / N; None without samples."""
    premodulo: int | None
    """Median of what the neurons have; None if none was trained."""
    target: int | None
    """Median of what the law asks for; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a person sees first."""

    path: str
    run: str | None
    """Its name; None before it has begun, as is what else the first event tells."""
    state: State
    verdict: Verdict
    why: str
    """The figures behind the verdict."""
    ended: str | None
    """Why the run stopped."""
    unit: str
    place: Place | None
    sweeps: int
    """That are configured."""
    share_done: float
    neurons_per_second: float | None
    seconds_left: float | None
    """At most."""
    seconds: float | None
    """From the first event to the last."""
    silent_seconds: float | None
    """Since the last event; None if the run is over or has not begun."""
    curve: tuple[SweepPoint, ...]
    gap: float | None
    """Train minus dev accuracy after the last sweep that has both."""
    best_sweep: int | None
    best_dev: float | None
    """Of the sweep that the model is, or would be, taken from."""
    layers: tuple[LayerGlance, ...]
    r_squared: float | None
    """How closely premodulos follow the capacity law (`goldzone.monitor.summary.capacity_correlation`)."""
    open_alerts: tuple[Alert, ...]
    past_alerts: tuple[Alert, ...]


def glance(live: LiveRun, now: float) -> Glance:
    """Sum up what is known of a run.

    Parameters
    ----------
    live : LiveRun
        As it was polled last.
    now : float
        Seconds since 1970 (UTC).
    """
    history, started, finished = live.history, live.started, live.finished
    silent = None if live.last_at is None or finished else max(0.0, now - live.last_at)
    alerts = live.alerts
    open_alerts = tuple(alert for alert in alerts if alert.closed is None)
    judgement = Judgement(Verdict.NOT_KNOWN, "it has not begun")
    curve: tuple[SweepPoint, ...] = ()
    if history is not None and started is not None:
        curve = tuple(
            SweepPoint(done.sweep, done.train_score, done.dev_score, done.phase, done.best)
            for done in history.sweeps
        )
        rules = {alert.rule for alert in open_alerts if alert.layer is None}
        judgement = judge(learning_curve(history), started.dev_examples, live.settings, rules)
    both = [point for point in curve if point.train is not None and point.dev is not None]
    best = _best(curve, finished)
    return Glance(
        path=str(live.path),
        run=None if started is None else started.run,
        state=_state(live, silent),
        verdict=judgement.verdict,
        why=judgement.why,
        ended=None if finished is None else finished.reason,
        unit="words" if started is None else started.unit,
        place=live.place,
        sweeps=live.config.pipeline.sweeps,
        share_done=live.share_done,
        neurons_per_second=live.rate,
        seconds_left=live.seconds_left,
        seconds=None if live.last_at is None or live.started_at is None else live.last_at - live.started_at,
        silent_seconds=silent,
        curve=curve,
        gap=_gap(both[-1]) if both else None,
        best_sweep=None if best is None else best.sweep,
        best_dev=None if best is None else best.dev,
        layers=() if history is None else layer_glances(history, live.config),
        r_squared=None if history is None else capacity_correlation(history.before_final()),
        open_alerts=open_alerts,
        past_alerts=tuple(alert for alert in alerts if alert.closed is not None),
    )


def badness(seen: Glance) -> tuple[int, int, int, float]:
    """Return a key that sorts runs worst first.

    By the worst open alert, then by whether it is silent, then by verdict, then by the best dev accuracy.
    """
    severities = ("critical", "warning", "info")
    alert = min((severities.index(alert.severity) for alert in seen.open_alerts), default=len(severities))
    dev = 1.0 if seen.best_dev is None else seen.best_dev
    return alert, int(seen.state is not State.SILENT), WORST_FIRST.index(seen.verdict), dev


def _state(live: LiveRun, silent: float | None) -> State:
    if live.finished is not None:
        return State.FINISHED
    if silent is None or live.started is None:
        return State.WAITING
    return State.SILENT if silent > max(_LEAST_SILENCE, _TIMES_LONGEST * live.longest_gap) else State.TRAINING


def _best(curve: tuple[SweepPoint, ...], finished: RunFinished | None) -> SweepPoint | None:
    """Return the sweep that the model is from, or would be from."""
    if finished is not None:
        return next((point for point in curve if point.sweep == finished.best_sweep), None)
    return next((point for point in reversed(curve) if point.best), None)


def _gap(point: SweepPoint) -> float | None:
    return None if point.train is None or point.dev is None else point.train - point.dev


def layer_glances(history: RunHistory, config: TrainingConfig) -> tuple[LayerGlance, ...]:
    """Sum up each layer, from the first, under the thresholds of a configuration."""
    if history.unit == "words":
        config = for_words(config, history.examples)
    return tuple(
        _layer(number, size, history.neurons.where(history.neurons.layer == number), config.capacity)
        for number, size in enumerate(history.layers, 1)
    )


def _layer(layer: int, size: int, neurons: NeuronColumns, capacity: CapacitySettings) -> LayerGlance:
    last = last_trainings(neurons)
    regimes = capacity.gold_zone.regimes(signal_sums(last, capacity), last.samples)
    counts = {regime: int(chosen.sum()) for regime, chosen in regimes.items()}
    known = last.target[last.target > 0]
    return LayerGlance(
        layer=layer,
        neurons=size,
        noisy=counts[Regime.NOISY],
        gold_zone=counts[Regime.GOLD_ZONE],
        collapsed=counts[Regime.COLLAPSED],
        not_measured=size - sum(counts.values()),
        margin=quartiles(last.margin),
        premodulo=round(float(np.median(last.premodulo))) if len(last) else None,
        target=round(float(np.median(known))) if known.size else None,
    )
