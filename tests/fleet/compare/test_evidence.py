from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from goldzone.fleet.compare.evidence import (
    adjusted,
    difference_interval,
    exact_p,
    margin_p,
    mean_test,
    resampled_shares,
)
from goldzone.g2p.scoring import Interval, resampled_difference


def naive_p(differences: Sequence[int]) -> float:
    """Try all signs."""
    observed = abs(sum(differences))
    sums = [
        abs(sum(sign * each for sign, each in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(each >= observed for each in sums) / len(sums)


@given(st.lists(st.integers(-3, 3), max_size=9))
def test_the_exact_test_counts_all_signs(differences: list[int]) -> None:
    assert exact_p(np.array(differences, dtype=np.int64)) == pytest.approx(naive_p(differences))


@given(st.integers(0, 60), st.integers(0, 60))
def test_of_one_training_it_is_that_of_mcnemar(won: int, lost: int) -> None:
    differences = np.array([1] * won + [-1] * lost + [0] * 7, dtype=np.int64)
    expected = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert exact_p(differences) == pytest.approx(expected)


def test_of_one_training_the_bootstrap_is_that_of_two_models() -> None:
    rng = np.random.default_rng(3)
    wrong = rng.integers(0, 2, (2, 1, 200))
    shares = resampled_shares(wrong, np.ones_like(wrong), seed=1)
    interval, expected = difference_interval(shares[0] - shares[1]), resampled_difference(wrong[:, 0], seed=1)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_trainings_that_differ_widen_the_interval() -> None:
    word = np.arange(400) % 2
    alike = np.array([[word, word, word], [1 - word] * 3])
    lucky = alike.copy()
    lucky[0, 0], lucky[0, 1] = 0, 1
    widths = []
    for wrong in (alike, lucky):
        shares = resampled_shares(wrong, np.ones_like(wrong), seed=5)
        interval = difference_interval(shares[0] - shares[1])
        widths.append(interval.high - interval.low)
    assert widths[1] > 2 * widths[0]


def test_arms_that_agree_on_few_words_may_still_differ() -> None:
    nothing = np.zeros(1000)
    assert difference_interval(nothing, agreed_words=10).high == pytest.approx(0.308, abs=0.001)
    assert difference_interval(nothing, agreed_words=3000).high < 0.0013
    assert margin_p(nothing, 0.02, agreed_words=10) == 1.0
    assert margin_p(nothing, 0.02, agreed_words=3000) < 1e-20


def test_a_margin_is_tested_on_its_own_side() -> None:
    resampled = np.linspace(-0.03, 0.01, 1000)
    assert margin_p(resampled, 0.05) == pytest.approx(2 / 1001)
    assert margin_p(resampled, 0.01) == pytest.approx(1.0, abs=0.01)


def test_many_languages_make_a_small_p_value_less() -> None:
    assert adjusted([0.01, 0.02, 0.9]) == pytest.approx([0.03, 0.03, 0.9])
    assert adjusted([]) == []


def test_the_mean_of_pairs_has_an_exact_test() -> None:
    interval, p = mean_test([0.01, 0.02, 0.03, 0.02, 0.01, 0.04])
    assert p == pytest.approx(2 / 64)
    assert interval.low < 0.0217 < interval.high
    assert isinstance(interval, Interval)
    assert mean_test([0.01, 0.02, 0.03, 0.02, 0.01, 0.04], null=0.02)[1] > 0.5
