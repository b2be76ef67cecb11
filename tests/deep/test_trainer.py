from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.deep.hard_tally import decide_pair
from goldzone.deep.rules import FORWARD_RULES, LearningRules
from goldzone.deep.soft_credit import collect_evidence
from goldzone.deep.traces import Traces
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.errors import ConfigError, DataError, StateError
from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import CrossAttention, Full, MajPool2D, Parity, Stochastic, Sum
from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.network import SAMPLE_BLOCK, Network
from goldzone.hashtron.neuron import GradedTable, Hashtron
from goldzone.hashtron.presets import PRESETS, preset
from goldzone.hashtron.quaternary import build_filter
from goldzone.training.checkpoint import FolderCheckpointer
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.streams import stream
from goldzone.training.sweeps import train_sweeps
from tests.deep.fresh_networks import fresh_network
from tests.naive.hashtron_filter import naive_hash
from tests.naive.hashtron_network import naive_run
from tests.naive.soft_credit import naive_evidence, naive_margin_votes
from tests.naive.training_hard_tally import naive_tally

MARGIN = LearningRules()
HARD = LearningRules(credit="hard")

COUNTING = Architecture(
    (HashtronLayer(4), Stochastic(4, 3, 1), HashtronLayer(4, 0, True), Sum((4,)), HashtronLayer(1))
)
POOLING = Architecture((HashtronLayer(6, 5), MajPool2D(2, 1, 3, 1, 2, 1), HashtronLayer(2, 7), Full(2, 1, 1)))
PATTERNS = Architecture(
    (HashtronLayer(4), Full(4, 2, 2), HashtronLayer(2), Full(2, 2, 2), HashtronLayer(3, 9))
)
ATTENDING = Architecture(
    (HashtronLayer(6), CrossAttention(6, 1, True), HashtronLayer(6, 0, True), Sum((6,)), HashtronLayer(1))
)
SMALL = (COUNTING, POOLING, PATTERNS, ATTENDING)


class Case:
    """Random samples and a random network."""

    def __init__(self, architecture: Architecture, seed: int, count: int = 20, values: int = 9) -> None:
        generator = np.random.default_rng(seed)
        self.network = fresh_network(architecture, generator)
        self.inputs = generator.integers(0, values, (count, architecture.n_inputs), dtype=np.uint32)
        self.expected = generator.integers(0, 1 << architecture.n_outputs, count).astype(np.uint16)
        self.generator = generator

    def trainer(self, rules: LearningRules = MARGIN, **options: Any) -> NetworkTrainer:
        return NetworkTrainer(self.network, self.inputs, self.expected, rules, **options)


def neurons(trainer: NetworkTrainer) -> list[tuple[int, int]]:
    return [
        (layer, position)
        for layer, size in enumerate(trainer.layer_sizes, start=1)
        for position in range(size)
    ]


def salt_of(layer: int, position: int, seed: int = 1) -> int:
    return int(stream(seed, "salt", layer, position, count=1)[0])


def assert_same_layers(one: Traces, other: Traces) -> None:
    for stage, layer in enumerate(one.network.architecture.stages):
        assert np.array_equal(one.layer_bits(stage), other.layer_bits(stage))
        for position in range(layer.layer.neurons):
            assert np.array_equal(one.seen(stage, position), other.seen(stage, position))


@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.data(), st.sampled_from([0, 3]))
def test_margin_votes_equal_their_definition(
    architecture: Architecture, seed: int, data: st.DataObject, premodulo: int
) -> None:
    case = Case(architecture, seed)
    temperature = data.draw(st.sampled_from([0.5, 3.0]))
    trainer = case.trainer(LearningRules(temperature=temperature))
    below = [(layer, p) for layer, p in neurons(trainer) if layer < len(trainer.layer_sizes)]
    layer, position = data.draw(st.sampled_from(below))
    number = architecture.stages[layer - 1].neurons[position]
    votes = naive_margin_votes(
        case.network, number, case.inputs.tolist(), case.expected.tolist(), temperature
    )
    sums: dict[int, int] = {}
    for value, vote in votes:
        cell = naive_hash(value, salt_of(layer, position), premodulo) if premodulo else value
        sums[cell] = sums.get(cell, 0) + vote
    trained = trainer.train(layer, position, premodulo)
    absolute = sum(abs(vote) for _, vote in votes)
    agreed = sum(abs(total) for total in sums.values())
    assert trained.agreement == (agreed / absolute if absolute else 0.0)
    neuron = trainer.network().neurons[number]
    if any(sums.values()):
        assert isinstance(neuron, Hashtron)
        assert neuron.program == (((salt_of(layer, position), premodulo),) if premodulo else ())
        for cell, total in sums.items():
            if total:
                assert Hashtron((), neuron.filter).evaluate([cell])[0] == (total > 0)
    else:
        assert neuron is case.network.neurons[number]


@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.data(), st.sampled_from([0, 3]))
def test_the_forward_rules_are_the_references(
    architecture: Architecture, seed: int, data: st.DataObject, premodulo: int
) -> None:
    case = Case(architecture, seed)
    trainer = case.trainer(FORWARD_RULES)
    layer, position = data.draw(st.sampled_from(neurons(trainer)))
    number = architecture.stages[layer - 1].neurons[position]
    salt = salt_of(layer, position)
    inputs, expected = case.inputs.tolist(), case.expected.tolist()
    sums, possible = naive_tally(case.network, number, inputs, expected, salt, premodulo)
    trainer.train(layer, position, premodulo)
    wanted = case.network.neurons[number]
    if possible and sums:
        answers = [total > 0 for total in sums.values()]
        wanted = Hashtron(((salt, premodulo),) if premodulo else (), build_filter(list(sums), answers))
    assert trainer.network().neurons[number] == wanted


@settings(max_examples=25)
@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 99), max_size=6))
def test_traces_stay_those_of_the_present_network(
    architecture: Architecture, seed: int, choices: list[int]
) -> None:
    case = Case(architecture, seed)
    trainer = case.trainer()
    for choice in choices:
        layer, position = neurons(trainer)[choice % len(neurons(trainer))]
        trainer.train(layer, position, choice % 5)
        if choice % 7 == 0:
            trainer.restore(case.network)
    traces, fresh = trainer._traces, Traces(trainer.network(), case.inputs)
    assert_same_layers(traces, fresh)
    assert np.array_equal(trainer.outputs, trainer.network().infer(case.inputs))


def test_several_neurons_of_several_layers_can_be_put_at_once() -> None:
    case = Case(COUNTING, 5)
    other = fresh_network(COUNTING, case.generator)
    traces = Traces(case.network, case.inputs)
    traces.put({number: other.neurons[number] for number in (8, 0, 5, 2)})
    fresh = Traces(traces.network, case.inputs)
    assert_same_layers(traces, fresh)
    assert np.array_equal(traces.words, fresh.words)


@settings(max_examples=25)
@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1))
def test_a_flip_tells_just_the_samples_whose_last_layer_it_reaches(
    architecture: Architecture, seed: int
) -> None:
    case = Case(architecture, seed, count=8)
    traces = Traces(case.network, case.inputs)
    last = architecture.stages[-1].neurons
    for stage, size in enumerate(layer.layer.neurons for layer in architecture.stages[:-1]):
        for position in range(size):
            number = architecture.stages[stage].neurons[position]
            flip = traces.flip(stage, position)
            for i, row in enumerate(case.inputs.tolist()):
                now = naive_run(architecture, case.network.neurons, row)
                then = naive_run(architecture, case.network.neurons, row, frozenset({number}))
                if i in flip.samples:
                    assert flip.words[flip.samples.tolist().index(i)] == then.word
                else:
                    assert then.word == now.word
                    assert [then.seen[k] for k in last] == [now.seen[k] for k in last]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=30))
def test_evidence_equals_its_definition(rows: list[tuple[int, int]]) -> None:
    values, labels = map(list, zip(*rows, strict=True))
    found = collect_evidence(np.array(values, np.uint32), np.array(labels, np.uint8))
    evidence = dict(zip(found.values.tolist(), found.bits.tolist(), strict=True))
    assert evidence == naive_evidence(values, labels)
    assert found.at(np.array([77], np.uint32)).tolist() == [0]


def test_evidence_grows_with_the_share_of_yes_and_is_nothing_at_the_prior() -> None:
    # At 1 the labels are as among all samples, 3 : 1; at 0 mostly "no", at 2 only "yes".
    seen = np.repeat(np.array([0, 1, 2], np.uint32), [8, 8, 8])
    labels = np.array([1] * 4 + [0] * 4 + [1] * 6 + [0] * 2 + [1] * 8, np.uint8)
    evidence = collect_evidence(seen, labels).bits
    assert evidence[0] < evidence[1] == 0 < evidence[2]


def separable(count: int = 400) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Three columns of which the first alone tells the label; two thirds are "no"."""
    generator = np.random.default_rng(3)
    inputs = generator.integers(0, 30, (count, 3), dtype=np.uint32)
    return inputs, (inputs[:, 0] % 3 == 0).astype(np.uint16)


VOTERS = Architecture((HashtronLayer(3), Sum((3,)), HashtronLayer(1)))


def train_backward_once(trainer: NetworkTrainer, premodulo: int) -> None:
    sizes = trainer.layer_sizes
    for layer in range(len(sizes), 0, -1):
        for position in range(sizes[layer - 1]):
            trainer.train(layer, position, trainer.n_samples if layer == len(sizes) else premodulo)


@pytest.mark.parametrize("rules", [MARGIN, FORWARD_RULES, replace(MARGIN, accept="not_worse")])
def test_threads_change_nothing(rules: LearningRules) -> None:
    case = Case(ATTENDING, 7, count=2 * SAMPLE_BLOCK + 55, values=2000)
    trainers = [case.trainer(rules, threads=threads) for threads in (1, 2, 3)]
    results = []
    for trainer in trainers:
        results.append([trainer.train(layer, p, 0) for layer, p in reversed(neurons(trainer))])
        results[-1] += trainer.train_by_pair_tally(1, 0, 2, 0)
        trainer.close()
    assert results[0] == results[1] == results[2]
    first = trainers[0].network()
    assert first != case.network
    assert all(trainer.network() == first for trainer in trainers)
    assert all(np.array_equal(trainer.outputs, first.infer(case.inputs)) for trainer in trainers)


def test_behind_a_constant_final_neuron_hard_credit_stalls_and_margin_credit_votes() -> None:
    inputs, expected = separable()
    majority = 1 - expected.mean()
    for rules, learns in ((HARD, False), (MARGIN, True)):
        trainer = NetworkTrainer(untrained_network(VOTERS, 1), inputs, expected, rules)
        trainer.train(2, 0, 1)  # one cell: the prior, "no"
        assert not trainer.outputs.any()
        for position in range(3):
            trained = trainer.train(1, position, 64)
            assert (trained.agreement > 0) == learns
        trainer.train(2, 0, trainer.n_samples)
        assert (trainer.metrics().score > majority) == learns


def test_margin_credit_finds_the_column_that_tells_the_label() -> None:
    inputs, expected = separable()
    trainer = NetworkTrainer(untrained_network(VOTERS, 1), inputs, expected)
    for _ in range(3):
        train_backward_once(trainer, 4096)
    assert trainer.metrics().score > 0.85
    fresh = np.random.default_rng(9).integers(0, 30, (400, 3), dtype=np.uint32)
    assert (trainer.network().infer(fresh) == (fresh[:, 0] % 3 == 0)).mean() > 0.72  # the majority is 0.67


def test_the_last_layer_follows_its_sums_once_it_was_trained() -> None:
    case = Case(PATTERNS, 11, count=60, values=4)
    trainer = case.trainer()
    trainer.train(1, 0, 0)
    assert trainer.network().neurons[6:] == case.network.neurons[6:]
    trainer.train(3, 1, 0)
    trainer.train(1, 1, 0)
    trainer.train(2, 0, 0)
    assert trainer.network().neurons[6] == case.network.neurons[6]
    now = trainer.network()
    traces = Traces(now, case.inputs)
    seen, wanted = traces.seen(2, 1), 2 * (case.expected >> 1 & 1).astype(int) - 1
    sums = {int(value): int(wanted[seen == value].sum()) for value in np.unique(seen)}
    answers = now.neurons[7].evaluate(seen)
    assert any(sums.values())
    for value, total in sums.items():
        if total:
            assert (answers[seen == value] == (total > 0)).all()


def test_unvoted_values_keep_the_answer_that_most_samples_get_or_are_forgotten() -> None:
    network = Network(Architecture((HashtronLayer(1),)), (Hashtron(),))  # answers the parity
    inputs = [[3], [3], [4], [4], [5]]
    expected = [0, 1, 1, 0, 0]  # the votes of 3 and of 4 cancel
    keeping = NetworkTrainer(network, inputs, expected, HARD)
    keeping.train(1, 0, 0)
    assert keeping.outputs.tolist() == [1, 1, 0, 0, 0]
    assert keeping.network().neurons[0] == Hashtron((), build_filter([3, 4, 5], [True, False, False]))
    forgetting = NetworkTrainer(network, inputs, expected, FORWARD_RULES)
    forgetting.train(1, 0, 0)
    assert forgetting.network().neurons[0] == Hashtron((), build_filter([5], [False]))


@settings(max_examples=20)
@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.sampled_from(["margin", "hard"]))
def test_not_worse_never_loses_a_sample(architecture: Architecture, seed: int, credit: Any) -> None:
    case = Case(architecture, seed)
    trainer = case.trainer(LearningRules(credit=credit, accept="not_worse"))
    for layer, position in neurons(trainer):
        before, right = trainer.network(), trainer.n_right
        trained = trainer.train(layer, position, 3)
        assert trainer.n_right >= right
        if trained.changed == 0:
            assert trainer.outputs.tolist() == before.infer(case.inputs).tolist()


def test_always_may_lose_samples() -> None:
    def loses(seed: int) -> bool:
        trainer = Case(COUNTING, seed).trainer(FORWARD_RULES)
        rights = [trainer.n_right]
        for layer, position in neurons(trainer):
            trainer.train(layer, position, 3)
            rights.append(trainer.n_right)
        return rights != sorted(rights)

    assert any(loses(seed) for seed in range(20))


def test_sum_and_changed_describe_what_the_neuron_answers() -> None:
    case = Case(COUNTING, 2)
    trainer = case.trainer()
    for layer, position in neurons(trainer):
        before = trainer._traces.answers(layer - 1, position)
        trained = trainer.train(layer, position, 0)
        now = trainer._traces.answers(layer - 1, position)
        seen = trainer._traces.seen(layer - 1, position)
        assert trained.total == sum(1 for bit in now if bit)
        assert trained.samples == 20
        assert trained.changed == len(set(seen[now != before].tolist()))


def test_a_restored_trainer_goes_on_as_the_one_that_the_network_came_from() -> None:
    case = Case(ATTENDING, 6)
    one, other = case.trainer(), case.trainer()
    train_backward_once(one, 7)
    state = one.network()
    other.restore(state)
    assert other.network() is state
    train_backward_once(one, 3)
    train_backward_once(other, 3)
    assert one.network() == other.network() != state
    one.restore(state)
    assert one.network() is state
    assert np.array_equal(one.outputs, state.infer(case.inputs))


def test_metrics_count_words_bits_and_surprise() -> None:
    network = Network(Architecture((HashtronLayer(2),)), (Hashtron(), Hashtron()))
    trainer = NetworkTrainer(network, [[1], [1], [2], [2]], [3, 1, 0, 0])
    metrics = trainer.metrics()
    assert metrics.score == 0.75  # outputs 3, 3, 0, 0
    assert metrics.metrics["bit_accuracy"] == 7 / 8
    # Bit 0 follows from the value; bit 1 is even at value 1: two samples of 1 bit among eight bits.
    assert metrics.loss == 0.25


@pytest.mark.parametrize("rules", [MARGIN, HARD, replace(MARGIN, accept="not_worse")])
def test_what_was_trained_since_a_state_is_enough_to_go_on(rules: LearningRules) -> None:
    case = Case(COUNTING, 9, count=60, values=5)
    trainer = case.trainer(rules)
    train_backward_once(trainer, 5)
    state, done = trainer.network(), {}
    order = [(3, 0), (2, 1), (2, 3), (1, 0), (1, 2)]
    for layer, position in order[:4]:
        trainer.train(layer, position, 4)
        done[COUNTING.stages[layer - 1].neurons[position]] = trainer.neuron(layer, position)
    other = case.trainer(rules)
    other.restore(state.with_neurons(done))
    assert other.network() == trainer.network()
    assert other.metrics() == trainer.metrics()
    for each in (trainer, other):
        each.train(1, 2, 4)
    assert other.network() == trainer.network()


class StoppedError(Exception):
    """Ends a run after a step."""


@pytest.mark.parametrize("rules", [MARGIN, HARD, replace(MARGIN, accept="not_worse")])
def test_a_run_that_stopped_after_any_step_goes_on_to_the_same_network(
    rules: LearningRules, tmp_path: Path
) -> None:
    case = Case(PATTERNS, 2, count=80, values=12)
    config = TrainingConfig.model_validate(
        {"capacity": {"premodulo": 16}, "pipeline": {"sweeps": 3, "patience": 9}}
    )
    whole = case.trainer(rules)
    wanted = train_sweeps(whole, config).network
    for step in (1, 2, 4, 7, 9, 12, 15):
        keeper: FolderCheckpointer[Network] = FolderCheckpointer(
            tmp_path / str(step),
            *("twin", whole.layer_sizes),
            neurons_of=lambda network: network.neurons,
            network_of=lambda neurons: Network(
                PATTERNS, tuple(each for each in neurons if not isinstance(each, GradedTable))
            ),
        )
        (tmp_path / str(step)).mkdir()
        ticks = itertools.count(1)

        def stop(ticks: Iterator[int] = ticks, step: int = step) -> None:
            if next(ticks) == step:
                raise StoppedError

        with pytest.raises(StoppedError):
            train_sweeps(case.trainer(rules), config, Hooks(check_interrupt=stop, checkpointer=keeper))
        keeper.close()
        state = keeper.load(10**6)
        assert state is not None
        again = case.trainer(rules)
        again.restore(state.network)
        outcome = train_sweeps(
            again, config, Hooks(checkpointer=keeper), progress=state.progress, sums=state.sums
        )
        keeper.close()
        assert outcome.network == wanted
        assert again.network() == whole.network()


def test_two_neurons_trained_together_come_out_as_one_after_the_other_and_back() -> None:
    case = Case(COUNTING, 12, count=60, values=5)
    together, alone = case.trainer(), case.trainer()
    for trainer in (together, alone):
        trainer.train(3, 0, 60)
    before = together._traces.answers(0, 0)
    one, two = together.train_pair(1, 0, 2, 8, 4)
    alone.train(1, 0, 8)
    assert alone.train(1, 2, 4) == two
    assert min(one.agreement, two.agreement) > 0
    last = alone.train(1, 0, 8)
    assert together.network() == alone.network()
    cells = hash_values(together._traces.seen(0, 0), salt_of(1, 0), 8)
    changed = len(set(cells[before != together._traces.answers(0, 0)].tolist()))
    assert one == replace(last, changed=changed)


def test_what_controllers_and_selection_ask_for() -> None:
    case = Case(POOLING, 3, count=70)
    trainer = case.trainer(HARD)
    assert trainer.premodulos(1).tolist() == [2] * 6
    trainer.train(2, 1, 0)
    trainer.train(1, 4, 9)
    assert trainer.premodulos(2).tolist() == [2, 0 if trainer.neuron(2, 1) != case.network.neurons[7] else 2]
    assert trainer.neuron(1, 4) is trainer.network().neurons[4]
    assert trainer.largest_premodulo() == 2**32 - 1
    answers = trainer.packed_answers(1, [5, 0])
    asked = np.flatnonzero(case.expected)
    assert answers.samples == asked.size
    assert answers.words.dtype == np.uint64
    for row, position in enumerate((5, 0)):
        bits = trainer._traces.answers(0, position)[asked]
        words = answers.words[row].tolist()
        assert [words[i // 64] >> (i % 64) & 1 for i in range(64 * len(words))] == [
            *bits.tolist(),
            *[0] * (64 * len(words) - asked.size),
        ]


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize("rules", [MARGIN, FORWARD_RULES])
def test_every_preset_trains(name: str, rules: LearningRules) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "context_committee": (12, (6,)),
        "windowed_committee": (12, (6, 3)),
    }
    architecture = preset(name, *arguments.get(name, ()))
    generator = np.random.default_rng(1)
    inputs = generator.integers(0, 50, (60, architecture.n_inputs), dtype=np.uint32)
    expected = (inputs[:, 0] % (1 << architecture.n_outputs)).astype(np.uint16)
    trainer = NetworkTrainer(untrained_network(architecture, 1), inputs, expected, rules)
    before = trainer.n_right
    for layer in (*range(len(trainer.layer_sizes), 0, -1), len(trainer.layer_sizes)):
        for position in range(trainer.layer_sizes[layer - 1])[:5]:
            trained = trainer.train(layer, position, 16 if layer % 2 else 0)
            assert abs(trained.total) <= 60
            assert 0 <= trained.agreement <= 1
    metrics = trainer.metrics()
    assert trainer.n_right > before
    assert 0 <= metrics.score <= metrics.metrics["bit_accuracy"] <= 1
    assert 0 <= metrics.loss <= 1


@pytest.mark.parametrize("rules", [MARGIN, FORWARD_RULES])
@pytest.mark.parametrize(
    "expected", [[0] * 8, [1] * 8, [0, 1] * 4], ids=["only no", "only yes", "contradicting"]
)
@pytest.mark.parametrize("equal", [True, False])
def test_data_that_say_nothing_are_survived(rules: LearningRules, expected: list[int], equal: bool) -> None:
    inputs = np.zeros((8, 4), np.uint32) if equal else np.arange(32, dtype=np.uint32).reshape(8, 4) // 8
    trainer = NetworkTrainer(untrained_network(COUNTING, 1), inputs, expected, rules)
    for _ in range(2):
        for layer, position in reversed(neurons(trainer)):
            trainer.train(layer, position, 2)
    if len(set(expected)) == 1:
        assert trainer.metrics().score == 1.0
    assert trainer.metrics().loss <= 1


def test_a_pair_is_decided_as_the_reference_does_and_never_grows() -> None:
    def size(network: Network) -> int:
        return sum(len(n.filter) for n in network.neurons if isinstance(n, Hashtron))

    replaced = 0
    for seed in range(20):
        case = Case(PATTERNS, seed, count=60)
        trainer = case.trainer(FORWARD_RULES)
        trainer.train_by_pair_tally(1, 0, 2, 0)
        assert trainer.network() is case.network  # coin tosses have no bytes
        for layer, position in neurons(trainer):
            trainer.train(layer, position, 0)
        before = trainer.network()
        tally = decide_pair(Traces(before, case.inputs), (0, 2), case.expected)
        one, two = trainer.train_by_pair_tally(1, 0, 2, 0)
        now = trainer.network()
        assert size(now) <= size(before)
        assert now.neurons[1:2] + now.neurons[3:] == before.neurons[1:2] + before.neurons[3:]
        if now is before:
            assert (one.changed, two.changed) == (0, 0)
            continue
        replaced += 1
        for neuron, values, answers in zip((0, 2), tally.values, tally.answers, strict=True):
            wanted = Hashtron((), build_filter(values, answers)) if values.size else before.neurons[neuron]
            assert now.neurons[neuron] == wanted
    assert replaced > 0


def test_what_cannot_be_trained_is_refused() -> None:
    case = Case(COUNTING, 1)
    with pytest.raises(DataError, match="expected outputs have shape"):
        NetworkTrainer(case.network, case.inputs, [1, 0])
    with pytest.raises(DataError, match="0 samples cannot be learnt"):
        NetworkTrainer(case.network, np.zeros((0, 4), np.uint32), [])
    with pytest.raises(ConfigError, match="layer 4 has no neuron 0"):
        case.trainer().train(4, 0, 2)
    with pytest.raises(ConfigError, match="layer 1 has no neuron 4"):
        case.trainer().train(1, 4, 2)
    with pytest.raises(ConfigError, match="does not ascend"):
        case.trainer(FORWARD_RULES).train_by_pair_tally(1, 2, 1, 0)
    with pytest.raises(StateError, match="another architecture"):
        case.trainer().restore(Case(PATTERNS, 1).network)
    with pytest.raises(ConfigError, match="temperature"):
        LearningRules(temperature=0.0)
    mixing = Architecture((HashtronLayer(2), Parity(2)))
    with pytest.raises(ConfigError, match="margin credit needs"):
        NetworkTrainer(untrained_network(mixing, 1), [[1, 2]], [1])
    NetworkTrainer(untrained_network(mixing, 1), [[1, 2]], [1], HARD).train(1, 0, 0)
