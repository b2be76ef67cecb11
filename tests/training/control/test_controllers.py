from __future__ import annotations

import dataclasses
import itertools
import typing
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goldzone.training.control.controller_input import ControllerInput, bounds
from goldzone.training.control.controllers import CONTROLLERS, CapacityDecision, make_controller
from goldzone.training.control.law import target_premodulo
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Regime
from tests.training.control.controller_inputs import (
    Measured,
    controller_input,
    controller_inputs,
    learning_curve,
    premodulos,
    settings,
    sums,
)

N = 10_000
EVERY = ("constant", "law", "reference", "none", "validated")


def decide(given: ControllerInput, **fields: Any) -> CapacityDecision:
    return make_controller(CapacitySettings.model_validate(fields)).decide(given)


def law(s: int, current: int, *, held: bool = False, **fields: Any) -> CapacityDecision:
    return decide(controller_input(current, Measured(s, N), held=held), controller="law", **fields)


def test_every_controller_of_the_configuration_is_in_the_registry() -> None:
    names = typing.get_args(CapacitySettings.model_fields["controller"].annotation)
    assert set(names) == set(CONTROLLERS) == set(EVERY)


@pytest.mark.parametrize(
    ("s", "current", "premodulo", "target", "clamped_by"),
    [
        # Collapsed: down, ten times a step at most, to the floor.
        (10_000, 65_536, 6_554, 2, "max_factor"),
        (8_000, 65_536, 6_554, 2, "max_factor"),
        (-9_000, 100, 16, 2, "floor"),
        (9_000, 16, 16, 2, "floor"),
        # Noisy: up, ten times a step at most, to the ceiling; (10,000 / 41)**2 = 59,488.4.
        (40, 1_000, 10_000, 59_488, "max_factor"),
        (40, 50_000, 59_488, 59_488, None),
        (1, 200_000, 262_144, 25_000_000, "ceiling"),
        (99, 10_000, 10_000, 10_000, None),
        # Noisy above the target: stays, it would need more cells, not fewer; (10,000 / 101)**2 = 9,802.96.
        (100, 65_536, 65_536, 9_802, "regime"),
        (0, 262_144, 262_144, 100_000_000, "ceiling"),
        # Gold zone: five percent a step, both ways; (10,000 / 102)**2 = 9,611.7.
        (4_000, 65_536, 62_260, 6, "fine_tune"),
        (101, 5_000, 5_250, 9_611, "fine_tune"),
        (101, 9_500, 9_611, 9_611, None),
        (101, 9_800, 9_611, 9_611, None),
        (4_000, 19, 18, 6, "fine_tune"),
        (4_000, 16, 16, 6, "floor"),
        # A neuron outside the bounds comes back.
        (4_000, 1_000_000, 262_144, 6, "ceiling"),
        (4_000, 2, 16, 6, "floor"),
    ],
)
def test_steps_of_the_law(s: int, current: int, premodulo: int, target: int, clamped_by: str | None) -> None:
    decision = law(s, current)
    assert (decision.premodulo, decision.target, decision.clamped_by) == (premodulo, target, clamped_by)


@pytest.mark.parametrize(
    ("s", "current", "fields", "premodulo", "clamped_by"),
    [
        # sqrt(100 * 59,488) = 2,439.02
        (40, 100, {"aggressiveness": 0.5, "max_factor": 100.0}, 2_439, "aggressiveness"),
        (40, 100, {"aggressiveness": 0.5}, 1_000, "max_factor"),
        (10_000, 65_536, {"aggressiveness": 0.1}, 23_170, "aggressiveness"),  # 2**(16 - 1.5)
        (10_000, 65_536, {"max_factor": 2.0}, 32_768, "max_factor"),
        (10_000, 65_536, {"max_factor": 2.0**23}, 16, "floor"),
        # A share of the present premodulo, whatever the regime: collapsed, noisy, gold zone.
        (10_000, 65_536, {"max_change": 0.2}, 52_429, "max_change"),
        (40, 1_000, {"max_change": 0.2}, 1_200, "max_change"),
        (4_000, 65_536, {"max_change": 0.01}, 64_881, "max_change"),  # 64,880.6
        (4_000, 65_536, {"max_change": 0.2}, 62_260, "fine_tune"),
        (4_000, 65_536, {"fine_tune": 0.5}, 32_768, "fine_tune"),
        (4_000, 65_536, {"fine_tune": 0.0}, 65_536, "fine_tune"),
        # Thresholds: 4,000 is noisy below 4,000, or collapsed from 0.4 on.
        (4_000, 5, {"noise_floor": 4_000.0, "floor": 2}, 6, None),
        (4_000, 65_536, {"collapse": 0.4}, 6_554, "max_factor"),
    ],
)
def test_settings_of_the_law(
    s: int, current: int, fields: dict[str, Any], premodulo: int, clamped_by: str | None
) -> None:
    decision = law(s, current, **fields)
    assert (decision.premodulo, decision.clamped_by) == (premodulo, clamped_by)


@pytest.mark.parametrize(
    ("fields", "s"),
    [
        ({"smoothing": 2}, 4_000),  # (6,000 + 2,000) / 2
        ({"smoothing": 1}, 2_000),
        ({"smoothing": 1, "decay": 0.5}, 5_000),  # 9,999; 7,999.5; 4,999.75
        ({"smoothing": 1, "signal": "agreement"}, 300),
        ({"smoothing": 2, "signal": "agreement"}, 200),
    ],
)
def test_the_law_follows_the_smoothed_sum(fields: dict[str, Any], s: int) -> None:
    past = (Measured(9_999, N), Measured(6_000, N, 0.01), Measured(2_000, N, 0.03))
    decision = decide(controller_input(5_000, *past), controller="law", **fields)
    assert (decision.target, f"|S| = {s} of 10000" in decision.reason) == (target_premodulo(s, N), True)


def test_the_sum_counts_at_the_present_number_of_samples() -> None:
    # 0.4 of 1,000 samples: noisy up to sqrt(1,000) = 31.6, (1,000 / 401)**2 = 6.2
    decision = decide(controller_input(5_000, Measured(40, 100), samples=1_000), controller="law")
    assert decision.reason.startswith("gold zone (|S| = 400 of 1000): the law asks for 6; 5000 falls to 4750")


def test_the_law_stays_where_it_is_without_a_sum() -> None:
    assert decide(controller_input(1_000), controller="law") == CapacityDecision(
        1_000, None, None, None, "no sum yet: starts at 1000"
    )
    decision = decide(controller_input(77, Measured(9, 100)), controller="law", signal="agreement")
    assert decision == CapacityDecision(77, None, None, None, "no sum yet: stays at 77")


OSCILLATING = tuple(Measured(1, N, premodulo=premodulo) for premodulo in (1_000, 100, 1_000, 100))


def test_an_oscillating_neuron_goes_to_the_mean_of_its_last_two_premodulos() -> None:
    # Noisy at 100: (10,000 / 2)**2 cells are asked for, sqrt(100 * 1,000) = 316.2.
    decision = decide(controller_input(100, *OSCILLATING), controller="law")
    assert (decision.premodulo, decision.clamped_by) == (316, "oscillation")
    assert decision.reason == (
        "noisy (|S| = 1 of 10000), oscillating by up to a factor of 10: the law asks for 25000000; "
        "100 rises to 316, limited by oscillation"
    )


@pytest.mark.parametrize(
    ("fields", "premodulo", "said"),
    [
        ({"oscillation_window": 0}, 1_000, False),  # off
        ({"oscillation_window": 4}, 316, True),
        ({"max_factor": 2.0}, 200, True),  # the limits of a step hold as well
    ],
)
def test_oscillation_damping_is_a_setting(fields: dict[str, Any], premodulo: int, said: bool) -> None:
    decision = decide(controller_input(100, *OSCILLATING), controller="law", **fields)
    assert (decision.premodulo, "oscillat" in decision.reason) == (premodulo, said)


@pytest.mark.parametrize(
    ("window", "swing"),
    [
        (0, [300, 30, 300, 30, 300, 30, 300]),
        # sqrt(300 * 30) = 94.9; then up by 94 / 30 and so on, half of the last step each time
        (8, [300, 30, 94, 166, 222, 258, 278]),
    ],
)
def test_a_damped_oscillation_closes_in(window: int, swing: list[int]) -> None:
    """A neuron that is noisy below 300 cells and collapsed from there on."""
    past: list[Measured] = []
    current = 3_000
    fields = {"controller": "law", "smoothing": 1, "oscillation_window": window}
    for _ in range(10):
        past.append(Measured(0 if current < 300 else N, N, premodulo=current))
        current = decide(controller_input(current, *past), **fields).premodulo
    assert [record.premodulo for record in past] == [3_000, 300, 30, *swing]


def test_a_decision_says_why() -> None:
    assert law(4_000, 65_536).reason == (
        "gold zone (|S| = 4000 of 10000): the law asks for 6; 65536 falls to 62260, "
        "limited by max_factor, fine_tune"
    )
    assert law(-99, 10_000).reason == (
        "noisy (|S| = 99 of 10000): the law asks for 10000; 10000 stays at 10000"
    )
    assert law(1, 100, ceiling=600, premodulo=500).reason == (
        "noisy (|S| = 1 of 10000): the law asks for 25000000; 100 rises to 600, "
        "limited by max_factor, ceiling"
    )
    assert law(100, 65_536).reason == (
        "noisy (|S| = 100 of 10000): the law asks for 9802; 65536 stays at 65536, limited by its regime"
    )
    assert law(N, 900, held=True).reason == (
        "collapsed (|S| = 10000 of 10000): the law asks for 2; 900 stays at 900, "
        "limited by max_factor, the stop on lowering"
    )


TURNED = learning_curve(0.5, 0.6, 0.4)

AIMS: list[tuple[dict[str, Any], ControllerInput, int, str]] = [
    ({"controller": "constant", "premodulo": 500}, controller_input(9), 500, "constant 500"),
    ({"controller": "reference", "premodulo": 500}, controller_input(9), 500, "reference: starts at 500"),
    (  # 1,002 - 0.64 * 1,000, from the last sweep
        {"controller": "reference", "premodulo": 500, "floor": 2, "ceiling": 1_002},
        controller_input(9, curve=learning_curve(0.9, 0.1, train=(0.9, 0.6))),
        362,
        "reference: 362 at 60.0 % train accuracy",
    ),
    (
        {"controller": "reference", "premodulo": 500, "floor": 2, "ceiling": 1_002},
        controller_input(9, curve=learning_curve(0.9, train=(0.4,))),
        2,
        "reference: 2 at 40.0 % train accuracy",
    ),
    ({"controller": "none"}, controller_input(9, largest=7_777_777), 7_777_777, "no pressure: 7777777"),
    ({"controller": "none"}, controller_input(9, largest=3), 3, "no pressure: 3"),
    (
        {"controller": "validated", "premodulo": 1_000},
        controller_input(9, curve=TURNED[:2]),
        250,  # 1,000, 500, 250
        "dev accuracy has not turned: level 250",
    ),
    (
        {"controller": "validated", "premodulo": 1_000},
        controller_input(9, curve=TURNED),
        500,
        "dev accuracy turned: back to 500",
    ),
    (
        {"controller": "validated", "premodulo": 1_000, "floor": 200},
        controller_input(9, curve=TURNED, tolerance=0.3),
        200,  # 125, and the floor
        "dev accuracy has not turned: level 125; 200, limited by floor",
    ),
    (
        {"controller": "validated", "premodulo": 1_000},
        controller_input(9),
        1_000,
        "dev accuracy has not turned: level 1000",
    ),
]


@pytest.mark.parametrize(("fields", "given", "premodulo", "reason"), AIMS)
def test_controllers_that_do_not_follow_the_sum(
    fields: dict[str, Any], given: ControllerInput, premodulo: int, reason: str
) -> None:
    decision = decide(given, **fields)
    assert (decision.premodulo, decision.reason) == (premodulo, reason)
    assert (decision.target, decision.regime) == (None, None)
    # A sum changes nothing but what is told of it: 9 of 100 is noisy, and the law asks for 100.
    known = dataclasses.replace(given, history=(Measured(9, 100),), samples=given.samples)
    told = decide(known, noise_floor=1e6, **fields)
    assert told == dataclasses.replace(decision, target=123, regime=Regime.NOISY)


@pytest.mark.parametrize(
    ("fields", "premodulo", "clamped_by", "reason"),
    [
        (
            {"controller": "constant", "premodulo": 500},
            700,
            "held",
            "constant 500; 700, limited by the stop on lowering",
        ),
        ({"controller": "constant", "premodulo": 900}, 900, None, "constant 900"),
        (
            {"controller": "reference", "premodulo": 500},
            700,
            "held",
            "reference: starts at 500; 700, limited by the stop on lowering",
        ),
        (
            {"controller": "validated", "premodulo": 500},
            700,
            "held",
            "dev accuracy has not turned: level 500; 700, limited by the stop on lowering",
        ),
        ({"controller": "none"}, 1 << 24, None, "no pressure: 16777216"),
        ({"controller": "law"}, 700, None, "no sum yet: starts at 700"),
    ],
)
def test_a_stop_on_lowering_holds_every_controller(
    fields: dict[str, Any], premodulo: int, clamped_by: str | None, reason: str
) -> None:
    decision = decide(controller_input(700, held=True), **fields)
    assert (decision.premodulo, decision.clamped_by, decision.reason) == (premodulo, clamped_by, reason)


@given(settings(*EVERY), controller_inputs())
def test_clamps_always_hold(chosen: CapacitySettings, given: ControllerInput) -> None:
    premodulo = make_controller(chosen).decide(given).premodulo
    assert type(premodulo) is int
    assert 2 <= premodulo <= given.largest
    if chosen.controller == "none":
        assert premodulo == given.largest
    else:
        floor, ceiling = bounds(chosen, given)
        rung = floor.bit_length() - 1 if given.ladder else 0
        assert (1 << rung if given.ladder else floor) <= premodulo <= ceiling


@given(settings(*EVERY), controller_inputs())
def test_the_same_situation_gives_the_same_decision(chosen: CapacitySettings, given: ControllerInput) -> None:
    controller = make_controller(chosen)
    first = controller.decide(given)
    controller.decide(dataclasses.replace(given, current=99, history=(), curve=()))
    assert controller.decide(given) == first
    afresh = make_controller(CapacitySettings.model_validate(chosen.model_dump()))
    as_lists = dataclasses.replace(given, history=list(given.history))
    assert afresh.decide(as_lists) == first


@given(settings(*EVERY), controller_inputs())
def test_lowering_that_was_stopped_stays_stopped(chosen: CapacitySettings, given: ControllerInput) -> None:
    held = dataclasses.replace(given, held=True)
    assume(held.current <= bounds(chosen, held)[1])
    current = 1 << (held.current.bit_length() - 1) if held.ladder else held.current
    assert make_controller(chosen).decide(held).premodulo >= current


@given(settings("law"), controller_inputs())
def test_a_collapsed_neuron_never_rises_and_a_noisy_one_never_falls(
    chosen: CapacitySettings, given: ControllerInput
) -> None:
    unbounded = chosen.model_copy(update={"floor": 2, "ceiling": 1 << 24, "bounds": "absolute"})
    free = dataclasses.replace(given, largest=1 << 24, held=False, ladder=False)
    decision = make_controller(unbounded).decide(free)
    premodulo, current = decision.premodulo, free.current
    if decision.regime is Regime.COLLAPSED:
        assert premodulo <= current
    elif decision.regime is Regime.NOISY:
        assert premodulo >= current
    elif decision.regime is Regime.GOLD_ZONE:
        assert abs(premodulo - current) <= max(1, chosen.fine_tune * current * (1 + 1e-12))
    else:
        assert premodulo == current


@given(sums(10**6), premodulos)
def test_in_the_gold_zone_every_neuron_arrives(measured: tuple[int, int], current: int) -> None:
    s, n = measured
    fields = {"floor": 2, "ceiling": 1 << 24, "noise_floor": 0.0, "collapse": 1.0, "fine_tune": 0.5}
    assume(0 < abs(s) < n)
    chosen = make_controller(CapacitySettings.model_validate({"controller": "law"} | fields))
    target = min(target_premodulo(s, n), 1 << 24)
    for _ in range(60):
        current = chosen.decide(controller_input(current, Measured(s, n), samples=n)).premodulo
    assert current == target


@given(settings("law"), sums(10**6), premodulos)
def test_of_the_balance_decisions_do_not_depend_on_the_sign(
    chosen: CapacitySettings, measured: tuple[int, int], current: int
) -> None:
    s, n = measured
    chosen = chosen.model_copy(update={"signal": "balance"})
    one, other = (
        make_controller(chosen).decide(controller_input(current, Measured(of, n), samples=n))
        for of in (s, n - s)
    )
    assert dataclasses.replace(one, reason="") == dataclasses.replace(other, reason="")


RUNGS = [1 << power for power in range(1, 25)]


@given(settings(*EVERY), controller_inputs(), st.sampled_from(RUNGS))
def test_on_the_ladder_all_premodulos_are_powers_of_two(
    chosen: CapacitySettings, given: ControllerInput, current: int
) -> None:
    climbing = dataclasses.replace(given, current=current, largest=1 << 24, ladder=True)
    premodulo = make_controller(chosen).decide(climbing).premodulo
    assert premodulo in RUNGS
    if chosen.controller != "none":
        assert premodulo <= chosen.ceiling


@given(sums(10**6), st.sampled_from(RUNGS), st.sampled_from([0.01, 0.05, 0.9]))
def test_in_the_gold_zone_a_neuron_goes_to_its_target_rung_by_rung(
    measured: tuple[int, int], current: int, fine_tune: float
) -> None:
    s, n = measured
    fields = {"floor": 2, "ceiling": 1 << 24, "noise_floor": 0.0, "collapse": 1.0, "fine_tune": fine_tune}
    assume(0 < s < n)
    chosen = make_controller(CapacitySettings.model_validate({"controller": "law"} | fields))
    path = [current]
    for _ in range(24):
        given = controller_input(path[-1], Measured(s, n), samples=n)
        path.append(chosen.decide(dataclasses.replace(given, ladder=True)).premodulo)
    target = min(max(2, target_premodulo(s, n)), 1 << 24)
    assert max(path[-1], target) ** 2 <= 2 * min(path[-1], target) ** 2
    if fine_tune < 0.5:
        assert all(max(pair) <= 2 * min(pair) for pair in itertools.pairwise(path))


@given(st.sampled_from(EVERY), controller_inputs())
def test_every_decision_has_a_reason_of_one_line(controller: str, given: ControllerInput) -> None:
    decision = decide(given, controller=controller)
    assert decision.reason
    assert "\n" not in decision.reason
