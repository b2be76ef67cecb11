from __future__ import annotations

import pytest

from goldzone.errors import StateError
from goldzone.training.sums.measurement import Regime, regime


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
    assert regime(s, 100, noise_floor, collapse) is found


@pytest.mark.parametrize(("s", "n"), [(2, 1), (-2, 1), (0, 0), (0, -1)])
def test_an_impossible_sum_is_refused(s: int, n: int) -> None:
    with pytest.raises(StateError, match=f"sum {s} of {n} samples"):
        regime(s, n)
