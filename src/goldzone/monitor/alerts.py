"""Alerts: the events of a run folded into problems that open, move and close.

Only the events count, their times included, so replaying a log gives the alerts that were raised live. The
rules are in `goldzone.monitor.rules`, their numbers in `goldzone.monitor.alert_settings.AlertSettings`.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace as changed

from goldzone.monitor.alert_settings import AlertRule, AlertSettings
from goldzone.monitor.rules import (
    HYSTERESIS,
    OBSERVED,
    RULES,
    Swing,
    crosses,
    doubt,
    is_back,
    memorised_gap,
    moved,
    share_at_least,
    spread,
    times_usual,
)
from goldzone.training.runs.events import (
    AlertClosed,
    AlertEvent,
    AlertOpened,
    AlertUpdated,
    Event,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    RunStarted,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
    Warned,
)

__all__ = ["AlertEngine", "replay"]

_Key: TypeAlias = tuple[str, int | None]
"""Rule and layer: what an alert is known by."""

_TRAINING: Final = (
    SweepStarted,
    SelectionMade,
    NeuronTrained,
    LayerTrained,
    LayerSkipped,
    SweepFinished,
    SteppedBack,
)
_LARGEST: Final = (1 << 32) - 1  # premodulo; as in `goldzone.hashtron.hashing`, which takes a second to load
_LEAST_RATES: Final = 5
"""Windows of a layer before the next is compared with their median."""
_KEPT_RATES: Final = 255
_MOST_CELLS: Final = 1 << 53
"""Counts up to here are exact as floats."""


class _OfSweep(Protocol):
    """An event of a sweep."""

    @property
    def sweep(self) -> int: ...

    @property
    def time(self) -> float: ...


class AlertEngine:
    """Turn events into alerts, one at a time.

    What a resumed run repeats (sweeps and neurons that were told before) says nothing new and is passed over.
    No sequence of events makes it raise, and it keeps no more than a few numbers a neuron.
    """

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._found: list[AlertEvent] = []
        self._states: dict[_Key, _State] = {}
        self._layers: tuple[_Layer, ...] = ()
        self._clock = _Clock()
        self._began = 0.0
        self._unit = "words"
        self._previous: tuple[int, int] | None = None
        self._finished = 0
        self._best: float | None = None
        self._doubt = 0.0

    def feed(self, event: Event) -> tuple[AlertEvent, ...]:
        """Take the next event of the log and return the alerts that it moves.

        Parameters
        ----------
        event : Event
            As it was written, with its time. Alerts themselves change nothing.

        Returns
        -------
        tuple of AlertEvent
            With the event's time and without a sequence number.
        """
        if isinstance(event, Warned | AlertEvent):
            return ()
        self._found = []
        gap = self._clock.advance(event)
        previous, self._previous = self._previous, None
        match event:
            case RunStarted():
                self._start(event)
            case SweepStarted():
                self._began = self._clock.now
            case NeuronTrained():
                self._previous = (event.sweep, event.layer)
                self._neuron(event, gap if previous == self._previous else None)
            case LayerTrained():
                self._layer_done(event)
            case LayerSkipped():
                self._time_pass(event)
                self._began = self._clock.now
            case SweepFinished() if event.sweep > self._finished:
                self._finished = event.sweep
                self._accuracies(event)
                self._staleness(event)
            case SteppedBack():
                self._close(
                    "dev_falling", None, event, 0.0, f"the state of sweep {event.to_sweep} was taken up again"
                )
            case _:
                pass
        return tuple(self._found)

    def _start(self, event: RunStarted) -> None:
        """Make room for the network's layers; the same network again is the same run, resumed."""
        self._unit = event.unit
        self._doubt = doubt(event.dev_examples)
        if event.layers == tuple(layer.size for layer in self._layers):
            return
        for rule, layer in list(self._states):
            self._close(rule, layer, _Moment(self._finished, event.time), 0.0, "another network is trained")
        settings = self._settings
        self._states = {}
        self._layers = tuple(
            _Layer(
                size,
                medians=deque(maxlen=settings.stagnation.window + 1),
                passes=deque(maxlen=settings.slow_layer.window),
            )
            for size in event.layers
        )
        self._finished, self._best = 0, None

    def _layer(self, number: int) -> _Layer | None:
        return self._layers[number - 1] if 1 <= number <= len(self._layers) else None

    def _neuron(self, event: NeuronTrained, gap: float | None) -> None:
        layer = self._layer(event.layer)
        if layer is None or not 0 <= event.position < layer.size:
            return
        if gap is not None:
            self._throughput(event, layer, gap)
        if layer.passes and self._times_usual(layer) > self._settings.slow_layer.threshold:
            self._time_pass(event)
        before = layer.neurons.get(event.position)
        if before is not None and before[0] >= event.sweep:
            return
        if event.sweep != layer.sweep:
            layer.begin(event.sweep)
        premodulo = event.premodulo if 0 < event.premodulo <= _LARGEST else 0
        swing = before[1].then(premodulo) if before else Swing(premodulo)
        layer.neurons[event.position] = (event.sweep, swing)
        layer.trained.append(event.position)
        layer.changed = min(layer.changed + max(0, event.changed), _MOST_CELLS)
        if 0 < event.samples >= abs(event.sum):
            layer.margins.append(abs(event.sum) / event.samples)

    def _layer_done(self, event: LayerTrained) -> None:
        layer = self._layer(event.layer)
        if layer is not None and layer.sweep == event.sweep and layer.judged < event.sweep:
            layer.judged = event.sweep
            self._time_pass(event)
            layer.passes.append(self._clock.now - self._began)
            self._evaluate(event, layer)
        self._began = self._clock.now

    def _evaluate(self, event: LayerTrained, layer: _Layer) -> None:
        """Apply the rules about what a pass over a layer did."""
        settings, name = self._settings, f"layer {event.layer}"
        if layer.margins:
            layer.medians.append(statistics.median(layer.margins))
            if len(layer.medians) > settings.stagnation.window:
                value = spread(layer.medians)
                text = f"{name}: median margin moved by {value:.5f} in {settings.stagnation.window} sweeps"
                self._measure("stagnation", event.layer, event, value, text)
            if event.layer < len(self._layers):  # a final neuron that answers all the same may be right
                value = share_at_least(layer.margins, settings.collapsed)
                text = f"{name}: {value:.1%} of the neurons have margins of {settings.collapsed:g} or more"
                self._measure("collapse", event.layer, event, value, text)
        swinging = sum(
            layer.neurons[position][1].steps >= settings.oscillation.window for position in layer.trained
        )
        value = swinging / len(layer.trained)
        text = f"{name}: the premodulo of {value:.1%} of the neurons goes up and down"
        self._measure("oscillation", event.layer, event, value, text)
        streak = f" in each of {settings.unchanged_layer.window} sweeps" if layer.changed == 0 else ""
        text = f"{name}: {layer.changed:,} cells changed{streak}"
        self._measure("unchanged_layer", event.layer, event, float(layer.changed), text)

    def _accuracies(self, event: SweepFinished) -> None:
        train, dev = _number(event.train_score), _number(event.dev_score)
        if dev is None:
            return
        settings = self._settings
        if train is not None:
            # An open alert must not close for a train accuracy that only wavers around the limit.
            margin = HYSTERESIS * (1 - settings.memorised) if self._is_open("memorisation") else 0.0
            value = memorised_gap(train, dev, settings.memorised - margin)
            text = f"train {train:.1%} of {self._unit} right, dev {dev:.1%}"
            self._measure("memorisation", None, event, value, text)
        self._best = dev if self._best is None else max(dev, self._best)
        lost = self._best - dev
        if lost <= self._doubt:  # nothing that is known
            lost = 0.0
        text = f"dev {dev:.1%} of {self._unit} right, best {self._best:.1%}"
        self._measure("dev_falling", None, event, lost, text)

    def _staleness(self, event: SweepFinished) -> None:
        for number, layer in enumerate(self._layers, 1):
            trained = len(layer.trained) if layer.sweep == event.sweep else 0
            streak = f" in each of {self._settings.stale_sums.window} sweeps" if trained == 0 else ""
            text = f"layer {number}: {trained:,} neurons trained{streak}"
            self._measure("stale_sums", number, event, float(trained), text)

    def _throughput(self, event: NeuronTrained, layer: _Layer, gap: float) -> None:
        """Add a neuron's time to the present window of its layer, and judge the window when it is full."""
        layer.window_neurons += 1
        layer.window_seconds += gap
        if layer.window_seconds < self._settings.throughput_drop.window:
            return
        rate = layer.window_neurons / layer.window_seconds
        layer.window_neurons, layer.window_seconds = 0, 0.0
        if len(layer.rates) >= _LEAST_RATES:
            usual = statistics.median(layer.rates)
            text = f"layer {event.layer}: {rate:.3g} neurons/s, usually {usual:.3g}"
            self._measure("throughput_drop", event.layer, event, rate / usual if usual else math.inf, text)
        layer.rates.append(rate)

    def _times_usual(self, layer: _Layer) -> float:
        return times_usual(self._clock.now - self._began, layer.passes)

    def _time_pass(self, event: NeuronTrained | LayerTrained | LayerSkipped) -> None:
        layer = self._layer(event.layer)
        if layer is not None and layer.passes:
            value = self._times_usual(layer)
            seconds = self._clock.now - self._began
            text = f"layer {event.layer}: {seconds:,.0f} s in this pass, {value:.1f} times the usual"
            self._measure("slow_layer", event.layer, event, value, text)

    def _is_open(self, rule: str) -> bool:
        state = self._states.get((rule, None))
        return state is not None and state.reported is not None

    def _measure(self, rule: str, layer: int | None, event: _OfSweep, value: float, text: str) -> None:
        """Compare a value with its rule's threshold; open, update or close the alert."""
        number, kind = self._rule(rule), RULES[rule]
        if number.severity == "off" or not math.isfinite(value):
            return
        state = self._states.setdefault((rule, layer), _State())
        state.streak = state.streak + 1 if crosses(value, number.threshold, low=kind.low) else 0
        if state.reported is None:
            if state.streak >= (number.window if kind.in_a_row else 1):
                self._tell(AlertOpened, (rule, layer), event, value, f"{text}: {kind.advice}")
                state.reported = value
        elif is_back(value, number.threshold, low=kind.low):
            self._close(rule, layer, event, value, text)
        elif moved(value, state.reported):
            self._tell(AlertUpdated, (rule, layer), event, value, f"{text}: {kind.advice}")
            state.reported = value

    def _close(self, rule: str, layer: int | None, event: _OfSweep, value: float, text: str) -> None:
        """Close an alert if it is open, and forget what led to it."""
        state = self._states.pop((rule, layer), None)
        if state is not None and state.reported is not None:
            self._tell(AlertClosed, (rule, layer), event, value, text)

    def _tell(self, kind: type[AlertEvent], key: _Key, event: _OfSweep, value: float, message: str) -> None:
        rule, layer = key
        number = self._rule(rule)
        self._found.append(
            kind(
                time=event.time,
                rule=rule,
                layer=layer,
                severity=number.severity,
                sweep=event.sweep,
                value=value,
                threshold=number.threshold,
                message=message,
            )
        )

    def _rule(self, rule: str) -> AlertRule:
        number: AlertRule = getattr(self._settings, rule)
        return number


def replay(events: Iterable[Event], settings: AlertSettings) -> tuple[AlertEvent, ...]:
    """Return the alerts that a log gives under some settings, whatever alerts it holds itself.

    Those of the rules in `OBSERVED` are taken as the log has them.
    """
    engine = AlertEngine(settings)
    found: list[AlertEvent] = []
    for event in events:
        found += engine.feed(event)
        if isinstance(event, AlertEvent) and event.rule in OBSERVED:
            rule: AlertRule = getattr(settings, event.rule)
            found += [] if rule.severity == "off" else [changed(event, severity=rule.severity)]
    return tuple(found)


@dataclass(slots=True)
class _State:
    """One rule on one layer: sweeps in a row on the wrong side, and the value told last if it is open."""

    streak: int = 0
    reported: float | None = None


@dataclass(frozen=True, slots=True)
class _Moment:
    """When something happened that belongs to no sweep."""

    sweep: int
    time: float


@dataclass(slots=True)
class _Layer:
    """What is known of a layer."""

    size: int
    medians: deque[float]
    """Median margins of the last sweeps."""
    passes: deque[float]
    """Seconds of the last passes."""
    neurons: dict[int, tuple[int, Swing]] = field(default_factory=dict)
    """By position: the last sweep that trained it, and how its premodulo moved."""
    sweep: int = 0
    trained: list[int] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    changed: int = 0
    """Cells, in the present sweep, as the positions in order and the margins are."""
    judged: int = 0
    """The last sweep whose pass was judged."""
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_RATES))
    """Neurons a second in the windows so far."""
    window_neurons: int = 0
    window_seconds: float = 0.0
    """Neurons and seconds of the present window."""

    def begin(self, sweep: int) -> None:
        self.sweep, self.trained, self.margins, self.changed = sweep, [], [], 0


@dataclass(slots=True)
class _Clock:
    """Seconds of training by the times of the events; time before a start or a resumption is none."""

    now: float = 0.0
    last: float | None = None

    def advance(self, event: Event) -> float | None:
        """Go on to an event; return the seconds since the event before, None if they are no training."""
        last = self.last
        self.last = event.time if isinstance(event, _TRAINING) else None
        if last is None or self.last is None:
            return None
        gap = max(0.0, self.last - last)  # a clock that was set back took no time
        if not math.isfinite(gap):
            return None
        self.now += gap
        return gap


def _number(value: float | None) -> float | None:
    """Return a measurement as a plain float; the log writes what is not finite as unknown."""
    return float(value) if value is not None and math.isfinite(value) else None
