"""The sections of a training configuration, with their defaults and bounds."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from goldzone.data.templates import parse_templates
from goldzone.errors import ConfigError
from goldzone.hashtron.neuron import MAX_TABLE_CELLS
from goldzone.training.sums.measurement import GoldZone

__all__ = [
    "AlertRule",
    "AlertSettings",
    "CapacitySettings",
    "CreditSettings",
    "DataSettings",
    "DecodingSettings",
    "NetworkSettings",
    "PipelineSettings",
    "Section",
    "SelectionSettings",
    "is_web_address",
]

_SUM_TOLERANCE: Final = 1e-9
_LEAST_WINDOW: Final = 4  # records that make two reversals

Premodulo: TypeAlias = Annotated[int, Field(ge=2, le=MAX_TABLE_CELLS)]


def _as_schedule(value: object) -> object:
    """Take a single number as a schedule of one."""
    return (value,) if isinstance(value, int | float) else _as_tuple(value)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Section(BaseModel):
    """Frozen; knows all its fields; takes no text for a number and no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# A check across fields raises ValueError with a message that begins with the field's name: `_describe` puts
# the section before it.


class DataSettings(Section):
    """What is learnt from: candidates and the split.

    Attributes
    ----------
    max_candidates : int
        Most candidates that a letter has, the commonest first; 1 to 255.
    min_count : int
        Least number of times that a candidate occurs in training; 1 or more.
    min_share : float
        Least share of a letter's positions at which a candidate is said, 0 to 1: rarer ones are mostly errors
        of the data or of the alignment, and cost as much time as the others.
    fractions : tuple of float
        Shares of train, dev and test words; they add up to 1, and train's is not 0.
    """

    max_candidates: Annotated[int, Field(ge=1, le=255)] = 24
    min_count: Annotated[int, Field(ge=1)] = 2
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.001
    fractions: Annotated[
        tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]],
        BeforeValidator(_as_tuple),
    ] = (0.8, 0.1, 0.1)

    @model_validator(mode="after")
    def _shares_of_one(self) -> DataSettings:
        total = math.fsum(self.fractions)
        if not math.isclose(total, 1.0, abs_tol=_SUM_TOLERANCE):
            raise ValueError(f"fractions: {list(self.fractions)} add up to {total}; make it 1")
        return self


class NetworkSettings(Section):
    """The network's shape.

    Attributes
    ----------
    neurons : int
        Context neurons (the layer before the final neuron); 1 to 65,535.
    templates : tuple of str
        What the context neurons look at (`goldzone.data.templates`), taken in turn; empty: the built-in set.
    """

    neurons: Annotated[int, Field(ge=1, le=65_535)] = 448
    templates: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()

    @model_validator(mode="after")
    def _readable_templates(self) -> NetworkSettings:
        if self.templates:
            try:
                parse_templates(self.templates)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return self


class CreditSettings(Section):
    """How samples vote.

    Attributes
    ----------
    kind : {"rank", "margin", "hard"}
        Votes by rank within the position, by margin, or by the reference's tally.
    temperature : float
        Width, in neurons, of the band around the decision in which samples vote strongly; 0.1 to 10,000.
    vote_threshold : tuple of float
        Summed votes, in words, that a cell needs before it answers 1, sweep by sweep; the last one stays. A
        single number is a schedule of one. Each 0 to 1,000,000. A lower one fits more closely; the best
        sweep on dev is kept.
    """

    kind: Literal["rank", "margin", "hard"] = "rank"
    temperature: Annotated[float, Field(ge=0.1, le=10_000)] = 4.0
    vote_threshold: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=1), BeforeValidator(_as_schedule)
    ] = (1.0, 1.0, 0.5, 0.5)


class PipelineSettings(Section):
    """In which order to train, how long, and when to step back.

    Attributes
    ----------
    direction : {"backward", "forward"}
        From the final neuron to the first layer, or from the first layer to the final neuron.
    sweeps : int
        Most passes from the final layer to the first; 1 to 1,000.
    patience : int
        Sweeps without a better dev accuracy before training stops; 1 or more.
    time_limit_seconds : float or None
        Seconds after which no further sweep begins; None: no limit.
    layer_time_limit_seconds, neuron_time_limit_seconds : float or None
        Seconds after which the rest of a layer is left out in this sweep: spent in the layer, or in one of
        its neurons; None: no limit. A limit that is reached makes the model depend on the machine's speed.
    attempts : int
        A layer in which no cell changed this many sweeps in a row is skipped from then on; 1 or more.
    neurons_per_sweep : float
        Share of each layer that is trained in a sweep; above 0, at most 1.
    step_back : bool
        Return to the best state, and lower no premodulo any more, once lowering has cost dev accuracy.
    sum_cache : bool
        Whether sums of earlier trainings steer selection and capacity; when off they are still recorded.
    tolerance : float
        Change of accuracy, as a share, that counts as none in phases and stepping back; 0 to 1.
    """

    direction: Literal["backward", "forward"] = "backward"
    sweeps: Annotated[int, Field(ge=1, le=1000)] = 4
    patience: Annotated[int, Field(ge=1)] = 2
    time_limit_seconds: Annotated[float, Field(gt=0)] | None = None
    layer_time_limit_seconds: Annotated[float, Field(gt=0)] | None = None
    neuron_time_limit_seconds: Annotated[float, Field(gt=0)] | None = None
    attempts: Annotated[int, Field(ge=1)] = 3
    neurons_per_sweep: Annotated[float, Field(gt=0, le=1)] = 1.0
    step_back: bool = True
    sum_cache: bool = True
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.005


class CapacitySettings(Section):
    """How many cells a neuron may have, its premodulo (`goldzone.training.control.controllers`).

    Attributes
    ----------
    controller : {"constant", "law", "annealed", "reference", "none", "validated"}
        ``constant``: always `premodulo`. ``law``: the capacity law, by regime and damped. ``annealed``: from
        `premodulo` to the floor over the sweeps. ``reference``: between floor and ceiling by train accuracy,
        as in the Go trainer. ``none``: the most cells that a model can hold. ``validated``: `premodulo`,
        lowered sweep by sweep while dev accuracy holds.
    premodulo : int
        The constant, and where the others start; from `floor` to `ceiling`.
    floor, ceiling : int
        Bounds of the premodulo; 2 to 2**24, floor <= ceiling.
    bounds : {"absolute", "samples", "distinct"}
        What else bounds it: nothing, or shares of the number of samples N or of the neuron's distinct feature
        values.
    floor_share, ceiling_share : float
        Those shares, 0 to 1,000, floor_share <= ceiling_share; the ceiling's is above 0. Where they would
        leave `floor` to `ceiling`, these hold.
    signal : {"output", "agreement"}
        The margin that steers the law: the imbalance of the outputs, |S|/N, or the agreement of the votes.
    noise_floor : float or None
        Largest |S|, in samples, of a noisy neuron; None: sqrt(N).
    collapse : float
        Least margin |S|/N of a collapsed neuron; above 0, at most 1.
    exponent : float
        The law: premodulo = capacity**exponent; above 0, at most 4.
    smoothing : int
        The law's damping, as are the fields that follow: how many of the last sums are averaged; 1 to 32, 1:
        off.
    decay : float
        Weight of the newest average in exponential smoothing; above 0, at most 1, 1: off.
    aggressiveness : float
        Share of the way to the law's target that is gone in a step, on a logarithmic scale; above 0, at most
        1, 1: off.
    oscillation_window : int
        How many of the last records are searched for an oscillation: two reversals or more, which halve the
        next step on a logarithmic scale. 4 to 32, or 0: off.
    oscillation_factor : float
        Least step, as a factor, that counts as an oscillation; above 1.
    max_factor : float
        Most that the premodulo grows or shrinks in a step, as a factor; 1 or more. 2**23 limits nothing: off.
    max_change : float or None
        Most that it moves in a step, as a share; above 0, at most 1, None: off.
    fine_tune : float
        Most that it moves in a step in the gold zone, as a share; from 0 (it stays), below 1.
    step : float
        What ``validated`` multiplies the premodulo by after a sweep; above 0, at most 1.
    tolerance : float
        How much lower than the best so far a dev accuracy may be that ``validated`` takes to hold, as a
        share of the words; 0 to 1.
    """

    controller: Literal["constant", "law", "annealed", "reference", "none", "validated"] = "constant"
    premodulo: Premodulo = 65_536
    floor: Premodulo = 16
    ceiling: Premodulo = 262_144
    bounds: Literal["absolute", "samples", "distinct"] = "absolute"
    floor_share: Annotated[float, Field(ge=0, le=1000)] = 0.0
    ceiling_share: Annotated[float, Field(gt=0, le=1000)] = 1.0
    signal: Literal["output", "agreement"] = "output"
    noise_floor: Annotated[float, Field(ge=0)] | None = None
    collapse: Annotated[float, Field(gt=0, le=1)] = 0.8
    exponent: Annotated[float, Field(gt=0, le=4)] = 2.0
    smoothing: Annotated[int, Field(ge=1, le=32)] = 3
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    aggressiveness: Annotated[float, Field(gt=0, le=1)] = 1.0
    oscillation_window: Annotated[int, Field(ge=0, le=32)] = 8
    oscillation_factor: Annotated[float, Field(gt=1)] = 1.25
    max_factor: Annotated[float, Field(ge=1)] = 10.0
    max_change: Annotated[float, Field(gt=0, le=1)] | None = None
    fine_tune: Annotated[float, Field(ge=0, lt=1)] = 0.05
    step: Annotated[float, Field(gt=0, le=1)] = 0.5
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.005

    @property
    def gold_zone(self) -> GoldZone:
        """The thresholds of the regimes: `noise_floor` and `collapse`."""
        return GoldZone(self.noise_floor, self.collapse)

    @model_validator(mode="after")
    def _within_bounds(self) -> CapacitySettings:
        if self.floor > self.ceiling:
            raise ValueError(f"floor: {self.floor} is above the ceiling {self.ceiling}; lower it")
        if self.premodulo < self.floor:
            raise ValueError(f"premodulo: {self.premodulo} is below the floor {self.floor}; lower the floor")
        if self.premodulo > self.ceiling:
            raise ValueError(
                f"premodulo: {self.premodulo} is above the ceiling {self.ceiling}; raise the ceiling"
            )
        if self.floor_share > self.ceiling_share:
            raise ValueError(
                f"floor_share: {self.floor_share} is above the ceiling_share {self.ceiling_share}; lower it"
            )
        if 0 < self.oscillation_window < _LEAST_WINDOW:
            raise ValueError(
                f"oscillation_window: {self.oscillation_window} are too few records to turn twice; "
                f"give {_LEAST_WINDOW} or more, or 0 for off"
            )
        return self


class SelectionSettings(Section):
    """Which neurons of a layer are trained, and in which order (`goldzone.training.control.selection`).

    Attributes
    ----------
    strategy : {"gold_zone", "fixed", "random"}
    exploration : float
        Share of the choices of ``gold_zone`` that are drawn at random from the neurons it would pass over;
        0 to 1.
    pairs : float
        Largest share of the chosen neurons that is trained in pairs (`goldzone.training.control.pairs`); 0
        to 1, 0: none.
    pair_correlation : float
        Highest correlation of the answers of a pair; -1 or more, below 0.
    """

    strategy: Literal["gold_zone", "fixed", "random"] = "fixed"
    exploration: Annotated[float, Field(ge=0, le=1)] = 0.0
    pairs: Annotated[float, Field(ge=0, le=1)] = 0.0
    pair_correlation: Annotated[float, Field(ge=-1, lt=0)] = -0.1


class DecodingSettings(Section):
    """How words are read while they are scored.

    Attributes
    ----------
    beam : int
        Partial answers kept for each letter; 1 to 64.
    """

    beam: Annotated[int, Field(ge=1, le=64)] = 4


class AlertRule(Section):
    """One rule over the events of a run; `goldzone.monitor.alerts.RULES` says what each measures.

    Attributes
    ----------
    severity : {"off", "info", "warning", "critical"}
    threshold : float
        What the measured value is compared with; 0 or more.
    window : int
        Over how many sweeps (`oscillation`: steps, `slow_layer`: earlier passes, `throughput_drop`: seconds);
        1 to 1,000.
    """

    severity: Literal["off", "info", "warning", "critical"]
    threshold: Annotated[float, Field(ge=0)]
    window: Annotated[int, Field(ge=1, le=1000)]


class AlertSettings(Section):
    """What counts as a problem while a run trains, and who is told.

    Of a rule only the fields that differ need to be given: ``[alerts.collapse]`` with ``threshold = 0.5``.

    Attributes
    ----------
    memorisation : AlertRule
        Train minus dev word accuracy above `threshold`, where train is above `memorised`.
    stagnation : AlertRule
        A layer's median margin moves by at most `threshold` over `window` sweeps.
    oscillation : AlertRule
        More than a share `threshold` of a layer's neurons had premodulos that went up and down in turn in
        `window` steps.
    slow_layer : AlertRule
        A layer takes more than `threshold` times the median of its last `window` passes.
    unchanged_layer : AlertRule
        Training a layer changes at most `threshold` cells, `window` sweeps in a row.
    collapse : AlertRule
        More than a share `threshold` of a layer's neurons have margins of `collapsed` or more.
    dev_falling : AlertRule
        Dev word accuracy more than `threshold` below the best.
    throughput_drop : AlertRule
        Neurons a second over `window` seconds are at most a share `threshold` of the layer's median.
    stale_sums : AlertRule
        At most `threshold` neurons of a layer are trained, `window` sweeps in a row.
    memorised : float
        Train word accuracy above which a gap means memorisation; 0 to 1.
    collapsed : float
        Margin |S|/N of a collapsed neuron; above 0, at most 1. At 1 only neurons with one answer for all
        samples: healthy context neurons seldom say yes, so their margins are near 1.
    step : float
        Least factor by which a premodulo has gone up or down; 1 or more.
    pass_seconds : float
        Passes over a layer that are shorter count as this long.
    hysteresis : float
        An alert closes when its value is back by this share of the threshold; from 0, below 1.
    update : float
        An open alert is told again when its value has moved by this share; 0 or more.
    tell : {"info", "warning", "critical"}
        Least severity that goes to `webhook` and `command`.
    webhook : str or None
        http or https address to which each alert is posted as JSON; ``$NAME`` takes a secret one from that
        environment variable, so that it is in no file.
    command : tuple of str
        Program and arguments, run without a shell for each alert, with its JSON on standard input.
    timeout_seconds : float
        For each try of the webhook, and for the command; above 0, at most 600.
    """

    memorisation: AlertRule = AlertRule(severity="warning", threshold=0.1, window=1)
    stagnation: AlertRule = AlertRule(severity="info", threshold=0.0001, window=3)
    oscillation: AlertRule = AlertRule(severity="warning", threshold=0.25, window=3)
    slow_layer: AlertRule = AlertRule(severity="warning", threshold=5.0, window=5)
    unchanged_layer: AlertRule = AlertRule(severity="warning", threshold=0.0, window=3)
    collapse: AlertRule = AlertRule(severity="warning", threshold=0.25, window=2)
    dev_falling: AlertRule = AlertRule(severity="warning", threshold=0.02, window=2)
    throughput_drop: AlertRule = AlertRule(severity="warning", threshold=0.25, window=10)
    stale_sums: AlertRule = AlertRule(severity="warning", threshold=0.0, window=3)
    memorised: Annotated[float, Field(ge=0, le=1)] = 0.95
    collapsed: Annotated[float, Field(gt=0, le=1)] = 1.0
    step: Annotated[float, Field(ge=1)] = 1.1
    pass_seconds: Annotated[float, Field(gt=0)] = 10.0
    hysteresis: Annotated[float, Field(ge=0, lt=1)] = 0.1
    update: Annotated[float, Field(ge=0)] = 0.2
    tell: Literal["info", "warning", "critical"] = "warning"
    webhook: str | None = None
    command: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0

    @model_validator(mode="before")
    @classmethod
    def _complete_rules(cls, fields: Any) -> Any:
        """Take from a rule's default what its table leaves out."""
        if not isinstance(fields, dict):
            return fields
        complete = dict(fields)
        for name, given in fields.items():
            default = cls.model_fields[name].default if name in cls.model_fields else None
            if isinstance(default, AlertRule) and isinstance(given, dict):
                complete[name] = {**default.model_dump(), **given}
        return complete

    @model_validator(mode="after")
    def _deliverable(self) -> AlertSettings:
        if self.webhook is not None and not is_web_address(self.webhook):
            variable = self.webhook.removeprefix("$")
            if variable == self.webhook or not variable.isidentifier():
                raise ValueError(
                    f"webhook: {self.webhook!r} is no address; give http://HOST, https://HOST or $VARIABLE"
                )
        if self.command and (not self.command[0] or any("\0" in part for part in self.command)):
            raise ValueError("command: names no program; give a list such as ['notify-send', 'goldzone']")
        return self


def is_web_address(text: str) -> bool:
    """Tell whether a text is a complete http or https address."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
