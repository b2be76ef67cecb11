from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.data.samples import Samples
from goldzone.hashtron.fixed_point import LOG_BITS, bits_per_vote
from goldzone.training.learners.credit import rank_table
from goldzone.training.learners.credit_kernels import (
    VOTE_ONE,
    RankTable,
    VoteTables,
    decide_cells,
    rank_votes,
    table_votes,
)
from goldzone.training.learners.score_kernels import count_scores, move_scores, rank_statistics
from goldzone.training.learners.tiles import TILE, Reading, tile_samples
from tests.naive.credit import (
    Position,
    naive_cells,
    naive_count_scores,
    naive_decision,
    naive_loss,
    naive_rank_votes,
    naive_statistics,
    naive_table_votes,
)
from tests.naive.samples import sample_order

N_NEURONS = 12
PREMODULO = 7
SALT = 0xC0FFEE
temperatures = st.floats(0.5, 12)


def sampled(positions: Sequence[tuple[int, Position]], n_symbols: int) -> Samples:
    """Samples of (symbol, position); positions of a symbol have the same keys."""
    keys = {symbol: list(position.keys) for symbol, position in positions}
    return Samples(
        offsets=np.array([0, len(positions)]),
        symbol=np.array([symbol for symbol, _ in positions], np.int32),
        context=np.array([[position.context for _, position in positions]], np.uint32),
        candidate_offsets=np.cumsum([0, *(len(keys.get(s, [])) for s in range(n_symbols))]),
        candidate_key=np.array([key for s in range(n_symbols) for key in keys.get(s, [])], np.uint32),
        sample_offsets=np.cumsum([0, *(len(position.keys) for _, position in positions)]),
        gold=np.array([-1 if p.right is None else p.right for _, p in positions], np.int32),
        weight=np.array([position.weight for _, position in positions], np.int32),
    )


class Case:
    """Positions whose samples have scores; `bits` are a neuron's answers, which are in the scores."""

    def __init__(self, positions: Sequence[tuple[int, Position]], n_symbols: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.positions = [position for _, position in positions]
        with ThreadPoolExecutor(1) as pool:
            samples = sampled(positions, n_symbols)
            self.tiles = tile_samples(samples, np.array([1]), pool)
        self.order = sample_order(self.tiles, samples)
        self.cells = np.array(naive_cells(self.positions, SALT, PREMODULO), np.int64)
        self.bits = generator.integers(0, 2, PREMODULO, dtype=np.uint8)
        self.without = generator.integers(0, N_NEURONS, self.cells.size)
        self.score = (self.without + self.bits[self.cells]).astype(np.int64)

    @property
    def reading(self) -> Reading:
        return Reading(self.tiles.context[0], np.uint32(SALT), np.uint32(PREMODULO))

    def tiled(self, scores: NDArray[np.int64]) -> NDArray[np.uint16]:
        return scores[self.order].astype(np.uint16)

    def by_cell(self, votes: Sequence[float]) -> NDArray[np.float64]:
        sums = np.zeros(PREMODULO)
        np.add.at(sums, self.cells, np.array(votes, np.float64))
        return sums

    def voted(
        self, kernel: Callable[..., np.int64], tables: RankTable | VoteTables, cut: int = 0
    ) -> tuple[NDArray[np.int64], int]:
        """Run a voting kernel over two ranges of tiles that meet at `cut`; return the votes by cell."""
        tiles, ballots = self.tiles, self.bits.astype(np.int64)
        cut, absolute = min(cut, tiles.n_tiles), 0
        score = self.tiled(self.score)
        for first, last in ((0, cut), (cut, tiles.n_tiles)):
            absolute += int(kernel(first, last, tiles, self.reading, score, tables, ballots))
        assert (ballots & 1).tolist() == self.bits.tolist()  # voting leaves the answers alone
        return ballots >> 1, absolute


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_symbols = draw(st.integers(1, 3))
    uint32 = st.integers(0, 2**32 - 1)
    keys = [draw(st.lists(uint32, max_size=6)) for _ in range(n_symbols)]
    contexts = draw(st.lists(uint32, min_size=1, max_size=4))

    def position(symbol: int) -> tuple[int, Position]:
        own = keys[symbol]
        right = draw(st.one_of(st.none(), st.integers(0, len(own) - 1))) if own else None
        return symbol, Position(draw(st.sampled_from(contexts)), own, right, draw(st.integers(1, 12)))

    symbols = draw(st.lists(st.integers(0, n_symbols - 1), min_size=1, max_size=10))
    return Case([position(symbol) for symbol in symbols], n_symbols, draw(st.integers(0, 1000)))


def many(n_positions: int = 3 * TILE, seed: int = 5) -> Case:
    """Tiles full and begun, runs of every length."""
    generator = np.random.default_rng(seed)
    keys = [generator.integers(0, 1 << 32, n).tolist() for n in (4, 2, 1, 3)]
    contexts = generator.integers(0, 1 << 32, 9).tolist()
    positions = []
    for symbol in generator.choice(4, n_positions, p=[0.7, 0.2, 0.06, 0.04]).tolist():
        right = int(generator.integers(-1, len(keys[symbol])))
        context = contexts[int(generator.integers(0, 9)) % (2 + symbol * 3)]
        weight = int(generator.integers(1, 13))
        positions.append((symbol, Position(context, keys[symbol], None if right < 0 else right, weight)))
    return Case(positions, 4, seed)


def check_rank_votes(case: Case, temperature: float) -> None:
    votes, absolute = case.voted(rank_votes, rank_table(temperature, N_NEURONS + 1))
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, case.without.tolist(), temperature)]
    # Each vote is rounded by up to four units of its weight.
    rounding = 4 * sum(p.weight * len(p.keys) for p in case.positions)
    assert votes == pytest.approx(case.by_cell(naive), abs=rounding)
    assert absolute == pytest.approx(sum(map(abs, naive)), abs=rounding)


@given(cases(), temperatures)
def test_rank_votes_are_the_newton_step_of_the_loss(case: Case, temperature: float) -> None:
    check_rank_votes(case, temperature)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 4.0, 100.0])
def test_rank_votes_are_those_of_the_definition_in_full_tiles_too(temperature: float) -> None:
    check_rank_votes(many(), temperature)


@given(st.lists(st.integers(0, N_NEURONS - 1), min_size=1, max_size=6), temperatures)
def test_a_vote_is_rounded_by_four_units_at_most(scores: list[int], temperature: float) -> None:
    case = Case([(0, Position(0, range(len(scores)), 0, 1))], 1, 0)
    case.bits[:] = 0
    case.score = np.array(scores)
    votes, _ = case.voted(rank_votes, rank_table(temperature, N_NEURONS + 1))
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, scores, temperature)]
    together = np.bincount(case.cells, minlength=PREMODULO)
    assert np.all(np.abs(votes - case.by_cell(naive)) <= 4 * together)


@given(cases(), temperatures, st.integers(0, 10))
def test_rank_votes_add_up_to_the_same_however_the_range_is_cut(
    case: Case, temperature: float, cut: int
) -> None:
    whole = case.voted(rank_votes, rank_table(temperature, N_NEURONS + 1))
    parts = case.voted(rank_votes, rank_table(temperature, N_NEURONS + 1), cut)
    assert whole[0].tolist() == parts[0].tolist()
    assert whole[1] == parts[1]


def test_a_position_may_have_any_number_of_candidates() -> None:
    case = Case([(0, Position(1, range(1000), 999, 1))], 1, 0)
    votes, _ = case.voted(rank_votes, rank_table(4.0, N_NEURONS + 1))
    naive = [VOTE_ONE * vote for vote in naive_rank_votes(case.positions, case.without.tolist(), 4.0)]
    assert votes == pytest.approx(case.by_cell(naive), abs=4 * 1000 / PREMODULO)


def test_one_lone_candidate_has_nothing_to_learn() -> None:
    case = Case([(0, Position(1, [5], 0, 12))], 1, 3)
    votes, absolute = case.voted(rank_votes, rank_table(4.0, N_NEURONS + 1))
    assert votes.tolist() == [0] * PREMODULO
    assert absolute == 0


def check_table_votes(case: Case, cut: int, seed: int) -> None:
    right, wrong = np.random.default_rng(seed).integers(-(10**6), 10**6, (2, N_NEURONS + 1))
    votes, absolute = case.voted(table_votes, VoteTables(right, wrong), cut)
    naive = list(
        naive_table_votes(
            case.positions, case.without.tolist(), right.tolist().__getitem__, wrong.tolist().__getitem__
        )
    )
    assert votes.tolist() == case.by_cell(naive).tolist()
    assert absolute == sum(map(abs, naive))


@given(cases(), st.integers(0, 10), st.integers(0, 100))
def test_table_votes_go_by_the_score_without_the_neuron(case: Case, cut: int, seed: int) -> None:
    check_table_votes(case, cut, seed)


def test_table_votes_are_those_of_the_definition_in_full_tiles_too() -> None:
    check_table_votes(many(), 2, 0)


@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.booleans(), st.booleans()),
        min_size=1,
        max_size=9,
    ),
    st.integers(0, 12),
)
def test_a_cell_answers_one_above_the_threshold_and_keeps_its_answer_without_votes(
    cells: list[tuple[int, int, bool, bool]], threshold: int
) -> None:
    one, two, kept, placed = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    new, change = np.empty(len(cells), np.uint8), np.empty(len(cells), np.int8)
    changed, agreed = decide_cells(
        np.stack([2 * one + placed, 2 * two + placed]),
        kept.astype(np.uint8),
        placed.astype(np.uint8),
        threshold,
        new,
        change,
    )
    answers, differing, strength = naive_decision((one + two).tolist(), kept.tolist(), threshold)
    assert new.tolist() == answers
    assert (int(changed), int(agreed)) == (differing, strength)
    assert change.tolist() == (new - placed).tolist()


def check_moves(case: Case, pattern: int, cut: int) -> None:
    new = np.array([pattern >> cell & 1 for cell in range(PREMODULO)], np.int64)
    change = (new - case.bits).astype(np.int8)
    tiles, score = case.tiles, case.tiled(case.score)
    before, cut = score.copy(), min(cut, tiles.n_tiles)
    more = move_scores(0, cut, tiles, case.reading, change, score)
    reached = tiles.sample_offsets[cut]
    assert np.array_equal(score[reached:], before[reached:])
    more += move_scores(cut, tiles.n_tiles, tiles, case.reading, change, score)
    answers = new[case.cells]
    assert score.tolist() == case.tiled(case.without + answers).tolist()
    assert more == answers.sum() - case.bits[case.cells].sum()


@given(cases(), st.integers(0, 127), st.integers(0, 10))
def test_new_answers_replace_the_old_ones_in_the_scores(case: Case, pattern: int, cut: int) -> None:
    check_moves(case, pattern, cut)


def test_new_answers_replace_the_old_ones_in_full_tiles_too() -> None:
    check_moves(many(), 0b1010011, 3)


@given(st.one_of(cases(), st.builds(many, st.integers(1, 3 * TILE))))
def test_scores_are_counted_by_class_and_weight(case: Case) -> None:
    right, wrong, samples = (np.zeros(N_NEURONS + 1, np.int64) for _ in range(3))
    count_scores(case.tiles, case.tiled(case.score), right, wrong, samples)
    naive_right, naive_wrong = naive_count_scores(case.positions, case.score.tolist())
    assert right.tolist() == [naive_right[score] for score in range(N_NEURONS + 1)]
    assert wrong.tolist() == [naive_wrong[score] for score in range(N_NEURONS + 1)]
    assert samples.tolist() == np.bincount(case.score, minlength=N_NEURONS + 1).tolist()


def judged(case: Case, temperature: float) -> tuple[NDArray[np.bool_], int]:
    right = np.empty(len(case.positions), np.bool_)
    exponentials = rank_table(temperature, N_NEURONS + 1).exponentials
    score = case.tiled(case.score)
    loss = rank_statistics(case.tiles, score, exponentials, bits_per_vote(temperature), right)
    return right, int(loss)


@given(st.one_of(cases(), st.builds(many, st.integers(1, 3 * TILE))), temperatures)
def test_positions_and_loss_are_those_of_the_definition(case: Case, temperature: float) -> None:
    right, loss = judged(case, temperature)
    alone = [[position] for position in case.positions]
    bounds = pairwise(np.cumsum([0, *(len(position.keys) for position in case.positions)]).tolist())
    naive = [
        naive_statistics([own], case.score[start:stop].tolist(), temperature)
        for own, (start, stop) in zip(alone, bounds, strict=True)
    ]
    assert right.tolist() == [bool(words) for words, _, _ in naive]
    assert loss / (1 << LOG_BITS) == pytest.approx(sum(n[2] for n in naive), abs=1e-3 * len(case.positions))
    assert loss >= 0
    assert loss == naive_loss(case.positions, case.score.tolist(), temperature)


@pytest.mark.parametrize(
    ("scores", "right", "is_right"),
    [([2, 1], 0, True), ([1, 2], 0, False), ([2, 2], 0, False), ([2, 2], 1, False), ([0], 0, True)],
)
def test_a_tie_is_no_right_answer(scores: list[int], right: int, is_right: bool) -> None:
    case = Case([(0, Position(0, range(len(scores)), right, 1))], 1, 0)
    case.score = np.array(scores)
    assert judged(case, 4.0)[0].tolist() == [is_right]


def test_a_position_without_candidates_is_wrong() -> None:
    case = Case([(0, Position(0, [], None, 1)), (1, Position(0, [7], 0, 1))], 2, 0)
    right, loss = judged(case, 4.0)
    assert right.tolist() == [False, True]
    assert loss == 0
