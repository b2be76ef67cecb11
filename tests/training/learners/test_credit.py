from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.training.learners.credit import (
    CREDITS,
    agreement,
    boundary,
    hard_tables,
    margin_tables,
)
from goldzone.training.learners.credit_kernels import VOTE_ONE
from goldzone.training.settings import CreditSettings
from tests.naive.credit import naive_boundary

weights = st.one_of(st.integers(0, 5), st.integers(0, 10**6))
histograms = st.lists(st.tuples(weights, weights), min_size=2, max_size=12)
temperatures = st.floats(0.3, 20)


def both(histogram: list[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    right, wrong = np.array(histogram, np.int64).T
    return right, wrong


@given(histograms)
def test_the_boundary_is_the_best_cut_of_all(histogram: list[tuple[int, int]]) -> None:
    right, wrong = both(histogram)
    if right.any() and wrong.any():
        assert boundary(right, wrong) == naive_boundary(right.tolist(), wrong.tolist())
    else:
        assert 0 <= boundary(right, wrong) < right.size


def test_the_boundary_takes_the_class_shares_out() -> None:
    right, wrong = both([(0, 900), (1, 90), (9, 10)])
    assert boundary(right, wrong) == 1 == boundary(right * 1000, wrong)
    assert boundary(*both([(5, 0), (0, 0), (0, 7)])) == 0  # the wrong way round: no cut beats "yes" to all


def test_the_boundary_survives_corpora_whose_products_pass_64_bits() -> None:
    right, wrong = both([(1, 9), (9, 1)])
    assert boundary(right * 10**11, wrong * 10**11) == 1


@given(histograms, temperatures)
def test_margin_votes_are_exponentials_of_the_margin_over_class_shares(
    histogram: list[tuple[int, int]], temperature: float
) -> None:
    right, wrong = both(histogram)
    cut = boundary(right, wrong)
    tables = margin_tables(right, wrong, temperature)
    assert [str(table.dtype) for table in (tables.right, tables.wrong)] == ["int64"] * 2
    total_right, total_wrong = max(1, right.sum()), max(1, wrong.sum())
    total = total_right + total_wrong
    for score in range(right.size):
        # Between the score at the cut and the one below it, half a vote from each.
        for votes, side, of_class in ((tables.right, 1, total_right), (-tables.wrong, -1, total_wrong)):
            margin = max(side * (score - cut + 0.5), -4 * temperature)
            expected = math.exp(-margin / temperature) * VOTE_ONE * total / (2 * of_class)
            # Rounding down, 20 bits of fraction, and a cap that is whole in half votes.
            rounded = 0.5 / temperature if margin == -4 * temperature else 1e-3
            floor = VOTE_ONE * total / (2 * of_class) * 2.0**-14
            assert votes[score] == pytest.approx(expected, rel=rounded, abs=1 + floor)


@given(histograms, temperatures)
def test_right_candidates_vote_yes_and_the_farther_on_their_side_the_less(
    histogram: list[tuple[int, int]], temperature: float
) -> None:
    tables = margin_tables(*both(histogram), temperature)
    assert (tables.right >= 0).all()
    assert (tables.wrong <= 0).all()
    assert all(nearer >= farther for nearer, farther in pairwise(tables.right.tolist()))
    assert all(farther >= nearer for farther, nearer in pairwise(tables.wrong.tolist()))


def test_margin_votes_are_capped_on_the_wrong_side() -> None:
    right, wrong = np.zeros(101, np.int64), np.zeros(101, np.int64)
    right[60], wrong[40] = 5, 5
    tables = margin_tables(right, wrong, 2.0)
    cut = boundary(right, wrong)
    assert cut == 41
    assert len(set(tables.right[: cut - 8].tolist())) == 1
    assert tables.right[cut - 8] < tables.right[0]
    assert len(set(tables.wrong[cut + 8 :].tolist())) == 1
    assert tables.right[0] == pytest.approx(math.exp(4) * VOTE_ONE, rel=1e-4)
    assert tables.wrong[100] == pytest.approx(-math.exp(4) * VOTE_ONE, rel=1e-4)


@given(st.integers(1, 10**5), st.integers(1, 10**5), temperatures)
def test_before_any_evidence_both_classes_weigh_the_same(
    n_right: int, n_wrong: int, temperature: float
) -> None:
    right, wrong = both([(n_right, n_wrong), (0, 0)])
    tables = margin_tables(right, wrong, temperature)
    # At score 0 all count as "yes": right ones are half a vote on their side, wrong ones half a vote off.
    pull = int(tables.right[0]) * n_right * math.exp(0.5 / temperature)
    push = -int(tables.wrong[0]) * n_wrong * math.exp(-0.5 / temperature)
    # A vote is a whole number: at most one lost for each sample.
    assert abs(pull - push) <= 2 * math.exp(0.5 / temperature) * (n_right + n_wrong) + 1e-3 * pull


@given(st.lists(st.integers(0, 1), min_size=2, max_size=12))
def test_hard_votes_are_cast_where_the_neuron_s_bit_turns_the_answer(answers: list[int]) -> None:
    tables = hard_tables(np.array(answers, np.uint8))
    for without in range(len(answers) - 1):
        silent, voting = answers[without], answers[without + 1]
        for label, votes in ((1, tables.right), (0, tables.wrong)):
            wanted = (voting == label) - (silent == label)
            assert votes[without] == wanted * VOTE_ONE
    # No sample without the neuron has all votes.
    assert tables.right.size == tables.wrong.size == len(answers)


def test_vote_tables_are_values_of_64_bits() -> None:
    tables = hard_tables(np.array([0, 1, 1], np.uint8))
    assert [str(table.dtype) for table in (tables.right, tables.wrong)] == ["int64"] * 2
    assert tables.right.tolist() == [VOTE_ONE, 0, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**9), 10**9)), max_size=30))
def test_agreement_is_a_share(votes: list[tuple[int, int]]) -> None:
    cells = np.zeros(5, np.int64)
    for cell, vote in votes:
        cells[cell] += vote
    absolute = sum(abs(vote) for _, vote in votes)
    assert 0 <= agreement(cells, absolute) <= 1


def test_agreement_is_one_where_no_vote_is_cancelled() -> None:
    assert agreement(np.array([5, -3, 0]), 8) == 1.0
    assert agreement(np.array([2, -2]), 8) == 0.5
    assert agreement(np.array([0, 0]), 8) == 0.0
    assert agreement(np.array([0, 0]), 0) == 0.0


def test_every_credit_of_bit_tables_has_a_rule() -> None:
    assert set(get_args(CreditSettings.model_fields["kind"].annotation)) == {"beam", *CREDITS}
