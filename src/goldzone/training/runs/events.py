"""What happens in a run, as typed events; one JSON line each, complete in itself.

``{"event": "sweep_started", "sequence": 3, "time": 1767225600.25, "sweep": 1}``. Progress, dashboard, alerts
and history read these lines and nothing else. Layers are hashtron layers from the input, 1 to L (the final
neuron is layer L); positions are from 0. A number that is not known is null, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "EVENTS",
    "AlertClosed",
    "AlertEvent",
    "AlertOpened",
    "AlertUpdated",
    "Event",
    "FlagsResolved",
    "LayerSkipped",
    "LayerTrained",
    "LineTorn",
    "NeuronTrained",
    "RunFinished",
    "RunResumed",
    "RunStarted",
    "SelectionMade",
    "SteppedBack",
    "SweepFinished",
    "SweepStarted",
    "Warned",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What all events have; `goldzone.training.runs.event_log.EventLog` fills both in.

    Attributes
    ----------
    sequence : int
        Place in the log, from 0.
    time : float
        Seconds since 1970 (UTC).
    """

    sequence: int = 0
    time: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins.

    Attributes
    ----------
    run : str
        Its name.
    config_digest, data_fingerprint : str
        SHA-256 in hex of the configuration and of the data.
    layers : tuple of int
        Neurons in each hashtron layer, from the input.
    samples, positions : int
        Training candidates, and the positions (letters in context) that they belong to.
    train_words, dev_words : int
    seed : int
    direction : {"backward", "forward"}
    """

    run: str
    config_digest: str
    data_fingerprint: str
    layers: tuple[int, ...]
    samples: int
    positions: int
    train_words: int
    dev_words: int
    seed: int
    direction: str = "backward"


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """An interrupted run goes on from what was kept.

    Attributes
    ----------
    sweep : int
        The sweep at work.
    layer : int or None
        The layer at work; None between two sweeps.
    done : int
        Steps of the layer that are done.
    """

    sweep: int
    layer: int | None
    done: int


@dataclass(frozen=True, kw_only=True)
class SweepStarted(Event):
    """A pass from the final layer to the first begins; sweeps are from 1."""

    sweep: int


@dataclass(frozen=True, kw_only=True)
class SelectionMade(Event):
    """The neurons of a layer that a sweep trains were chosen.

    Attributes
    ----------
    sweep, layer : int
    strategy : str
    neurons : int
        The layer's neurons.
    chosen, pairs : int
        How many are trained, and how many pairs of them together.
    gold_zone : int
        The layer's neurons whose last sum is in the gold zone.
    reason : str
        From which groups the chosen ones come, in words.
    """

    sweep: int
    layer: int
    strategy: str
    neurons: int
    chosen: int
    pairs: int
    gold_zone: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class NeuronTrained(Event):
    """One neuron was trained.

    Attributes
    ----------
    sweep, layer, position : int
    order, total : int
        Its place, from 0, among the neurons that this sweep trains in the layer, and how many they are.
    premodulo : int
        What it was trained with; 0 for none.
    target : int or None
        What the capacity law asks for; None where there is no sum yet.
    sum, samples : int
        S in [-N, N] and N.
    agreement : float or None
        |sum of votes| / sum of |votes|, in [0, 1].
    regime : str or None
        A `goldzone.training.sums.measurement.Regime` value.
    reason : str
        Why this premodulo, in words.
    partner : int or None
        Position of the neuron that it was trained together with.
    seconds : float
    changed : int
        Cells whose answer changed.

    The line holds `margin` too.
    """

    sweep: int
    layer: int
    position: int
    order: int
    total: int
    premodulo: int
    target: int | None = None
    sum: int
    samples: int
    agreement: float | None
    regime: str | None
    reason: str
    partner: int | None = None
    seconds: float
    changed: int

    @property
    def margin(self) -> float | None:
        """|S| / N; None without samples."""
        return abs(self.sum) / self.samples if self.samples else None


@dataclass(frozen=True, kw_only=True)
class LayerTrained(Event):
    """A layer is done for this sweep; `neurons` of it were trained."""

    sweep: int
    layer: int
    neurons: int


@dataclass(frozen=True, kw_only=True)
class SweepFinished(Event):
    """A sweep is done and measured.

    Attributes
    ----------
    sweep : int
    train_word_accuracy, train_position_accuracy, dev_word_accuracy, dev_phoneme_error : float or None
        Shares; the phoneme error may exceed 1.
    loss : float or None
    best : bool
        Whether it is the best so far on dev.
    premodulo : int or None
        Median premodulo of the neurons before the final one.
    phase : str or None
        A `goldzone.training.control.phases.Phase` value.
    forecast, forecast_error : float or None
        Dev word accuracy expected after the next sweep, and its standard error; None if too little is known.
    seconds : float
    """

    sweep: int
    train_word_accuracy: float | None
    train_position_accuracy: float | None
    dev_word_accuracy: float | None
    dev_phoneme_error: float | None
    loss: float | None
    best: bool
    premodulo: int | None = None
    phase: str | None = None
    forecast: float | None = None
    forecast_error: float | None = None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class SteppedBack(Event):
    """The state of an earlier sweep was taken up again.

    Attributes
    ----------
    sweep : int
        After this sweep.
    to_sweep : int
        The sweep whose state is restored.
    reason : str
    """

    sweep: int
    to_sweep: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """The run is over.

    Attributes
    ----------
    reason : str
        Why it stopped, in words.
    best_sweep : int or None
        The sweep whose state the model is.
    dev_word_accuracy : float or None
        Of that state.
    model_digest : str or None
        SHA-256 in hex; None if no model was written.
    seconds : float
    """

    reason: str
    best_sweep: int | None
    dev_word_accuracy: float | None
    model_digest: str | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Warned(Event):
    """Something that a person should know; training goes on."""

    message: str


@dataclass(frozen=True, kw_only=True)
class LineTorn(Event):
    """The reader's report of an unfinished last line (its writer was killed or is at work); never written.

    Attributes
    ----------
    length : int
        Bytes of the unfinished line.
    """

    length: int


@dataclass(frozen=True, kw_only=True)
class LayerSkipped(Event):
    """A layer is left out of a sweep, or left before all its chosen neurons were trained.

    Attributes
    ----------
    sweep, layer : int
    reason : str
    """

    sweep: int
    layer: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AlertEvent(Event):
    """What the events of an alert have (`goldzone.monitor.alerts`); it is known by its rule and layer.

    Attributes
    ----------
    rule : str
        A field of `goldzone.monitor.alert_settings.AlertSettings` that is a rule.
    layer : int or None
        None for a rule about the whole network.
    severity : str
        "info", "warning" or "critical".
    sweep : int
        Of the event that moved it; that event's time is this one's too.
    value, threshold : float
        What the rule measured, and what it is compared with.
    message : str
        The measurement in words and, while the alert is open, what to do.
    """

    rule: str
    layer: int | None
    severity: str
    sweep: int
    value: float
    threshold: float
    message: str


@dataclass(frozen=True, kw_only=True)
class AlertOpened(AlertEvent):
    """A rule found a problem."""


@dataclass(frozen=True, kw_only=True)
class AlertUpdated(AlertEvent):
    """The value of an open alert moved notably."""


@dataclass(frozen=True, kw_only=True)
class AlertClosed(AlertEvent):
    """The problem is gone."""


@dataclass(frozen=True, kw_only=True)
class FlagsResolved(Event):
    """Feature flags decided parts of the configuration (`goldzone.fleet.flags`); before the run's start.

    Attributes
    ----------
    language : str
    source : str
        The flags file, or the name of another OpenFeature provider.
    digest : str or None
        SHA-256 of the file in hex.
    values, variants, reasons, why : dict of str to str
        By flag: its value as TOML writes it, without quotes; OpenFeature's name of the value and reason
        (STATIC, TARGETING_MATCH, SPLIT, DEFAULT, ERROR); the rule or default that decided, in words. A flag
        without a variant has none in `variants`.
    """

    language: str
    source: str
    digest: str | None
    values: dict[str, str]
    variants: dict[str, str]
    reasons: dict[str, str]
    why: dict[str, str]


EVENTS: Final[dict[str, type[Event]]] = {
    "run_started": RunStarted,
    "run_resumed": RunResumed,
    "sweep_started": SweepStarted,
    "selection_made": SelectionMade,
    "neuron_trained": NeuronTrained,
    "layer_trained": LayerTrained,
    "sweep_finished": SweepFinished,
    "stepped_back": SteppedBack,
    "run_finished": RunFinished,
    "warned": Warned,
    "layer_skipped": LayerSkipped,
    "alert_opened": AlertOpened,
    "alert_updated": AlertUpdated,
    "alert_closed": AlertClosed,
    "flags_resolved": FlagsResolved,
}
"""Event classes by their name in the log."""
