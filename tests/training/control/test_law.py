from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given

from goldzone.errors import StateError
from goldzone.training.control.law import target_capacity, target_premodulo
from tests.training.control.controller_inputs import sums


@pytest.mark.parametrize(
    ("s", "n", "capacity", "premodulo"),
    [
        (0, 1, 1, 2),
        (1, 1, 1, 2),
        (0, 100, 100, 10_000),
        (9, 100, 10, 100),
        (-9, 100, 10, 100),
        (32, 100, Fraction(100, 33), 9),
        (100, 100, 1, 2),
        (80, 100, Fraction(100, 81), 2),
        (0, 65_535, 65_535, 65_535**2),
        (0, 65_536, 65_536, 2**32 - 1),
        (0, 10**12, 10**12, 2**32 - 1),
        (-(10**12), 10**12, 1, 2),
        # The square is 5 - 3e-18: floating point would give 5.
        (567_451_584, 1_268_860_318, Fraction(1_268_860_318, 567_451_585), 4),
    ],
)
def test_the_law(s: int, n: int, capacity: Fraction, premodulo: int) -> None:
    assert target_capacity(s, n) == capacity
    assert target_premodulo(s, n) == premodulo


@given(sums())
def test_the_law_stays_within_its_bounds(measured: tuple[int, int]) -> None:
    s, n = measured
    assert 1 <= target_capacity(s, n) <= n
    assert 2 <= target_premodulo(s, n) <= 2**32 - 1
    assert target_premodulo(s, n) == target_premodulo(-s, n)


@given(sums())
def test_the_square_is_exact(measured: tuple[int, int]) -> None:
    s, n = measured
    assert target_premodulo(s, n) == min(max(n * n // (abs(s) + 1) ** 2, 2), 2**32 - 1)


@given(sums(10**6))
def test_a_larger_sum_never_asks_for_more(measured: tuple[int, int]) -> None:
    s, n = measured
    assume(abs(s) < n)
    assert target_premodulo(abs(s) + 1, n) <= target_premodulo(s, n)


@pytest.mark.parametrize(("s", "n"), [(2, 1), (-2, 1), (0, 0), (0, -1)])
def test_an_impossible_sum_is_refused(s: int, n: int) -> None:
    with pytest.raises(StateError, match=f"sum {s} of {n} samples"):
        target_capacity(s, n)
