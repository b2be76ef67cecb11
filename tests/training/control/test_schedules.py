from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.schedules import ValidatedLevel, reference_premodulo, validated_level
from tests.training.control.controller_inputs import learning_curve, premodulos, shares


@pytest.mark.parametrize(
    ("accuracy", "least", "most", "premodulo"),
    [
        (1.0, 20, 520, 520),
        (0.99, 20, 520, 520),  # 520 - [0.2]
        (0.97, 20, 520, 519),  # 520 - [9 / 5]
        (0.6, 20, 520, 200),  # 520 - 1,600 / 5
        (0.605, 20, 520, 208),  # 520 - [39.5**2 / 5 = 312.05]
        (0.5, 20, 520, 20),
        (0.495, 20, 520, 10),  # 520 - [50.5**2 / 5 = 510.05]: below the least
        (0.49, 20, 520, 2),  # 520 - [520.2] = 0
        (0.45, 20, 520, 2),  # 520 - 605
        (0.0, 20, 520, 2),
        (0.07, 7_500, 10_000, 1_351),  # 10,000 - 93**2; in binary 7.000000000000001 % would give 1,352
        (0.6, 2, 500_000, 180_002),  # 500,000 - [0.64 * 499,998 = 319,998.72]
        (0.3, 40, 40, 40),
    ],
)
def test_the_go_trainers_quadratic(accuracy: float, least: int, most: int, premodulo: int) -> None:
    assert reference_premodulo(accuracy, least, most) == premodulo


@given(st.integers(0, 100), premodulos, premodulos)
def test_at_whole_percents_it_is_the_go_trainers_integer_arithmetic(s: int, one: int, other: int) -> None:
    least, most = sorted((one, other))
    product = (100 - s) * (100 - s) * (least - most)
    quotient = -(-product // 2500)  # Go cuts towards zero, Python's // goes down
    assert reference_premodulo(s / 100, least, most) == max(2, quotient + most)


@pytest.mark.parametrize(
    ("dev", "level", "turned"),
    [
        ((), 1024, False),
        ((0.5,), 512, False),
        ((0.5, 0.6), 256, False),
        ((0.5, 0.6, 0.55), 128, False),  # within 0.1 of the best
        ((0.5, 0.8, 0.7), 128, False),  # 0.8 - 0.1 is 0.7 as written; in binary a little more
        ((0.5, 0.8, 0.69), 512, True),  # the second sweep's level
        ((0.5, 0.8, 0.69, 0.9, 0.95), 512, True),  # and there it stays
        ((0.5, 0.45, 0.39), 1024, True),
        ((0.6, 0.6, 0.49), 1024, True),  # of equal sweeps the first
        ((0.6, 0.55, 0.5, 0.45), 1024, True),  # against the best, not against the last
        ((None, None, None), 1024, False),
        ((None, 0.5, None), 512, False),
        ((0.5, None, 0.7, None, 0.55), 512, True),
    ],
)
def test_the_level_falls_while_dev_accuracy_holds(
    dev: tuple[float | None, ...], level: int, turned: bool
) -> None:
    found = validated_level(learning_curve(*dev), 1024, 0.1)
    assert found == ValidatedLevel(level, turned)


def test_the_tolerance_is_what_is_written() -> None:
    # In binary 0.3 is a little less than three tenths, and 0.5 would no longer do.
    assert not validated_level(learning_curve(0.8, 0.5), 1024, 0.3).turned
    assert validated_level(learning_curve(0.8, 0.499), 1024, 0.3).turned


def test_the_level_is_halved_and_cut_to_an_integer_of_2_or_more() -> None:
    curves = [learning_curve(*[0.5] * done) for done in range(4)]
    assert [validated_level(curve, 10, 0.0).premodulo for curve in curves] == [10, 5, 2, 2]


@given(st.lists(shares, max_size=8), premodulos, shares, premodulos)
def test_the_level_is_one_of_those_that_were_tried_or_the_next(
    dev: list[float], start: int, tolerance: float, median: int
) -> None:
    levels = [validated_level(learning_curve(*dev[:done]), start, tolerance) for done in range(len(dev) + 1)]
    assert levels[-1] == validated_level(learning_curve(*dev, premodulo=median), start, tolerance)
    for before, after in pairwise(levels):
        if before.turned:
            assert after == before
        elif after.turned:
            assert after.premodulo in {level.premodulo for level in levels if not level.turned}
        else:
            assert 2 <= after.premodulo <= before.premodulo
