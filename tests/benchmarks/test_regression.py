"""When a figure counts as worse than its record: on made-up numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from benchmarks.speed.measure import Figure
from benchmarks.speed.regression import (
    Comparison,
    Recorded,
    as_record,
    compare,
    compare_all,
    confirm,
    from_record,
    summarise,
    times_worse,
    tolerance,
)
from hypothesis import given
from hypothesis import strategies as st

RATIO = Figure("tally.one", 3.0, "ns", peer="floor", ratio=2.0)
BARE = Figure("startup.one", 0.3, "s")


def test_the_ratio_decides_where_there_is_one_and_not_the_value() -> None:
    slow_machine = replace(RATIO, value=30.0)
    assert compare(slow_machine, Recorded(RATIO), same_processor=False).verdict == "as recorded"
    slower_code = replace(RATIO, value=1.0, ratio=2.6)
    assert compare(slower_code, Recorded(RATIO), same_processor=True).verdict == "worse"


def test_a_bare_value_is_compared_on_the_recorded_processor_alone() -> None:
    slower = replace(BARE, value=3.0)
    assert compare(slower, Recorded(BARE), same_processor=True).verdict == "worse"
    assert compare(slower, Recorded(BARE), same_processor=False).verdict == "another processor"


def test_a_ratio_that_is_missing_on_one_side_leaves_the_value() -> None:
    without = replace(RATIO, ratio=None)
    assert compare(without, Recorded(RATIO), same_processor=True).factor == 1.0
    assert compare(without, Recorded(RATIO), same_processor=False).verdict == "another processor"


@pytest.mark.parametrize(
    ("spread", "ratio", "verdict"),
    [
        (0.0, 2.49, "as recorded"),
        (0.0, 2.51, "worse"),
        (0.0, 1.59, "better"),
        (0.08, 2.49, "as recorded"),  # three spreads are 24 %
        (0.2, 3.19, "as recorded"),  # 60 %
        (0.2, 3.21, "worse"),
    ],
)
def test_noise_allows_a_quarter_or_three_spreads(spread: float, ratio: float, verdict: str) -> None:
    now = replace(RATIO, ratio=ratio)
    assert compare(now, Recorded(RATIO, spread), same_processor=True).verdict == verdict


def test_of_a_higher_better_figure_less_is_worse() -> None:
    recorded = Recorded(Figure("prediction.words", 1000.0, "words/s", "higher", ratio=4.0))
    slower = replace(recorded.figure, ratio=3.0)
    assert compare(slower, recorded, same_processor=True).verdict == "worse"
    assert compare(replace(slower, ratio=6.0), recorded, same_processor=True).verdict == "better"


def test_a_recorded_zero_is_left_by_any_step_to_the_worse() -> None:
    failures = Figure("fleet.failures", 0.0, "languages", bound=0)
    assert compare(failures, Recorded(failures), same_processor=True).verdict == "as recorded"
    one = compare(replace(failures, value=1.0), Recorded(failures), same_processor=True)
    assert (one.verdict, one.factor) == ("worse", math.inf)


def test_a_figure_without_record_is_new() -> None:
    found = compare_all([RATIO, BARE], {"tally.one": Recorded(RATIO)}, same_processor=True)
    assert [one.verdict for one in found] == ["as recorded", "new"]


def test_only_what_is_worse_twice_is_confirmed() -> None:
    first = [
        Comparison("a", "worse", 2.0, 1.25),
        Comparison("b", "worse", 2.0, 1.25),
        Comparison("c", "as recorded", 1.0, 1.25),
        Comparison("d", "worse", 2.0, 1.25),
    ]
    again = [
        Comparison("a", "as recorded", 1.1, 1.25),
        Comparison("b", "worse", 1.5, 1.25),
        Comparison("c", "as recorded", 0.9, 1.25),
    ]
    assert confirm(first, again) == (again[0], again[1], first[2], first[3])


def test_rounds_become_their_mean_and_the_spread_of_the_ratios() -> None:
    (recorded,) = summarise([[RATIO], [replace(RATIO, value=12.0, ratio=4.0)]])
    assert recorded.figure.value == pytest.approx(6.0)
    assert recorded.figure.ratio == pytest.approx(math.sqrt(8))
    assert recorded.spread == pytest.approx(1.0)


def test_without_ratios_the_values_spread() -> None:
    (recorded,) = summarise([[BARE], [replace(BARE, value=0.33)]])
    assert recorded.spread == pytest.approx(0.1)
    assert recorded.figure.ratio is None


def test_a_figure_that_a_round_lacks_is_left_out() -> None:
    assert [one.figure.name for one in summarise([[RATIO], [RATIO, BARE]])] == ["tally.one"]


def test_numbers_that_are_no_factors_stand_as_the_last_round_has_them() -> None:
    (recorded,) = summarise([[replace(BARE, value=-0.1)], [replace(BARE, value=0.2)]])
    assert (recorded.figure.value, recorded.spread) == (0.2, 0.0)


def test_a_record_survives_json() -> None:
    figure = replace(RATIO, better="higher", bound=2.5, curve=((0.5, 0.9), (1.0, 0.92)))
    recorded = Recorded(figure, 0.125)
    assert from_record(json.loads(json.dumps(as_record(recorded)))) == recorded


POSITIVE = st.floats(1e-6, 1e6)


@given(POSITIVE, POSITIVE)
def test_worse_one_way_is_better_the_other_way(now: float, then: float) -> None:
    assert times_worse(now, then, "lower") == pytest.approx(1 / times_worse(now, then, "higher"))
    assert times_worse(now, then, "lower") == times_worse(then, now, "higher")


@given(st.floats(0, 10))
def test_more_spread_never_allows_less(spread: float) -> None:
    assert tolerance(spread) >= tolerance(spread / 2) >= 0.25
