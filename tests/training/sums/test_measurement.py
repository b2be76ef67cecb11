from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import GoldZone, Regime


def int64(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(values, np.int64)


@pytest.mark.parametrize(
    ("s", "noise_floor", "collapse", "found"),
    [
        (0, None, 0.8, Regime.NOISY),
        (10, None, 0.8, Regime.NOISY),
        (-10, None, 0.8, Regime.NOISY),
        (11, None, 0.8, Regime.GOLD_ZONE),
        (-11, None, 0.8, Regime.GOLD_ZONE),
        (79, None, 0.8, Regime.GOLD_ZONE),
        (80, None, 0.8, Regime.COLLAPSED),
        (-100, None, 0.8, Regime.COLLAPSED),
        (11, 11.0, 0.8, Regime.NOISY),
        (12, 11.0, 0.8, Regime.GOLD_ZONE),
        (0, 0.0, 0.8, Regime.NOISY),
        (1, 0.0, 0.8, Regime.GOLD_ZONE),
        (99, None, 1.0, Regime.GOLD_ZONE),
        (50, 90.0, 0.5, Regime.COLLAPSED),
    ],
)
def test_regimes_of_100_samples(s: int, noise_floor: float | None, collapse: float, found: Regime) -> None:
    zone = GoldZone(noise_floor, collapse)
    assert zone.regime(s, 100) is found
    assert CapacitySettings(noise_floor=noise_floor, collapse=collapse).gold_zone == zone


@given(
    st.lists(st.integers(0, 2**32 - 1).flatmap(lambda n: st.tuples(st.integers(-n, n), st.just(n)))),
    st.builds(GoldZone, st.none() | st.floats(0, 2**33), st.floats(0.01, 1)),
)
def test_the_regimes_of_a_layer_are_those_of_each_neuron(
    layer: list[tuple[int, int]], zone: GoldZone
) -> None:
    found = zone.regimes(int64(*(s for s, _ in layer)), int64(*(n for _, n in layer)))
    for position, (s, n) in enumerate(layer):
        expected = {zone.regime(s, n)} if n else set()
        assert {name for name, mask in found.items() if mask[position]} == expected


@pytest.mark.parametrize(
    ("s", "expected"),
    [
        (65_535, Regime.NOISY),
        (-65_535, Regime.NOISY),
        (65_536, Regime.GOLD_ZONE),
        (3_200_000_000, Regime.GOLD_ZONE),
        (2**32 - 1, Regime.COLLAPSED),
    ],
)
def test_regimes_are_exact_at_the_largest_sample_counts(s: int, expected: Regime) -> None:
    found = GoldZone().regimes(int64(s), int64(2**32 - 1))
    assert [name for name, mask in found.items() if mask[0]] == [expected]
    assert GoldZone().regime(s, 2**32 - 1) is expected


def test_the_noise_floor_is_counted_in_samples() -> None:
    assert GoldZone().floor([4, 100, 2]).tolist() == [2.0, 10.0, 2**0.5]
    assert GoldZone(noise_floor=7.5).floor([4, 100]).tolist() == [7.5, 7.5]


@pytest.mark.parametrize(("s", "n"), [(2, 1), (-2, 1), (0, 0), (0, -1)])
def test_an_impossible_sum_is_refused(s: int, n: int) -> None:
    with pytest.raises(StateError, match=f"sum {s} of {n} samples"):
        GoldZone().regime(s, n)
