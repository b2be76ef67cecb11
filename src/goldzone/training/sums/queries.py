"""What the kept sums say about a network: pure functions on arrays and records.

Margins are |S| / N. The weighted average and the stale marks follow the epic, "Risk Assessment": stale sums
are averaged over the last 3 trainings and marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.training.sums.measurement import GoldZone, Regime
from goldzone.training.sums.record import SumRecord

__all__ = [
    "DEFAULT_BINS",
    "DEFAULT_MAX_AGE",
    "LayerStaleness",
    "MarginDistribution",
    "MarginTrend",
    "MarginTrends",
    "Staleness",
    "WeightedSum",
    "layer_staleness",
    "margin_distribution",
    "margin_trends",
    "weighted_sum",
]

DEFAULT_BINS: Final = tuple(edge / 10 for edge in range(11))
"""Edges of a histogram over all margins."""

DEFAULT_MAX_AGE: Final = 3
"""Sweeps after which a sum counts as stale (epic, "Margin stagnation")."""


@dataclass(frozen=True, slots=True)
class MarginTrend:
    """How a neuron's margin moved over its last records.

    Attributes
    ----------
    records : int
        2 or more.
    slope : float
        Of the least-squares line, in margin per record.
    change : float
        The last margin less the first.
    spread : float
        The largest margin less the smallest.
    stagnant : bool
        Whether the spread is within the tolerance; a margin that swings and comes back is not stagnant.
    """

    records: int
    slope: float
    change: float
    spread: float
    stagnant: bool


@dataclass(frozen=True, eq=False)
class MarginTrends:
    """The margin trends of a layer; see `MarginTrend`.

    Attributes
    ----------
    records : int64[n_neurons]
    slope, change, spread : float64[n_neurons]
        NaN where there are fewer than 2 records.
    stagnant : bool[n_neurons]
    """

    records: NDArray[np.int64]
    slope: NDArray[np.float64]
    change: NDArray[np.float64]
    spread: NDArray[np.float64]
    stagnant: NDArray[np.bool_]

    def neuron(self, position: int) -> MarginTrend | None:
        """Return one neuron's trend; None where there are fewer than 2 records."""
        records = self.records.item(position)
        if records < 2:
            return None
        return MarginTrend(
            records,
            self.slope.item(position),
            self.change.item(position),
            self.spread.item(position),
            self.stagnant.item(position),
        )


def margin_trends(margins: NDArray[np.float64], tolerance: float) -> MarginTrends:
    """Fit a line through each neuron's margins.

    Parameters
    ----------
    margins : float64[n_neurons, n]
        Oldest first; a neuron with fewer than n has NaN before them.
    tolerance : float
        Largest spread of a stagnant margin.
    """
    there = ~np.isnan(margins)
    records = there.sum(axis=1)
    enough = records >= 2
    n = margins.shape[1]
    rows, first = np.arange(len(margins)), np.minimum(n - records, n - 1)
    # Measured from the first, so that margins that do not move have a slope of exactly 0.
    base = margins[rows, first]
    moved = np.where(there, margins - base[:, np.newaxis], 0.0)
    number = np.arange(n) - (n - records)[:, np.newaxis]
    centred = np.where(there, number - (records - 1)[:, np.newaxis] / 2, 0.0)
    squares = np.where(enough, (centred * centred).sum(axis=1), 1.0)
    spread = moved.max(axis=1) - moved.min(axis=1)
    return MarginTrends(
        records=records,
        slope=np.where(enough, (centred * moved).sum(axis=1) / squares, np.nan),
        change=np.where(enough, margins[:, -1] - base, np.nan),
        spread=np.where(enough, spread, np.nan),
        stagnant=enough & (spread <= tolerance),
    )


@dataclass(frozen=True, slots=True)
class MarginDistribution:
    """The margins of a layer.

    Attributes
    ----------
    neurons, measured : int
        The layer's neurons, and those of them that have a sum.
    noisy, gold_zone, collapsed : int
        How many of the measured are in each regime.
    minimum, lower_quartile, median, upper_quartile, maximum, mean : float or None
        Quartiles interpolate linearly; None where nothing was measured.
    edges : tuple of float
        Of the histogram's bins.
    counts : tuple of int
        One fewer than edges. A bin holds its lower edge, the last one both; a margin outside is in none.
    """

    neurons: int
    measured: int
    noisy: int
    gold_zone: int
    collapsed: int
    minimum: float | None
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None
    maximum: float | None
    mean: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]


def margin_distribution(
    sums: NDArray[np.int64],
    samples: NDArray[np.int64],
    *,
    bins: Sequence[float] = DEFAULT_BINS,
    zone: GoldZone = GoldZone(),  # noqa: B008 - a value
) -> MarginDistribution:
    """Describe the margins of a layer.

    Parameters
    ----------
    sums, samples : int64[n_neurons]
        S and N; N is 0 where never measured.
    bins : sequence of float
        Edges of the histogram, rising.
    zone : GoldZone

    Raises
    ------
    StateError
        If there are fewer than two edges, or they do not rise.
    """
    edges = np.array(bins, np.float64)
    if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
        raise StateError(f"bins {tuple(bins)} are no edges of a histogram; give two or more that rise")
    there = samples > 0
    margins = np.abs(sums[there]) / samples[there]
    found = zone.regimes(sums, samples)
    five: list[float | None] = [None] * 5
    if margins.size:
        five = np.quantile(margins, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return MarginDistribution(
        neurons=samples.size,
        measured=margins.size,
        noisy=int(found[Regime.NOISY].sum()),
        gold_zone=int(found[Regime.GOLD_ZONE].sum()),
        collapsed=int(found[Regime.COLLAPSED].sum()),
        minimum=five[0],
        lower_quartile=five[1],
        median=five[2],
        upper_quartile=five[3],
        maximum=five[4],
        mean=float(margins.mean()) if margins.size else None,
        edges=tuple(edges.tolist()),
        counts=tuple(np.histogram(margins, edges)[0].tolist()),
    )


@dataclass(frozen=True, slots=True)
class Staleness:
    """How far a neuron's last sum lies behind.

    Attributes
    ----------
    age : int or None
        Sweeps since it was measured; None if it never was in this run.
    changed_below : bool
        Whether a neuron of a layer nearer the input was trained since.
    """

    age: int | None
    changed_below: bool


@dataclass(frozen=True, eq=False)
class LayerStaleness:
    """The staleness of a layer's neurons; see `Staleness`.

    Attributes
    ----------
    age : int64[n_neurons]
        -1 where never measured in this run.
    changed_below : bool[n_neurons]
    """

    age: NDArray[np.int64]
    changed_below: NDArray[np.bool_]

    def neuron(self, position: int) -> Staleness:
        """Return one neuron's staleness."""
        age = self.age.item(position)
        return Staleness(None if age < 0 else age, self.changed_below.item(position))


def layer_staleness(
    sweeps: NDArray[np.int64], serials: NDArray[np.int64], newest_below: int, sweep: int
) -> LayerStaleness:
    """Tell how far the sums of a layer lie behind.

    Parameters
    ----------
    sweeps : int64[n_neurons]
        Sweep of each neuron's last record; -1 where it has none in this run.
    serials : int64[n_neurons]
        When those records were appended, in the order of all; -1 where there is none.
    newest_below : int
        The highest serial of the layers nearer the input; -1: none.
    sweep : int
        The present one.

    Raises
    ------
    StateError
        If a record is of a later sweep.
    """
    if (sweeps > sweep).any():
        raise StateError(f"sweep {sweep} is before sweep {sweeps.max()} of a record; give the present sweep")
    return LayerStaleness(
        np.where(sweeps >= 0, sweep - sweeps, -1), (serials >= 0) & (newest_below > serials)
    )


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """A weighted average of a neuron's last sums.

    Attributes
    ----------
    value : int
        In [-N, N], N being that of the newest record; rounded half to even.
    ages : tuple of int or None
        Sweeps since each record that was averaged, newest first; None for one of another run.
    stale : tuple of bool
        Which of them are older than allowed, or of another run.
    """

    value: int
    ages: tuple[int | None, ...]
    stale: tuple[bool, ...]


def weighted_sum(
    history: Sequence[SumRecord],
    run: int,
    sweep: int,
    *,
    weights: Sequence[int] = (3, 2, 1),
    max_age: int = DEFAULT_MAX_AGE,
) -> WeightedSum | None:
    """Average the last sums of a neuron, as margins with their signs, at the newest number of samples.

    Parameters
    ----------
    history : sequence of SumRecord
        Oldest first.
    run, sweep : int
        The present ones: sweeps of different runs cannot be compared.
    weights : sequence of int
        The newest record's first; as many records are averaged, or fewer if there are fewer.
    max_age : int
        Sweeps after which a record is marked as stale; it is averaged all the same.

    Returns
    -------
    WeightedSum or None
        None if there is no record.

    Raises
    ------
    StateError
        If the first weight is not positive or another is negative, or a record is of a later sweep.
    """
    if not weights or weights[0] <= 0 or min(weights) < 0:
        raise StateError(f"weights {tuple(weights)} average nothing; give a positive one, then none below 0")
    newest_first = history[::-1][: len(weights)]
    if not newest_first:
        return None
    ages = tuple(sweep - record.sweep if record.run == run else None for record in newest_first)
    if any(age is not None and age < 0 for age in ages):
        raise StateError(f"sweep {sweep} is before that of a record; give the present sweep")
    margins = [Fraction(record.sum, record.samples) for record in newest_first]
    used = weights[: len(margins)]
    mean = sum((w * m for w, m in zip(used, margins, strict=True)), Fraction(0)) / sum(used)
    return WeightedSum(
        round(mean * newest_first[0].samples), ages, tuple(age is None or age > max_age for age in ages)
    )
