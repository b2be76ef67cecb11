from __future__ import annotations

from dataclasses import astuple

import pytest

from goldzone.errors import StateError
from goldzone.training.sums.measurement import GoldZone, Regime
from goldzone.training.sums.queries import (
    MarginTrend,
    describe_layer,
    describe_neuron,
    is_stale,
    margin_trend,
    record_age,
    weighted_sum,
)
from tests.training.sums.small_caches import new_cache, record_of

ZONE = GoldZone()


@pytest.mark.parametrize(
    ("margins", "expected"),
    [
        ((0.1, 0.2, 0.3, 0.4), MarginTrend(4, 0.1, 0.3, False)),
        ((0.5, 0.25), MarginTrend(2, -0.25, -0.25, False)),
        # x - mean is -1, 0, 1; the products add up to 0.25, the squares to 2.
        ((0.25, 0.75, 0.5), MarginTrend(3, 0.125, 0.25, False)),
        ((0.5, 0.5, 0.5), MarginTrend(3, 0.0, 0.0, True)),
        ((0.5, 0.501, 0.505), MarginTrend(3, 0.0025, 0.005, True)),
        ((0.2, 0.8, 0.2), MarginTrend(3, 0.0, 0.0, False)),  # swings, and is where it was
    ],
)
def test_the_trend_of_a_margin(margins: tuple[float, ...], expected: MarginTrend) -> None:
    found = margin_trend(margins)
    assert found is not None
    assert astuple(found) == pytest.approx(astuple(expected), abs=1e-15)


def test_one_margin_has_no_trend() -> None:
    assert margin_trend([0.5]) is margin_trend([]) is None


@pytest.mark.parametrize(
    ("sums", "value"),
    [
        ((10, 20, 30), 23),  # (3 * 30 + 2 * 20 + 1 * 10) / 6 = 140 / 6 = 23.33 of 100
        ((99, 10, 20, 30), 23),
        ((-20, 30), 10),  # (3 * 30 - 2 * 20) / 5
        ((5,), 5),
        ((0, 1, 1), 1),  # 5 / 6
        ((3, 0, 0), 0),  # 3 / 6, half to even
        ((), None),
    ],
)
def test_the_last_three_sums_are_averaged_by_weight(sums: tuple[int, ...], value: int | None) -> None:
    assert weighted_sum([record_of(s=s) for s in sums]) == value


def test_sums_are_averaged_as_margins_at_the_newest_number_of_samples() -> None:
    # (3 * 0.25 + 2 * -0.5) / 5 = -0.05; (3 * 0.25 + 2 * 0.5) / 5 = 0.35
    assert weighted_sum([record_of(s=-5, n=10), record_of(s=50, n=200)]) == -10
    assert weighted_sum([record_of(s=5, n=10), record_of(s=50, n=200)]) == 70


def test_a_sum_is_stale_after_three_sweeps_or_in_another_run() -> None:
    now = record_of(sweep=9, run=1)
    ages = [
        record_age(record_of(sweep=sweep, run=run), now) for sweep, run in ((9, 1), (6, 1), (5, 1), (9, 0))
    ]
    assert ages == [0, 3, 4, None]
    assert list(map(is_stale, ages)) == [False, False, True, True]


def test_a_neuron_is_described() -> None:
    cache = new_cache(depth=5)
    for sweep, s, accepted in ((1, 10, True), (2, 30, True), (3, 60, True), (4, -20, True), (5, 99, False)):
        cache.append(record_of(1, 2, s, sweep=sweep, accepted=accepted))
    cache.append(record_of(2, 0, sweep=8))
    found = describe_neuron(cache, 1, 2, ZONE, last=3)
    assert (found.layer, found.position, found.regime, found.margin) == (1, 2, Regime.GOLD_ZONE, 0.2)
    assert found.weighted_sum == 15  # (3 * -20 + 2 * 60 + 30) / 6
    assert found.trend is not None
    assert found.trend.records == 3
    assert found.trend.change == pytest.approx(0.2 - 0.3)
    assert (found.age, found.stale) == (4, True)
    assert [record.sum for record in found.history] == [10, 30, 60, -20, 99]
    assert describe_neuron(cache, 1, 2, GoldZone(collapse=0.2), last=3).regime is Regime.COLLAPSED
    assert describe_neuron(cache, 2, 0, ZONE, last=3).trend is None


def test_a_neuron_of_which_nothing_was_kept_says_nothing_of_the_network() -> None:
    cache = new_cache()
    cache.append(record_of(1, 0, 90, accepted=False))
    found = describe_neuron(cache, 1, 0, ZONE, last=2)
    assert (found.regime, found.margin, found.weighted_sum, found.age) == (None, None, None, None)
    assert not found.stale
    assert len(found.history) == 1
    assert describe_layer(cache, 1, ZONE, last=2).measured == 0


def test_a_neuron_that_is_none_or_was_not_trained_cannot_be_described() -> None:
    with pytest.raises(StateError, match=r"neuron 1\.1 was not trained yet; choose another"):
        describe_neuron(new_cache(), 1, 1, ZONE, last=2)
    with pytest.raises(StateError, match="layer 1 has no neuron 3; give 0 to 2"):
        describe_neuron(new_cache(), 1, 3, ZONE, last=2)


def test_the_margins_of_a_layer_are_described() -> None:
    cache = new_cache()
    for position, s in enumerate((30, -100)):
        cache.append(record_of(1, position, s))
    found = describe_layer(cache, 1, ZONE, last=2)
    assert (found.layer, found.neurons, found.measured) == (1, 3, 2)
    assert (found.noisy, found.gold_zone, found.collapsed, found.gold_zone_positions) == (0, 1, 1, (0,))
    quarters = [found.minimum, found.lower_quartile, found.median, found.upper_quartile, found.maximum]
    assert quarters == [0.3, 0.475, 0.65, 0.825, 1]
    assert found.mean == 0.65
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (0.0, 1.0, 11)
    assert found.counts == (0, 0, 0, 1, 0, 0, 0, 0, 0, 1)
    wide = describe_layer(cache, 1, GoldZone(noise_floor=30), last=2)
    assert (wide.noisy, wide.gold_zone, wide.gold_zone_positions) == (1, 0, ())


def test_the_trends_of_a_layer_are_counted() -> None:
    cache = new_cache()
    for sweep in (1, 2, 3):
        cache.append(record_of(1, 0, 10 * sweep, sweep=sweep))
        cache.append(record_of(1, 1, -50, sweep=sweep))
    cache.append(record_of(1, 2, 40), record_of(1, 2, 35, sweep=2))
    found = describe_layer(cache, 1, ZONE, last=3)
    assert (found.rising, found.falling, found.stagnant) == (1, 1, 1)


def test_the_ages_of_a_layer_count_from_the_newest_record_of_the_run() -> None:
    cache = new_cache()
    for position, sweep, run in ((0, 2, 1), (1, 6, 1), (2, 7, 0)):
        cache.append(record_of(1, position, sweep=sweep, run=run))
    cache.append(record_of(3, 0, sweep=7, run=1))
    found = describe_layer(cache, 1, ZONE, last=2)
    assert (found.stale, found.median_age, found.greatest_age) == (2, 3.0, 5)


def test_a_layer_that_was_never_measured_has_no_quartiles() -> None:
    found = describe_layer(new_cache(), 1, ZONE, last=2)
    assert (found.neurons, found.measured, found.minimum, found.median, found.mean) == (
        3,
        0,
        None,
        None,
        None,
    )
    assert (found.median_age, found.greatest_age) == (None, None)
    assert found.counts == (0,) * 10
    with pytest.raises(StateError, match="there is no layer 4"):
        describe_layer(new_cache(), 4, ZONE, last=2)
