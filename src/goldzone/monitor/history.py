"""The history of a run: its event log as columns, by sweep, layer and neuron."""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from goldzone.errors import StateError
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import (
    LineTorn,
    NeuronTrained,
    RunFinished,
    RunStarted,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
)
from goldzone.training.sums.measurement import Regime

__all__ = [
    "NOT_KNOWN",
    "REGIMES",
    "HistoryBuilder",
    "NeuronColumns",
    "RunHistory",
    "read_history",
]

REGIMES: Final = (Regime.NOISY.value, Regime.GOLD_ZONE.value, Regime.COLLAPSED.value)
"""Regimes by their code in `NeuronColumns.regime`, as |S| rises."""
NOT_KNOWN: Final = -1
"""What integer columns hold for null."""
_INTEGERS: Final = (
    "sweep",
    "layer",
    "position",
    "premodulo",
    "target",
    "sum",
    "samples",
    "regime",
    "partner",
)
"""What a training adds to the integers of a `HistoryBuilder`."""
_FLOATS: Final = ("margin", "agreement", "seconds")
"""What a training adds to the floats of a `HistoryBuilder`."""
_REGIME_CODES: Final = {None: NOT_KNOWN} | {name: code for code, name in enumerate(REGIMES)}


@dataclass(frozen=True, slots=True, eq=False)
class NeuronColumns:
    """Trainings of neurons, one an element, in the order of the log; all arrays have shape (n,)."""

    sweep: npt.NDArray[np.int64]
    layer: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    premodulo: npt.NDArray[np.int64]
    """0 for none."""
    target: npt.NDArray[np.int64]
    """The law's premodulo; `NOT_KNOWN` where there was no sum yet."""
    sum: npt.NDArray[np.int64]
    """S."""
    samples: npt.NDArray[np.int64]
    """N."""
    margin: npt.NDArray[np.float64]
    """|S| / N; NaN without samples."""
    agreement: npt.NDArray[np.float64]
    """NaN where not known."""
    regime: npt.NDArray[np.int64]
    """Code in `REGIMES`: how the decision on the premodulo found the neuron, from its sums before this
    training. `NOT_KNOWN` where there was no sum yet, and for the final neuron, whose premodulo is given."""
    seconds: npt.NDArray[np.float64]
    partner: npt.NDArray[np.int64]
    """Position; `NOT_KNOWN` for a neuron trained alone."""
    reason: npt.NDArray[np.object_]
    """Why this premodulo, in words."""

    def __len__(self) -> int:
        return int(self.sweep.size)

    def where(self, chosen: npt.NDArray[np.bool_]) -> NeuronColumns:
        """Return the elements that a mask of shape (n,) chooses."""
        return NeuronColumns(*(getattr(self, column.name)[chosen] for column in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class RunHistory:
    """What a run's events tell so far.

    A run that was taken up again may have done things twice; the last time counts. Where a sweep began again,
    all that was recorded of it and of later sweeps before that is left out.
    """

    run: str
    """Its name."""
    layers: tuple[int, ...]
    """Neurons in each hashtron layer, from the input; the last is the final neuron's."""
    examples: int
    """Training examples."""
    unit: str
    """What the examples are: "words" of a lexicon."""
    neurons: NeuronColumns
    sweeps: tuple[SweepFinished, ...]
    selections: tuple[SelectionMade, ...]
    steps_back: tuple[SteppedBack, ...]
    finished: RunFinished | None
    """None while the run goes on, or if it was killed."""
    torn: int
    """Bytes of an unfinished last line, which its writer may be writing now; 0 for none."""

    def of_layer(self, layer: int) -> RunHistory:
        """Return the history with one layer's neurons alone.

        Raises
        ------
        StateError
            If the network has no such layer.
        """
        if not 1 <= layer <= len(self.layers):
            raise StateError(f"{self.run}: has no layer {layer}; its layers are 1 to {len(self.layers)}")
        return replace(
            self,
            neurons=self.neurons.where(self.neurons.layer == layer),
            selections=tuple(made for made in self.selections if made.layer == layer),
        )

    def of_neuron(self, layer: int, position: int) -> RunHistory:
        """Return the history with one neuron's trainings alone.

        Raises
        ------
        StateError
            If the network has no such neuron, or it was not trained yet.
        """
        history = self.of_layer(layer)
        size = self.layers[layer - 1]
        if not 0 <= position < size:
            raise StateError(
                f"{self.run}: has no neuron {layer}.{position}; layer {layer} has positions 0 to {size - 1}"
            )
        neurons = history.neurons.where(history.neurons.position == position)
        if not len(neurons):
            raise StateError(f"{self.run}: neuron {layer}.{position} was not trained yet; choose another")
        return replace(history, neurons=neurons)

    def before_final(self) -> NeuronColumns:
        """Return the trainings of neurons before the final one, whose premodulo is given (phase 0)."""
        return self.neurons.where(self.neurons.layer < len(self.layers))


def read_history(path: str | os.PathLike[str]) -> RunHistory:
    """Read a run's event log, also while the run goes on.

    Raises
    ------
    StateError
        If the log cannot be read, a line is damaged or does not fit the run, or training has not begun.
    """
    name = Path(path)
    if not name.exists():
        raise StateError(f"{name}: has no events yet; try again when the run has begun")
    building = HistoryBuilder()
    for line, event in read_events(name):
        try:
            building.take(event)
        except ValueError as error:
            raise StateError(f"{name} line {line}: {error}; restore the file") from None
        except OverflowError:
            raise StateError(f"{name} line {line}: a number is beyond 64 bits; restore the file") from None
    if building.started is None:
        raise StateError(f"{name}: has no events of training yet; try again when the run has begun")
    return building.history(building.started)


def _last_times(neurons: NeuronColumns) -> npt.NDArray[np.bool_]:
    """Choose, of the trainings of one neuron in one sweep, the last."""
    order = np.lexsort((neurons.position, neurons.layer, neurons.sweep))  # stable: the log's order stays
    last = np.ones(len(neurons), np.bool_)
    if len(neurons) > 1:
        changes = [np.diff(column[order]) != 0 for column in (neurons.sweep, neurons.layer, neurons.position)]
        last[order[:-1]] = np.logical_or.reduce(changes)
    return last


@dataclass(slots=True)
class HistoryBuilder:
    """A history while its events come in."""

    started: RunStarted | None = None
    integers: array[int] = field(default_factory=lambda: array("q"))
    floats: array[float] = field(default_factory=lambda: array("d"))
    reasons: list[str] = field(default_factory=list)
    sweeps: dict[int, SweepFinished] = field(default_factory=dict)
    selections: dict[tuple[int, int], SelectionMade] = field(default_factory=dict)
    steps_back: dict[int, SteppedBack] = field(default_factory=dict)
    finished: RunFinished | None = None
    torn: int = 0
    begun: dict[int, int] = field(default_factory=dict)
    """Sweeps that have begun, and how many trainings there were before each."""

    def take(self, event: object) -> None:
        """Take the next event of the log; ValueError or OverflowError for one that does not fit the run."""
        match event:
            case NeuronTrained():
                self._train(event)
            case RunStarted():
                self.started, self.finished = event, None
            case SweepStarted(sweep=sweep):
                self._begin(sweep)
            case SweepFinished():
                self.sweeps[event.sweep] = event
            case SelectionMade():
                self.selections[event.sweep, event.layer] = event
            case SteppedBack():
                self.steps_back[event.sweep] = event
            case RunFinished():
                self.finished = event
            case LineTorn(length=length):
                self.torn = length
            case _:
                pass

    def _train(self, event: NeuronTrained) -> None:
        layers = self.started.layers if self.started else ()
        if not 1 <= event.layer <= len(layers) or not 0 <= event.position < layers[event.layer - 1]:
            raise ValueError(f"the run has no neuron {event.layer}.{event.position}")
        if event.regime not in _REGIME_CODES:
            raise ValueError(f"regime {event.regime!r} is unknown")
        self.integers.extend(
            (
                event.sweep,
                event.layer,
                event.position,
                event.premodulo,
                NOT_KNOWN if event.target is None else event.target,
                event.sum,
                event.samples,
                _REGIME_CODES[event.regime],
                NOT_KNOWN if event.partner is None else event.partner,
            )
        )
        margin, agreement = event.margin, event.agreement
        self.floats.extend(
            (
                np.nan if margin is None else margin,
                np.nan if agreement is None else agreement,
                event.seconds,
            )
        )
        self.reasons.append(event.reason)

    def _begin(self, sweep: int) -> None:
        again = [row for begun, row in self.begun.items() if begun >= sweep]
        if again:
            row = min(again)
            del self.integers[row * len(_INTEGERS) :], self.floats[row * len(_FLOATS) :], self.reasons[row:]
            self.sweeps = {key: done for key, done in self.sweeps.items() if done.sweep < sweep}
            self.selections = {key: made for key, made in self.selections.items() if made.sweep < sweep}
            self.steps_back = {key: step for key, step in self.steps_back.items() if step.sweep < sweep}
            self.begun = {begun: row for begun, row in self.begun.items() if begun < sweep}
        self.begun[sweep] = len(self.reasons)
        self.finished = None

    def history(self, started: RunStarted) -> RunHistory:
        """Return what was taken so far, of the run that `started` began."""
        integers = np.array(self.integers, np.int64).reshape(-1, len(_INTEGERS)).T.copy()
        floats = np.array(self.floats, np.float64).reshape(-1, len(_FLOATS)).T.copy()
        columns: dict[str, Any] = dict(zip(_INTEGERS + _FLOATS, (*integers, *floats), strict=True))
        neurons = NeuronColumns(**columns, reason=np.array(self.reasons, dtype=object))
        return RunHistory(
            run=started.run,
            layers=started.layers,
            examples=started.train_examples,
            unit=started.unit,
            neurons=neurons.where(_last_times(neurons)),
            sweeps=tuple(self.sweeps.values()),
            selections=tuple(self.selections.values()),
            steps_back=tuple(self.steps_back.values()),
            finished=self.finished,
            torn=self.torn,
        )
