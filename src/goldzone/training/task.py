"""What a run needs to know of its task. Phonemizers are one task, plain classification another.

A `Task` names data and network before anything is computed; `Task.prepare` computes, and gives a
`PreparedTask` that can be trained, evaluated, written and tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from goldzone.hashtron.neuron import AnyNeuron
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import HeldOut, Hooks, NetworkT, Outcome, Progress
from goldzone.training.runs.callbacks import Callback
from goldzone.training.runs.events import RunStarted
from goldzone.training.runs.listeners import Listener
from goldzone.training.shares import Share
from goldzone.training.sums.cache import SumCache

__all__ = ["PartResult", "PreparedTask", "RunContext", "RunSummary", "Task"]


@dataclass(frozen=True)
class RunContext:
    """What surrounds a run; but for callbacks, nothing of it changes the model."""

    threads: int = 1
    listeners: Sequence[Listener] = ()
    """What looks on."""
    check_interrupt: Callable[[], None] = lambda: None
    """Called between neurons; what it raises ends the run, which can then be resumed."""
    callbacks: Sequence[Callback] = ()
    """What steers the run, and may so change its model; its log tells how."""


@dataclass(frozen=True)
class PartResult:
    """How a model does on one part of the examples."""

    examples: int
    score: float
    """The share of them that is right."""
    interval: tuple[float, float] | None = None
    """95 % interval of the score."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """What else the task measures, by name."""


class PreparedTask(Protocol[NetworkT]):
    """A task whose data are ready."""

    @property
    def started(self) -> RunStarted:
        """The event that begins the run."""

    @property
    def warnings(self) -> Sequence[str]:
        """What preparing left out, a line each."""

    @property
    def details(self) -> Mapping[str, Any]:
        """What a summary tells besides, as JSON values."""

    def restore(self, network: NetworkT, memory: Mapping[str, bytes]) -> None:
        """Take up the network of a run that is resumed, and what its trainer needs besides."""

    def train(
        self, hooks: Hooks[NetworkT], *, sums: SumCache, progress: Progress[NetworkT] | None
    ) -> Outcome[NetworkT]:
        """Train from where the run stands to its end."""

    def evaluate(self, network: NetworkT) -> HeldOut | None:
        """Judge a network on the dev part; None without one."""

    def judge_train(self, network: NetworkT) -> Share | None:
        """Judge a network on a fixed sample of the train part; None leaves it to the trainer."""

    def write_model(self, outcome: Outcome[NetworkT], path: Path) -> str:
        """Write the model and return its SHA-256 in hex."""

    def test(self, outcome: Outcome[NetworkT]) -> PartResult | None:
        """Judge the model on the test part; None without one."""

    def close(self) -> None:
        """End worker threads."""


class Task(Protocol[NetworkT]):
    """What is trained, before anything is computed."""

    @property
    def name(self) -> str:
        """Of the run."""

    @property
    def config(self) -> TrainingConfig:
        """The configuration."""

    @property
    def identity(self) -> str:
        """Names all that a state, and the model that will come of it, depend on."""

    @property
    def data_fingerprint(self) -> str:
        """SHA-256 of the training data in hex."""

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Neurons of each hashtron layer, from the input."""

    @property
    def score_name(self) -> str:
        """What the score is called in JSON, such as "word_accuracy"."""

    @property
    def warnings(self) -> Sequence[str]:
        """What reading the data left out, a line each."""

    @property
    def sums_before(self) -> SumCache | None:
        """The sums of an earlier run that training begins with, as they were."""

    def initial_sums(self) -> SumCache:
        """Return the sums that training begins with: none, or those of an earlier run."""

    def neurons_of(self, network: NetworkT) -> Sequence[AnyNeuron]:
        """Take a network apart, layer by layer."""

    def network_of(self, neurons: Sequence[AnyNeuron]) -> NetworkT:
        """Put neurons together; StateError if they are none of this task."""

    def prepare(self, threads: int, on_stage: Callable[[str], None]) -> PreparedTask[NetworkT]:
        """Make ready for training; `on_stage` gets the name of each stage."""


@dataclass(frozen=True)
class RunSummary:
    """What a run came to."""

    name: str
    """The run's."""
    run: str
    """Its folder."""
    model: str
    """Its model file."""
    bytes: int
    """Of the model file."""
    digest: str
    """SHA-256 of the model in hex."""
    sweep: int
    """The sweep whose state the model is."""
    sweeps: int
    """The most that there could be."""
    reason: str
    """Why training ended."""
    unit: str
    """What an example is, in the plural."""
    score_name: str
    """What the score is called in JSON."""
    train: PartResult
    dev: PartResult | None
    test: PartResult | None
    """None, as dev, where there is no such part."""
    seconds: float
    """Since the last resumption."""
    details: Mapping[str, Any]
    """What the task tells besides."""

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        named = ("name", "run", "model", "bytes", "digest", "sweep", "sweeps", "reason", "seconds")
        parts = {"train": self.train, "dev": self.dev, "test": self.test}
        return (
            {field: getattr(self, field) for field in named}
            | {name: self._part(part) if part else None for name, part in parts.items()}
            | dict(self.details)
        )

    def _part(self, part: PartResult) -> dict[str, Any]:
        return {self.unit: part.examples, self.score_name: part.score, **part.metrics}
