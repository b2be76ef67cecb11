"""The sections of a training configuration: fields, defaults, bounds, and what each field does.

The text under a field is its description; ``goldzone config`` shows it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from goldzone.data.templates import parse_templates
from goldzone.errors import ConfigError, GoldzoneError
from goldzone.hashtron.neuron import MAX_TABLE_CELLS
from goldzone.plugins import is_plugin, plugin
from goldzone.training.sums.measurement import GoldZone, Signal
from goldzone.validation import Checked

__all__ = [
    "BeamSettings",
    "CapacitySettings",
    "CreditSettings",
    "DataSettings",
    "DecodingSettings",
    "NetworkSettings",
    "PipelineSettings",
    "Section",
    "SelectionSettings",
    "Texts",
]

_SUM_TOLERANCE: Final = 1e-9
_LEAST_WINDOW: Final = 4  # records that make two reversals


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _as_schedule(value: object) -> object:
    """Take a single number as a schedule of one."""
    return (value,) if isinstance(value, int | float) else _as_tuple(value)


def _plugin_or(value: object, others: ValidatorFunctionWrapHandler) -> Any:
    """Take the name of a plug-in as it is: it is looked up where it is used."""
    return value if isinstance(value, str) and is_plugin(value) else others(value)


_OR_PLUGIN: Final = (WrapValidator(_plugin_or), PlainSerializer(str))
"""Beside the names of goldzone's own, what a plug-in brings (`goldzone.plugins`)."""


def _as_templates(value: object) -> object:
    """Put the templates of a plug-in in place of its name: a configuration tells what is learnt from."""
    if not isinstance(value, list | tuple):
        return value
    taken: list[object] = []
    for name in value:
        if isinstance(name, str) and is_plugin(name):
            try:
                brought = plugin("goldzone.templates", name)
                taken += brought() if callable(brought) else brought
            except GoldzoneError as error:
                raise ValueError(str(error)) from None
            except TypeError:
                raise ValueError(f"{name}: gave no templates; mend it") from None
        else:
            taken.append(name)
    return tuple(taken)


def _as_signal(value: object) -> object:
    """Take the name that the balance had before."""
    return "balance" if value == "output" else value


Premodulo: TypeAlias = Annotated[int, Field(ge=2, le=MAX_TABLE_CELLS)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0)]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Section(Checked):
    """A section of a TOML file."""

    gone: ClassVar[Mapping[str, object]] = {}
    """Fields of earlier versions, and the value that always holds now: files that say so are still read."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Names of earlier versions, with those of now."""

    @model_validator(mode="before")
    @classmethod
    def _of_now(cls, fields: Any) -> Any:
        """Take the fields of an earlier version."""
        if not isinstance(fields, dict):
            return fields
        taken = {}
        for name, value in fields.items():
            if name not in cls.gone:
                taken[cls.renamed.get(name, name)] = value
            elif value != cls.gone[name]:
                instead = "" if cls.gone[name] is None else f", {cls.gone[name]!r} always holds"
                raise ValueError(f"{name}: is gone{instead}; leave it out")
        return taken

    def to_toml(self, name: str = "") -> str:
        """Write all fields, defaults too, as the table of this name; None is left out: TOML has no null."""
        inner = {field: value for field, value in self if isinstance(value, Section)}
        own = {field: value for field, value in self if field not in inner and value is not None}
        lines = [f"[{name}]\n"] if name else []
        lines += [f"{field} = {toml(value)}\n" for field, value in own.items()]
        tables = [value.to_toml(f"{name}.{field}".lstrip(".")) for field, value in inner.items()]
        return "\n".join(["".join(lines), *tables])


def toml(value: str | float | Sequence[Any]) -> str:
    """Write a value as TOML, which takes JSON's numbers, lists and strings, but no DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


class DataSettings(Section):
    """What is learnt from: candidates and the split."""

    max_candidates: Annotated[int, Field(ge=1, le=255)] = 48
    """Most candidates that a letter has, the commonest first."""
    min_count: Annotated[int, Field(ge=1)] = 1
    """Least number of times that a candidate occurs in training."""
    min_share: Share = 0.0
    """Least share of a letter's positions at which a candidate is said."""
    fractions: Annotated[
        tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]],
        BeforeValidator(_as_tuple),
    ] = (0.8, 0.1, 0.1)
    """Shares of train, dev and test words; they add up to 1."""

    @model_validator(mode="after")
    def _shares_of_one(self) -> DataSettings:
        total = math.fsum(self.fractions)
        if not math.isclose(total, 1.0, abs_tol=_SUM_TOLERANCE):
            raise ValueError(f"fractions: {list(self.fractions)} add up to {total}; make it 1")
        return self


class NetworkSettings(Section):
    """The network's shape."""

    neurons: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Context neurons, the layer before the final neuron; left out: one a template, five of bit tables."""
    templates: Annotated[tuple[str, ...], BeforeValidator(_as_templates)] = ()
    """What the context neurons look at, taken in turn (docs/training.md); empty: the built-in set."""

    @model_validator(mode="after")
    def _readable_templates(self) -> NetworkSettings:
        if self.templates:
            try:
                parse_templates(self.templates)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return self


class CreditSettings(Section):
    """How samples vote."""

    renamed: ClassVar = {"evidence": "vote_threshold"}

    kind: Annotated[Literal["beam", "rank", "margin", "hard"], *_OR_PLUGIN] = "beam"
    """Votes of whole pronunciations for graded neurons; or, for bit tables, by rank within the position, by
    margin, or by the reference's tally."""
    temperature: Annotated[float, Field(ge=0.1, le=10_000)] = 4.0
    """Width, in neurons, of the band around the decision in which samples vote strongly."""
    vote_threshold: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=1), BeforeValidator(_as_schedule)
    ] = (1.0, 1.0, 0.5, 0.5)
    """Summed votes, in words, that a cell needs before it answers 1, sweep by sweep; the last one stays."""


class BeamSettings(Section):
    """How graded neurons learn from whole pronunciations (`credit.kind` "beam")."""

    width: Annotated[int, Field(ge=1, le=64)] = 16
    """Pronunciations of a word that are compared."""
    reach: Annotated[float, Field(gt=0, le=100)] = 3.0
    """By how much a partial pronunciation may be behind the best one, in nats, before it is dropped."""
    batch: Annotated[int, Field(ge=1, le=4096)] = 64
    """Words that vote on the same answers."""
    margin: Annotated[float, Field(ge=0, le=20)] = 1.0
    """By how much a wrong pronunciation must stay behind, in nats: e to this power times less probable."""
    rate: Annotated[float, Field(gt=0, le=16)] = 1.0
    """How fast grades follow the votes, in steps of a tenth nat."""
    evidence: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=1), BeforeValidator(_as_schedule)
    ] = (3.0, 4.5, 6.0, 7.5, 9.0)
    """Summed votes, in words, that a cell needs for a grade, sweep by sweep; the last one stays."""
    averaged: Annotated[int, Field(ge=1, le=16)] = 4
    """Sweeps whose grades the network is the mean of."""
    revisited: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Share of the words met in a sweep of which the sweep before was sure (p above 0.95); 1: all are met."""


class PipelineSettings(Section):
    """In which order to train, how long, and when to step back."""

    gone: ClassVar = {"neuron_time_limit_seconds": None}

    direction: Literal["backward", "forward"] = "backward"
    """From the final neuron to the first layer, or from the first layer to the final neuron."""
    sweeps: Annotated[int, Field(ge=1, le=1000)] = 8
    """Most passes over all layers."""
    patience: Annotated[int, Field(ge=1)] = 4
    """Sweeps without a better dev word accuracy before training stops."""
    time_limit_seconds: Seconds | None = None
    """No further sweep begins after this time; the model then depends on the machine's speed."""
    layer_time_limit_seconds: Seconds | None = None
    """The rest of a layer is left out after this time; the model then depends on the machine's speed."""
    attempts: Annotated[int, Field(ge=1)] = 3
    """A layer in which no cell changed in this many sweeps in a row is skipped from then on."""
    neurons_per_sweep: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of each layer that is trained in a sweep."""
    step_back: bool = True
    """Return to the best state, and lower no premodulo any more, once lowering has cost dev accuracy."""
    sum_cache: bool = True
    """Whether sums of earlier trainings steer selection and capacity; they are recorded in any case."""
    tolerance: Share = 0.005
    """Change of accuracy, as a share of the words, that counts as none."""


class CapacitySettings(Section):
    """How many cells a neuron may have, its premodulo (`goldzone.training.control.controllers`)."""

    gone: ClassVar = {
        "bounds": "absolute",
        "floor_share": 0.0,
        "ceiling_share": 1.0,
        "exponent": 2.0,
        "oscillation_factor": 1.25,
        "step": 0.5,
        "tolerance": 0.005,
    }

    controller: Annotated[Literal["constant", "law", "reference", "none", "validated"], *_OR_PLUGIN] = (
        "constant"
    )
    """The premodulo is fixed, by the capacity law, by the Go trainer's rule, the largest, or halved."""
    premodulo: Premodulo = 4096
    """Cells of each neuron: the constant, and where the other controllers start."""
    cells_per_word: Annotated[float, Field(ge=0, le=64)] = 2.0
    """Graded neurons of many words have more, where `premodulo` is left at its default: the power of two
    nearest to so many a word; 0: never."""
    floor: Premodulo = 16
    """Least premodulo; graded neurons under the law, where it is left at its default: a quarter of what they
    start with."""
    ceiling: Premodulo = 262_144
    """Largest premodulo; graded neurons under the law, where it is left at its default: what they start
    with."""
    signal: Annotated[Signal, BeforeValidator(_as_signal)] = "answers"
    """What steers the law: S/N, the share of the samples that a neuron answers with yes; the balance,
    |2S - N|/N; or the agreement of the votes."""
    noise_floor: Annotated[float, Field(ge=0)] | None = None
    """Largest |S|, in samples, of a noisy neuron; left out: sqrt(N)."""
    collapse: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Least margin |S|/N of a collapsed neuron."""
    smoothing: Annotated[int, Field(ge=1, le=32)] = 3
    """How many of the last sums the law averages; 1: off."""
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Weight of the newest average in exponential smoothing; 1: off."""
    aggressiveness: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the way to the law's target that is gone in a step, on a logarithmic scale; 1: all of it."""
    oscillation_window: Annotated[int, Field(ge=0, le=32)] = 8
    """Of how many records an oscillation is found, which halves the next step; 4 or more, or 0: off."""
    max_factor: Annotated[float, Field(ge=1)] = 10.0
    """Most that the premodulo grows or shrinks in a step, as a factor; 2**23 limits nothing."""
    max_change: Annotated[float, Field(gt=0, le=1)] | None = None
    """Most that the premodulo moves in a step, as a share; left out: no limit."""
    fine_tune: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Most that the premodulo moves in a step in the gold zone, as a share; 0: it stays."""

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
        if 0 < self.oscillation_window < _LEAST_WINDOW:
            raise ValueError(
                f"oscillation_window: {self.oscillation_window} are too few records to turn twice; "
                f"give {_LEAST_WINDOW} or more, or 0 for off"
            )
        return self


class SelectionSettings(Section):
    """Which neurons of a layer are trained, and in which order (`goldzone.training.control.selection`)."""

    gone: ClassVar = {"pair_correlation": -0.1}

    strategy: Annotated[Literal["gold_zone", "fixed", "random"], *_OR_PLUGIN] = "fixed"
    """Neurons in the gold zone first, all in turn by position, or drawn at random."""
    exploration: Share = 0.0
    """Share of the choices of `gold_zone` that are drawn from the neurons it would pass over."""
    pairs: Share = 0.0
    """Largest share of the chosen neurons that is trained in anti-correlated pairs; 0: none."""


class DecodingSettings(Section):
    """How words are read while they are scored."""

    beam: Annotated[int, Field(ge=1, le=64)] = 4
    """Partial answers kept for each letter; more are slower."""
