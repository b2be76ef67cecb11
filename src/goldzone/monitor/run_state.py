"""A run's history summed up: its curve, and the state of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from goldzone.errors import StateError
from goldzone.monitor.history import NeuronColumns, RunHistory
from goldzone.training.config import TrainingConfig
from goldzone.training.control.curve import Curve, CurvePoint
from goldzone.training.control.ladder import for_words
from goldzone.training.control.oscillation import detect_oscillation
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Regime

__all__ = [
    "OSCILLATION_STEPS",
    "LayerState",
    "RunState",
    "last_trainings",
    "learning_curve",
    "run_state",
    "signal_sums",
]

OSCILLATION_STEPS: Final = 3
"""Steps in which an oscillation is looked for."""

_Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LayerState:
    """A layer before the final one, by the last training of each of its neurons."""

    layer: int
    """From 1."""
    samples: int
    """The largest N."""
    premodulo: int
    """Median, the lower of two middle ones; 0 for none."""
    noisy: float = 0.0
    """Share of the neurons in this regime, under the thresholds and the signal of the configuration."""
    collapsed: float = 0.0
    """The same."""
    at_ceiling: float = 0.0
    """Share of the neurons that the configured ceiling holds."""
    oscillating: float = 0.0
    """Share of the neurons whose last premodulos go up and down."""
    agreement: float | None = None
    """Median agreement of the votes; None where it is not known."""


@dataclass(frozen=True, slots=True)
class RunState:
    """What the rules look at."""

    config: TrainingConfig
    curve: Curve
    """One point or more."""
    layers: tuple[LayerState, ...] = ()
    finished: bool = True
    """Whether the run came to its end."""
    steps_back: tuple[tuple[int, int], ...] = ()
    """Sweeps after which the run stepped back, each with the sweep that it went back to."""
    last_taken: bool = False
    """Whether the last sweep is the one that the model is taken from."""


def learning_curve(history: RunHistory) -> Curve:
    """Return the points of the sweeps whose train accuracy is known."""
    return tuple(
        CurvePoint(
            done.sweep,
            done.train_score,
            done.dev_score,
            _median_trained(history, done.sweep) if done.premodulo is None else done.premodulo,
        )
        for done in history.sweeps
        if done.train_score is not None
    )


def run_state(history: RunHistory, config: TrainingConfig) -> RunState:
    """Sum a history up; what the configuration leaves open is what the run made of it.

    Raises
    ------
    StateError
        If no sweep is done.
    """
    if history.unit == "words":
        config = for_words(config, history.examples)
    curve = learning_curve(history)
    if not curve:
        raise StateError(f"{history.run}: no sweep is done yet; try again after the first")
    layers = tuple(
        _layer_state(layer, history.neurons.where(history.neurons.layer == layer), config.capacity)
        for layer in range(1, len(history.layers))
        if (history.neurons.layer == layer).any()
    )
    steps_back = tuple((step.sweep, step.to_sweep) for step in history.steps_back)
    last = history.sweeps[-1]
    return RunState(config, curve, layers, history.finished is not None, steps_back, last.best)


def _median_trained(history: RunHistory, sweep: int) -> int:
    """Return the median premodulo of the neurons before the final one that a sweep trained; 0 for none."""
    neurons = history.before_final()
    return _lower_median(neurons.premodulo[neurons.sweep == sweep])


def _lower_median(values: _Integers) -> int:
    return int(np.sort(values)[(values.size - 1) // 2]) if values.size else 0


def last_trainings(neurons: NeuronColumns) -> NeuronColumns:
    """Keep the last training of each neuron."""
    last = np.zeros(len(neurons), np.bool_)
    neuron = np.stack((neurons.layer, neurons.position))[:, ::-1]
    _, first = np.unique(neuron, axis=1, return_index=True)
    last[len(neurons) - 1 - first] = True
    return neurons.where(last)


def _layer_state(layer: int, neurons: NeuronColumns, capacity: CapacitySettings) -> LayerState:
    last = last_trainings(neurons)
    regimes = capacity.gold_zone.regimes(signal_sums(last, capacity), last.samples)
    measured = max(1, int(np.count_nonzero(last.samples)))
    known = last.agreement[~np.isnan(last.agreement)]
    return LayerState(
        layer=layer,
        samples=int(last.samples.max()),
        premodulo=_lower_median(last.premodulo),
        noisy=int(regimes[Regime.NOISY].sum()) / measured,
        collapsed=int(regimes[Regime.COLLAPSED].sum()) / measured,
        at_ceiling=float((last.premodulo >= capacity.ceiling).mean()),
        oscillating=_oscillating(neurons),
        agreement=float(np.median(known)) if known.size else None,
    )


def signal_sums(neurons: NeuronColumns, capacity: CapacitySettings) -> _Integers:
    """Return what the configured signal counts, int64[n]; without known agreement, what the answers say."""
    if capacity.signal == "answers":
        return neurons.sum
    if capacity.signal == "balance":
        return 2 * neurons.sum - neurons.samples
    by_votes = np.rint(np.nan_to_num(neurons.agreement) * neurons.samples).astype(np.int64)
    return np.where(np.isnan(neurons.agreement), neurons.sum, by_votes)


def _oscillating(neurons: NeuronColumns) -> float:
    premodulos: dict[int, list[int]] = {}
    for position, premodulo in zip(neurons.position.tolist(), neurons.premodulo.tolist(), strict=True):
        premodulos.setdefault(position, []).append(premodulo)
    found = [detect_oscillation(past, OSCILLATION_STEPS + 1).detected for past in premodulos.values()]
    return sum(found) / len(found)
