"""What happens in a run, as typed events; one JSON line each, complete in itself.

``{"event": "sweep_started", "sequence": 3, "time": 1767225600.25, "sweep": 1}``. Progress, dashboard, alerts
and history read these lines and nothing else. Layers are hashtron layers from the input, 1 to L (the final
neuron is layer L); positions are from 0. A number that is not known is null, never NaN.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

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
    "LogReplaced",
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


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event"):
    """What all events have; `goldzone.training.runs.event_log.EventLog` fills both in.

    A line may lack a field that has a default: lines from before the field was added do.

    Attributes
    ----------
    sequence : int
        Index in the log, from 0.
    time : float
        Seconds since 1970 (UTC).
    """

    sequence: int = 0
    time: float = 0.0


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
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
    train_examples, dev_examples : int
        Examples that are learnt, and those that choose the best sweep.
    seed : int
    direction : {"backward", "forward"}
    unit : str
        What an example is, in the plural: "words".
    """

    run: str
    config_digest: str
    data_fingerprint: str
    layers: tuple[int, ...]
    samples: int
    positions: int
    train_examples: int
    dev_examples: int
    seed: int
    direction: str = "backward"
    unit: str = "words"


class RunResumed(Event, frozen=True, kw_only=True, tag="run_resumed"):
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


class SweepStarted(Event, frozen=True, kw_only=True, tag="sweep_started"):
    """A pass from the final layer to the first begins; sweeps are from 1."""

    sweep: int


class SelectionMade(Event, frozen=True, kw_only=True, tag="selection_made"):
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


class NeuronTrained(Event, frozen=True, kw_only=True, tag="neuron_trained"):
    """One neuron was trained.

    Attributes
    ----------
    sweep, layer, position : int
    order, total : int
        Its rank, from 0, among the neurons that this sweep trains in the layer, and how many they are.
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
    margin : float or None
        |S| / N, whatever is given; None without samples.
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
    margin: float | None = None

    def __post_init__(self) -> None:
        """Derive the margin."""
        try:
            margin = abs(self.sum) / self.samples if self.samples else None
        except OverflowError:  # a damaged line may hold numbers that no float can
            margin = None
        force_setattr(self, "margin", margin)


class LayerTrained(Event, frozen=True, kw_only=True, tag="layer_trained"):
    """A layer is done for this sweep; `neurons` of it were trained."""

    sweep: int
    layer: int
    neurons: int


class SweepFinished(Event, frozen=True, kw_only=True, tag="sweep_finished"):
    """A sweep is done and measured.

    Attributes
    ----------
    sweep : int
    train_score, dev_score : float or None
        Shares of examples right (`goldzone.training.pipeline.HeldOut`); None if not known.
    metrics : dict of str to float
        What else is measured, by name, such as ``dev_phoneme_error`` and ``train_position_accuracy``.
    loss : float or None
    best : bool
        Whether it is the best so far on dev.
    premodulo : int or None
        Median premodulo of the neurons before the final one.
    phase : str or None
        A `goldzone.training.control.phases.Phase` value.
    forecast, forecast_error : float or None
        Dev score expected after the next sweep, and its standard error; None if too little is known.
    seconds : float
    """

    sweep: int
    train_score: float | None
    dev_score: float | None
    metrics: dict[str, float] = {}
    loss: float | None
    best: bool
    premodulo: int | None = None
    phase: str | None = None
    forecast: float | None = None
    forecast_error: float | None = None
    seconds: float


class SteppedBack(Event, frozen=True, kw_only=True, tag="stepped_back"):
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


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The run is over.

    Attributes
    ----------
    reason : str
        Why it stopped, in words.
    best_sweep : int or None
        The sweep whose state the model is.
    dev_score : float or None
        Of that state.
    model_digest : str or None
        SHA-256 in hex; None if no model was written.
    seconds : float
    """

    reason: str
    best_sweep: int | None
    dev_score: float | None
    model_digest: str | None
    seconds: float


class Warned(Event, frozen=True, kw_only=True, tag="warned"):
    """Something that a person should know; training goes on."""

    message: str


class LineTorn(Event, frozen=True, kw_only=True):
    """The reader's report of an unfinished last line (its writer was killed or is at work); never written.

    Attributes
    ----------
    length : int
        Bytes of the unfinished line.
    """

    length: int


class LogReplaced(Event, frozen=True):
    """A follower's report that the log was cut or replaced since it last read; never written.

    What comes next is line 1: all that was made of earlier events is void.
    """


class LayerSkipped(Event, frozen=True, kw_only=True, tag="layer_skipped"):
    """A layer is left out of a sweep, or left before all its chosen neurons were trained."""

    sweep: int
    layer: int
    reason: str


class AlertEvent(Event, frozen=True, kw_only=True):
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


class AlertOpened(AlertEvent, frozen=True, tag="alert_opened"):
    """A rule found a problem."""


class AlertUpdated(AlertEvent, frozen=True, tag="alert_updated"):
    """The value of an open alert moved notably."""


class AlertClosed(AlertEvent, frozen=True, tag="alert_closed"):
    """The problem is gone."""


class FlagsResolved(Event, frozen=True, kw_only=True, tag="flags_resolved"):
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
    str(event_class.__struct_config__.tag): event_class
    for event_class in (
        RunStarted,
        RunResumed,
        SweepStarted,
        SelectionMade,
        NeuronTrained,
        LayerTrained,
        SweepFinished,
        SteppedBack,
        RunFinished,
        Warned,
        LayerSkipped,
        AlertOpened,
        AlertUpdated,
        AlertClosed,
        FlagsResolved,
    )
}
"""Event classes by their name in the log."""
