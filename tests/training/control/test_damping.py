from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.damping import (
    damp_oscillation,
    in_direction,
    limit_factor,
    limit_share,
    part_of_the_way,
    smoothed_margin,
)
from goldzone.training.control.oscillation import Oscillation
from goldzone.training.sums.measurement import Regime
from tests.training.control.controller_inputs import Measured, premodulos, sums


def of_100(*totals: int) -> list[Measured]:
    return [Measured(total, 100) for total in totals]


@pytest.mark.parametrize(
    ("history", "last", "decay", "margin"),
    [
        ([], 3, 1.0, None),
        (of_100(10), 3, 1.0, Fraction(1, 10)),
        # Moving average: (10 + 20 + 60) / 3
        (of_100(90, 10, 20, 60), 3, 1.0, Fraction(3, 10)),
        (of_100(90, 10, 20, 60), 1, 1.0, Fraction(6, 10)),
        (of_100(90, -90), 2, 1.0, Fraction(0)),
        ([Measured(50, 100), Measured(0, 1000)], 2, 1.0, Fraction(1, 4)),  # shares, whatever the N
        # Exponential: 80; 0.25 * 40 + 0.75 * 80 = 70; 0.25 * 0 + 0.75 * 70 = 52.5
        (of_100(80, 40, 0), 1, 0.25, Fraction(525, 1000)),
        (of_100(80), 1, 0.25, Fraction(8, 10)),
        # Both: averages of two are 80, 60, 20; 80; 0.5 * 60 + 0.5 * 80 = 70; 0.5 * 20 + 0.5 * 70 = 45
        (of_100(80, 40, 0), 2, 0.5, Fraction(45, 100)),
        # As written: 0.1 is a tenth: 0.9 * 100 + 0.1 * 0
        (of_100(100, 0), 1, 0.1, Fraction(9, 10)),
    ],
)
def test_margins_are_smoothed(
    history: list[Measured], last: int, decay: float, margin: Fraction | None
) -> None:
    assert smoothed_margin(history, last, decay) == margin


@pytest.mark.parametrize(("last", "decay", "margin"), [(1, 1.0, 0.25), (2, 1.0, 0.375), (1, 0.5, 0.375)])
def test_the_agreement_takes_the_place_of_the_output_where_it_is_known(
    last: int, decay: float, margin: float
) -> None:
    history = [Measured(100, 100, 0.5), Measured(100, 100, 0.25), Measured(0, 100)]
    assert smoothed_margin(history, last, decay, "agreement") == Fraction(margin)
    assert smoothed_margin(history[2:], last, decay, "agreement") is None


@given(st.lists(sums(10**6), min_size=1, max_size=8), st.integers(1, 32), st.floats(0.01, 1))
def test_a_smoothed_margin_is_between_the_margins(
    measured: list[tuple[int, int]], last: int, decay: float
) -> None:
    margins = [Fraction(s, n) for s, n in measured]
    smoothed = smoothed_margin([Measured(s, n) for s, n in measured], last, decay)
    assert smoothed is not None
    assert min(margins) <= smoothed <= max(margins)


@pytest.mark.parametrize(
    ("found", "aim", "reached"),
    [
        (Regime.COLLAPSED, 10, 10),
        (Regime.COLLAPSED, 1000, 100),
        (Regime.NOISY, 1000, 1000),
        (Regime.NOISY, 10, 100),
        (Regime.GOLD_ZONE, 10, 10),
        (Regime.GOLD_ZONE, 1000, 1000),
    ],
)
def test_the_regime_gives_the_direction(found: Regime, aim: int, reached: int) -> None:
    assert in_direction(aim, 100, found) == reached


@pytest.mark.parametrize(
    ("aim", "current", "share", "reached"),
    [
        (10_000, 100, 0.5, 1_000),
        (100, 10_000, 0.5, 1_000),
        (10_000, 100, 1.0, 10_000),
        (10_000, 100, 0.25, 316),  # 100 * 100**0.25 = 316.2
        (2, 65_536, 0.1, 23_170),  # 2**(16 - 1.5) = 23,170.475
        (101, 100, 0.01, 101),  # 100.01: one cell at least
        (99, 100, 0.01, 99),
        (100, 100, 0.5, 100),
    ],
)
def test_a_share_of_the_way_is_gone(aim: int, current: int, share: float, reached: int) -> None:
    assert part_of_the_way(aim, current, share) == reached


@pytest.mark.parametrize(
    ("aim", "half_step", "reached"),
    [
        (1000, Fraction(316, 100), 316),  # back to the mean of 100 and 1,000
        (2, Fraction(316, 100), 32),  # or on, by as much: 31.6
        (300, Fraction(316, 100), 300),
        (50, Fraction(316, 100), 50),
        (100, Fraction(316, 100), 100),
        (1000, Fraction(1), 101),  # one cell at least
        (2, Fraction(1), 99),
    ],
)
def test_an_oscillating_neuron_goes_half_of_its_last_step(
    aim: int, half_step: Fraction, reached: int
) -> None:
    assert damp_oscillation(aim, 100, Oscillation(True, 2, Fraction(10), half_step)) == reached
    assert damp_oscillation(aim, 100, Oscillation(False, 1, Fraction(10), half_step)) == aim


@pytest.mark.parametrize(
    ("aim", "current", "factor", "reached"),
    [
        (2, 65_536, 10.0, 6_554),  # 6,553.6
        (10**9, 65_536, 10.0, 655_360),
        (7_000, 65_536, 10.0, 7_000),
        (10**9, 101, 1.5, 151),  # 151.5
        (2, 101, 1.5, 68),  # 67.3
        (10**9, 3, 1.2, 4),  # 3.6: one cell at least
        (2, 3, 1.2, 2),  # 2.5
        (10**9, 100, 1.0, 100),
        (2, 100, 1.0, 100),
        (1 << 24, 2, float(1 << 23), 1 << 24),
        (10**9, 10, 1.1, 11),  # 1.1 as written: exactly 11
    ],
)
def test_a_step_is_limited_by_a_factor(aim: int, current: int, factor: float, reached: int) -> None:
    assert limit_factor(aim, current, factor) == reached


@pytest.mark.parametrize(
    ("aim", "current", "share", "reached"),
    [
        (2, 65_536, 0.05, 62_260),  # 62,259.2
        (10**9, 65_536, 0.05, 68_812),  # 68,812.8
        (65_000, 65_536, 0.05, 65_000),
        (2, 19, 0.05, 18),  # 18.05: one cell at least
        (30, 19, 0.05, 20),  # 19.95
        (19, 19, 0.05, 19),
        (2, 100, 0.0, 100),
        (200, 100, 0.0, 100),
        (2, 100, None, 2),
        (2, 100, 1.0, 2),
        (300, 100, 1.0, 200),
        (200, 100, 0.1, 110),  # 0.1 as written
    ],
)
def test_a_step_is_limited_by_a_share(aim: int, current: int, share: float | None, reached: int) -> None:
    assert limit_share(aim, current, share) == reached


@given(premodulos, premodulos, st.floats(0.01, 1), st.floats(1, 1e8), st.floats(0, 1), st.fractions(1, 100))
def test_no_rule_leads_past_the_aim_or_away_from_it(
    aim: int, current: int, share: float, factor: float, limit: float, half_step: Fraction
) -> None:
    for reached in (
        part_of_the_way(aim, current, share),
        damp_oscillation(aim, current, Oscillation(True, 2, Fraction(2), half_step)),
        limit_factor(aim, current, factor),
        limit_share(aim, current, limit),
    ):
        assert isinstance(reached, int)
        assert min(aim, current) <= reached <= max(aim, current)


@given(premodulos, premodulos, st.floats(1.0001, 1e8), st.floats(0.0001, 1))
def test_a_limit_is_kept_but_never_stops_a_neuron_for_good(
    aim: int, current: int, factor: float, share: float
) -> None:
    by_factor, by_share = limit_factor(aim, current, factor), limit_share(aim, current, share)
    slack = 1 + 1e-12
    assert abs(by_factor - current) <= 1 or current / factor <= by_factor * slack
    assert abs(by_factor - current) <= 1 or by_factor <= current * factor * slack
    assert abs(by_share - current) <= max(1, current * share * slack)
    if aim != current:
        assert current not in {by_factor, by_share}


def test_the_agreement_may_be_missing_everywhere() -> None:
    assert smoothed_margin([Measured(1, 2, math.nan)], 1, 0.5, "agreement") is None
