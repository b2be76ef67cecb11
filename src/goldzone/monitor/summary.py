"""A run's history in few numbers: quartiles and regimes by sweep and layer, and how the law is followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from goldzone.monitor.history import REGIMES, NeuronColumns, RunHistory
from goldzone.training.sums.measurement import GoldZone

__all__ = [
    "LayerSweep",
    "Quartiles",
    "capacity_correlation",
    "gold_zone_margins",
    "layer_sweeps",
    "quartiles",
]


@dataclass(frozen=True, slots=True)
class Quartiles:
    """The quarter points of some numbers, linear between neighbours."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class LayerSweep:
    """One layer in one sweep."""

    sweep: int
    layer: int
    trained: int
    """Trainings of its neurons."""
    margin: Quartiles | None
    """Of |S| / N; None if there were no samples."""
    premodulo: Quartiles
    regimes: tuple[float, ...]
    """Share of the trained neurons in each of `REGIMES`; what they lack to 1 had no sum before."""
    seconds: float
    """Spent in training them, added up."""


def layer_sweeps(history: RunHistory) -> tuple[LayerSweep, ...]:
    """Summarise each layer in each sweep, in the order of training: by sweep, then from the last layer."""
    return tuple(_summary(group) for group in _groups(history.neurons))


def capacity_correlation(neurons: NeuronColumns) -> float | None:
    """Tell how closely premodulos follow the law: R^2 of log premodulo against log of the law's target.

    The square of Pearson's correlation between the logarithms of `premodulo` and `target`, over all trainings
    that have both (a target is known, the premodulo is not 0), each weighing the same. It is how the epic's
    metric "premodulo values correlate with margin (R^2 > 0.7)" is measured: the target is a function of the
    margin, N / (|S| + 1) to a power. Give it `RunHistory.before_final`. The result is in [0, 1]; None with
    fewer than three such trainings, or if one side does not vary.
    """
    both = (neurons.target > 0) & (neurons.premodulo > 0)
    x, y = neurons.premodulo[both], neurons.target[both]
    if x.size < 3 or (x == x[0]).all() or (y == y[0]).all():
        return None
    x_log, y_log = np.log(x), np.log(y)
    x_log -= x_log.mean()
    y_log -= y_log.mean()
    r_squared = (x_log @ y_log) ** 2 / ((x_log @ x_log) * (y_log @ y_log))
    return min(1.0, float(r_squared))


def gold_zone_margins(history: RunHistory, zone: GoldZone) -> tuple[float, float] | None:
    """Return the gold zone's edges as margins, at the largest N of its trainings.

    Those are noise floor / N and `GoldZone.collapse`; None if nothing was trained on samples.
    """
    n = int(history.neurons.samples.max(initial=0))
    return (float(zone.floor(n)) / n, zone.collapse) if n else None


def _groups(neurons: NeuronColumns) -> Iterator[NeuronColumns]:
    """Split trainings by sweep and layer."""
    order = np.lexsort((-neurons.layer, neurons.sweep))
    sweep, layer = neurons.sweep[order], neurons.layer[order]
    cuts = np.flatnonzero((np.diff(sweep) != 0) | (np.diff(layer) != 0)) + 1
    for rows in np.split(order, cuts):
        if rows.size:
            yield NeuronColumns(*(getattr(neurons, column.name)[rows] for column in fields(neurons)))


def _summary(group: NeuronColumns) -> LayerSweep:
    counts = np.bincount(group.regime[group.regime >= 0], minlength=len(REGIMES))
    premodulo = quartiles(group.premodulo)
    assert premodulo is not None  # noqa: S101 - a group has elements
    return LayerSweep(
        sweep=int(group.sweep[0]),
        layer=int(group.layer[0]),
        trained=len(group),
        margin=quartiles(group.margin),
        premodulo=premodulo,
        regimes=tuple((counts / len(group)).tolist()),
        seconds=float(group.seconds.sum()),
    )


def quartiles(values: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> Quartiles | None:
    """Return the quarter points of what is not NaN; None if nothing is left."""
    known = values[~np.isnan(values)]
    return Quartiles(*np.quantile(known, (0.25, 0.5, 0.75)).tolist()) if known.size else None
