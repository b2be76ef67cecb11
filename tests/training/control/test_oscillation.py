from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.oscillation import Oscillation, detect_oscillation
from tests.training.control.controller_inputs import premodulos


@pytest.mark.parametrize(
    ("past", "window", "detected", "reversals", "amplitude", "half_step"),
    [
        # Down by 10, up by 10, down by 10: turned twice. sqrt(1,000 * 100) = 316.2
        ((1000, 100, 1000, 100), 4, True, 2, 10, Fraction(316, 100)),
        ((100, 1000, 100, 1000), 4, True, 2, 10, Fraction(1000, 316)),
        ((1000, 100, 1000), 4, False, 1, 10, Fraction(1000, 316)),
        ((5, 1000, 100, 1000, 100), 5, True, 3, 200, Fraction(316, 100)),
        ((5, 1000, 100, 1000, 100), 4, True, 2, 10, Fraction(316, 100)),  # the last four
        # A whole period, however long: down, down, up, up, down
        ((1000, 100, 10, 100, 1000, 100), 8, True, 2, 10, Fraction(316, 100)),
        ((1000, 100, 10, 100, 1000, 100), 4, False, 1, 10, Fraction(316, 100)),
        ((1000, 100, 1000, 2000, 4000), 8, False, 1, 10, Fraction(4000, 2828)),
        # Steps by 1.5, 1.25, 1.08: at the second reversal one is below 1.25
        ((100, 150, 120, 130), 4, False, 1, Fraction(3, 2), Fraction(130, 124)),
        ((100, 125, 100, 125), 4, True, 2, Fraction(5, 4), Fraction(125, 111)),  # sqrt(12,500) = 111.8
        ((100, 124, 100, 124), 4, False, 0, 1, Fraction(124, 111)),
        ((1000, 100, 10, 2), 4, False, 0, 1, Fraction(2)),  # one direction; sqrt(20) = 4.5
        ((1000, 100, 100, 1000, 100), 5, True, 2, 10, Fraction(316, 100)),  # a stop is passed over
        ((100, 1000, 100, 1000, 1000), 8, True, 2, 10, Fraction(1)),
        ((1000, 0, 100, 1000, 0, 100), 4, True, 2, 10, Fraction(316, 100)),  # 0 is none
        ((1000, 100, 1000, 100), 0, False, 0, 1, Fraction(1)),  # off
        ((7,), 4, False, 0, 1, Fraction(1)),
        ((), 4, False, 0, 1, Fraction(1)),
        # The root of 2**62 - 1 is just below 2**31; a float would say 2**31.
        ((2**31 - 1, 2**31 + 1), 4, False, 0, 1, Fraction(2**31 + 1, 2**31 - 1)),
    ],
)
def test_oscillations(
    past: tuple[int, ...],
    window: int,
    detected: bool,
    reversals: int,
    amplitude: Fraction,
    half_step: Fraction,
) -> None:
    found = detect_oscillation(past, window)
    assert found == Oscillation(detected, reversals, Fraction(amplitude), half_step)


@given(st.lists(premodulos, min_size=1), st.integers(4, 32))
def test_a_steady_fall_is_no_oscillation(past: list[int], window: int) -> None:
    assert detect_oscillation(sorted(past, reverse=True), window).reversals == 0


@given(premodulos, st.integers(2, 50), st.integers(4, 32), st.integers(0, 40))
def test_going_to_and_fro_is(low: int, factor: int, window: int, more: int) -> None:
    past = [low * factor ** (number % 2) for number in range(window + more)]
    found = detect_oscillation(past, window)
    assert (found.detected, found.reversals, found.amplitude) == (True, window - 2, Fraction(factor))


@given(st.lists(st.sampled_from([10, 20, 50]), max_size=8), st.integers(4, 8))
def test_it_is_the_same_upside_down(past: list[int], window: int) -> None:
    found = detect_oscillation(past, window)
    turned = detect_oscillation([1000 // premodulo for premodulo in past], window)
    assert (found.detected, found.reversals, found.amplitude) == (
        turned.detected,
        turned.reversals,
        turned.amplitude,
    )
