"""The books of a training run: what each neuron and each sweep came to, as sums and as events.

Both pipelines, the sweeps and the reference's forward one, keep them alike.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic

from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.pipeline import HeldOut, Hooks, NetworkT, NeuronTrainer, Outcome
from goldzone.training.runs.events import NeuronTrained, SweepFinished
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = ["Decided", "SweepBook", "SweepResult"]


@dataclass(frozen=True, slots=True)
class Decided:
    """One training of a neuron: where it was, under which premodulo and why, and what it gave."""

    layer: int
    position: int
    order: int
    """Its index among the neurons that the sweep trains in the layer."""
    total: int
    """How many they are."""
    premodulo: int
    """0 for none."""
    reason: str
    """Why this premodulo."""
    trained: TrainedNeuron
    seconds: float
    target: int | None = None
    """What the capacity law asks for."""
    regime: str | None = None
    partner: int | None = None
    """The neuron that it was trained together with."""
    accepted: bool = True
    """Whether the change was kept."""


@dataclass(frozen=True, slots=True)
class SweepResult(Generic[NetworkT]):
    """What the network came to after a sweep."""

    network: NetworkT
    train: TrainMetrics
    held_out: HeldOut | None

    @property
    def dev_score(self) -> float | None:
        """The held-out score; None where nothing is held out."""
        return self.held_out.score if self.held_out else None

    def outcome(self, sweep: int) -> Outcome[NetworkT]:
        """Return it as the best state of a run that goes on."""
        return Outcome(self.network, sweep, self.train, self.held_out, "")

    def event(self, sweep: int, *, best: bool, seconds: float) -> SweepFinished:
        """Return the event that tells of it, without what only some pipelines know."""
        held_out = self.held_out.metrics if self.held_out else {}
        named = {f"train_{name}": value for name, value in self.train.metrics.items()}
        named |= {f"dev_{name}": value for name, value in held_out.items()}
        return SweepFinished(
            sweep=sweep,
            train_score=self.train.score,
            dev_score=self.dev_score,
            metrics=named,
            loss=self.train.loss,
            best=best,
            seconds=seconds,
        )


class SweepBook(Generic[NetworkT]):
    """Writes what was trained into the sum cache and the events; `run` is the run's name in the sum cache."""

    def __init__(
        self, trainer: NeuronTrainer[NetworkT], sums: SumCache, run: str, hooks: Hooks[NetworkT]
    ) -> None:
        self._trainer = trainer
        self.sums = sums
        self.run = sums.run_number(run)
        self._hooks = hooks

    def neuron(self, sweep: int, decided: Decided) -> SumRecord:
        """Record the training of a neuron in a sweep, and tell of it."""
        trained = decided.trained
        record = SumRecord(
            layer=decided.layer,
            position=decided.position,
            run=self.run,
            sweep=sweep,
            time=time.time(),
            sum=trained.total,
            samples=trained.samples,
            premodulo=decided.premodulo,
            duration_seconds=decided.seconds,
            agreement=trained.agreement,
            accepted=decided.accepted,
        )
        self.sums.append(record)
        self._hooks.on_event(
            NeuronTrained(
                sweep=sweep,
                layer=decided.layer,
                position=decided.position,
                order=decided.order,
                total=decided.total,
                premodulo=decided.premodulo,
                target=decided.target,
                sum=trained.total,
                samples=trained.samples,
                agreement=trained.agreement,
                regime=decided.regime,
                reason=decided.reason,
                partner=decided.partner,
                seconds=decided.seconds,
                changed=trained.changed,
            )
        )
        return record

    def measure(self, sweep: int) -> SweepResult[NetworkT]:
        """Evaluate the present network, and record the result with the sums of the sweep."""
        network = self._trainer.network()
        train = self._trainer.metrics().judged(self._hooks.judge_train(network))
        result = SweepResult(network, train, self._hooks.evaluate(network))
        self.sums.record_result(
            self.run,
            sweep,
            train_accuracy=result.train.score,
            dev_accuracy=result.dev_score,
            loss=result.train.loss,
        )
        return result
