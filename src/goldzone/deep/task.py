"""Networks over plain samples as a task: what a run needs to know of presets, labels and pipelines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from goldzone.data.split import Split
from goldzone.deep.forward import forward_premodulo, train_forward
from goldzone.deep.model import NetworkModel, Pipeline, architecture_of, write_network
from goldzone.deep.rules import LearningRules, check_rules
from goldzone.deep.samples import EncodedSamples, first_samples, split_samples
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.errors import ConfigError, DataError, StateError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import AnyNeuron, GradedTable
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import HeldOut, Hooks, Outcome, Progress
from goldzone.training.runs.events import RunStarted
from goldzone.training.shares import Share, wilson_interval
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweeps import train_sweeps
from goldzone.training.task import PartResult

__all__ = ["NetworkTask", "PreparedNetwork", "evaluate_network"]


_STATE_FORMAT: Final = "goldzone-network-state-1"
"""Part of a state's identity: a change of what training does with the same state changes it."""


def evaluate_network(network: Network, samples: EncodedSamples, threads: int = 1) -> PartResult | None:
    """Score a network on samples; None without any.

    Its score is the share of samples right as whole words. Metrics: ``balanced_accuracy``, the mean of that
    share over the labels, and ``majority``, what always the commonest of these labels would score. The
    interval is `wilson_interval`.
    """
    if not len(samples):
        return None
    right = network.infer(samples.inputs, threads=threads) == samples.outputs
    _, label, counts = np.unique(samples.outputs, return_inverse=True, return_counts=True)
    return PartResult(
        right.size,
        float(right.mean()),
        wilson_interval(int(right.sum()), right.size),
        {
            "balanced_accuracy": float((np.bincount(label, right) / counts).mean()),
            "majority": float(counts.max() / right.size),
        },
    )


@dataclass(frozen=True, eq=False)
class NetworkTask:
    """A network to be trained (`goldzone.training.task.Task`); make one with `of`."""

    name: str
    """Of the run."""
    split: Split[EncodedSamples]
    """Without dev samples the last state is taken."""
    config: TrainingConfig
    """Its credit is "margin" or "hard"."""
    preset: str
    """Names the architecture (`architecture_of`)."""
    pipeline: Pipeline

    @classmethod
    def of(
        cls,
        name: str,
        samples: EncodedSamples,
        config: TrainingConfig,
        *,
        preset: str,
        pipeline: str = "backward",
        limit: int | None = None,
    ) -> NetworkTask:
        """Split samples, with `limit` train samples at most, the first by hash.

        Where the configuration's credit is "beam" or "rank", which only phonemizers have, it is the
        pipeline's own: "margin" backward, "hard" forward.

        Raises
        ------
        ConfigError
            There is no such preset or pipeline, or the two do not go with the configuration.
        DataError
            The samples do not fit the network, or none is for training.
        """
        if pipeline not in {"backward", "forward"}:
            raise ConfigError(f'pipeline {pipeline!r} is unknown; give "backward" or "forward"')
        if config.credit.kind in ("beam", "rank"):
            credit = config.credit.model_copy(update={"kind": "hard" if pipeline == "forward" else "margin"})
            config = config.model_copy(update={"credit": credit})
        if pipeline == "forward":
            forward_premodulo(config.capacity, 0.0)  # refuses a controller that it does not know
        _check_fit(name, samples, preset)
        split = split_samples(samples, config.data.fractions)
        if not len(split.train):
            raise DataError(f"{name}: none of {len(samples)} samples is for training; give more")
        if limit is not None:
            split = Split(first_samples(split.train, limit), split.dev, split.test)
        task = cls(name, split, config, preset, "forward" if pipeline == "forward" else "backward")
        check_rules(task.rules, task.architecture)
        return task

    @cached_property
    def architecture(self) -> Architecture:
        """The network's layers."""
        return architecture_of(self.preset)

    @cached_property
    def rules(self) -> LearningRules:
        """How a neuron learns: as the reference's where the pipeline is forward and the credit hard."""
        credit = self.config.credit
        if credit.kind == "hard":
            forgets = self.pipeline == "forward"
            return LearningRules("hard", credit.temperature, "forget" if forgets else "keep")
        return LearningRules("margin", credit.temperature)

    @cached_property
    def data_fingerprint(self) -> str:
        """SHA-256 of the train samples in hex."""
        return self.split.train.fingerprint()

    @cached_property
    def identity(self) -> str:
        """Names all that a state, and the model that will come of it, depend on."""
        network = hashlib.sha256(f"{self.name}\0{self.preset}\0{self.pipeline}".encode()).hexdigest()
        dev = self.split.dev.fingerprint()
        return ":".join([_STATE_FORMAT, self.config.digest(), self.data_fingerprint, dev, network])

    @property
    def sums_before(self) -> SumCache | None:
        """The sums of an earlier run: none."""
        return None

    def initial_sums(self) -> SumCache:
        """Return the sums that training begins with: none yet."""
        return SumCache(self.layer_sizes, identity=self.identity)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Neurons of each hashtron layer, from the input."""
        return tuple(stage.layer.neurons for stage in self.architecture.stages)

    @property
    def score_name(self) -> str:
        """What the score is called in JSON."""
        return "accuracy"

    @property
    def warnings(self) -> Sequence[str]:
        """That the forward pipeline, whose search is not kept, begins again whenever it is resumed."""
        if self.pipeline == "backward":
            return ()
        return ("the forward pipeline keeps no state: a run that is interrupted begins again from its seed",)

    def neurons_of(self, network: Network) -> Sequence[AnyNeuron]:
        """Return the network's neurons."""
        return network.neurons

    def network_of(self, neurons: Sequence[AnyNeuron]) -> Network:
        """Put a network together.

        Raises
        ------
        StateError
            The neurons are not as many as the architecture's.
        """
        try:
            plain = [neuron for neuron in neurons if not isinstance(neuron, GradedTable)]
            return Network(self.architecture, tuple(plain))
        except ConfigError as error:
            raise StateError(f"{self.name}: the state is of another network ({error}); use --force") from None

    def prepare(
        self, threads: int = 1, on_stage: Callable[[str], None] = lambda name: None
    ) -> PreparedNetwork:
        """Run the untrained network on all train samples."""
        on_stage("running the untrained network")
        return PreparedNetwork(self, threads)


def _check_fit(name: str, samples: EncodedSamples, preset: str) -> None:
    """Refuse samples of another width than the network's, or with labels beyond its output bits."""
    architecture = architecture_of(preset)
    found, wanted = samples.inputs.shape[1], architecture.n_inputs
    if found not in {1, wanted}:
        raise DataError(f"{name}: samples have {found} inputs; {preset} takes {wanted}, or 1 for all")
    largest = int(samples.outputs.max())
    if largest >> architecture.n_outputs:
        raise DataError(
            f"{name}: label {largest} is too large; {preset} has {architecture.n_outputs} output bits, "
            f"give labels in 0..{(1 << architecture.n_outputs) - 1}"
        )


class PreparedNetwork:
    """A network that is ready for training (`goldzone.training.task.PreparedTask`)."""

    def __init__(self, task: NetworkTask, threads: int = 1) -> None:
        self._task = task
        self._threads = threads
        self._trainer = NetworkTrainer(
            untrained_network(task.architecture, task.config.seed),
            task.split.train.inputs,
            task.split.train.outputs,
            task.rules,
            seed=task.config.seed,
            threads=threads,
        )

    @property
    def started(self) -> RunStarted:
        """The event that begins the run."""
        task, count = self._task, len(self._task.split.train)
        return RunStarted(
            run=task.name,
            config_digest=task.config.digest(),
            data_fingerprint=task.data_fingerprint,
            layers=task.layer_sizes,
            samples=count,
            positions=count,
            train_examples=count,
            dev_examples=len(task.split.dev),
            seed=task.config.seed,
            direction="forward" if task.pipeline == "forward" else task.config.pipeline.direction,
            unit="samples",
            identity=task.identity,
        )

    @property
    def warnings(self) -> Sequence[str]:
        """Nothing is left out."""
        return ()

    @property
    def details(self) -> dict[str, Any]:
        """The network's preset and pipeline."""
        return {"preset": self._task.preset, "pipeline": self._task.pipeline}

    def restore(self, network: Network, memory: Mapping[str, bytes]) -> None:
        """Take up the network of a run that is resumed."""
        self._trainer.restore(network, memory)

    def train(
        self, hooks: Hooks[Network], *, sums: SumCache, progress: Progress[Network] | None = None
    ) -> Outcome[Network]:
        """Train to the end, from where the run stands (forward: always from the beginning)."""
        task = self._task
        if task.pipeline == "forward":
            return train_forward(self._trainer, task.config, hooks, run=task.name, sums=sums)
        return train_sweeps(self._trainer, task.config, hooks, run=task.name, sums=sums, progress=progress)

    def judge_train(self, network: Network) -> Share | None:
        """Leave it to the trainer, which answers all train samples in any case."""
        return None

    def evaluate(self, network: Network) -> HeldOut | None:
        """Judge a network on the dev samples; of equal ones the better balanced is best."""
        result = evaluate_network(network, self._task.split.dev, self._threads)
        if result is None:
            return None
        balanced = result.metrics["balanced_accuracy"]
        return HeldOut(result.score, balanced, {"accuracy": result.score, "balanced_accuracy": balanced})

    def model(self, outcome: Outcome[Network]) -> NetworkModel:
        """Return the model of a run's best state."""
        task, held_out = self._task, outcome.held_out
        metrics = {
            "sweep": outcome.sweep,
            "train_accuracy": round(outcome.train.score, 6),
            "dev_accuracy": round(held_out.score, 6) if held_out else None,
        }
        data = {"samples": len(task.split.train), "sha256": task.data_fingerprint}
        about = {"data": data, "metrics": metrics}
        return NetworkModel(task.name, task.preset, task.pipeline, outcome.network, task.config, about)

    def write_model(self, outcome: Outcome[Network], path: Path) -> str:
        """Write the model and return its SHA-256 in hex."""
        return write_network(path, self.model(outcome))

    def test(self, outcome: Outcome[Network]) -> PartResult | None:
        """Judge the model on the test samples; None without any."""
        return evaluate_network(outcome.network, self._task.split.test, self._threads)

    def close(self) -> None:
        """End the worker threads."""
        self._trainer.close()
