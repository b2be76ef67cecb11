"""The sections of a training configuration, with their defaults and bounds."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from goldzone.data.templates import parse_templates
from goldzone.errors import ConfigError

__all__ = [
    "CapacitySettings",
    "CreditSettings",
    "DataSettings",
    "DecodingSettings",
    "NetworkSettings",
    "PipelineSettings",
    "Section",
    "SelectionSettings",
]

_MAX_PREMODULO: Final = 1 << 24  # a bit table of 2 MiB a neuron; more is no pressure at all
_SUM_TOLERANCE: Final = 1e-9

Premodulo: TypeAlias = Annotated[int, Field(ge=2, le=_MAX_PREMODULO)]


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
    fractions : tuple of float
        Shares of train, dev and test words; they add up to 1, and train's is not 0.
    """

    max_candidates: Annotated[int, Field(ge=1, le=255)] = 24
    min_count: Annotated[int, Field(ge=1)] = 2
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
    evidence : tuple of float
        Summed votes, in words, that a cell needs before it answers 1, sweep by sweep; the last one stays. A
        single number is a schedule of one. Each 0 to 1,000,000. Less evidence fits more closely; the best
        sweep on dev is kept.
    """

    kind: Literal["rank", "margin", "hard"] = "rank"
    temperature: Annotated[float, Field(ge=0.1, le=10_000)] = 4.0
    evidence: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=1), BeforeValidator(_as_schedule)
    ] = (1.0, 1.0, 0.5, 0.5)


class PipelineSettings(Section):
    """How long to train.

    Attributes
    ----------
    sweeps : int
        Most passes from the final layer to the first; 1 to 1,000.
    patience : int
        Sweeps without a better dev word accuracy before training stops; 1 or more.
    time_limit_seconds : float or None
        Seconds after which no further sweep begins; None: no limit.
    neurons_per_sweep : float
        Share of each layer that is trained in a sweep; above 0, at most 1.
    """

    sweeps: Annotated[int, Field(ge=1, le=1000)] = 4
    patience: Annotated[int, Field(ge=1)] = 2
    time_limit_seconds: Annotated[float, Field(gt=0)] | None = None
    neurons_per_sweep: Annotated[float, Field(gt=0, le=1)] = 1.0


class CapacitySettings(Section):
    """How a neuron's premodulo follows from its sums (`goldzone.training.control.capacity`).

    Attributes
    ----------
    controller : {"constant", "law"}
        Always `premodulo`, or premodulo = capacity**2 under regimes and clamps.
    premodulo : int
        The constant, and where the law starts; from `floor` to `ceiling`.
    signal : {"output", "agreement"}
        The margin that steers the law: the imbalance of the outputs, |S|/N, or the agreement of the votes.
    noise_floor : float or None
        Largest |S|, in samples, of a noisy neuron; None: sqrt(N).
    collapse : float
        Least margin |S|/N of a collapsed neuron; above 0, at most 1.
    floor, ceiling : int
        Bounds of the premodulo; 2 to 2**24, floor <= ceiling.
    max_factor : float
        Most that the premodulo grows or shrinks in a step, as a factor; 1 or more.
    fine_tune : float
        Most that it moves in a step in the gold zone, as a share; from 0, below 1.
    exponent : float
        premodulo = capacity**exponent; above 0, at most 4.
    smoothing : int
        How many of the last sums are averaged; 1 to 32.
    """

    controller: Literal["constant", "law"] = "constant"
    premodulo: Premodulo = 65_536
    signal: Literal["output", "agreement"] = "output"
    noise_floor: Annotated[float, Field(ge=0)] | None = None
    collapse: Annotated[float, Field(gt=0, le=1)] = 0.8
    floor: Premodulo = 16
    ceiling: Premodulo = 262_144
    max_factor: Annotated[float, Field(ge=1)] = 10.0
    fine_tune: Annotated[float, Field(ge=0, lt=1)] = 0.05
    exponent: Annotated[float, Field(gt=0, le=4)] = 2.0
    smoothing: Annotated[int, Field(ge=1, le=32)] = 3

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
        return self


class SelectionSettings(Section):
    """Which neurons of a layer are trained, and in which order (`goldzone.training.control.selection`).

    Attributes
    ----------
    strategy : {"gold_zone", "fixed", "random"}
    """

    strategy: Literal["gold_zone", "fixed", "random"] = "fixed"


class DecodingSettings(Section):
    """How words are read while they are scored.

    Attributes
    ----------
    beam : int
        Partial answers kept for each letter; 1 to 64.
    """

    beam: Annotated[int, Field(ge=1, le=64)] = 4
