"""What the kept sums say about a network, neuron by neuron and layer by layer.

Margins are |S| / N. All but a neuron's history tells of the network as it is, from the accepted records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean, linear_regression
from typing import Final

import numpy as np

from goldzone.errors import StateError
from goldzone.training.sums.cache import SumCache, SumRecord
from goldzone.training.sums.measurement import GoldZone, Regime

__all__ = [
    "MAX_AGE",
    "LayerSums",
    "MarginTrend",
    "NeuronSums",
    "describe_layer",
    "describe_neuron",
    "is_stale",
    "margin_trend",
    "record_age",
    "weighted_sum",
]

MAX_AGE: Final = 3
"""Sweeps after which a sum is stale (epic, "Margin stagnation")."""

_WEIGHTS: Final = (3, 2, 1)  # epic, "Risk Assessment": stale sums are averaged over the last 3 trainings
_STAGNANT: Final = 0.01
_BINS: Final = np.arange(11) / 10


@dataclass(frozen=True, slots=True)
class MarginTrend:
    """How a neuron's margin moved over its last records."""

    records: int
    """2 or more."""
    slope: float
    """Of the least-squares line, in margin per record."""
    change: float
    """The last margin less the first."""
    stagnant: bool
    """Whether no two margins differ by more than 0.01; one that swings and comes back is not stagnant."""


@dataclass(frozen=True, slots=True)
class NeuronSums:
    """What the sums of a neuron say."""

    layer: int
    position: int
    regime: Regime | None
    """By the last sum; None, as are the next four, where no record was accepted."""
    margin: float | None
    weighted_sum: int | None
    """`weighted_sum` of the history."""
    trend: MarginTrend | None
    """None with fewer than 2 records."""
    age: int | None
    """Sweeps since it was measured; None also if that was in another run."""
    stale: bool
    history: tuple[SumRecord, ...]
    """Oldest first, also what was not accepted."""


@dataclass(frozen=True, slots=True)
class LayerSums:
    """What the sums of a layer say."""

    layer: int
    """From 1."""
    neurons: int
    measured: int
    """How many of the neurons have a sum."""
    noisy: int
    gold_zone: int
    collapsed: int
    """How many are in this regime, as in the two before."""
    gold_zone_positions: tuple[int, ...]
    minimum: float | None
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None
    maximum: float | None
    mean: float | None
    """Of the margins, as the five before; quartiles interpolate linearly. None: nothing was measured."""
    edges: tuple[float, ...]
    """Of a histogram of the margins: a bin holds its lower edge, the last one both."""
    counts: tuple[int, ...]
    """Of its bins."""
    rising: int
    falling: int
    stagnant: int
    """How many margins stay, as rise and fall in the two before (`MarginTrend`)."""
    stale: int
    """How many last sums are older than `MAX_AGE` sweeps, or of another run."""
    median_age: float | None
    greatest_age: int | None
    """In sweeps, as the median; of the sums of this run."""


def describe_neuron(cache: SumCache, layer: int, position: int, zone: GoldZone, last: int) -> NeuronSums:
    """Describe a neuron; `last` is how many records its trend is of, 2 or more.

    Raises
    ------
    StateError
        If there is no such neuron, or it was not trained yet.
    """
    history = cache.history(layer, position)
    if not history:
        raise StateError(f"sum cache: neuron {layer}.{position} was not trained yet; choose another")
    now = cache.newest
    assert now is not None  # noqa: S101 - there is a record
    kept = [record for record in history if record.accepted]
    newest = kept[-1] if kept else None
    age = record_age(newest, now) if newest else None
    return NeuronSums(
        layer=layer,
        position=position,
        regime=zone.regime(newest.sum, newest.samples) if newest else None,
        margin=newest.margin if newest else None,
        weighted_sum=weighted_sum(kept),
        trend=margin_trend([record.margin for record in kept[-last:]]),
        age=age,
        stale=newest is not None and is_stale(age),
        history=history,
    )


def describe_layer(cache: SumCache, layer: int, zone: GoldZone, last: int) -> LayerSums:
    """Describe a layer; `last` is how many records of each neuron the trends are of, 2 or more.

    Raises
    ------
    StateError
        If there is no such layer.
    """
    sums, samples = cache.layer_sums(layer)
    regimes = zone.regimes(sums, samples)
    margins = np.abs(sums[samples > 0]) / samples[samples > 0]
    quarters = np.quantile(margins, (0, 0.25, 0.5, 0.75, 1)).tolist() if margins.size else [None] * 5
    measured = np.flatnonzero(samples).tolist()
    pasts = [cache.history(layer, position, accepted_only=True) for position in measured]
    trends = [trend for past in pasts if (trend := margin_trend([record.margin for record in past[-last:]]))]
    now = cache.newest
    ages = [record_age(past[-1], now) for past in pasts] if now else []
    known = [age for age in ages if age is not None]
    return LayerSums(
        layer=layer,
        neurons=samples.size,
        measured=margins.size,
        noisy=int(regimes[Regime.NOISY].sum()),
        gold_zone=int(regimes[Regime.GOLD_ZONE].sum()),
        collapsed=int(regimes[Regime.COLLAPSED].sum()),
        gold_zone_positions=tuple(np.flatnonzero(regimes[Regime.GOLD_ZONE]).tolist()),
        minimum=quarters[0],
        lower_quartile=quarters[1],
        median=quarters[2],
        upper_quartile=quarters[3],
        maximum=quarters[4],
        mean=fmean(margins) if margins.size else None,
        edges=tuple(_BINS.tolist()),
        counts=tuple(np.histogram(margins, _BINS)[0].tolist()),
        rising=sum(not trend.stagnant and trend.slope > 0 for trend in trends),
        falling=sum(not trend.stagnant and trend.slope < 0 for trend in trends),
        stagnant=sum(trend.stagnant for trend in trends),
        stale=sum(map(is_stale, ages)),
        median_age=float(np.median(known)) if known else None,
        greatest_age=max(known, default=None),
    )


def margin_trend(margins: Sequence[float]) -> MarginTrend | None:
    """Fit a line through margins, oldest first; None with fewer than 2."""
    if len(margins) < 2:
        return None
    slope = linear_regression(range(len(margins)), margins).slope
    return MarginTrend(
        len(margins), slope, margins[-1] - margins[0], max(margins) - min(margins) <= _STAGNANT
    )


def weighted_sum(history: Sequence[SumRecord]) -> int | None:
    """Average the last 3 sums, oldest first, as margins with their signs, by weights 3, 2, 1 from the newest.

    The result is in [-N, N], N being that of the newest record, and rounded half to even. None without a
    record.
    """
    if not history:
        return None
    pairs = list(zip(_WEIGHTS, reversed(history), strict=False))
    mean = sum(weight * Fraction(record.sum, record.samples) for weight, record in pairs)
    return round(mean / sum(weight for weight, _ in pairs) * history[-1].samples)


def record_age(record: SumRecord, now: SumRecord) -> int | None:
    """Return how many sweeps a record lies behind another; None if it is of another run."""
    return now.sweep - record.sweep if record.run == now.run else None


def is_stale(age: int | None) -> bool:
    """Tell whether a sum of this `record_age` is stale: over `MAX_AGE` sweeps old, or of another run."""
    return age is None or age > MAX_AGE
