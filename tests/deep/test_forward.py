from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldzone.deep.forward import feeding, forward_premodulo, train_forward
from goldzone.deep.rules import FORWARD_RULES, LearningRules
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import Full, MajPool2D, Stochastic, Sum
from goldzone.hashtron.network import Network
from goldzone.hashtron.presets import PRESETS, preset
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import HeldOut, Hooks, Outcome
from goldzone.training.runs.events import Event, LayerTrained, NeuronTrained, SweepFinished, SweepStarted
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweeps import train_sweeps
from tests.deep.fresh_networks import fresh_network
from tests.naive.forward import NaiveForward

COUNTING = Architecture(
    (HashtronLayer(3), Stochastic(3, 2, 1), HashtronLayer(3, 0, True), Sum((3,)), HashtronLayer(1))
)
POOLING = Architecture((HashtronLayer(6, 5), MajPool2D(2, 1, 3, 1, 2, 1), HashtronLayer(2), Full(2, 1, 1)))
PATTERNS = Architecture(
    (HashtronLayer(4), Full(4, 2, 2), HashtronLayer(2), Full(2, 2, 2), HashtronLayer(2, 9))
)
SINGLE = Architecture((HashtronLayer(1),))
SMALL = (COUNTING, POOLING, PATTERNS, SINGLE)

NONE: dict[str, Any] = {"controller": "none"}


def config(capacity: dict[str, Any] | None = None, seed: int = 1, **pipeline: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "seed": seed,
            "network": {"neurons": 1},
            "capacity": capacity or NONE,
            "pipeline": {"sweeps": 3, "patience": 1000} | pipeline,
        }
    )


def samples(architecture: Architecture, seed: int, count: int = 20, values: int = 6) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    inputs = generator.integers(0, values, (count, architecture.n_inputs), dtype=np.uint32)
    return inputs, generator.integers(0, 1 << architecture.n_outputs, count).astype(np.uint16)


def run(
    trainer: NetworkTrainer, settings: TrainingConfig, hooks: Hooks[Network] | None = None, **options: Any
) -> tuple[Outcome[Network], list[Event]]:
    events: list[Event] = []
    hooks = replace(hooks or Hooks(), on_event=events.append)
    return train_forward(trainer, settings, hooks, **options), events


def trainings(events: list[Event]) -> list[NeuronTrained]:
    return [event for event in events if isinstance(event, NeuronTrained)]


WORDS = {
    "forward: the change was taken": "taken",
    "forward: undone, the outputs are a known local minimum": "undone",
    "forward: no vote can improve anything": "unchanged",
}


@settings(max_examples=20)
@given(
    st.sampled_from(SMALL),
    st.integers(0, 2**32 - 1),
    st.sampled_from([(0, 0), (7, 7), (2, 50)]),
    st.sampled_from([0.5, 0.8, 1.0, 1.5]),
    st.sampled_from([2, 6]),
)
# Runs in which a change amid a chain leads to a known local minimum; they are rare.
@example(COUNTING, 357, (0, 0), 1.5, 6)
@example(PATTERNS, 9, (7, 7), 1.5, 6)
def test_the_loop_is_the_one_of_its_description(
    architecture: Architecture, seed: int, bounds: tuple[int, int], pairs_from: float, values: int
) -> None:
    inputs, expected = samples(architecture, seed, values=values)
    start = fresh_network(architecture, np.random.default_rng(seed))
    least, most = bounds
    capacity: dict[str, Any] = {
        "controller": "none" if most == 0 else "constant" if least == most else "reference",
        "premodulo": max(2, most),
        "floor": max(2, least),
        "ceiling": max(2, most),
    }
    trainer = NetworkTrainer(start, inputs, expected, FORWARD_RULES, seed=seed)
    outcome, events = run(trainer, config(capacity, seed, sweeps=4), pairs_from=pairs_from)
    feeds = [table.tolist() for table in feeding(architecture)]
    naive = NaiveForward(
        *(start, inputs.tolist(), expected.tolist(), feeds, seed, least, most, pairs_from),
        sweeps=4,
    )
    naive.run()
    found = [(e.layer, e.position, e.premodulo, WORDS[e.reason]) for e in trainings(events)]
    assert found == naive.trained
    assert trainer.network() == naive.network
    ends = {
        "all right": "all samples are right",
        "pairs done": "no pair of neurons can be decided in as few bytes",
        "nothing to undo": "local minimum, and no change is left to undo",
        "bound": "all sweeps done",
    }
    assert outcome.reason == ends[naive.end]


def test_the_twin_sees_every_kind_of_step_and_end() -> None:
    reasons, ends = set(), set()
    for seed, pairs_from, architecture in itertools.product(range(12), (0.5, 1.5), SMALL):
        inputs, expected = samples(architecture, seed, values=2 + seed % 3)
        start = fresh_network(architecture, np.random.default_rng(seed))
        trainer = NetworkTrainer(start, inputs, expected, FORWARD_RULES)
        outcome, events = run(trainer, config(), pairs_from=pairs_from)
        reasons |= {event.reason for event in trainings(events)}
        reasons |= {"pair" for event in trainings(events) if event.partner is not None}
        ends.add(outcome.reason)
    assert reasons == {*WORDS, "pair"}
    assert len(ends) >= 3


@given(st.integers(0, 2**32 - 1), st.sampled_from(["hard", "margin"]))
@settings(max_examples=10)
def test_a_seed_tells_everything(seed: int, credit: Any) -> None:
    inputs, expected = samples(COUNTING, 5)
    rules = FORWARD_RULES if credit == "hard" else LearningRules()

    def once(seed: int) -> tuple[Network, list[tuple[int, int]]]:
        start = untrained_network(COUNTING, seed)
        outcome, events = run(NetworkTrainer(start, inputs, expected, rules, seed=seed), config(seed=seed))
        return outcome.network, [(event.layer, event.position) for event in trainings(events)]

    assert once(seed) == once(seed)
    assert once(seed)[0] != once((seed + 1) % 2**32)[0]


@pytest.mark.parametrize("architecture", SMALL)
@pytest.mark.parametrize("credit", ["hard", "margin"])
@pytest.mark.parametrize("pairs_from", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("labels", ["all 0", "all 1", "contradicting", "random"])
@pytest.mark.parametrize("equal", [True, False])
def test_it_ends_whatever_the_samples_are(
    architecture: Architecture, credit: Any, pairs_from: float, labels: str, equal: bool
) -> None:
    inputs, expected = samples(architecture, 1, count=6)
    if equal:
        inputs[:] = inputs[0]
    if labels != "random":
        expected[:] = {"all 0": 0, "all 1": 1, "contradicting": np.arange(6) % 2}[labels]
    trainer = NetworkTrainer(
        untrained_network(architecture, 1),
        *(inputs, expected, FORWARD_RULES if credit == "hard" else LearningRules()),
    )
    outcome, events = run(trainer, config(sweeps=5), pairs_from=pairs_from)
    assert outcome.reason
    assert len(trainings(events)) <= 5 * architecture.n_neurons + 1
    assert outcome.network.architecture == architecture


def test_what_is_right_from_the_start_is_left_alone() -> None:
    inputs, _ = samples(COUNTING, 2)
    start = untrained_network(COUNTING, 1)
    trainer = NetworkTrainer(start, inputs, start.infer(inputs), FORWARD_RULES)
    outcome, events = run(trainer, config(), pairs_from=1.5)
    assert outcome.reason == "all samples are right"
    assert outcome.network is start
    assert (outcome.sweep, outcome.train.score) == (0, 1.0)
    assert events == []


def test_it_memorises() -> None:
    generator = np.random.default_rng(4)
    inputs = generator.integers(0, 2**32, (120, 6), dtype=np.uint32)
    expected = generator.integers(0, 2, 120)
    voters = Architecture((HashtronLayer(6), Sum((6,)), HashtronLayer(1)))
    trainer = NetworkTrainer(untrained_network(voters, 1), inputs, expected, FORWARD_RULES)
    outcome, _ = run(trainer, config(sweeps=6), pairs_from=1.5)
    assert outcome.train.score > 0.9


def test_events_tell_of_sweeps_of_as_many_trainings_as_there_are_neurons() -> None:
    inputs, expected = samples(COUNTING, 3)
    trainer = NetworkTrainer(untrained_network(COUNTING, 1), inputs, expected, FORWARD_RULES)
    sums = SumCache((3, 3, 1))
    _, events = run(trainer, config(), sums=sums, run="twin", pairs_from=1.5)
    sweep = 0
    pending: list[NeuronTrained] = []
    finished = 0
    for event in events:
        if isinstance(event, SweepStarted):
            sweep += 1
            assert event.sweep == sweep
            assert not pending
        elif isinstance(event, NeuronTrained):
            pending.append(event)
            assert event.sweep == sweep
            assert 0 <= event.order < event.total
        elif isinstance(event, LayerTrained):
            assert event.neurons == sum(e.layer == event.layer for e in pending)
        elif isinstance(event, SweepFinished):
            finished += 1
            assert event.sweep == sweep
            assert len(pending) == 7 or event is events[-1]
            for layer in {e.layer for e in pending}:
                count = sum(e.layer == layer for e in pending)
                assert LayerTrained(sweep=sweep, layer=layer, neurons=count) in events
            pending = []
    assert finished == sweep > 0
    for layer, size in enumerate((3, 3, 1), start=1):
        for position in range(size):
            of_it = [e for e in trainings(events) if (e.layer, e.position) == (layer, position)]
            records = sums.history(layer, position)
            assert [r.sum for r in records] == [e.sum for e in of_it]
            assert [r.accepted for r in records] == [WORDS[e.reason] == "taken" for e in of_it]
            assert [r.premodulo for r in records] == [e.premodulo for e in of_it]
            assert all(not math.isnan(record.train_accuracy) for record in records)
    assert sums.runs == ("twin",)


def test_chains_go_through_what_feeds_what() -> None:
    feeds = feeding(POOLING)[0]
    assert feeds.tolist() == [[True, True]] * 6  # two windows of two blocks: each takes both
    windows = feeding(PATTERNS)
    assert windows[0].tolist() == [[True, False]] * 2 + [[False, True]] * 2
    assert windows[1].tolist() == [[True, True]] * 2  # the last layer reads one feature
    trainer = NetworkTrainer(untrained_network(PATTERNS, 1), *samples(PATTERNS, 3), FORWARD_RULES)
    _, events = run(trainer, config(sweeps=6), pairs_from=1.5)
    for one, two in itertools.pairwise(trainings(events)):
        if two.order:
            assert (two.layer, two.order) == (one.layer + 1, one.order + 1)
            assert windows[one.layer - 1][one.position, two.position]


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_trained_by_either_credit(name: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "context_committee": (8, (4,)),
        "windowed_committee": (8, (4, 2)),
    }
    architecture = preset(name, *arguments.get(name, ()))
    inputs, expected = samples(architecture, 1)
    for rules in (FORWARD_RULES, LearningRules()):
        trainer = NetworkTrainer(untrained_network(architecture, 1), inputs, expected, rules)
        right = trainer.n_right
        ticks = itertools.count()

        def stop(ticks: Iterator[int] = ticks) -> None:
            if next(ticks) >= 25:
                raise TimeoutError

        try:
            outcome, _ = run(trainer, config(), Hooks(check_interrupt=stop))
        except TimeoutError:
            pass
        else:
            assert outcome.train.score * 20 >= right
        assert trainer.network().architecture == architecture


def test_premodulos_of_the_forward_arm() -> None:
    def premodulo(success: float, **fields: Any) -> int:
        return forward_premodulo(CapacitySettings(**fields), success)

    assert premodulo(0.9, controller="none") == 0
    assert premodulo(0.9, controller="constant", premodulo=100) == 100
    quadratic: dict[str, Any] = {"controller": "reference", "floor": 10, "ceiling": 100_000}
    assert premodulo(1.0, **quadratic) == 100_000
    assert premodulo(0.5, **quadratic) == 10
    assert premodulo(0.4, **quadratic) == 2
    assert premodulo(0.6, **quadratic) == 100_000 - 1600 * 99_990 // 2500
    with pytest.raises(ConfigError, match="has no 'law'"):
        premodulo(0.9, controller="law")
    trainer = NetworkTrainer(untrained_network(SINGLE, 1), [[1]], [1], FORWARD_RULES)
    trainer.restore(untrained_network(SINGLE, 2))
    with pytest.raises(ConfigError, match="backward pipeline"):
        run(trainer, config({"controller": "validated"}), pairs_from=2.0)


def test_the_best_sweep_is_returned() -> None:
    inputs, expected = samples(COUNTING, 0, count=200, values=50)
    trainer = NetworkTrainer(untrained_network(COUNTING, 1), inputs, expected, FORWARD_RULES)
    held_out = iter([HeldOut(0.5, -0.3), HeldOut(0.6, -0.4), HeldOut(0.6, -0.5), HeldOut(0.1, -0.1)])
    seen: list[Network] = []

    def evaluate(network: Network) -> HeldOut:
        seen.append(network)
        return next(held_out)

    outcome, events = run(trainer, config(sweeps=4, patience=2), Hooks(evaluate), pairs_from=1.5)
    assert (outcome.sweep, outcome.held_out) == (2, HeldOut(0.6, -0.4))
    assert outcome.network is seen[1]
    assert outcome.reason == "accuracy did not rise in 2 sweeps"
    assert [event.best for event in events if isinstance(event, SweepFinished)] == [True, True, False, False]
    # Without held-out words the training samples decide.
    trainer = NetworkTrainer(untrained_network(COUNTING, 1), inputs, expected, FORWARD_RULES)
    outcome, events = run(trainer, config(sweeps=6), pairs_from=1.5)
    accuracies = [e.train_score for e in events if isinstance(e, SweepFinished)]
    assert outcome.train.score == max(a for a in accuracies if a is not None)
    assert outcome.sweep == 1 + accuracies.index(outcome.train.score)


def test_time_ends_a_run_within_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr("goldzone.deep.forward.time.monotonic", lambda: float(next(clock)))
    inputs, expected = samples(COUNTING, 7)
    trainer = NetworkTrainer(untrained_network(COUNTING, 1), inputs, expected, FORWARD_RULES)
    outcome, events = run(trainer, config(time_limit_seconds=12.0), pairs_from=1.5)
    assert outcome.reason == "the time limit of 12 s was reached"
    assert 1 <= len(trainings(events)) < 7
    assert isinstance(events[-1], SweepFinished)


def test_the_trainer_fits_the_backward_pipeline_in_either_direction() -> None:
    generator = np.random.default_rng(8)
    inputs = generator.integers(0, 12, (300, 6), dtype=np.uint32)
    expected = (inputs[:, 0] % 3 == 0).astype(np.uint16)
    voters = Architecture((HashtronLayer(6), Sum((6,)), HashtronLayer(1)))
    majority = 1 - expected.mean()
    fixed: dict[str, Any] = {"controller": "constant", "premodulo": 64}

    for direction in ("backward", "forward"):
        trainer = NetworkTrainer(untrained_network(voters, 1), inputs, expected, LearningRules())
        outcome = train_sweeps(trainer, config(fixed, direction=direction))
        assert outcome.train.score > majority + 0.1
