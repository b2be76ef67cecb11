"""What a pipeline works with: a trainer of neurons, the progress of a run, and what keeps it.

A pipeline (`goldzone.training.sweeps`) decides; a `NeuronTrainer` learns. Between two steps all that a run
knows is in its `Progress`, its sum cache and the trainer's network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.neuron import Neuron
from goldzone.training.control.curve import Curve
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = ["Checkpointer", "HeldOut", "NeuronTrainer", "NoCheckpointer", "Outcome", "Progress", "Step"]

NetworkT = TypeVar("NetworkT")
NetworkT_contra = TypeVar("NetworkT_contra", contravariant=True)


class NeuronTrainer(Protocol[NetworkT]):
    """A network under training. Layers count from 1, positions from 0."""

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Neurons of each hashtron layer, from the input; the last is the final neuron's layer."""

    @property
    def n_samples(self) -> int:
        """N."""

    def start_sweep(self, sweep: int) -> None:
        """Prepare for a sweep; they count from 1."""

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train one neuron."""

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Train two neurons of a layer together."""

    def premodulos(self, layer: int) -> NDArray[np.int64]:
        """Return the present premodulo of each neuron of a layer: int64[n_neurons]; 0 for none."""

    def largest_premodulo(self) -> int:
        """Return the most cells that a neuron may have."""

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Return what some neurons answer on the training samples: the input of `choose_pairs`."""

    def metrics(self) -> TrainMetrics:
        """Judge the present network on the training samples."""

    def network(self) -> NetworkT:
        """Return the present network as a value."""

    def neuron(self, layer: int, position: int) -> Neuron:
        """Return one neuron of the present network."""

    def restore(self, network: NetworkT) -> None:
        """Take up a network that `network` returned."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Accuracy on words that training does not see."""

    word_accuracy: float
    phoneme_error: float


@dataclass(frozen=True, slots=True)
class Outcome(Generic[NetworkT]):
    """The best network of a run by dev word accuracy (the last one without a dev part), and why it ended."""

    network: NetworkT
    sweep: int
    train: TrainMetrics
    held_out: HeldOut | None
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a layer's plan: a neuron, or two that are trained together."""

    position: int
    partner: int | None = None

    @property
    def positions(self) -> tuple[int, ...]:
        """The neurons of the step."""
        return (self.position,) if self.partner is None else (self.position, self.partner)


@dataclass(slots=True)
class Progress(Generic[NetworkT]):
    """Where a run stands.

    Attributes
    ----------
    sweep : int
        The sweep at work, from 1.
    place : int or None
        How many layers the sweep has behind it; None before it has begun.
    plan : tuple of Step or None
        What this sweep trains in the layer; None before it was chosen.
    done : int
        Steps of the plan that are done.
    changed, layer_changed : int
        Cells that the sweep has changed so far, and those of the layer at work.
    unchanged : dict of int to int
        By place: for how many sweeps in a row the layer was trained without any change.
    curve : Curve
    best : Outcome or None
    without_gain : int
        Sweeps since the best one.
    held : bool
        Whether premodulos may no longer be lowered.
    seconds : float
        Spent in the sweeps that are done.
    stop : str or None
        Why the run is over; None while it goes on.
    """

    sweep: int = 1
    place: int | None = None
    plan: tuple[Step, ...] | None = None
    done: int = 0
    changed: int = 0
    layer_changed: int = 0
    unchanged: dict[int, int] = field(default_factory=dict)
    curve: Curve = ()
    best: Outcome[NetworkT] | None = None
    without_gain: int = 0
    held: bool = False
    seconds: float = 0.0
    stop: str | None = None

    def enter(self, place: int, plan: tuple[Step, ...]) -> None:
        """Begin with the plan of the layer at a place."""
        self.place, self.plan, self.done, self.layer_changed = place, plan, 0, 0

    def advance(self, changed: int) -> None:
        """Count a step of the plan and the cells that it changed."""
        self.done += 1
        self.layer_changed += changed
        self.changed += changed

    def leave(self) -> None:
        """End the layer at work, if there is one."""
        if self.place is not None and self.plan is not None:
            before = self.unchanged.get(self.place, 0)
            self.unchanged[self.place] = 0 if self.layer_changed else before + 1
            self.place, self.plan = self.place + 1, None

    def end_sweep(self) -> None:
        """Make ready for the next sweep."""
        self.sweep, self.place, self.plan, self.changed = self.sweep + 1, None, None, 0


class Checkpointer(Protocol[NetworkT_contra]):
    """What makes progress outlive the process (`goldzone.training.checkpoint.FolderCheckpointer`)."""

    def judged(self, progress: Progress[Any], network: NetworkT_contra, sums: SumCache) -> None:
        """Keep the state between two sweeps."""

    def planned(self, progress: Progress[Any]) -> None:
        """Keep the plan of the layer that is next."""

    def trained(self, records: Sequence[SumRecord], neurons: Sequence[Neuron], changed: int) -> None:
        """Keep one step of the plan."""


class NoCheckpointer:
    """A `Checkpointer` that keeps nothing."""

    def judged(self, progress: Progress[Any], network: object, sums: SumCache) -> None:
        """Do nothing."""

    def planned(self, progress: Progress[Any]) -> None:
        """Do nothing."""

    def trained(self, records: Sequence[SumRecord], neurons: Sequence[Neuron], changed: int) -> None:
        """Do nothing."""
