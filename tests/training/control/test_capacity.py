from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.training.control.capacity import (
    CONTROLLERS,
    CapacityDecision,
    make_controller,
    next_premodulo,
    target_capacity,
    target_premodulo,
)
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Regime, regime, smoothed_sum


class Measured(NamedTuple):
    sum: int
    samples: int
    agreement: float = math.nan
    premodulo: int = 0


@st.composite
def sums(draw: st.DrawFn, largest: int = 10**9) -> tuple[int, int]:
    n = draw(st.integers(1, largest))
    return draw(st.integers(-n, n)), n


LAW = CapacitySettings(controller="law")


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
    assert target_capacity(s, n) == target_capacity(-s, n)


@given(sums())
def test_the_square_is_exact(measured: tuple[int, int]) -> None:
    s, n = measured
    assert target_premodulo(s, n) == min(max(n * n // (abs(s) + 1) ** 2, 2), 2**32 - 1)


@given(sums(10**6), st.floats(0.1, 4))
def test_a_larger_sum_never_asks_for_more(measured: tuple[int, int], exponent: float) -> None:
    s, n = measured
    assume(abs(s) < n)
    assert target_premodulo(abs(s) + 1, n, exponent) <= target_premodulo(s, n, exponent)


@pytest.mark.parametrize(
    ("exponent", "premodulo"), [(1.0, 100), (1.5, 1000), (2.0, 10_000), (3.0, 1_000_000)]
)
def test_the_exponent_is_a_setting(exponent: float, premodulo: int) -> None:
    assert target_premodulo(0, 100, exponent) == premodulo


@pytest.mark.parametrize(("s", "n"), [(2, 1), (-2, 1), (0, 0), (0, -1)])
def test_an_impossible_sum_is_refused(s: int, n: int) -> None:
    with pytest.raises(StateError, match=f"sum {s} of {n} samples"):
        target_capacity(s, n)
    with pytest.raises(StateError):
        regime(s, n)


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


@pytest.mark.parametrize(
    ("s", "current", "premodulo", "target", "clamped_by"),
    [
        # Collapsed: down, ten times a step at most, to the floor.
        (10_000, 65_536, 6_554, 2, "max_factor"),
        (8_000, 65_536, 6_554, 2, "max_factor"),
        (-9_000, 100, 16, 2, "floor"),
        (9_000, 16, 16, 2, "floor"),
        # Noisy: towards the law, ten times a step at most, to the ceiling.
        (100, 65_536, 9_802, 9_802, None),
        (99, 10_000, 10_000, 10_000, None),
        (40, 1_000, 10_000, 59_488, "max_factor"),
        (40, 50_000, 59_488, 59_488, None),
        (1, 200_000, 262_144, 25_000_000, "ceiling"),
        # Gold zone: five percent a step.
        (4_000, 65_536, 62_260, 6, "fine_tune"),
        (101, 5_000, 5_250, 9_611, "fine_tune"),
        (101, 9_500, 9_611, 9_611, None),
        (4_000, 19, 19, 6, "fine_tune"),
        (4_000, 16, 16, 6, "fine_tune"),
        # A neuron outside the bounds comes back.
        (4_000, 1_000_000, 262_144, 6, "ceiling"),
        (4_000, 2, 16, 6, "floor"),
    ],
)
def test_steps_of_10000_samples(
    s: int, current: int, premodulo: int, target: int, clamped_by: str | None
) -> None:
    decision = next_premodulo(s, 10_000, current, LAW)
    assert (decision.premodulo, decision.target, decision.clamped_by) == (premodulo, target, clamped_by)


@given(sums(), st.integers(16, 262_144), st.floats(1, 100), st.floats(0, 0.99))
def test_no_step_exceeds_its_limits(
    measured: tuple[int, int], current: int, max_factor: float, fine_tune: float
) -> None:
    settings = CapacitySettings(max_factor=max_factor, fine_tune=fine_tune)
    decision = next_premodulo(*measured, current, settings)
    following, target = decision.premodulo, decision.target
    assert 16 <= following <= 262_144
    if decision.regime is Regime.GOLD_ZONE:
        assert abs(following - current) <= fine_tune * current * (1 + 1e-12)
    assert current / max_factor <= following * (1 + 1e-12) or decision.regime is Regime.GOLD_ZONE
    assert following <= current * max_factor * (1 + 1e-12) or decision.regime is Regime.GOLD_ZONE
    assert target is not None
    bounded_target = min(max(target, 16), 262_144)
    assert abs(bounded_target - following) <= abs(bounded_target - current)
    assert (following == target) == (decision.clamped_by is None) or following == current


@given(sums(), st.integers(2, 2**24))
def test_steps_are_the_same_for_both_signs(measured: tuple[int, int], current: int) -> None:
    s, n = measured
    assert next_premodulo(s, n, current, LAW) == next_premodulo(-s, n, current, LAW)


def test_a_decision_says_why() -> None:
    assert next_premodulo(4_000, 10_000, 65_536, LAW).reason == (
        "gold zone (|S| = 4000 of 10000): the law asks for 6; 65536 falls to 62260, limited by fine_tune"
    )
    assert next_premodulo(-99, 10_000, 10_000, LAW).reason == (
        "noisy (|S| = 99 of 10000): the law asks for 10000; 10000 stays at 10000"
    )
    assert next_premodulo(1, 10_000, 100, LAW).reason == (
        "noisy (|S| = 1 of 10000): the law asks for 25000000; 100 rises to 1000, limited by max_factor"
    )


@pytest.mark.parametrize(
    ("history", "last", "mean"),
    [
        ([], 3, None),
        ([Measured(10, 100)], 3, 10),
        ([Measured(90, 100), Measured(10, 100), Measured(20, 100), Measured(60, 100)], 3, 30),
        ([Measured(90, 100), Measured(-90, 100)], 2, 0),
        ([Measured(1, 10), Measured(2, 10)], 2, 2),  # 1.5: half to even
        ([Measured(50, 100), Measured(0, 1000)], 2, 250),  # as shares, at the latest N
    ],
)
def test_sums_are_averaged_as_margins(history: list[Measured], last: int, mean: int | None) -> None:
    assert smoothed_sum(history, last) == mean


def test_the_agreement_takes_the_place_of_the_output_where_it_is_known() -> None:
    history = [Measured(0, 100, 0.5), Measured(0, 100, 0.25), Measured(0, 100), Measured(0, 200)]
    assert smoothed_sum(history, 1, "agreement") == 50
    assert smoothed_sum(history, 2, "agreement") == 75
    assert smoothed_sum(history[2:], 2, "agreement") is None


@given(st.lists(sums(10**6), min_size=1), st.integers(1, 32))
def test_a_mean_is_a_possible_sum(measured: list[tuple[int, int]], last: int) -> None:
    history = [Measured(s, n) for s, n in measured]
    mean = smoothed_sum(history, last)
    assert mean is not None
    assert abs(mean) <= history[-1].samples


def test_every_controller_of_the_configuration_is_in_the_registry() -> None:
    for name in ("constant", "law"):
        settings = CapacitySettings.model_validate({"controller": name})
        assert type(make_controller(settings)) is CONTROLLERS[name]
    assert set(CONTROLLERS) == {"constant", "law"}


def test_the_constant_controller_never_moves_but_tells_what_the_law_would_do() -> None:
    controller = make_controller(CapacitySettings(premodulo=1000))
    assert controller.decide([], 5) == CapacityDecision(1000, None, None, None, "constant 1000")
    decision = controller.decide([Measured(9, 100)], 5)
    assert decision == CapacityDecision(1000, 100, Regime.NOISY, None, "constant 1000")


def test_the_law_starts_where_it_is_told_and_then_follows_the_smoothed_sum() -> None:
    settings = CapacitySettings(controller="law", premodulo=1000, smoothing=2)
    controller = make_controller(settings)
    first = controller.decide([], 77)
    assert (first.premodulo, first.target, first.regime) == (1000, None, None)
    history = [Measured(9_999, 10_000), Measured(6_000, 10_000), Measured(2_000, 10_000)]
    assert controller.decide(history, 500) == next_premodulo(4_000, 10_000, 500, settings)


def test_the_law_can_be_steered_by_the_agreement() -> None:
    settings = CapacitySettings(controller="law", signal="agreement")
    decision = make_controller(settings).decide([Measured(9_999, 10_000, 0.4)], 500)
    assert decision == next_premodulo(4_000, 10_000, 500, settings)
