from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.data.builtin import load_builtin_sentences
from goldzone.data.homographs import homograph_samples, homograph_table, split_sentences
from goldzone.data.samples import Samples, sentence_samples, sentence_vocabulary
from goldzone.data.templates import SENTENCE_TEMPLATES, Templates, parse_templates
from goldzone.deep.hard_tally import hard_votes
from goldzone.deep.traces import Traces
from goldzone.deep.values import SeenValues
from goldzone.errors import ConfigError, StateError
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable
from goldzone.hashtron.presets import context_committee
from goldzone.hashtron.weights import read_weights, write_weights
from goldzone.training.config import TrainingConfig
from goldzone.training.learners import answers
from goldzone.training.learners.committee import (
    CONTEXT_LAYER,
    FINAL_LAYER,
    CommitteeTrainer,
    assign_templates,
)
from goldzone.training.learners.credit import hard_tables, margin_tables
from goldzone.training.learners.credit_kernels import VOTE_ONE
from goldzone.training.settings import CreditSettings, NetworkSettings
from tests.naive.committee import (
    Votes,
    naive_answers,
    naive_features,
    naive_pair_learnt,
    naive_right_answers,
    naive_right_positions,
    naive_scores,
)
from tests.naive.samples import sample_order

Kind = Literal["rank", "margin", "hard"]
KINDS: tuple[Kind, ...] = ("rank", "margin", "hard")

TEMPLATES = parse_templates(["L0", "L-1..0", "S1"])
WIDTH = 8


def made_up(seed: int, n_positions: int = 40, *, listed: bool = False) -> Samples:
    """Samples whose contexts recur and say something of the right candidate."""
    generator = np.random.default_rng(seed)
    counts = np.array([1, 2, 3, 5])
    symbol = generator.integers(0, counts.size, n_positions).astype(np.int32)
    kind = generator.integers(0, 6, (len(TEMPLATES), n_positions))
    gold = (kind[0] % counts[symbol]).astype(np.int32)
    noisy = generator.random(n_positions) < 0.2
    gold[noisy] = generator.integers(0, counts[symbol[noisy]])
    if not listed:
        gold[generator.random(n_positions) < 0.1] = -1
    return Samples(
        offsets=np.array([0, *range(4, n_positions, 4), n_positions]),
        symbol=symbol,
        context=generator.integers(0, 1 << 32, 6, dtype=np.uint32)[kind],
        candidate_offsets=np.cumsum([0, *counts]),
        candidate_key=generator.integers(0, 1 << 32, counts.sum(), dtype=np.uint32),
        sample_offsets=np.cumsum([0, *counts[symbol]]),
        gold=gold,
        weight=np.ones(n_positions, np.int32) if listed else generator.integers(1, 13, n_positions, np.int32),
    )


def config(
    kind: Kind = "rank", seed: int = 1, threshold: float = 0.0, neurons: int = WIDTH
) -> TrainingConfig:
    return TrainingConfig(
        seed=seed,
        network=NetworkSettings(neurons=neurons),
        credit=CreditSettings(kind=kind, temperature=2.0, vote_threshold=(threshold,)),
    )


@contextmanager
def trainer(samples: Samples, settings: TrainingConfig, threads: int = 1) -> Iterator[CommitteeTrainer]:
    made = CommitteeTrainer(samples, TEMPLATES, settings, threads=threads)
    try:
        yield made
    finally:
        made.close()


def in_sample_order(training: CommitteeTrainer) -> NDArray[np.int64]:
    """Return the score of every sample: int64[n_samples]."""
    scores = np.empty(training.n_samples, np.int64)
    scores[sample_order(training._tiles, training.samples)] = training._score
    return scores


def columns(samples: Samples, committee: Committee) -> NDArray[np.uint32]:
    """Return what each context neuron reads: uint32[n_samples, n_neurons]."""
    return np.array([naive_features(samples, t) for t in committee.template_of], dtype=np.uint32).T


def labels(samples: Samples) -> NDArray[np.uint16]:
    wanted = np.zeros(samples.n_samples, np.uint16)
    wanted[(samples.sample_offsets[:-1] + samples.gold)[samples.gold >= 0]] = 1
    return wanted


@settings(max_examples=25)
@given(
    st.sampled_from(KINDS),
    st.integers(0, 100),
    st.lists(st.tuples(st.integers(0, WIDTH), st.integers(2, 60)), min_size=1, max_size=14),
    st.integers(1, 3),
)
def test_scores_stay_those_of_the_network_whatever_is_trained_in_which_order(
    kind: Kind, seed: int, order: list[tuple[int, int]], threads: int
) -> None:
    samples = made_up(seed)
    with trainer(samples, config(kind), threads) as training:
        for position, premodulo in order:
            layer = FINAL_LAYER if position == WIDTH else CONTEXT_LAYER
            trained = training.train(layer, position % WIDTH, premodulo)
            committee = training.network()
            scores = naive_scores(committee, samples)
            assert in_sample_order(training).tolist() == scores
            # S is the number of samples that the trained neuron answers with yes.
            neuron = committee.final if layer == FINAL_LAYER else committee.bit_tables[position]
            if layer == FINAL_LAYER:
                ones = sum(naive_answers(committee, scores))
            else:
                assert committee.bit_tables[position].premodulo == premodulo
                template = committee.template_of[position]
                ones = int(neuron.evaluate(naive_features(samples, template)).sum())
            assert (trained.total, trained.samples) == (ones, samples.n_samples)
            assert 0 <= trained.agreement <= 1
        metrics = training.metrics()
    rights = naive_right_positions(samples, scores)
    words = [all(rights[start:stop]) for start, stop in pairwise(samples.offsets.tolist())]
    assert metrics.metrics["position_accuracy"] == pytest.approx(np.mean(rights))
    assert metrics.score == pytest.approx(np.mean(words))


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_as_a_value_answers_as_the_trainer_does(kind: Kind, tmp_path: Path) -> None:
    samples = made_up(3)
    with trainer(samples, config(kind)) as training:
        for premodulo in (40, 12):
            training.train(FINAL_LAYER, 0, samples.n_samples)
            for position in range(WIDTH):
                training.train(CONTEXT_LAYER, position, premodulo + position)
        committee = training.network()
        scores, answers = in_sample_order(training), training._answers
    inputs = columns(samples, committee)
    path = tmp_path / "weights.json.zlib"
    write_weights(path, committee.network(for_go=True))
    for network in (
        committee.network(),
        committee.network(for_go=True),
        read_weights(path, context_committee(WIDTH)),
    ):
        context, final = network.trace(inputs)
        assert np.array_equal(context.bits.sum(axis=1), scores)
        assert np.array_equal(final.features[:, 0], scores)
        assert np.array_equal(network.infer(inputs), answers[scores])
    assert committee.final.evaluate(np.arange(WIDTH + 1)).tolist() == answers.tolist()


def test_a_fresh_committee_is_silent_below_a_coin_toss() -> None:
    samples = made_up(0)
    with trainer(samples, config()) as training:
        committee = training.network()
        assert not in_sample_order(training).any()
        assert training.metrics().loss > 0
        assert committee.final.evaluate(np.arange(WIDTH + 1)).tolist() == training._answers.tolist()
    assert not any(table.bits().any() for table in committee.bit_tables)
    assert len({table.salt for table in committee.bit_tables}) == WIDTH
    assert committee.final.filter == b""


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(0, WIDTH - 1), st.integers(2, 30))
def test_hard_credit_is_the_reference_s_tally(seed: int, position: int, premodulo: int) -> None:
    samples = made_up(seed, listed=True)
    with trainer(samples, config("hard")) as training:
        for sweep in range(2):
            training.train(FINAL_LAYER, 0, samples.n_samples)
            for other in range(WIDTH):
                training.train(CONTEXT_LAYER, other, premodulo + sweep)
        training.train(FINAL_LAYER, 0, samples.n_samples)
        before = training.network()
        trained = training.train(CONTEXT_LAYER, position, before.bit_tables[position].premodulo)
        after = training.network()
    old = before.bit_tables[position]
    traces = Traces(before.network(), columns(samples, before))
    votes, improves = hard_votes(traces, position, labels(samples))
    seen = SeenValues.of(traces.seen(0, position), old.salt, old.premodulo)
    sums, wanted = seen.add_up(votes), old.bits()
    wanted[seen.values[sums != 0]] = sums[sums != 0] > 0
    assert after.bit_tables[position].bits().tolist() == wanted.tolist()
    assert trained.changed == int((old.bits() != wanted).sum())
    if not improves.any():
        assert trained.changed == 0


def test_the_final_neuron_first_learns_that_most_candidates_are_wrong() -> None:
    samples = made_up(1)
    with trainer(samples, config()) as training:
        trained = training.train(FINAL_LAYER, 0, samples.n_samples)
        committee = training.network()
        assert training._answers[0] == 0
    n = samples.n_samples
    assert (trained.total, trained.samples) == (0, n)
    assert not committee.network().infer(columns(samples, committee)).any()
    # All votes are on one cell: they agree by the share by which the wrong candidates outweigh the right.
    right, wrong = _class_weights(samples)
    assert trained.agreement == pytest.approx((wrong - right) / (wrong + right))


def _class_weights(samples: Samples) -> tuple[int, int]:
    listed = samples.gold >= 0
    counts = np.diff(samples.sample_offsets)
    right = int(samples.weight[listed].sum())
    return right, int((samples.weight * counts)[listed].sum()) - right


def test_scores_that_no_sample_has_yet_mean_yes_above_all_others() -> None:
    samples = made_up(1)
    with trainer(samples, config()) as training:
        training.train(FINAL_LAYER, 0, 1 << 20)  # so many cells that each score has its own
        assert training._answers.tolist() == [0] + [1] * WIDTH
        training.train(CONTEXT_LAYER, 0, 1000)
        training.train(FINAL_LAYER, 0, 1 << 20)
        assert training._answers.tolist()[2:] == [1] * (WIDTH - 1)


def test_the_final_neuron_answers_by_the_heavier_class_at_each_score() -> None:
    samples = made_up(2)
    with trainer(samples, config()) as training:
        for position in range(WIDTH):
            training.train(CONTEXT_LAYER, position, 50)
        trained = training.train(FINAL_LAYER, 0, 1 << 20)
        scores, answers = in_sample_order(training), training._answers
    wanted = labels(samples).astype(bool)
    weight = np.repeat(np.where(samples.gold >= 0, samples.weight, 0), np.diff(samples.sample_offsets))
    decided = 0
    for score in range(int(scores.max()) + 1):
        balance = int((weight * np.where(wanted, 1, -1))[scores == score].sum())
        assert answers[score] == (balance > 0)
        decided += abs(balance)
    assert trained.agreement == pytest.approx(decided / weight.sum())


def train_all(samples: Samples, settings: TrainingConfig, threads: int = 1) -> list[object]:
    """Train two sweeps and return all that came out."""
    found: list[object] = []
    with trainer(samples, settings, threads) as training:
        for premodulo in (70, 33):
            found.append(training.train(FINAL_LAYER, 0, samples.n_samples))
            found += [training.train(CONTEXT_LAYER, position, premodulo) for position in range(WIDTH)]
            found += [training.metrics(), training.network()]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_nothing(kind: Kind) -> None:
    samples = made_up(4, 61)
    one = train_all(samples, config(kind))
    assert one == train_all(samples, config(kind), 2) == train_all(samples, config(kind), 3)
    # More threads than positions, too.
    few = made_up(4, 2)
    assert train_all(few, config(kind)) == train_all(few, config(kind), 3)


def test_another_seed_gives_another_network_and_the_same_seed_the_same() -> None:
    samples = made_up(5)
    first, again, other = (train_all(samples, config(seed=seed))[-1] for seed in (1, 1, 2))
    assert isinstance(first, Committee)
    assert isinstance(other, Committee)
    assert first == again
    assert not {table.salt for table in first.tables} & {table.salt for table in other.tables}
    assert first.final.program[0][0] != other.final.program[0][0]


def test_a_neuron_trained_again_under_the_same_premodulo_keeps_its_unvoted_cells() -> None:
    samples = made_up(6)
    with trainer(samples, config()) as training:
        training.train(CONTEXT_LAYER, 0, 4096)
        cells = training.network().bit_tables[0].bits()
        assert cells.any()
        # Nothing is listed any more, so that no sample votes.
        training._tiles.weight[:] = 0
        trained = training.train(CONTEXT_LAYER, 0, 4096)
        assert training.network().bit_tables[0].bits().tolist() == cells.tolist()
        assert (trained.changed, trained.agreement) == (0, 0.0)
        # Under another premodulo the cells are others, and nothing is known of them.
        training.train(CONTEXT_LAYER, 0, 4097)
        assert not training.network().bit_tables[0].bits().any()
        assert not in_sample_order(training).any()


def test_more_evidence_lets_fewer_cells_answer_one() -> None:
    samples = made_up(7)
    ones = []
    for threshold in (0.0, 0.5, 1e6):
        with trainer(samples, config(threshold=threshold)) as training:
            training.train(CONTEXT_LAYER, 0, 100)
            ones.append(int(training.network().bit_tables[0].bits().sum()))
    assert ones[0] > ones[1] > ones[2] == 0


def test_the_evidence_follows_its_schedule_and_the_last_entry_stays() -> None:
    samples = made_up(7)
    schedule = CreditSettings(kind="rank", temperature=2.0, vote_threshold=(1e6, 0.5, 0.0))
    settings = config().model_copy(update={"credit": schedule})
    expected = {}
    for threshold in schedule.vote_threshold:
        with trainer(samples, config(threshold=threshold)) as training:
            training.train(CONTEXT_LAYER, 0, 100)
            expected[threshold] = training.network().bit_tables[0]
    with trainer(samples, settings) as training:
        training.train(CONTEXT_LAYER, 0, 100)
        assert training.network().bit_tables[0] == expected[1e6]
    for sweep, threshold in ((1, 1e6), (2, 0.5), (3, 0.0), (4, 0.0), (1000, 0.0)):
        with trainer(samples, settings) as training:
            training.start_sweep(sweep)
            training.train(CONTEXT_LAYER, 0, 100)
            assert training.network().bit_tables[0] == expected[threshold]


def test_templates_are_given_out_evenly_the_small_ones_first() -> None:
    templates = parse_templates(["L-1..1", "L0", "L0 S1", "S1", "C1..2"])
    assert assign_templates(templates, 12).tolist() == [1, 3, 1, 3, 1, 2, 4, 2, 4, 0, 0, 0]
    assert assign_templates(templates, 2).tolist() == [1, 0]
    assert assign_templates(templates, 12).dtype == np.int32


def test_samples_of_other_templates_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        CommitteeTrainer(made_up(0), parse_templates(["L0"]), config())
    assert str(caught.value) == "samples have 3 context columns; templates are 1"


pairs = st.permutations(range(WIDTH)).map(lambda order: (order[0], order[1]))


def table_votes_of(kind: Kind, samples: Samples, committee: Committee) -> Votes:
    """Return hard or margin credit at the scores of a committee, with temperature 2."""
    if kind == "hard":
        tables = hard_tables(committee.final.evaluate(np.arange(WIDTH + 1)))
    else:
        right, wrong = np.zeros((2, WIDTH + 1), np.int64)
        scores = naive_scores(committee, samples)
        for position, (start, stop) in enumerate(pairwise(samples.sample_offsets.tolist())):
            for sample in range(start, stop if samples.gold[position] >= 0 else start):
                side = right if sample - start == samples.gold[position] else wrong
                side[scores[sample]] += samples.weight[position]
        tables = margin_tables(right, wrong, 2.0)
    return tables.right.tolist(), tables.wrong.tolist()


@given(
    st.sampled_from(["hard", "margin"]),
    st.integers(0, 100),
    pairs,
    st.tuples(st.sampled_from([7, 30]), st.sampled_from([7, 30])),
    st.sampled_from([0.0, 0.05, 1.0]),
    st.integers(1, 3),
)
def test_a_pair_is_taken_out_and_decided_one_after_the_other(
    kind: Kind,
    seed: int,
    pair: tuple[int, int],
    premodulos: tuple[int, int],
    threshold: float,
    threads: int,
) -> None:
    samples = made_up(seed)
    with trainer(samples, config(kind, threshold=threshold), threads) as training:
        training.train(FINAL_LAYER, 0, 1 << 20)
        for position in range(WIDTH):
            training.train(CONTEXT_LAYER, position, 7)
        training.train(FINAL_LAYER, 0, 1 << 20)
        before = training.network()
        trained = training.train_pair(CONTEXT_LAYER, *pair, *premodulos)
        after = training.network()
        assert in_sample_order(training).tolist() == naive_scores(after, samples)
    threshold = int(threshold * VOTE_ONE * 12)
    assert after == naive_pair_learnt(
        before,
        samples,
        pair,
        premodulos,
        lambda committee: table_votes_of(kind, samples, committee),
        threshold,
    )
    for position, premodulo, found in zip(pair, premodulos, trained, strict=True):
        old, new = before.bit_tables[position].bits(), after.bit_tables[position].bits()
        start = old if old.size == premodulo else np.zeros(premodulo, np.bool_)
        answers = after.bit_tables[position].evaluate(naive_features(samples, after.template_of[position]))
        assert found.changed == int((start != new).sum())
        assert (found.total, found.samples) == (int(answers.sum()), samples.n_samples)


@pytest.mark.parametrize("kind", ["rank", "margin"])
def test_the_first_of_a_pair_may_take_what_the_second_held(kind: Kind) -> None:
    """Train the pair as if both were fresh: the same as one by one in a network where both are silent."""
    samples = made_up(8)
    with trainer(samples, config(kind)) as training:
        for position in range(WIDTH):
            training.train(CONTEXT_LAYER, position, 40)
        training.train(FINAL_LAYER, 0, 1 << 20)
        before = training.network()
        silent = [
            BitTable.from_bits(table.salt, np.zeros(33)) if position in {2, 4} else table
            for position, table in enumerate(before.bit_tables)
        ]
        training.restore(Committee(before.template_of, tuple(silent), before.final))
        alone = [training.train(CONTEXT_LAYER, position, 33) for position in (4, 2)]
        expected = training.network()
        training.restore(before)
        assert list(training.train_pair(CONTEXT_LAYER, 4, 2, 33, 33)) == alone
        assert training.network() == expected
        training.restore(before)
        for position in (4, 2):
            training.train(CONTEXT_LAYER, position, 33)
        assert training.network() != expected


@pytest.mark.parametrize(
    ("layer", "first", "second"),
    [
        (FINAL_LAYER, 0, 1),
        (CONTEXT_LAYER, 3, 3),
        (CONTEXT_LAYER, 0, WIDTH),
        (CONTEXT_LAYER, -1, 0),
        (3, 0, 1),
    ],
)
def test_what_is_no_pair_is_refused(layer: int, first: int, second: int) -> None:
    with trainer(made_up(0), config()) as training, pytest.raises(ConfigError) as caught:
        training.train_pair(layer, first, second, 8, 8)
    assert str(caught.value) == (
        f"layer {layer}, positions {first} and {second}: no pair; give two positions in 0..7 of layer 1"
    )


def a_sweep(training: CommitteeTrainer, sweep: int) -> list[object]:
    """Train a sweep, some neurons as pairs and under other premodulos than before."""
    training.start_sweep(sweep)
    found: list[object] = [training.train(FINAL_LAYER, 0, 500)]
    found += [training.train(CONTEXT_LAYER, position, 20 + sweep * position) for position in range(4)]
    found += training.train_pair(CONTEXT_LAYER, 6, 4, 30, 20 + sweep)
    found.append(training.train(CONTEXT_LAYER, 5, 20))
    return [*found, training.metrics(), training.network(), in_sample_order(training).tolist()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_restored_network_is_trained_on_as_if_nothing_had_come_after_it(kind: Kind, threads: int) -> None:
    samples = made_up(9)
    schedule = CreditSettings(kind=kind, temperature=2.0, vote_threshold=(0.1, 0.0))
    with trainer(samples, config().model_copy(update={"credit": schedule}), threads) as training:
        fresh = training.network()
        first = a_sweep(training, 1)
        kept = training.network()
        second = a_sweep(training, 2)
        assert first[-2] != second[-2]
        training.restore(kept)
        assert [training.metrics(), training.network(), in_sample_order(training).tolist()] == first[-3:]
        assert a_sweep(training, 2) == second
        # Even the state before anything was trained.
        training.restore(fresh)
        assert training.network() == fresh
        assert a_sweep(training, 1) == first


def test_a_network_can_be_restored_in_another_trainer_of_the_same_configuration() -> None:
    samples = made_up(9)
    with trainer(samples, config()) as training:
        a_sweep(training, 1)
        kept = training.network()
        second = a_sweep(training, 2)
    with trainer(samples, config()) as training:
        training.restore(kept)
        assert a_sweep(training, 2) == second


def test_a_network_of_another_trainer_is_refused_and_nothing_is_changed() -> None:
    samples = made_up(9)
    with trainer(samples, config()) as training:
        a_sweep(training, 1)
        own = training.network()
        with trainer(samples, config(neurons=5)) as other:
            narrow = other.network()
        with trainer(samples, config(seed=3)) as other:
            seeded = other.network()
        swapped = Committee(own.template_of[::-1], own.tables, own.final)
        for network, found in (
            (narrow, "5 context neurons, this trainer has 8"),
            (swapped, "other templates, this trainer has the configured ones"),
            (seeded, "other salts, this trainer has those of seed 1"),
            (Committee(own.template_of, own.tables, seeded.final), "other salts"),
            (Committee(own.template_of, seeded.tables, own.final), "other salts"),
        ):
            with pytest.raises(StateError, match=f"the network to restore has {found}"):
                training.restore(network)
        assert training.network() == own
        assert in_sample_order(training).tolist() == naive_scores(own, samples)


def test_premodulos_are_those_of_the_tables() -> None:
    with trainer(made_up(1), config()) as training:
        assert training.premodulos(CONTEXT_LAYER).tolist() == [2] * WIDTH
        assert training.premodulos(FINAL_LAYER).tolist() == [2]
        training.train(CONTEXT_LAYER, 3, 77)
        training.train(FINAL_LAYER, 0, 1234)
        assert training.premodulos(CONTEXT_LAYER).tolist() == [2, 2, 2, 77, 2, 2, 2, 2]
        assert training.premodulos(FINAL_LAYER).tolist() == [1234]
        assert training.premodulos(CONTEXT_LAYER).dtype == np.int64


@pytest.mark.parametrize("threads", [1, 3])
def test_packed_answers_are_those_to_the_right_candidates(threads: int) -> None:
    samples = made_up(3, 150)
    with trainer(samples, config(), threads) as training:
        for position in range(WIDTH - 1):
            training.train(CONTEXT_LAYER, position, 50)
        committee = training.network()
        packed = training.packed_answers(1, [4, 7, 0])
    listed = int((samples.gold >= 0).sum())
    assert 128 < listed < 150
    assert packed.samples == listed
    for row, neuron in enumerate([4, 7, 0]):
        bits = naive_right_answers(committee, samples, neuron)
        number = sum(bit << shift for shift, bit in enumerate(bits))
        assert packed.words[row].tolist() == [number >> shift & (2**64 - 1) for shift in (0, 64, 128)]
    assert packed.words[0].any()
    assert not packed.words[1].any()  # never trained


def test_of_many_answers_every_nth_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = made_up(3)
    listed = int((samples.gold >= 0).sum())
    with trainer(samples, config()) as training:
        training.train(CONTEXT_LAYER, 0, 50)
        committee = training.network()
        for most, step in (
            (listed, 1),
            (listed - 1, 2),
            (-(-listed // 2), 2),
            (-(-listed // 2) - 1, 3),
            (1, listed),
        ):
            monkeypatch.setattr(answers, "MOST_PACKED", most)
            packed = training.packed_answers(1, [0])
            bits = naive_right_answers(committee, samples, 0)[::step]
            assert packed.samples == len(bits) <= most
            assert packed.words.tolist() == [[sum(bit << shift for shift, bit in enumerate(bits))]]


@cache
def homographs() -> tuple[Samples, Samples, Templates]:
    """Return training and held-out samples of the built-in sentences."""
    split = split_sentences(load_builtin_sentences("english_homographs").sentences)
    table = homograph_table(split.train)
    train = homograph_samples(split.train, table)
    held_out = homograph_samples(split.dev + split.test, table)
    templates = parse_templates(SENTENCE_TEMPLATES)
    vocabulary = sentence_vocabulary(train)
    return (
        sentence_samples(train, vocabulary, templates),
        sentence_samples(held_out, vocabulary, templates),
        templates,
    )


@cache
def trained_on_homographs(kind: Kind) -> tuple[float, Committee]:
    train, _, templates = homographs()
    settings = config(kind, threshold=0.0 if kind == "hard" else 1.0, neurons=48)
    training = CommitteeTrainer(train, templates, settings)
    for _ in range(2):
        training.train(FINAL_LAYER, 0, train.n_samples)
        for position in range(48):
            training.train(CONTEXT_LAYER, position, 4096)
    training.train(FINAL_LAYER, 0, train.n_samples)
    training.close()
    return training.metrics().metrics["position_accuracy"], training.network()


@pytest.mark.parametrize("kind", KINDS)
def test_every_credit_learns_more_than_the_majority(kind: Kind) -> None:
    train, _, _ = homographs()
    majority = float(np.mean(train.gold == 0))
    accuracy, _ = trained_on_homographs(kind)
    assert accuracy > majority + 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_homographs_are_told_apart_better_than_by_the_majority(kind: Kind) -> None:
    _, held_out, _ = homographs()
    _, committee = trained_on_homographs(kind)
    context, _ = committee.network().trace(columns(held_out, committee))
    scores = context.bits.sum(axis=1)
    right = [
        gold >= 0 and int(np.argmax(scores[start:stop])) == gold
        for gold, start, stop in zip(
            held_out.gold, held_out.sample_offsets[:-1], held_out.sample_offsets[1:], strict=True
        )
    ]
    majority = float(np.mean(held_out.gold == 0))
    assert np.mean(right) > majority + (0.0 if kind == "hard" else 0.1)
