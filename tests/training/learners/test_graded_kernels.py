from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.kernels import HIGHEST
from goldzone.training.learners.graded_kernels import (
    RATE_BITS,
    VOTE_ONE,
    Ballots,
    Cells,
    GradeRule,
    Sampled,
    cast_votes,
    count_answers,
    fold_cells,
    grade_cells,
    settle,
    split_cells,
)
from goldzone.training.learners.graded_neurons import GradedNeurons
from tests.naive.graded import (
    MOST,
    NaiveGraded,
    NaiveRule,
    naive_answered,
    naive_grade,
    naive_weighed,
)

words = st.integers(0, 2**32 - 1)
rules = st.builds(NaiveRule, st.integers(0, 5 * VOTE_ONE), st.integers(1, 16 << RATE_BITS))
any_sum = st.one_of(st.integers(-MOST, MOST), st.integers(-20 * VOTE_ONE, 20 * VOTE_ONE))
any_square = st.one_of(st.integers(0, MOST), st.integers(0, 1 << 16))
N_COLUMNS, N_ROWS = 4, 3


def kernel_rule(rule: NaiveRule) -> GradeRule:
    return GradeRule(rule.evidence, rule.rate, rule.damping)


def graded(sums: list[tuple[int, int]], rule: NaiveRule) -> list[int]:
    """Grade cells with these sums by the kernel."""
    table = np.array([[z, n, 0] for z, n in sums], dtype=np.int32)
    grades = np.empty(len(sums), dtype=np.uint8)
    grade_cells(table, kernel_rule(rule), grades)
    return [int(grade) - HIGHEST for grade in grades]


@given(st.lists(st.tuples(any_sum, any_square), min_size=1, max_size=50), rules)
def test_a_grade_follows_from_the_sums_of_its_cell(sums: list[tuple[int, int]], rule: NaiveRule) -> None:
    assert graded(sums, rule) == [naive_grade(z, n, rule) for z, n in sums]


@given(st.one_of(any_square, st.integers(0, 40_000).map(lambda root: root * root)), st.integers(1, 7), rules)
def test_the_least_sum_of_each_grade_is_exact(n: int, grade: int, rule: NaiveRule) -> None:
    root = rule.damping + math.isqrt(n * 1024)
    least = rule.evidence - (1 - 2 * grade) * root * 256 // (2 * rule.rate)
    sums = [(z, n) for z in range(least - 2, least + 3) if 0 < z <= MOST]
    assert graded([(0, 0), *sums], rule) == [0, *(naive_grade(z, n, rule) for z, _ in sums)]


@given(any_sum, any_square, rules)
def test_a_grade_is_the_formula_rounded(z: int, n: int, rule: NaiveRule) -> None:
    """The root is rounded down, so that a grade may pass one half a little early."""
    (grade,) = graded([(z, n)], rule)
    beyond = max(0, abs(z) - rule.evidence) / VOTE_ONE
    damped = rule.damping / VOTE_ONE + math.sqrt(n / 4096)
    exact = min(HIGHEST, rule.rate / 256 * beyond / damped)
    assert abs(grade) == pytest.approx(exact, abs=0.5 + exact * 0.005)
    assert grade * z >= 0


@pytest.mark.parametrize(
    ("z", "grade"), [(2048, 0), (2049, 0), (4095, 0), (4096, 1), (-4096, -1), (MOST, 7), (-MOST, -7)]
)
def test_halves_are_rounded_up_and_the_evidence_itself_is_not_enough(z: int, grade: int) -> None:
    rule = NaiveRule(evidence=VOTE_ONE, rate=256, damping=VOTE_ONE)  # where N is 1: (|z| - 1 word) / 2 words
    assert graded([(z, 4096)], rule) == [grade]


@st.composite
def ballots(draw: st.DrawFn) -> Ballots:
    """Votes on few features, so that they meet and often cancel."""
    values = np.array([[draw(words) for _ in range(N_COLUMNS)] for _ in range(N_ROWS)], dtype=np.uint32)
    size = st.one_of(st.integers(-2, 2), st.integers(-40 * VOTE_ONE, 40 * VOTE_ONE)).filter(bool)
    votes = draw(
        st.lists(st.tuples(st.integers(0, N_COLUMNS - 1), st.sampled_from([0, 1, 77]), size), max_size=12)
    )
    votes += [(column, key, -vote) for column, key, vote in votes if draw(st.booleans())]
    table = np.array(votes, dtype=np.int64).reshape(-1, 3)
    return Ballots(
        values, table[:, 0].astype(np.int32), table[:, 1].astype(np.uint32), table[:, 2].astype(np.int32)
    )


def votes_of(given_: Ballots, row: int) -> list[tuple[int, int]]:
    """List (feature, vote) as a neuron of a row reads them."""
    return [
        ((int(given_.values[row, column]) + key) % 2**32, vote)
        for column, key, vote in zip(
            given_.column.tolist(), given_.key.tolist(), given_.vote.tolist(), strict=True
        )
    ]


def cast_all(neurons: GradedNeurons, chosen: list[int], lists: list[Ballots], rule: NaiveRule) -> None:
    """Cast some lists of votes as one batch; neuron j reads row ``j % N_ROWS``."""
    touched = np.zeros(sum(len(each.vote) for each in lists) * len(chosen) + 1, dtype=np.int32)
    of = np.array(chosen, dtype=np.int64)
    count = 0
    for each in lists:
        count = cast_votes(of, of % N_ROWS, each, neurons.cells, touched, count)
    settle(touched[:count], neurons.cells, kernel_rule(rule))


def check_cells(cells: Cells, twins: list[NaiveGraded]) -> None:
    for j, twin in enumerate(twins):
        own = slice(cells.starts[j], cells.starts[j + 1])
        assert cells.sums[own, :2].tolist() == [
            list(twin.sums.get(cell, (0, 0))) for cell in range(twin.premodulo)
        ]
        assert (cells.grades[own].astype(int) - HIGHEST).tolist() == twin.table()
        assert cells.cast[j] == twin.cast
    assert not cells.sums[:, 2].any()  # no vote is left over for the next batch


@given(
    st.lists(words, min_size=1, max_size=4),
    st.sampled_from([1, 2, 8]),
    st.lists(st.tuples(st.lists(ballots(), min_size=1, max_size=2), rules), max_size=4),
    st.data(),
)
def test_votes_of_a_batch_are_added_up_in_their_cells(
    salts: list[int], premodulo: int, batches: list[tuple[list[Ballots], NaiveRule]], data: st.DataObject
) -> None:
    neurons = GradedNeurons(np.array(salts, dtype=np.uint32), premodulo, averaged=1)
    twins = [NaiveGraded(salt, premodulo) for salt in salts]
    for lists, rule in batches:
        chosen = sorted(data.draw(st.sets(st.integers(0, len(salts) - 1), min_size=1)))
        cast_all(neurons, chosen, lists, rule)
        for j in chosen:
            twins[j].vote([vote for each in lists for vote in votes_of(each, j % N_ROWS)], rule)
    check_cells(neurons.cells, twins)


def test_sums_stop_to_grow_where_their_numbers_end() -> None:
    cells = GradedNeurons(np.array([5], dtype=np.uint32), 1, averaged=1).cells
    for sign in (1, -1):
        cells.sums[0] = sign * (MOST - 5), MOST - 5, 0
        cells.sums[0, 2] = sign * 6 * VOTE_ONE
        settle(np.zeros(1, np.int32), cells, GradeRule(0, 256, 1))
        assert cells.sums.tolist() == [[sign * MOST, MOST, 0]]


sums_of_cells = st.lists(st.tuples(any_sum, any_square), min_size=1, max_size=9)


@given(sums_of_cells.filter(lambda sums: len(sums) % 2 == 0))
def test_neighbouring_cells_are_folded_into_one(sums: list[tuple[int, int]]) -> None:
    folded = np.empty((len(sums) // 2, 3), dtype=np.int32)
    fold_cells(np.array([[z, n, 9] for z, n in sums], dtype=np.int32), folded)
    twin = NaiveGraded(1, len(sums), dict(enumerate(sums)))
    twin.move(len(sums) // 2)
    assert folded.tolist() == [[*twin.sums[cell], 0] for cell in range(len(sums) // 2)]


@given(sums_of_cells)
def test_both_halves_of_a_split_cell_begin_as_the_whole(sums: list[tuple[int, int]]) -> None:
    split = np.empty((2 * len(sums), 3), dtype=np.int32)
    split_cells(np.array([[z, n, 9] for z, n in sums], dtype=np.int32), split)
    assert split.tolist() == [[z, n, 0] for z, n in sums for _ in range(2)]


@given(
    words,
    st.sampled_from([1, 2, 8, 64]),
    st.lists(st.lists(st.tuples(words, any_sum), max_size=6), max_size=4),
)
def test_folded_votes_are_those_that_half_the_cells_would_have_got(
    salt: int, half: int, batches: list[list[tuple[int, int]]]
) -> None:
    """The hash multiplies and shifts, so that a feature's cell is halved with the premodulo."""
    rule = NaiveRule(0, 256)
    wide, narrow = NaiveGraded(salt, 2 * half), NaiveGraded(salt, half)
    for votes in batches:
        small = [(feature, vote // 1000) for feature, vote in votes]
        wide.vote(small, rule)
        narrow.vote(small, rule)
    sums = np.array([[*wide.sums.get(cell, (0, 0)), 0] for cell in range(2 * half)], dtype=np.int32)
    folded = np.empty((half, 3), dtype=np.int32)
    fold_cells(sums, folded)
    assert folded[:, 0].tolist() == [narrow.sums.get(cell, (0, 0))[0] for cell in range(half)]
    assert wide.cast == narrow.cast


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 12))
def test_answers_are_counted_sample_by_sample(seed: int, n_templates: int, n_positions: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 4, size=3)  # some symbols have no candidates
    offsets = np.cumsum([0, *counts]).astype(np.int64)
    symbol = random.integers(3, size=n_positions).astype(np.int32)
    context = random.integers(2**32, size=(n_templates, n_positions), dtype=np.uint32)
    keys = random.integers(2**32, size=int(offsets[-1]), dtype=np.uint32)
    starts = np.cumsum([0, *counts[symbol]]).astype(np.int64)
    neurons = GradedNeurons(random.integers(2**32, size=4, dtype=np.uint32), 4, averaged=1)
    neurons.cells.grades[:] = random.integers(2 * HIGHEST + 1, size=neurons.cells.grades.size)
    chosen, templates = np.array([0, 2, 3]), random.integers(n_templates, size=3)
    answered, score = np.full(4, -1, np.int64), np.ones(int(starts[-1]), np.int32)
    count_answers(
        chosen, templates, Sampled(symbol, context, offsets, keys, starts), neurons.cells, answered, score
    )

    features = {
        j: [
            (int(context[template, position]) + int(keys[key])) % 2**32
            for position, letter in enumerate(symbol.tolist())
            for key in range(offsets[letter], offsets[letter + 1])
        ]
        for j, template in zip(chosen.tolist(), templates.tolist(), strict=True)
    }
    twins = {
        j: NaiveGraded(
            int(neurons.cells.salts[j]),
            4,
            grades=dict(enumerate((neurons.cells.grades[4 * j : 4 * j + 4].astype(int) - HIGHEST).tolist())),
        )
        for j in chosen.tolist()
    }
    assert answered.tolist() == [
        naive_answered(twins[j], features[j]) if j in twins else -1 for j in range(4)
    ]
    assert score.tolist() == [1 + total for total in naive_weighed(twins, features)]
