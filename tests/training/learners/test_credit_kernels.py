from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.hashtron.fixed_point import LOG_BITS, bits_per_vote, exp_table
from goldzone.training.learners.credit_kernels import (
    VOTE_ONE,
    count_scores,
    find_cells,
    rank_statistics,
    rank_votes,
    set_bits,
    table_votes,
)
from tests.naive.credit import (
    Position,
    columns,
    naive_cells,
    naive_count_scores,
    naive_rank_votes,
    naive_statistics,
    naive_table_votes,
)

N_NEURONS = 12
PREMODULO = 7
uint32 = st.integers(0, 2**32 - 1)


@st.composite
def position(draw: st.DrawFn) -> Position:
    keys = draw(st.lists(uint32, max_size=6))
    right = draw(st.one_of(st.none(), st.integers(0, len(keys) - 1))) if keys else None
    return Position(draw(uint32), keys, right, draw(st.integers(1, 12)))


class Case:
    """Positions whose samples have scores and cells; `bits` are the neuron's answers, in the scores."""

    def __init__(self, positions: Sequence[Position], seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.positions = positions
        self.columns = columns(positions)
        n_samples = sum(len(p.keys) for p in positions)
        self.cells = generator.integers(0, PREMODULO, n_samples, dtype=np.uint32)
        self.bits = generator.integers(0, 2, PREMODULO, dtype=np.uint8)
        self.without = generator.integers(0, N_NEURONS, n_samples)
        self.score = (self.without + self.bits[self.cells]).astype(np.int32)

    def by_cell(self, votes: Sequence[float]) -> NDArray[np.float64]:
        sums = np.zeros(PREMODULO)
        np.add.at(sums, self.cells, np.array(votes, np.float64))
        return sums

    def voted(
        self, kernel: object, first_table: object, second_table: object, cut: int
    ) -> tuple[NDArray[np.int64], int]:
        """Run a voting kernel over two ranges of positions that meet at `cut`."""
        assert callable(kernel)
        votes = np.zeros(PREMODULO, np.int64)
        absolute = 0
        for first, last in ((0, cut), (cut, len(self.positions))):
            absolute += kernel(
                first,
                last,
                self.columns.sample_offsets,
                self.columns.gold,
                self.columns.weight,
                self.score,
                self.cells,
                self.bits,
                first_table,
                second_table,
                votes,
            )
        return votes, absolute


cases = st.builds(Case, st.lists(position(), min_size=1, max_size=8), st.integers(0, 1000))


@settings(max_examples=60, deadline=None)
@given(st.lists(position(), max_size=8), uint32, st.integers(1, 2**32 - 1), st.integers(0, 8))
def test_a_sample_s_cell_is_the_hash_of_its_feature(
    positions: list[Position], salt: int, premodulo: int, cut: int
) -> None:
    data = columns(positions)
    cells = np.zeros(int(data.sample_offsets[-1]), np.uint32)
    cut = min(cut, len(positions))
    for first, last in ((cut, len(positions)), (0, cut)):
        find_cells(
            first,
            last,
            data.context,
            data.symbol,
            data.candidate_offsets,
            data.candidate_key,
            data.sample_offsets,
            np.uint32(salt),
            np.uint32(premodulo),
            cells,
        )
    assert cells.tolist() == naive_cells(positions, salt, premodulo)


@settings(max_examples=200, deadline=None)
@given(cases, st.floats(0.5, 12))
def test_rank_votes_are_the_newton_step_of_the_loss(case: Case, temperature: float) -> None:
    table = exp_table(temperature, N_NEURONS + 2)
    half_step = int(VOTE_ONE / (2 * temperature))
    votes, absolute = case.voted(rank_votes, table, half_step, len(case.positions))
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, case.without.tolist(), temperature)]
    # Each vote is rounded by up to four units of its weight.
    rounding = 4 * sum(p.weight * len(p.keys) for p in case.positions)
    assert votes == pytest.approx(case.by_cell(naive), abs=rounding)
    assert absolute == pytest.approx(sum(map(abs, naive)), abs=rounding)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, N_NEURONS - 1), min_size=1, max_size=PREMODULO), st.floats(0.5, 12))
def test_a_vote_is_rounded_by_four_units_at_most(scores: list[int], temperature: float) -> None:
    case = Case([Position(0, range(len(scores)), 0, 1)], 0)
    case.cells = np.arange(len(scores), dtype=np.uint32)
    case.bits[:] = 0
    case.score = np.array(scores, np.int32)
    half_step = int(VOTE_ONE / (2 * temperature))
    votes, _ = case.voted(rank_votes, exp_table(temperature, N_NEURONS + 2), half_step, 1)
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, scores, temperature)]
    assert votes[: len(scores)].tolist() == pytest.approx(naive, abs=4)


@settings(max_examples=60, deadline=None)
@given(cases, st.floats(0.5, 12), st.integers(0, 8))
def test_rank_votes_add_up_to_the_same_however_the_range_is_cut(
    case: Case, temperature: float, cut: int
) -> None:
    arguments = exp_table(temperature, N_NEURONS + 2), int(VOTE_ONE / (2 * temperature))
    whole = case.voted(rank_votes, *arguments, 0)
    parts = case.voted(rank_votes, *arguments, min(cut, len(case.positions)))
    assert whole[0].tolist() == parts[0].tolist()
    assert whole[1] == parts[1]


def test_a_position_may_have_any_number_of_candidates() -> None:
    case = Case([Position(1, range(1000), 999, 1)], 0)
    votes, _ = case.voted(rank_votes, exp_table(4.0, N_NEURONS + 2), VOTE_ONE // 8, 1)
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, case.without.tolist(), 4.0)]
    assert votes == pytest.approx(case.by_cell(naive), abs=4 * 1000 / PREMODULO)


def test_one_lone_candidate_has_nothing_to_learn() -> None:
    votes, absolute = Case([Position(1, [5], 0, 12)], 3).voted(rank_votes, exp_table(4.0, 14), 8192, 1)
    assert votes.tolist() == [0] * PREMODULO
    assert absolute == 0


@settings(max_examples=200, deadline=None)
@given(cases, st.integers(0, 8), st.integers(0, 100))
def test_table_votes_go_by_the_score_without_the_neuron(case: Case, cut: int, seed: int) -> None:
    right, wrong = np.random.default_rng(seed).integers(-(10**6), 10**6, (2, N_NEURONS + 1))
    votes, absolute = case.voted(table_votes, right, wrong, min(cut, len(case.positions)))
    naive = list(
        naive_table_votes(
            case.positions, case.without.tolist(), right.tolist().__getitem__, wrong.tolist().__getitem__
        )
    )
    assert votes.tolist() == case.by_cell(naive).tolist()
    assert absolute == sum(map(abs, naive))


@settings(max_examples=100, deadline=None)
@given(cases, st.integers(0, 127), st.integers(0, 50))
def test_new_bits_take_the_old_ones_places_in_the_scores(case: Case, pattern: int, cut: int) -> None:
    new = np.array([pattern >> cell & 1 for cell in range(PREMODULO)], np.uint8)
    score = case.score.copy()
    cut = min(cut, score.size)
    ones = set_bits(0, cut, case.cells, case.bits, new, score)
    assert np.array_equal(score[cut:], case.score[cut:])
    ones += set_bits(cut, score.size, case.cells, case.bits, new, score)
    answers = [int(new[cell]) for cell in case.cells.tolist()]
    assert score.tolist() == [int(rest) + answer for rest, answer in zip(case.without, answers, strict=True)]
    assert ones == sum(answers)


@settings(max_examples=100, deadline=None)
@given(cases)
def test_scores_are_counted_by_class_and_weight(case: Case) -> None:
    right, wrong = np.zeros(N_NEURONS + 1, np.int64), np.zeros(N_NEURONS + 1, np.int64)
    data = case.columns
    count_scores(data.sample_offsets, data.gold, data.weight, case.score, right, wrong)
    naive_right, naive_wrong = naive_count_scores(case.positions, case.score.tolist())
    assert right.tolist() == [naive_right[score] for score in range(N_NEURONS + 1)]
    assert wrong.tolist() == [naive_wrong[score] for score in range(N_NEURONS + 1)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(position(), min_size=1, max_size=3), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.floats(0.5, 12),
)
def test_words_positions_and_loss_are_those_of_the_definition(
    sequences: list[list[Position]], seed: int, temperature: float
) -> None:
    case = Case([position for sequence in sequences for position in sequence], seed)
    words, positions, loss = rank_statistics(
        np.cumsum([0, *map(len, sequences)]),
        case.columns.sample_offsets,
        case.columns.gold,
        case.score,
        exp_table(temperature, N_NEURONS + 2),
        bits_per_vote(temperature),
    )
    naive = naive_statistics(sequences, case.score.tolist(), temperature)
    assert (words, positions) == naive[:2]
    assert loss / (1 << LOG_BITS) == pytest.approx(naive[2], abs=1e-3 * len(case.positions))
    assert loss >= 0


@pytest.mark.parametrize(
    ("scores", "right", "is_right"),
    [([2, 1], 0, True), ([1, 2], 0, False), ([2, 2], 0, False), ([2, 2], 1, False), ([0], 0, True)],
)
def test_a_tie_is_no_right_answer(scores: list[int], right: int, is_right: bool) -> None:
    words, positions, _ = rank_statistics(
        np.array([0, 1]),
        np.array([0, len(scores)]),
        np.array([right], np.int32),
        np.array(scores, np.int32),
        exp_table(4.0, 4),
        bits_per_vote(4.0),
    )
    assert (words, positions) == (is_right, is_right)


def test_a_position_without_candidates_is_wrong() -> None:
    words, positions, loss = rank_statistics(
        np.array([0, 1, 2]),
        np.array([0, 0, 1]),
        np.array([-1, 0], np.int32),
        np.array([3], np.int32),
        exp_table(4.0, 4),
        bits_per_vote(4.0),
    )
    assert (words, positions, int(loss)) == (1, 1, 0)
