"""The backward pipeline: final neuron first, then layer N ... layer 1, sweep after sweep.

The pipeline decides (which neuron, under which premodulo, when to stop) and records; a `NeuronTrainer`
learns. It knows nothing of languages: held-out accuracy comes from a function that the caller gives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from goldzone.hashtron.hashing import LARGEST
from goldzone.training.config import TrainingConfig
from goldzone.training.control.capacity import CapacityDecision, make_controller
from goldzone.training.control.selection import select_neurons
from goldzone.training.learners.committee import TrainedNeuron, TrainMetrics
from goldzone.training.runs.events import Event, LayerTrained, NeuronTrained, SweepFinished, SweepStarted
from goldzone.training.streams import stream
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = ["HeldOut", "NeuronTrainer", "Outcome", "train_backward"]

NetworkT_co = TypeVar("NetworkT_co", covariant=True)
NetworkT = TypeVar("NetworkT")


class NeuronTrainer(Protocol[NetworkT_co]):
    """A network under training."""

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Neurons of each hashtron layer, from the input; the last is the final neuron's layer."""

    @property
    def n_samples(self) -> int:
        """N."""

    def start_sweep(self, sweep: int) -> None:
        """Prepare for a sweep; they count from 1."""

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train one neuron; layers count from 1, positions from 0."""

    def metrics(self) -> TrainMetrics:
        """Judge the present network on the training samples."""

    def network(self) -> NetworkT_co:
        """Return the present network as a value."""


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


def train_backward(
    trainer: NeuronTrainer[NetworkT],
    config: TrainingConfig,
    *,
    run: str = "run",
    sums: SumCache | None = None,
    judge: Callable[[], HeldOut | None] = lambda: None,
    observe: Callable[[Event], None] = lambda event: None,
) -> Outcome[NetworkT]:
    """Train until the sweeps, the patience or the time are used up, and return the best state.

    Parameters
    ----------
    trainer : NeuronTrainer
        Left in the state of the last sweep.
    config : TrainingConfig
    run : str
        Name of the run in the sum cache.
    sums : SumCache, optional
        Filled with one record a trained neuron; a new one when not given.
    judge : callable
        Held-out accuracy of the trainer's present state, or None.
    observe : callable
        Gets every event. What it raises ends the run.
    """
    pipeline = _Backward(trainer, config, sums or SumCache(trainer.layer_sizes), run, observe)
    limit = config.pipeline.time_limit_seconds
    started = time.monotonic()
    best: Outcome[NetworkT] | None = None
    without_gain, reason = 0, "all sweeps done"
    for sweep in range(1, config.pipeline.sweeps + 1):
        sweep_started = time.monotonic()
        pipeline.sweep(sweep)
        metrics, held_out = trainer.metrics(), judge()
        gained = best is None or _better(held_out, best.held_out)
        if gained:
            best = Outcome(trainer.network(), sweep, metrics, held_out, reason)
        without_gain = 0 if gained else without_gain + 1
        observe(
            SweepFinished(
                sweep=sweep,
                train_word_accuracy=metrics.word_accuracy,
                train_position_accuracy=metrics.position_accuracy,
                dev_word_accuracy=held_out.word_accuracy if held_out else None,
                dev_phoneme_error=held_out.phoneme_error if held_out else None,
                loss=metrics.loss,
                best=gained,
                seconds=time.monotonic() - sweep_started,
            )
        )
        if without_gain >= config.pipeline.patience:
            reason = f"dev word accuracy did not rise in {without_gain} sweeps"
            break
        if limit is not None and time.monotonic() - started >= limit:
            reason = f"the time limit of {limit:g} s was reached"
            break
    assert best is not None  # noqa: S101 - the configuration has at least one sweep
    return replace(best, reason=reason)


class _Backward(Generic[NetworkT]):
    """One sweep after another over a trainer's layers."""

    def __init__(
        self,
        trainer: NeuronTrainer[NetworkT],
        config: TrainingConfig,
        sums: SumCache,
        run: str,
        observe: Callable[[Event], None],
    ) -> None:
        self._trainer = trainer
        self._config = config
        self._sums = sums
        self._run = sums.run_number(run)
        self._observe = observe
        self._controller = make_controller(config.capacity)

    def sweep(self, sweep: int) -> None:
        """Train the final neuron, then the chosen neurons of each layer before it, the last layer first."""
        self._observe(SweepStarted(sweep=sweep))
        self._trainer.start_sweep(sweep)
        sizes = self._trainer.layer_sizes
        for layer in range(len(sizes), 0, -1):
            chosen = [0] if layer == len(sizes) else self._choose(sweep, layer)
            for order, position in enumerate(chosen):
                decision = self._phase_zero() if layer == len(sizes) else self._decide(layer, position)
                self._train(sweep, layer, position, order, len(chosen), decision)
            self._observe(LayerTrained(sweep=sweep, layer=layer, neurons=len(chosen)))

    def _choose(self, sweep: int, layer: int) -> list[int]:
        size = self._trainer.layer_sizes[layer - 1]
        return select_neurons(
            self._config.selection.strategy,
            self._sums.measured(layer),
            math.ceil(self._config.pipeline.neurons_per_sweep * size),
            stream(self._config.seed, "selection", sweep, layer, count=size),
            noise_floor=self._config.capacity.noise_floor,
            collapse=self._config.capacity.collapse,
        )

    def _phase_zero(self) -> CapacityDecision:
        """Give the final neuron premodulo N, so that it learns the prior of the data (epic, "Phase 0")."""
        premodulo = min(max(2, self._trainer.n_samples), LARGEST)
        return CapacityDecision(
            premodulo, None, None, None, "phase 0: the final neuron learns the prior at premodulo N"
        )

    def _decide(self, layer: int, position: int) -> CapacityDecision:
        settings = self._config.capacity
        history = self._sums.history(layer, position, settings.smoothing)
        current = history[-1].premodulo if history else settings.premodulo
        return self._controller.decide(history, current)

    def _train(  # noqa: PLR0917 - where, when and how in the order of the event's fields
        self, sweep: int, layer: int, position: int, order: int, total: int, decision: CapacityDecision
    ) -> None:
        started = time.monotonic()
        trained = self._trainer.train(layer, position, decision.premodulo)
        seconds = time.monotonic() - started
        self._sums.append(
            SumRecord(
                layer=layer,
                position=position,
                run=self._run,
                sweep=sweep,
                time=time.time(),
                sum=trained.total,
                samples=trained.samples,
                premodulo=decision.premodulo,
                duration_seconds=seconds,
                agreement=trained.agreement,
            )
        )
        self._observe(
            NeuronTrained(
                sweep=sweep,
                layer=layer,
                position=position,
                order=order,
                total=total,
                premodulo=decision.premodulo,
                sum=trained.total,
                samples=trained.samples,
                agreement=trained.agreement,
                regime=decision.regime.value if decision.regime else None,
                reason=decision.reason,
                seconds=seconds,
                changed=trained.changed,
            )
        )


def _better(new: HeldOut | None, old: HeldOut | None) -> bool:
    """Tell whether a state is to be preferred: the more words right, then the fewer phoneme errors.

    Without held-out words the later state is.
    """
    if new is None or old is None:
        return True
    return (new.word_accuracy, -new.phoneme_error) > (old.word_accuracy, -old.phoneme_error)
