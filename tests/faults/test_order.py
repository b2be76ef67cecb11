"""Whatever network, configuration and faults: the log proves that training went backward."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from goldzone.deep.rules import LearningRules
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.hashtron.architecture import Architecture, HashtronLayer, Layer
from goldzone.hashtron.combiners import Full, Sum
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import GradedTable
from goldzone.monitor.order import check_order
from goldzone.training.checkpoint import FolderCheckpointer
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import HeldOut, Hooks
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import cut_events, read_events, whole_events
from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    NeuronTrained,
    RunFinished,
    RunResumed,
    RunStarted,
    SweepStarted,
)
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweeps import train_sweeps


class _KilledError(Exception):
    """Stands for the end of the process."""


def random_network(chance: random.Random) -> tuple[Architecture, Network]:
    """Make one of up to four layers: windows of bits, then a sum or nothing before the last layer."""
    widths = [chance.randint(1, 6) for _ in range(chance.randint(0, 3))]
    outputs = chance.choice([1, 1, 2]) if widths and chance.random() < 0.3 else 1
    layers: list[Layer] = []
    for layer, width in enumerate(widths, 1):
        layers.append(HashtronLayer(width, premodulo=chance.choice([0, 0, 64])))
        if layer == len(widths) and outputs == 1:
            layers.append(Sum((width,)))
        else:
            layers.append(Full(width, chance.randint(1, width), 1))
    layers.append(HashtronLayer(outputs))
    architecture = Architecture(tuple(layers))
    return architecture, untrained_network(architecture, chance.randrange(1000))


def random_config(chance: random.Random) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "seed": chance.randrange(1000),
            "pipeline": {
                "sweeps": chance.randint(1, 4),
                "patience": chance.randint(1, 4),
                "attempts": chance.randint(1, 2),
                "neurons_per_sweep": chance.choice([0.3, 0.7, 1.0]),
                "step_back": chance.random() < 0.7,
                "sum_cache": chance.random() < 0.8,
                **({"layer_time_limit_seconds": 1e-9} if chance.random() < 0.1 else {}),
            },
            "capacity": {
                "controller": chance.choice(["constant", "law", "reference", "validated"]),
                "premodulo": chance.choice([16, 64, 256]),
            },
            "selection": {
                "strategy": chance.choice(["gold_zone", "fixed", "random"]),
                "pairs": chance.choice([0.0, 0.5, 1.0]),
                "exploration": chance.choice([0.0, 0.3]),
            },
        }
    )


def train_with_faults(folder: Path, chance: random.Random) -> None:
    """Train, die up to three times at random steps, and go on each time from what was kept."""
    architecture, network = random_network(chance)
    config = random_config(chance)
    rows = np.random.default_rng(chance.randrange(1000))
    inputs = rows.integers(0, 9, size=(30, architecture.n_inputs), dtype=np.uint32)
    labels = rows.integers(0, 1 << architecture.n_outputs, size=30, dtype=np.uint16)
    rules = LearningRules(credit=chance.choice(["margin", "hard"]))
    path = folder / "events.jsonl"
    deaths = [chance.randint(1, 25) for _ in range(chance.randint(0, 3))]
    for death in [*deaths, None]:
        trainer = NetworkTrainer(network, inputs, labels, rules, seed=config.seed)
        keep: FolderCheckpointer[Network] = FolderCheckpointer(
            folder,
            "one run",
            trainer.layer_sizes,
            neurons_of=lambda found: found.neurons,
            network_of=lambda neurons: Network(
                architecture, tuple(each for each in neurons if not isinstance(each, GradedTable))
            ),
        )
        restored = keep.load(whole_events(path)[0])
        cut_events(path, restored.events if restored else 0)
        if restored:
            trainer.restore(restored.network)
        accuracies = [0.5, 0.6, 0.4, 0.55]
        try:
            with BackgroundLog(path) as log:
                keep.attach(log)
                if restored is None:
                    log.write(_started(trainer, config))
                outcome = train_sweeps(
                    trainer,
                    config,
                    Hooks(
                        lambda _: HeldOut(accuracies[_sweeps_in(path, log) - 1]),  # noqa: B023
                        lambda event: _write(log, event),
                        _dying_after(death),
                        keep,
                    ),
                    sums=restored.sums if restored else SumCache(trainer.layer_sizes),
                    progress=restored.progress if restored else None,
                )
                log.write(
                    RunFinished(
                        reason=outcome.reason,
                        best_sweep=outcome.sweep,
                        dev_score=None,
                        model_digest=None,
                        seconds=0.0,
                    )
                )
        except _KilledError:
            continue
        finally:
            keep.close()
        return


def _started(trainer: NetworkTrainer, config: TrainingConfig) -> RunStarted:
    return RunStarted(
        run="random",
        config_digest=config.digest(),
        data_fingerprint="",
        layers=trainer.layer_sizes,
        samples=trainer.n_samples,
        positions=trainer.n_samples,
        train_examples=0,
        dev_examples=0,
        seed=config.seed,
    )


def _write(log: BackgroundLog, event: Event) -> None:
    log.write(event)


def _sweeps_in(path: Path, log: BackgroundLog) -> int:
    log.flush()
    return sum(isinstance(event, SweepStarted) for _, event in read_events(path))


def _dying_after(steps: int | None) -> Callable[[], None]:
    done = 0

    def check_interrupt() -> None:
        nonlocal done
        done += 1
        if done == steps:
            raise _KilledError

    return check_interrupt


@pytest.mark.parametrize("runs", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_the_log_of_every_run_proves_the_backward_order(tmp_path: Path, runs: int) -> None:
    resumed = skipped = deep = 0
    for number in range(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        train_with_faults(folder, random.Random(number))
        events = list(read_events(folder / "events.jsonl"))
        assert check_order(events) == (), f"run {number}"
        assert isinstance(events[-1][1], RunFinished)
        trained = [event for _, event in events if isinstance(event, NeuronTrained)]
        assert trained[0].layer == max(event.layer for event in trained)
        resumed += any(isinstance(event, RunResumed) for _, event in events)
        skipped += any(isinstance(event, LayerSkipped) for _, event in events)
        deep += trained[0].layer > 2
    assert min(resumed, skipped, deep) >= runs // 10, (resumed, skipped, deep)


@pytest.mark.parametrize("number", range(3))
def test_two_swapped_lines_are_noticed(tmp_path: Path, number: int) -> None:
    train_with_faults(tmp_path, random.Random(number))
    events = [event for _, event in read_events(tmp_path / "events.jsonl")]
    for first in range(len(events) - 1):
        swapped = events.copy()
        swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
        assert check_order(enumerate(swapped, 1)), f"lines {first + 1} and {first + 2}"
