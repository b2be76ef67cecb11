"""What a pipeline works with: a trainer of neurons, the progress of a run, and what keeps it.

A pipeline (`goldzone.training.sweeps`) decides; a `NeuronTrainer` learns. Between two steps all that a run
knows is in its `Progress`, its sum cache and the trainer's network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.neuron import AnyNeuron
from goldzone.training.control.curve import Curve
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.runs.callbacks import Steering
from goldzone.training.runs.events import Event
from goldzone.training.shares import Share
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = [
    "Checkpointer",
    "HeldOut",
    "Hooks",
    "NeuronTrainer",
    "NoCheckpointer",
    "Outcome",
    "Progress",
    "Step",
]

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

    @property
    def learns_together(self) -> bool:
        """Whether the neurons of each layer but the last learn in one pass (`train_together`)."""

    def start_sweep(self, sweep: int) -> None:
        """Prepare for a sweep; they count from 1."""

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train one neuron."""

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Train two neurons of a layer together."""

    def train_together(
        self, layer: int, premodulos: Mapping[int, int], on_progress: Callable[[int, int], None]
    ) -> Sequence[TrainedNeuron]:
        """Train some neurons of a layer in one pass; `on_progress` gets the examples done, and all."""

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

    def memory(self) -> Mapping[str, bytes]:
        """Return what a resumed run needs besides the network."""

    def neuron(self, layer: int, position: int) -> AnyNeuron:
        """Return one neuron of the present network."""

    def restore(self, network: NetworkT, memory: Mapping[str, bytes]) -> None:
        """Take up what `network` and `memory` returned."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How a network does on examples that training does not see."""

    score: float
    """The share of examples right, in [0, 1]: it chooses the best state."""
    tie_break: float = 0.0
    """Of two states of one score the one with the higher value is better."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What else the task measures, by name."""
    noise: float = 0.0
    """By how much the score may be below the highest one and still hold; 0: by nothing."""

    def beats(self, other: HeldOut) -> bool:
        """Tell whether this is the better result."""
        return (self.score, self.tie_break) > (other.score, other.tie_break)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[NetworkT]):
    """The best network of a run by its dev score (the last one without a dev part), and why it ended."""

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
    """Where a run stands."""

    sweep: int = 1
    """The sweep at work, from 1."""
    index: int | None = None
    """Of the layer at work in the order of the sweep, from 0; None before the sweep has begun."""
    plan: tuple[Step, ...] | None = None
    """What this sweep trains in the layer; None before it was chosen."""
    done: int = 0
    """Steps of the plan that are done."""
    changed: int = 0
    """Cells that the sweep has changed so far."""
    layer_changed: int = 0
    """Those of the layer at work."""
    unchanged: dict[int, int] = field(default_factory=dict)
    """By index: for how many sweeps in a row the layer was trained without any change."""
    curve: Curve = ()
    best: Outcome[NetworkT] | None = None
    without_gain: int = 0
    """Sweeps since the best one."""
    held: bool = False
    """Whether premodulos may no longer be lowered."""
    seconds: float = 0.0
    """Spent in the sweeps that are done."""
    stop: str | None = None
    """Why the run is over; None while it goes on."""

    def enter(self, index: int, plan: tuple[Step, ...]) -> None:
        """Begin with the plan of a layer."""
        self.index, self.plan, self.done, self.layer_changed = index, plan, 0, 0

    def advance(self, changed: int) -> None:
        """Count a step of the plan and the cells that it changed."""
        self.done += 1
        self.layer_changed += changed
        self.changed += changed

    def leave(self) -> None:
        """End the layer at work, if there is one."""
        if self.index is not None and self.plan is not None:
            before = self.unchanged.get(self.index, 0)
            self.unchanged[self.index] = 0 if self.layer_changed else before + 1
            self.index, self.plan = self.index + 1, None

    def end_sweep(self) -> None:
        """Make ready for the next sweep."""
        self.sweep, self.index, self.plan, self.changed = self.sweep + 1, None, None, 0


class Checkpointer(Protocol[NetworkT_contra]):
    """What makes progress outlive the process (`goldzone.training.checkpoint.FolderCheckpointer`)."""

    def on_sweep(
        self,
        progress: Progress[Any],
        network: NetworkT_contra,
        sums: SumCache,
        memory: Callable[[], Mapping[str, bytes]],
    ) -> None:
        """Keep the state between two sweeps; `memory` gives what the trainer needs besides the network."""

    def on_plan(self, progress: Progress[Any]) -> None:
        """Keep the plan of the layer that is next."""

    def on_step(self, records: Sequence[SumRecord], neurons: Sequence[AnyNeuron], changed: int) -> None:
        """Keep one step of the plan."""


class NoCheckpointer:
    """A `Checkpointer` that keeps nothing."""

    def on_sweep(
        self,
        progress: Progress[Any],
        network: object,
        sums: SumCache,
        memory: Callable[[], Mapping[str, bytes]],
    ) -> None:
        """Do nothing."""

    def on_plan(self, progress: Progress[Any]) -> None:
        """Do nothing."""

    def on_step(self, records: Sequence[SumRecord], neurons: Sequence[AnyNeuron], changed: int) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Hooks(Generic[NetworkT]):
    """What a pipeline calls as it goes. What one of them raises ends the run."""

    evaluate: Callable[[NetworkT], HeldOut | None] = lambda network: None
    """Gives the held-out result of a network, or None if nothing is held out."""
    on_event: Callable[[Event], None] = lambda event: None
    """Gets every event."""
    check_interrupt: Callable[[], None] = lambda: None
    """Called after each step, in a state that was kept."""
    checkpointer: Checkpointer[NetworkT] = field(default_factory=NoCheckpointer)
    """Gets all that is needed to go on after a crash, step by step."""
    judge_train: Callable[[NetworkT], Share | None] = lambda network: None
    """Says some train examples as who uses the network would; None: the trainer's own score stands."""
    steering: Steering = field(default_factory=Steering)
    """Tells what callbacks decided between sweeps."""
