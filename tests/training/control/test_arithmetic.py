from __future__ import annotations

import decimal
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.arithmetic import between, exact


@pytest.mark.parametrize(
    ("value", "fraction"),
    [(0.05, Fraction(1, 20)), (1, Fraction(1)), (2.5, Fraction(5, 2)), (1e-05, Fraction(1, 100_000))],
)
def test_a_number_is_what_is_written(value: float, fraction: Fraction) -> None:
    assert exact(value) == fraction


@pytest.mark.parametrize(
    ("start", "end", "share", "reached"),
    [
        (100, 10_000, Fraction(1, 2), 1_000),
        (10_000, 100, Fraction(1, 2), 1_000),
        (16, 65_536, Fraction(1, 3), 256),  # 2**(4 + 12 / 3)
        (2, 3, Fraction(1, 2), 2),  # sqrt(6) = 2.449
        (2, 4, Fraction(1, 2), 3),  # sqrt(8) = 2.828
        (7, 900, Fraction(0), 7),
        (7, 900, Fraction(1), 900),
        (7, 7, Fraction(2, 7), 7),
    ],
)
def test_a_share_of_the_way_on_a_logarithmic_scale(
    start: int, end: int, share: Fraction, reached: int
) -> None:
    assert between(start, end, share) == reached


@given(st.integers(1, 2**32), st.integers(1, 2**32), st.integers(1, 12), st.data())
def test_the_nearest_integer_is_reached(start: int, end: int, parts: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, parts))
    reached = between(start, end, Fraction(part, parts))
    product = 2**parts * start ** (parts - part) * end**part
    assert (2 * reached - 1) ** parts <= product <= (2 * reached + 1) ** parts


def test_the_surrounding_precision_does_not_matter() -> None:
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert between(123_456, 789_012, Fraction(1, 3)) == round(math.cbrt(123_456**2 * 789_012))
