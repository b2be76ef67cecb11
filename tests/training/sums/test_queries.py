from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from goldzone.errors import StateError
from goldzone.training.sums.measurement import GoldZone
from goldzone.training.sums.queries import (
    MarginTrend,
    WeightedSum,
    layer_staleness,
    margin_distribution,
    margin_trends,
    weighted_sum,
)
from tests.training.sums.small_caches import new_cache, record_of


def int64(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(values, np.int64)


@pytest.mark.parametrize(
    ("margins", "expected"),
    [
        ((0.1, 0.2, 0.3, 0.4), MarginTrend(4, 0.1, 0.3, 0.3, False)),
        ((0.5, 0.25), MarginTrend(2, -0.25, -0.25, 0.25, False)),
        # x - mean is -1, 0, 1; the products add up to 0.25, the squares to 2.
        ((0.25, 0.75, 0.5), MarginTrend(3, 0.125, 0.25, 0.5, False)),
        ((0.5, 0.5, 0.5), MarginTrend(3, 0.0, 0.0, 0.0, True)),
        ((0.5, 0.501, 0.505), MarginTrend(3, 0.0025, 0.005, 0.005, True)),
        ((0.2, 0.8, 0.2), MarginTrend(3, 0.0, 0.0, 0.6, False)),  # swings, and is where it was
        ((math.nan, 0.25, 0.75), MarginTrend(2, 0.5, 0.5, 0.5, False)),
        ((math.nan, math.nan, 0.75), None),
        ((math.nan, math.nan), None),
    ],
)
def test_the_trend_of_a_margin(margins: tuple[float, ...], expected: MarginTrend | None) -> None:
    found = margin_trends(np.array([margins]), 0.01).neuron(0)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert astuple(found) == pytest.approx(astuple(expected), abs=1e-15)


def test_margins_that_do_not_move_have_a_slope_of_exactly_nothing() -> None:
    trends = margin_trends(np.full((3, 7), [[0.1], [1 / 3], [0.7]]), 0.0)
    assert trends.slope.tolist() == [0.0] * 3
    assert trends.stagnant.tolist() == [True] * 3


def test_a_layer_has_the_trends_of_its_neurons() -> None:
    cache = new_cache()
    for sweep, s in enumerate((10, 30, 60, 20)):
        cache.append(record_of(1, 2, s, sweep=sweep))
        cache.append(record_of(1, 0, 50, sweep=sweep))
    cache.append(record_of(1, 2, 99, sweep=4, accepted=False))
    trends = cache.margin_trends(1, 3)
    # The ring of 4 has forgotten the first sum of neuron 2, and its last was not kept: 30, 60, 20.
    assert trends.records.tolist() == [3, 0, 3]
    assert trends.stagnant.tolist() == [True, False, False]
    assert np.allclose(trends.change, [0.0, math.nan, -0.1], equal_nan=True)
    assert np.allclose(trends.slope, [0.0, math.nan, -0.05], equal_nan=True)
    assert np.allclose(trends.spread, [0.0, math.nan, 0.4], equal_nan=True)
    for position in range(3):
        assert trends.neuron(position) == cache.margin_trend(1, position, 3)


def test_the_margins_of_a_layer_are_described() -> None:
    # Margins 0, 0.1, 0.25, 0.3, 1 of 100 samples each, and a neuron that was never measured.
    found = margin_distribution(
        int64(0, -10, 0, 25, 30, -100), int64(100, 100, 0, 100, 100, 100), bins=(0, 0.1, 0.3, 1)
    )
    assert [found.neurons, found.measured] == [6, 5]
    assert [found.noisy, found.gold_zone, found.collapsed] == [2, 2, 1]
    quartiles = [found.minimum, found.lower_quartile, found.median, found.upper_quartile, found.maximum]
    assert quartiles == [0, 0.1, 0.25, 0.3, 1]
    assert math.isclose(found.mean or 0, 0.33)
    assert list(found.edges) == [0, 0.1, 0.3, 1]
    assert found.counts == (1, 2, 2)


def test_margins_outside_the_bins_are_in_none() -> None:
    assert margin_distribution(int64(1, 5, 9), int64(10, 10, 10), bins=(0.2, 0.6)).counts == (1,)


def test_a_layer_that_was_never_measured_has_no_quartiles() -> None:
    found = margin_distribution(int64(0, 0), int64(0, 0))
    assert (found.neurons, found.measured, found.minimum, found.median, found.mean) == (
        2,
        0,
        None,
        None,
        None,
    )
    assert found.counts == (0,) * 10


def test_the_thresholds_of_the_regimes_can_be_moved() -> None:
    found = margin_distribution(int64(20, 25, 30), int64(100, 100, 100), zone=GoldZone(20, 0.3))
    assert (found.noisy, found.gold_zone, found.collapsed) == (1, 1, 1)


@pytest.mark.parametrize("bins", [(), (0.5,), (0, 0), (0, 1, 0.5), (0, math.nan)])
def test_edges_that_do_not_rise_are_refused(bins: tuple[float, ...]) -> None:
    with pytest.raises(StateError, match="are no edges of a histogram"):
        margin_distribution(int64(1), int64(2), bins=bins)


def test_staleness_is_counted_in_sweeps_and_from_what_changed_below() -> None:
    cache = new_cache()
    cache.append(record_of(3, 0, sweep=1))
    cache.append(record_of(2, 0, sweep=1))
    cache.append(record_of(2, 1, sweep=2))
    cache.append(record_of(1, 0, sweep=2))
    cache.append(record_of(2, 0, sweep=3))
    found = cache.layer_staleness(2, 5)
    assert found.age.tolist() == [2, 3]
    assert found.changed_below.tolist() == [False, True]
    assert cache.layer_staleness(3, 5).changed_below.tolist() == [True]
    assert cache.layer_staleness(1, 5).age.tolist() == [3, -1, -1]
    assert cache.layer_staleness(1, 5).changed_below.tolist() == [False] * 3
    assert cache.staleness(1, 1, 5).age is None


def test_a_change_below_that_was_taken_back_makes_nothing_stale() -> None:
    cache = new_cache()
    cache.append(record_of(2, 0, sweep=1))
    cache.append(record_of(1, 0, sweep=2))
    assert cache.staleness(2, 0, 2).changed_below
    cache.mark_reverted(0, 1)
    assert not cache.staleness(2, 0, 2).changed_below


def test_sums_of_another_run_have_no_age() -> None:
    cache = new_cache()
    cache.append(record_of(2, 0, sweep=9, run=0))
    cache.append(record_of(2, 1, sweep=2, run=1))
    assert cache.layer_staleness(2, 3, run=1).age.tolist() == [-1, 1]
    with pytest.raises(StateError, match="sweep 3 is before sweep 9 of a record"):
        cache.layer_staleness(2, 3)


def test_a_neuron_without_a_record_is_not_called_changed_below() -> None:
    found = layer_staleness(int64(-1), int64(-1), 5, 1)
    assert (found.age.tolist(), found.changed_below.tolist()) == ([-1], [False])


@pytest.mark.parametrize(
    ("sums", "weights", "value", "ages"),
    [
        # (3 * 30 + 2 * 20 + 1 * 10) / 6 = 140 / 6 = 23.33 of 100
        ((10, 20, 30), (3, 2, 1), 23, (4, 5, 6)),
        ((99, 10, 20, 30), (3, 2, 1), 23, (3, 4, 5)),
        # (3 * 30 - 2 * 20) / 5 = 10
        ((-20, 30), (3, 2, 1), 10, (5, 6)),
        ((5,), (3, 2, 1), 5, (6,)),
        ((1, 2), (1, 1), 2, (5, 6)),  # 1.5, half to even
        ((4, 1, 3), (1, 0, 1), 4, (4, 5, 6)),  # (3 + 4) / 2 = 3.5
    ],
)
def test_the_last_sums_are_averaged_by_weight(
    sums: tuple[int, ...], weights: tuple[int, ...], value: int, ages: tuple[int, ...]
) -> None:
    cache = new_cache()
    for sweep, s in enumerate(sums, 1):
        cache.append(record_of(s=s, sweep=sweep))
    found = cache.weighted_sum(1, 0, 7, weights=weights, max_age=4)
    assert found == WeightedSum(value, ages, tuple(age > 4 for age in ages))


def test_sums_are_averaged_as_margins_at_the_newest_number_of_samples() -> None:
    history = [record_of(s=-5, n=10, sweep=1), record_of(s=50, n=200, sweep=2)]
    # (2 * 0.25 - 1 * 0.5) / 3 = 0; (2 * 0.25 + 1 * 0.5) / 3 * 200 = 66.67
    assert weighted_sum(history, 0, 2, weights=(2, 1)) == WeightedSum(0, (0, 1), (False, False))
    assert weighted_sum([record_of(s=5, n=10), history[1]], 0, 2, weights=(2, 1)) == WeightedSum(
        67, (0, 1), (False, False)
    )


def test_a_sum_of_another_run_is_averaged_but_stale() -> None:
    cache = new_cache()
    cache.append(record_of(s=10, sweep=9, run=0))
    cache.append(record_of(s=20, sweep=1, run=1))
    assert cache.weighted_sum(1, 0, 1) == WeightedSum(16, (0, None), (False, True))
    assert cache.weighted_sum(1, 0, 9, run=0) == WeightedSum(16, (None, 0), (True, False))


@pytest.mark.parametrize("weights", [(), (0, 1), (-1, 2), (3, -1)])
def test_weights_that_average_nothing_are_refused(weights: tuple[int, ...]) -> None:
    with pytest.raises(StateError, match="average nothing"):
        weighted_sum([record_of()], 0, 1, weights=weights)
    assert weighted_sum([], 0, 1) is None
