from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.training.sums.measurement import Regime, regime, smoothed_sum


class Measured(NamedTuple):
    sum: int
    samples: int
    agreement: float = math.nan
    premodulo: int = 0


@st.composite
def sums(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 10**6))
    return draw(st.integers(-n, n)), n


@pytest.mark.parametrize(
    ("s", "noise_floor", "collapse", "found"),
    [
        (0, None, 0.8, Regime.NOISY),
        (10, None, 0.8, Regime.NOISY),
        (-10, None, 0.8, Regime.NOISY),
        (11, None, 0.8, Regime.GOLD_ZONE),
        (-11, None, 0.8, Regime.GOLD_ZONE),
        (79, None, 0.8, Regime.GOLD_ZONE),
        (80, None, 0.8, Regime.COLLAPSED),
        (-100, None, 0.8, Regime.COLLAPSED),
        (11, 11.0, 0.8, Regime.NOISY),
        (12, 11.0, 0.8, Regime.GOLD_ZONE),
        (0, 0.0, 0.8, Regime.NOISY),
        (1, 0.0, 0.8, Regime.GOLD_ZONE),
        (99, None, 1.0, Regime.GOLD_ZONE),
        (50, 90.0, 0.5, Regime.COLLAPSED),
    ],
)
def test_regimes_of_100_samples(s: int, noise_floor: float | None, collapse: float, found: Regime) -> None:
    assert regime(s, 100, noise_floor, collapse) is found


@pytest.mark.parametrize(("s", "n"), [(2, 1), (-2, 1), (0, 0), (0, -1)])
def test_an_impossible_sum_is_refused(s: int, n: int) -> None:
    with pytest.raises(StateError, match=f"sum {s} of {n} samples"):
        regime(s, n)


@pytest.mark.parametrize(
    ("history", "last", "mean"),
    [
        ([], 3, None),
        ([Measured(10, 100)], 3, 10),
        ([Measured(90, 100), Measured(10, 100), Measured(20, 100), Measured(60, 100)], 3, 30),
        ([Measured(90, 100), Measured(-90, 100)], 2, 0),
        ([Measured(1, 10), Measured(2, 10)], 2, 2),  # 1.5: half to even
        ([Measured(50, 100), Measured(0, 1000)], 2, 250),  # as shares, at the latest N
    ],
)
def test_sums_are_averaged_as_margins(history: list[Measured], last: int, mean: int | None) -> None:
    assert smoothed_sum(history, last) == mean


def test_the_agreement_takes_the_place_of_the_output_where_it_is_known() -> None:
    history = [Measured(0, 100, 0.5), Measured(0, 100, 0.25), Measured(0, 100), Measured(0, 200)]
    assert smoothed_sum(history, 1, "agreement") == 50
    assert smoothed_sum(history, 2, "agreement") == 75
    assert smoothed_sum(history[2:], 2, "agreement") is None


@given(st.lists(sums(), min_size=1), st.integers(1, 32))
def test_a_mean_is_a_possible_sum(measured: list[tuple[int, int]], last: int) -> None:
    history = [Measured(s, n) for s, n in measured]
    mean = smoothed_sum(history, last)
    assert mean is not None
    assert abs(mean) <= history[-1].samples
