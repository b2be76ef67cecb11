from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.kernels import HIGHEST
from goldzone.training.learners.graded_kernels import (
    Ballots,
    GradeRule,
    Sampled,
    cast_votes,
    count_answers,
    settle,
)
from goldzone.training.learners.graded_neurons import GradedNeurons
from tests.naive.graded import NaiveGraded, NaiveRule, naive_mean, naive_sum
from tests.naive.hashtron_filter import WORD

uint32 = st.integers(0, WORD)
premodulos = st.sampled_from([2, 4, 8, 64])
# Few features, so that cells are shared; votes up to four words, and some so large that sums are cut off.
votes = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([1, 77, 4_000_000_000]),
        st.integers(-8192, 8192) | st.just(2**21),
    ),
    max_size=12,
)
rules = st.builds(NaiveRule, st.integers(0, 10_000), st.integers(1, 4096), st.integers(1, 500))


def neurons_of(salts: list[int], premodulo: int, averaged: int = 3) -> GradedNeurons:
    return GradedNeurons(np.array(salts, dtype=np.uint32), premodulo, averaged=averaged)


def learn(
    neurons: GradedNeurons, values: list[list[int]], batch: list[tuple[int, int, int]], rule: GradeRule
) -> None:
    """Cast the votes (column, key, vote) of a batch in all neurons."""
    column, key, vote = (list(each) for each in zip(*batch, strict=True)) if batch else ([], [], [])
    ballots = Ballots(
        np.array(values, dtype=np.uint32),
        np.array(column, dtype=np.int32),
        np.array(key, dtype=np.uint32),
        np.array(vote, dtype=np.int32),
    )
    every = np.arange(len(values), dtype=np.int64)
    touched = np.empty(len(values) * len(batch), dtype=np.int32)
    count = cast_votes(every, every, ballots, neurons.cells, touched, 0)
    settle(touched[:count], neurons.cells, rule)


@given(st.lists(uint32, min_size=1, max_size=3), premodulos, st.lists(votes, max_size=4), rules, st.data())
def test_votes_are_cast_as_the_definition_reads(
    salts: list[int],
    premodulo: int,
    batches: list[list[tuple[int, int, int]]],
    naive_rule: NaiveRule,
    data: st.DataObject,
) -> None:
    values = data.draw(
        st.lists(st.lists(uint32, min_size=4, max_size=4), min_size=len(salts), max_size=len(salts))
    )
    rule = GradeRule(naive_rule.evidence, naive_rule.rate, naive_rule.damping)
    neurons = neurons_of(salts, premodulo)
    naive = [NaiveGraded(salt, premodulo) for salt in salts]
    for batch in batches:
        learn(neurons, values, batch, rule)
        for neuron, own in zip(naive, values, strict=True):
            neuron.learn((own[column] + key, vote) for column, key, vote in batch)
    cells = neurons.cells
    assert cells.cast.tolist() == [neuron.cast for neuron in naive]
    expected = [cell for neuron in naive for cell in neuron.cells]
    assert cells.sums[:, 0].tolist() == [cell.z for cell in expected]
    assert cells.sums[:, 1].tolist() == [cell.n for cell in expected]
    assert not cells.sums[:, 2].any()
    assert (cells.grades.astype(int) - HIGHEST).tolist() == [naive_rule.grade(cell) for cell in expected]


@given(uint32, st.sampled_from([4, 8, 64]), st.lists(votes, min_size=1, max_size=3), rules)
def test_a_folded_neuron_is_one_that_had_fewer_cells_for_its_sums(
    salt: int, premodulo: int, batches: list[list[tuple[int, int, int]]], naive_rule: NaiveRule
) -> None:
    rule = GradeRule(naive_rule.evidence, naive_rule.rate, naive_rule.damping)
    values, neurons, naive = [[1, 2, 3, 4]], neurons_of([salt], premodulo), NaiveGraded(salt, premodulo)
    for batch in batches:
        learn(neurons, values, batch, rule)
        naive.learn((values[0][column] + key, vote) for column, key, vote in batch)
    neurons.move({0: premodulo // 2})
    neurons.grade(rule)
    folded = naive.halved()
    assert neurons.cells.sums[:, 0].tolist() == [cell.z for cell in folded.cells]
    assert neurons.cells.sums[:, 1].tolist() == [cell.n for cell in folded.cells]
    assert (neurons.cells.grades.astype(int) - HIGHEST).tolist() == list(map(naive_rule.grade, folded.cells))
    neurons.move({0: premodulo})
    neurons.grade(rule)
    again = [naive_rule.grade(cell) for cell in folded.cells for _ in range(2)]
    assert (neurons.cells.grades.astype(int) - HIGHEST).tolist() == again


@given(uint32, st.lists(votes, min_size=1, max_size=5), rules, st.integers(1, 3))
def test_the_network_is_the_mean_of_the_last_sweeps(
    salt: int, sweeps: list[list[tuple[int, int, int]]], naive_rule: NaiveRule, averaged: int
) -> None:
    rule = GradeRule(naive_rule.evidence, naive_rule.rate, naive_rule.damping)
    neurons, naive = neurons_of([salt], 4, averaged), NaiveGraded(salt, 4)
    kept: list[list[int]] = []
    for batch in sweeps:
        learn(neurons, [[1, 2, 3, 4]], batch, rule)
        naive.learn((column + 1 + key, vote) for column, key, vote in batch)
        neurons.keep()
        kept.append(list(map(naive_rule.grade, naive.cells)))
    mean = [naive_mean(grades) for grades in zip(*kept[-averaged:], strict=True)]
    (table,) = neurons.tables()
    assert table.grades().tolist() == mean


@given(
    st.lists(uint32, min_size=1, max_size=3),
    premodulos,
    st.lists(votes, min_size=1, max_size=3),
    rules,
    st.lists(st.tuples(uint32, st.integers(0, 1)), max_size=6),
)
def test_s_counts_the_samples_that_are_answered_with_yes(
    salts: list[int],
    premodulo: int,
    batches: list[list[tuple[int, int, int]]],
    naive_rule: NaiveRule,
    positions: list[tuple[int, int]],
) -> None:
    rule = GradeRule(naive_rule.evidence, naive_rule.rate, naive_rule.damping)
    neurons = neurons_of(salts, premodulo)
    naive = [NaiveGraded(salt, premodulo) for salt in salts]
    for batch in batches:
        learn(neurons, [[1, 2, 3, 4]] * len(salts), batch, rule)
        for neuron in naive:
            neuron.learn((column + 1 + key, vote) for column, key, vote in batch)
    keys = [[1, 77], [4_000_000_000]]  # candidates of symbols 0 and 1
    symbols = [symbol for _, symbol in positions]
    sampled = Sampled(
        symbol=np.array(symbols, dtype=np.int32),
        context=np.array([[context for context, _ in positions]], dtype=np.uint32).reshape(1, -1),
        candidate_offsets=np.array([0, 2, 3], dtype=np.int64),
        candidate_key=np.array([key for each in keys for key in each], dtype=np.uint32),
        sample_offsets=np.cumsum([0, *(len(keys[symbol]) for symbol in symbols)], dtype=np.int64),
    )
    features = [context + key for context, symbol in positions for key in keys[symbol]]
    answered, score = np.zeros(len(salts), dtype=np.int64), np.zeros(len(features), dtype=np.int32)
    every = np.arange(len(salts), dtype=np.int64)
    count_answers(every, np.zeros_like(every), sampled, neurons.cells, answered, score)
    assert answered.tolist() == [naive_sum(neuron, features, naive_rule) for neuron in naive]
    assert score.tolist() == [
        sum(HIGHEST + neuron.answer(feature, naive_rule) for neuron in naive) for feature in features
    ]
