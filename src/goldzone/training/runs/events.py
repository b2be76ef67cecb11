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
    "CapacityChanged",
    "Event",
    "FlagsResolved",
    "LayerProgressed",
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
    """

    sequence: int = 0
    """Index in the log, from 0."""
    time: float = 0.0
    """Seconds since 1970 (UTC)."""


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """A run begins."""

    run: str
    """Its name."""
    config_digest: str
    data_fingerprint: str
    """SHA-256 in hex, as is the configuration's."""
    layers: tuple[int, ...]
    """Neurons in each hashtron layer, from the input."""
    samples: int
    """Training candidates."""
    positions: int
    """Letters in context that the samples belong to."""
    train_examples: int
    """Examples that are learnt."""
    dev_examples: int
    """Examples that choose the best sweep."""
    seed: int
    direction: str = "backward"
    """Or "forward"."""
    unit: str = "words"
    """What an example is, in the plural: "words"."""
    identity: str | None = None
    """Of the run's state and sums: those of another one belong to another run; None of earlier versions."""
    carried_sums: int = 0
    """Sums of an earlier run that it began with."""


class RunResumed(Event, frozen=True, kw_only=True, tag="run_resumed"):
    """An interrupted run goes on from what was kept."""

    sweep: int
    """The sweep at work."""
    layer: int | None
    """The layer at work; None between two sweeps."""
    done: int
    """Steps of the layer that are done."""


class SweepStarted(Event, frozen=True, kw_only=True, tag="sweep_started"):
    """A pass from the final layer to the first begins; sweeps are from 1."""

    sweep: int


class SelectionMade(Event, frozen=True, kw_only=True, tag="selection_made"):
    """The neurons of a layer that a sweep trains were chosen."""

    sweep: int
    layer: int
    strategy: str
    neurons: int
    """The layer's neurons."""
    chosen: int
    """How many are trained."""
    pairs: int
    """How many pairs of them are trained together."""
    gold_zone: int
    """The layer's neurons whose last sum is in the gold zone."""
    reason: str
    """From which groups the chosen ones come, in words."""


class NeuronTrained(Event, frozen=True, kw_only=True, tag="neuron_trained"):
    """One neuron was trained."""

    sweep: int
    layer: int
    position: int
    order: int
    """Its rank, from 0, among the neurons that this sweep trains in the layer."""
    total: int
    """How many they are."""
    premodulo: int
    """What it was trained with; 0 for none."""
    target: int | None = None
    """What the capacity law asks for; None where there is no sum yet."""
    sum: int
    """S, the samples that the neuron answers with yes, in [0, N]."""
    samples: int
    """N."""
    agreement: float | None
    """|sum of votes| / sum of |votes|, in [0, 1]."""
    regime: str | None
    """A `goldzone.training.sums.measurement.Regime` value."""
    reason: str
    """Why this premodulo, in words."""
    partner: int | None = None
    """Position of the neuron that it was trained together with."""
    seconds: float
    changed: int
    """Cells whose answer changed."""
    margin: float | None = None
    """|S| / N, whatever is given; None without samples."""

    def __post_init__(self) -> None:
        """Derive the margin."""
        try:
            margin = abs(self.sum) / self.samples if self.samples else None
        except OverflowError:  # a damaged line may hold numbers that no float can
            margin = None
        force_setattr(self, "margin", margin)


class LayerProgressed(Event, frozen=True, kw_only=True, tag="layer_progressed"):
    """A layer whose neurons learn together is in the middle of its pass over the examples."""

    sweep: int
    layer: int
    done: int
    """Examples of this pass that are learnt."""
    total: int
    seconds: float
    """Since the pass began, or went on."""


class LayerTrained(Event, frozen=True, kw_only=True, tag="layer_trained"):
    """A layer is done for this sweep; `neurons` of it were trained."""

    sweep: int
    layer: int
    neurons: int


class SweepFinished(Event, frozen=True, kw_only=True, tag="sweep_finished"):
    """A sweep is done and measured."""

    sweep: int
    train_score: float | None
    """Share of examples right; None if not known."""
    dev_score: float | None
    """The same (`goldzone.training.pipeline.HeldOut`)."""
    metrics: dict[str, float] = {}
    """What else is measured, by name, such as ``dev_phoneme_error`` and ``train_position_accuracy``."""
    loss: float | None
    best: bool
    """Whether it is the best so far on dev."""
    premodulo: int | None = None
    """Median premodulo of the neurons before the final one."""
    phase: str | None = None
    """A `goldzone.training.control.phases.Phase` value."""
    forecast: float | None = None
    """Dev score expected after the next sweep; None if too little is known."""
    forecast_error: float | None = None
    """Its standard error."""
    seconds: float


class SteppedBack(Event, frozen=True, kw_only=True, tag="stepped_back"):
    """The state of an earlier sweep was taken up again."""

    sweep: int
    """After this sweep."""
    to_sweep: int
    """The sweep whose state is restored."""
    reason: str


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The run is over."""

    reason: str
    """Why it stopped, in words."""
    best_sweep: int | None
    """The sweep whose state the model is."""
    dev_score: float | None
    """Of that state."""
    model_digest: str | None
    """SHA-256 in hex; None if no model was written."""
    seconds: float


class Warned(Event, frozen=True, kw_only=True, tag="warned"):
    """Something that a person should know; training goes on."""

    message: str


class LineTorn(Event, frozen=True, kw_only=True):
    """The reader's report of an unfinished last line (its writer was killed or is at work); never written."""

    length: int
    """Bytes of the unfinished line."""


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
    """What the events of an alert have (`goldzone.monitor.alerts`); it is known by its rule and layer."""

    rule: str
    """A field of `goldzone.monitor.alert_settings.AlertSettings` that is a rule."""
    layer: int | None
    """None for a rule about the whole network."""
    severity: str
    """One of "info", "warning" and "critical"."""
    sweep: int
    """Of the event that moved it; that event's time is this one's too."""
    value: float
    """What the rule measured."""
    threshold: float
    """What that is compared with."""
    message: str
    """The measurement in words and, while the alert is open, what to do."""


class AlertOpened(AlertEvent, frozen=True, tag="alert_opened"):
    """A rule found a problem."""


class AlertUpdated(AlertEvent, frozen=True, tag="alert_updated"):
    """The value of an open alert moved notably."""


class AlertClosed(AlertEvent, frozen=True, tag="alert_closed"):
    """The problem is gone."""


class CapacityChanged(Event, frozen=True, kw_only=True, tag="capacity_changed"):
    """A callback changed settings of the capacity (`goldzone.training.runs.callbacks`)."""

    sweep: int
    """After this sweep they hold; 0: from the beginning."""
    values: dict[str, str]
    """By field of ``[capacity]``, as JSON."""
    reason: str
    """Whose change it is, and why."""


class FlagsResolved(Event, frozen=True, kw_only=True, tag="flags_resolved"):
    """Feature flags decided parts of the configuration (`goldzone.fleet.flags`); before the run's start."""

    language: str
    source: str
    """The flags file, or the name of another OpenFeature provider."""
    digest: str | None
    """SHA-256 of the file in hex."""
    values: dict[str, str]
    """By flag, as are the next three: its value as TOML writes it, without quotes."""
    variants: dict[str, str]
    """OpenFeature's names of the values, of those that have one."""
    reasons: dict[str, str]
    """OpenFeature's: STATIC, TARGETING_MATCH, SPLIT, DEFAULT or ERROR."""
    why: dict[str, str]
    """The rule or default that decided, in words."""


EVENTS: Final[dict[str, type[Event]]] = {
    str(event_class.__struct_config__.tag): event_class
    for event_class in (
        RunStarted,
        RunResumed,
        SweepStarted,
        SelectionMade,
        NeuronTrained,
        LayerProgressed,
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
        CapacityChanged,
    )
}
"""Event classes by their name in the log."""
