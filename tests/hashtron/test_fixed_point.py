from __future__ import annotations

from decimal import Inexact, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table, fixed_log2

_BITS = 400
"""Fraction bits of the exact twins: errors of the last ones do not reach the first hundred."""


def exact_exp_of_minus(x: Fraction) -> Fraction:
    """Return exp(-x), x >= 0, by its power series on a small argument, squared back."""
    halvings = max(0, x.__ceil__().bit_length())
    small = Fraction(int(x / 2**halvings * 2**_BITS), 2**_BITS)
    term = total = 1 << _BITS
    for n in range(1, 90):
        term = -term * small.numerator // (small.denominator * n)
        total += term
    for _ in range(halvings):
        total = total * total >> _BITS
    return Fraction(total, 1 << _BITS)


def exact_log2(value: int) -> int:
    """Return floor(log2(value) * 2**LOG_BITS): the length in bits of value ** (2**LOG_BITS), bounded."""
    lowest = highest = value
    shifted = 0
    for _ in range(LOG_BITS):
        lowest, highest, shifted = lowest**2, highest**2, 2 * shifted
        cut = max(0, lowest.bit_length() - _BITS)
        lowest, highest, shifted = lowest >> cut, -(-highest >> cut), shifted + cut
    assert lowest.bit_length() == highest.bit_length()
    return lowest.bit_length() - 1 + shifted


@given(st.floats(0.05, 200), st.integers(0, 60))
def test_the_exponential_is_the_nearest_integer_to_the_exact_value(temperature: float, size: int) -> None:
    table = exp_table(temperature, size)
    assert table.shape == (size,)
    assert table.dtype == np.int64
    for distance, value in enumerate(table.tolist()):
        exact = exact_exp_of_minus(Fraction(distance) / Fraction(temperature)) * (1 << EXP_BITS)
        assert value == 1 if exact < 1 else abs(value - exact) <= Fraction(1, 2)


def test_far_away_is_never_impossible() -> None:
    assert exp_table(0.001, 1000).tolist() == [1 << EXP_BITS, *[1] * 999]


def test_exponentials_do_not_depend_on_the_caller_s_decimal_context() -> None:
    expected, vote = exp_table(3.7, 200), bits_per_vote(3.7)
    with localcontext() as context:
        context.prec = 3
        context.rounding = "ROUND_UP"
        context.traps[Inexact] = True
        assert np.array_equal(exp_table(3.7, 200), expected)
        assert bits_per_vote(3.7) == vote


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0, 7.3, 100.0])
def test_bits_per_vote_is_the_information_of_one_step(temperature: float) -> None:
    # One vote more is exp(1 / temperature) times as likely: 2 ** (bits / 2**16).
    bits = bits_per_vote(temperature)
    likelier = 1 / exact_exp_of_minus(1 / Fraction(temperature))
    scale = 10**30
    exact = exact_log2(int(likelier * scale)) - exact_log2(scale)
    assert abs(bits - exact) <= 2


def test_the_exact_logarithm_is_what_it_claims() -> None:
    for value in (1, 2, 3, 1000):
        assert exact_log2(value) == (value ** (1 << LOG_BITS)).bit_length() - 1


@given(st.one_of(st.integers(1, 1 << 62), st.integers(1, 1 << 20)))
def test_the_logarithm_is_at_most_one_unit_low(value: int) -> None:
    assert 0 <= exact_log2(value) - int(fixed_log2(value)) <= 1


@given(st.integers(0, (62 << LOG_BITS) - 1))
def test_the_logarithm_is_at_most_one_unit_low_where_it_steps(units: int) -> None:
    # The least integer whose logarithm reaches the step: the hardest one to get right.
    lowest, highest = 1, 1 << 62
    while lowest < highest:
        middle = (lowest + highest) // 2
        lowest, highest = (lowest, middle) if exact_log2(middle) >= units else (middle + 1, highest)
    for value in (lowest - 1, lowest):
        if value:
            assert 0 <= exact_log2(value) - int(fixed_log2(value)) <= 1


def test_powers_of_two_are_exact() -> None:
    for power in range(63):
        assert fixed_log2(1 << power) == power << LOG_BITS
        if power > 1:
            assert fixed_log2((1 << power) - 1) < power << LOG_BITS


@given(st.integers(1, (1 << 62) - 1), st.integers(0, 1 << 40))
def test_the_logarithm_never_falls(value: int, more: int) -> None:
    assert fixed_log2(value) <= fixed_log2(value + 1) <= fixed_log2(min(value + 1 + more, 1 << 62))
