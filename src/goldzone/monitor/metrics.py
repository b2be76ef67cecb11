"""Runs as metrics of Prometheus, read from their event logs.

Names and units follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/): base units,
ratios in [0, 1], ``_total`` for what only grows. A label is a run, a layer, a part of the data, a rule, or
one of a few words; never a neuron, so that a run has some dozens of series, whatever its size.
"""

from __future__ import annotations

import bisect
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final

from goldzone import __version__
from goldzone.errors import GoldzoneError
from goldzone.monitor.glance import Glance, LayerGlance, State
from goldzone.monitor.live import LiveRun
from goldzone.monitor.live_runs import LiveRuns, SeenRun
from goldzone.monitor.rules import RULES
from goldzone.monitor.verdict import Verdict
from goldzone.training.runs.events import AlertOpened, Event, LogReplaced, NeuronTrained

try:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        InfoMetricFamily,
    )
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError:
    raise GoldzoneError(
        "metrics need prometheus-client; install it with: pip install 'goldzone[metrics]'"
    ) from None

__all__ = ["BUCKETS", "RunCollector", "metrics_text"]

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Upper bounds of `goldzone_neuron_training_seconds`."""

_INFO: Final = ("run", "language", "task", "direction", "credit", "controller", "config", "data")
_DIGITS: Final = 12
"""Of a SHA-256, in `goldzone_run_info`."""


class RunCollector(Collector):
    """Reads runs when it is asked, each time only what was added; for one registry or several, in any thread.

    Parameters
    ----------
    paths : iterable of path
        As `goldzone.monitor.live_runs.LiveRuns`; new runs in the folders are found each time.
    clock : callable
        Seconds since 1970 (UTC).
    """

    def __init__(
        self, paths: Iterable[str | os.PathLike[str]], clock: Callable[[], float] = time.time
    ) -> None:
        self._runs = LiveRuns(paths)
        self._clock = clock
        self._counted: dict[Path, _Counted] = {}
        self._one_at_a_time = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Read on and return all metrics; StateError if one of the paths does not exist any more."""
        with self._one_at_a_time:
            before = self._counted
            self._counted = {}

            def count(run: SeenRun, news: Iterable[Event]) -> None:
                self._counted[run.path] = before.get(run.path) or _Counted()
                self._counted[run.path].take(news)

            try:
                seen = self._runs.look(self._clock(), on_news=count)
            except GoldzoneError:
                self._counted = before
                raise
            return iter([_build(), *_families(seen, self._counted)])

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)


def metrics_text(paths: Iterable[str | os.PathLike[str]]) -> bytes:
    """Return the metrics of runs in Prometheus' text format; who asks often keeps a `RunCollector`.

    Raises
    ------
    StateError
        One of the paths does not exist.
    """
    return RunCollector(paths).text()


@dataclass(slots=True)
class _Counted:
    """What is counted over the events of a log: what was done twice counts twice."""

    trained: Counter[int] = field(default_factory=Counter)
    """Neurons, by layer."""
    opened: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Alerts, by rule and severity, as the log tells them."""
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case LogReplaced():
                    fresh = _Counted()
                    self.trained, self.opened = fresh.trained, fresh.opened
                    self.buckets, self.seconds = fresh.buckets, fresh.seconds
                case NeuronTrained(layer=layer, seconds=seconds):
                    self.trained[layer] += 1
                    self.buckets[bisect.bisect_left(BUCKETS, seconds)] += 1
                    self.seconds += seconds
                case AlertOpened(rule=rule, severity=severity):
                    self.opened[rule, severity] += 1
                case _:
                    pass


def _build() -> Metric:
    return InfoMetricFamily("goldzone_build", "Version of goldzone.", value={"version": __version__})


def _families(seen: Iterable[SeenRun], counted: Mapping[Path, _Counted]) -> Iterator[Metric]:
    families = _Families()
    for run in seen:
        name = _label(str(run.path))
        families.gauge("goldzone_run_readable", "1 if the run's log can be read.", run=name).set(
            run.problem is None
        )
        if run.live is not None and run.glance is not None:
            _of_run(families, name, run.live, run.glance)
            _of_layers(families, name, run.glance.layers)
            _of_alerts(families, name, run.live, run.glance)
            _counts(families, name, counted[run.path])
    yield from families.all()


def _label(text: str) -> str:
    """Return a text that is UTF-8: names of files need not be."""
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass(slots=True)
class _Sample:
    """Where a value goes; what is not known is left out."""

    family: GaugeMetricFamily | CounterMetricFamily
    labels: list[str]

    def set(self, value: float | None) -> None:
        if value is not None:
            self.family.add_metric(self.labels, float(value))


class _Families:
    """Metrics by name, while their samples come in run by run."""

    def __init__(self) -> None:
        self._found: dict[str, Metric] = {}

    def gauge(self, name: str, about: str, **labels: str) -> _Sample:
        family = self._found.setdefault(name, GaugeMetricFamily(name, about, labels=list(labels)))
        assert isinstance(family, GaugeMetricFamily)  # noqa: S101 - a name has one type
        return _Sample(family, list(labels.values()))

    def counter(self, name: str, about: str, **labels: str) -> _Sample:
        family = self._found.setdefault(name, CounterMetricFamily(name, about, labels=list(labels)))
        assert isinstance(family, CounterMetricFamily)  # noqa: S101 - a name has one type
        return _Sample(family, list(labels.values()))

    def histogram(self, name: str, about: str, labels: Mapping[str, str], counted: _Counted) -> None:
        family = self._found.setdefault(name, HistogramMetricFamily(name, about, labels=list(labels)))
        assert isinstance(family, HistogramMetricFamily)  # noqa: S101 - a name has one type
        bounds = [*map(str, BUCKETS), "+Inf"]
        family.add_metric(
            list(labels.values()),
            list(zip(bounds, map(float, accumulate(counted.buckets)), strict=True)),
            counted.seconds,
        )

    def info(self, name: str, about: str, labels: Mapping[str, str]) -> None:
        family = self._found.setdefault(name, InfoMetricFamily(name, about))
        assert isinstance(family, InfoMetricFamily)  # noqa: S101 - a name has one type
        family.add_metric([], dict(labels))

    def all(self) -> Iterator[Metric]:
        yield from self._found.values()


def _of_run(families: _Families, run: str, live: LiveRun, seen: Glance) -> None:
    gauge = families.gauge
    for state in State:
        gauge("goldzone_run_state", "1 for what the run does now.", run=run, state=state).set(
            seen.state is state
        )
    for verdict in Verdict:
        told = verdict.replace(" ", "_")
        gauge("goldzone_run_verdict", "1 for what the last sweeps did.", run=run, verdict=told).set(
            seen.verdict is verdict
        )
    gauge("goldzone_run_start_timestamp_seconds", "Time of the first event.", run=run).set(live.started_at)
    gauge("goldzone_run_last_event_timestamp_seconds", "Time of the last event.", run=run).set(live.last_at)
    gauge("goldzone_run_progress_ratio", "Share of the configured sweeps that is done.", run=run).set(
        seen.share_done
    )
    left = "Time left at the present rate, at most."
    gauge("goldzone_run_time_left_seconds", left, run=run).set(seen.seconds_left)
    gauge("goldzone_run_sweeps", "Sweeps that are configured.", run=run).set(seen.sweeps)
    sweep = seen.place.sweep if seen.place else (seen.curve[-1].sweep if seen.curve else None)
    gauge("goldzone_run_sweep", "Sweep at work, or the last one.", run=run).set(sweep)
    if seen.place is not None:
        gauge("goldzone_run_layer", "Layer at work, from 1; absent between layers.", run=run).set(
            seen.place.layer
        )
    fit = "R squared of log premodulo with the capacity law's."
    gauge("goldzone_capacity_law_fit_ratio", fit, run=run).set(seen.r_squared)
    started = live.started
    if started is None:
        return
    language = _label(started.run)
    texts = {
        "run": run,
        "language": language,
        "task": live.source.task if live.source else "unknown",
        "direction": started.direction,
        "credit": live.config.credit.kind,
        "controller": live.config.capacity.controller,
        "config": started.config_digest[:_DIGITS],
        "data": started.data_fingerprint[:_DIGITS],
    }
    families.info("goldzone_run", "What the run trains, and how.", {key: _label(texts[key]) for key in _INFO})
    gauge("goldzone_run_examples", "Examples.", run=run, split="train").set(started.train_examples)
    gauge("goldzone_run_examples", "Examples.", run=run, split="dev").set(started.dev_examples)
    _accuracies(families, run, language, seen)


def _accuracies(families: _Families, run: str, language: str, seen: Glance) -> None:
    name = "goldzone_word_accuracy_ratio" if seen.unit == "words" else "goldzone_example_accuracy_ratio"
    about = f"Share of {'words' if seen.unit == 'words' else 'examples'} right after the last sweep."
    best = name.replace("goldzone_", "goldzone_best_")
    if seen.curve:
        for split, value in (("train", seen.curve[-1].train), ("dev", seen.curve[-1].dev)):
            families.gauge(name, about, run=run, language=language, split=split).set(value)
    about_best = "The same after the sweep that the model is taken from."
    families.gauge(best, about_best, run=run, language=language, split="dev").set(seen.best_dev)


def _of_layers(families: _Families, run: str, layers: Iterable[LayerGlance]) -> None:
    for layer in layers:
        labels = {"run": run, "layer": str(layer.layer)}
        gauge = families.gauge
        gauge("goldzone_layer_neurons", "Neurons of the layer.", **labels).set(layer.neurons)
        for regime in ("noisy", "gold_zone", "collapsed"):
            about = f"Neurons whose last sum is {regime.replace('_', ' ')}."
            gauge(f"goldzone_{regime}_neurons", about, **labels).set(getattr(layer, regime))
        margin = None if layer.margin is None else layer.margin.median
        gauge("goldzone_margin_median_ratio", "Median margin |S| / N.", **labels).set(margin)
        gauge("goldzone_premodulo_median_cells", "Median premodulo.", **labels).set(layer.premodulo)
        law = "Median premodulo that the capacity law asks for."
        gauge("goldzone_premodulo_law_median_cells", law, **labels).set(layer.target)


def _of_alerts(families: _Families, run: str, live: LiveRun, seen: Glance) -> None:
    """Count open alerts; a rule without one counts 0, so that its series never ends."""
    present = Counter((alert.rule, alert.severity) for alert in seen.open_alerts)
    watched = ((rule, getattr(live.settings, rule).severity) for rule in RULES)
    for rule, severity in sorted({pair for pair in watched if pair[1] != "off"} | set(present)):
        labels = {"run": run, "rule": rule, "severity": severity}
        families.gauge("goldzone_alerts_active", "Alerts that are open.", **labels).set(
            present[rule, severity]
        )


def _counts(families: _Families, run: str, counted: _Counted) -> None:
    for layer, count in sorted(counted.trained.items()):
        about = "Neurons trained."
        families.counter("goldzone_neurons_trained_total", about, run=run, layer=str(layer)).set(count)
    for (rule, severity), count in sorted(counted.opened.items()):
        labels = {"run": run, "rule": rule, "severity": severity}
        families.counter("goldzone_alerts_opened_total", "Alerts that opened.", **labels).set(count)
    about = "Time to train a neuron."
    families.histogram("goldzone_neuron_training_seconds", about, {"run": run}, counted)
