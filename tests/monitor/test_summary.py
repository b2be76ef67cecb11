from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.monitor.history import REGIMES, RunHistory
from goldzone.monitor.summary import (
    LayerSweep,
    Quartiles,
    capacity_correlation,
    gold_zone_margins,
    layer_sweeps,
)
from goldzone.training.sums.measurement import GoldZone
from tests.monitor.small_logs import history_of, trained


def test_a_neuron_without_samples_counts_but_has_no_margin(tmp_path: Path) -> None:
    history = history_of(tmp_path, trained(1, 1, 0, 0, 2, samples=0), trained(1, 1, 1, 50, 2))
    (row,) = layer_sweeps(history)
    assert (row.trained, row.margin) == (2, Quartiles(0.5, 0.5, 0.5))
    (row,) = layer_sweeps(history.of_neuron(1, 0))
    assert row.margin is None
    assert gold_zone_margins(history.of_neuron(1, 0), GoldZone()) is None


def test_nothing_trained_is_nothing_to_sum_up(tmp_path: Path) -> None:
    assert layer_sweeps(history_of(tmp_path)) == ()


def test_each_layer_of_each_sweep_is_summed_up_in_the_order_of_training(toy: RunHistory) -> None:
    final, first, final_again, second = layer_sweeps(toy)
    assert [(row.sweep, row.layer) for row in (final, first, final_again, second)] == [
        *((1, 2), (1, 1), (2, 2), (2, 1))
    ]
    assert final == LayerSweep(
        1, 2, 1, Quartiles(1.0, 1.0, 1.0), Quartiles(100.0, 100.0, 100.0), (0.0, 0.0, 0.0), 0.5
    )
    # Margins 0.04, 0.2, 0.4, 0.9: the quarter points lie at places 0.75, 1.5 and 2.25.
    assert first.margin is not None
    assert first.margin.low == pytest.approx(0.16)
    assert first.margin.median == pytest.approx(0.3)
    assert first.margin.high == pytest.approx(0.525)
    assert (first.trained, first.regimes, first.seconds) == (4, (0.0, 0.0, 0.0), 2.0)
    assert second.premodulo == Quartiles(550.0, 1000.0, 5500.0)
    assert second.regimes == (1 / 3, 1 / 3, 1 / 3)
    assert second.seconds == 2.5


def inclusive(values: list[float]) -> list[float]:
    return statistics.quantiles(values, n=4, method="inclusive")


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(0, 3),
            st.integers(-100, 100),
            st.integers(2, (1 << 32) - 1),
            st.sampled_from([None, *REGIMES]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_summary_is_that_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, int, str | None]]
) -> None:
    events = [trained(s, 1, p, total, premodulo, regime=r) for s, p, total, premodulo, r in rows]
    found = layer_sweeps(history_of(tmp_path_factory.mktemp("log"), *events))
    events = list({(event.sweep, event.position): event for event in events}.values())  # the last time counts
    assert [row.sweep for row in found] == sorted({event.sweep for event in events})
    for row in found:
        own = [event for event in events if event.sweep == row.sweep]
        assert row.trained == len(own)
        assert row.regimes == tuple(sum(e.regime == name for e in own) / len(own) for name in REGIMES)
        for quartiles, values in (
            (row.margin, [abs(event.sum) / 100 for event in own]),
            (row.premodulo, [float(event.premodulo) for event in own]),
        ):
            assert quartiles is not None
            expected = statistics.quantiles(values * 2, n=4) if len(values) == 1 else inclusive(values)
            assert [quartiles.low, quartiles.median, quartiles.high] == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.none() | st.integers(2, (1 << 32) - 1)), max_size=30)
)
def test_the_correlation_is_pearson_s_of_logarithms(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int | None]]
) -> None:
    events = [trained(sweep, 1, 0, 0, p, target=target) for sweep, (p, target) in enumerate(pairs, 1)]
    found = capacity_correlation(history_of(tmp_path_factory.mktemp("log"), *events).neurons)
    both = [(math.log(p), math.log(t)) for p, t in pairs if p and t]
    if len(both) < 3 or len({p for p, _ in both}) == 1 or len({t for _, t in both}) == 1:
        assert found is None
        return
    assert found is not None
    assert 0 <= found <= 1
    # Values as near as 2**32 - 1 and 2**32 - 2 leave few digits to either way.
    assert found == pytest.approx(statistics.correlation(*zip(*both, strict=True)) ** 2, abs=1e-4)


def test_the_correlation_by_hand(tmp_path: Path) -> None:
    # As powers of 2: (2, 1), (4, 2), (6, 6); deviations (-2, 0, 2) and (-2, -1, 3); R = 10 / sqrt(8 * 14).
    pairs = [(4, 2), (16, 4), (64, 64)]
    events = [trained(1, 1, place, 0, p, target=t) for place, (p, t) in enumerate(pairs)]
    assert capacity_correlation(history_of(tmp_path, *events).neurons) == pytest.approx(100 / 112)


def test_a_premodulo_that_is_the_law_s_target_explains_all(tmp_path: Path) -> None:
    events = [trained(1, 1, place, 0, 10 * t, target=t) for place, t in enumerate((3, 700, 65_000))]
    assert capacity_correlation(history_of(tmp_path, *events).neurons) == pytest.approx(1.0)


def test_the_gold_zone_s_edges_are_margins(toy: RunHistory) -> None:
    assert gold_zone_margins(toy, GoldZone()) == (0.1, 0.8)  # sqrt(100) / 100
    assert gold_zone_margins(toy, GoldZone(noise_floor=25, collapse=0.6)) == (0.25, 0.6)
