"""Capacity controllers: how many cells a neuron may have.

A controller is a pure function of the settings and a `ControllerInput`. Whatever it decides, the decision
tells the neuron's regime and what the law would ask for, the premodulo is not lowered where lowering has
been stopped, and bounds have the last word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from goldzone.plugins import PluginError, is_plugin, plugin
from goldzone.training.control.controller_input import ControllerInput, bounds
from goldzone.training.control.damping import (
    damp_oscillation,
    in_direction,
    limit_factor,
    limit_share,
    part_of_the_way,
    smoothed_margin,
)
from goldzone.training.control.ladder import climb
from goldzone.training.control.law import target_premodulo
from goldzone.training.control.oscillation import detect_oscillation
from goldzone.training.control.schedules import reference_premodulo, validated_level
from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Regime

__all__ = [
    "CONTROLLERS",
    "Aim",
    "CapacityDecision",
    "Controller",
    "ControllerInput",
    "Limit",
    "Rule",
    "make_controller",
]

Limit: TypeAlias = Literal[
    "regime",
    "aggressiveness",
    "oscillation",
    "max_factor",
    "max_change",
    "fine_tune",
    "held",
    "floor",
    "ceiling",
    "ladder",
]
"""What can keep a neuron from the premodulo that its controller aims at."""

_Step: TypeAlias = tuple[Limit, Callable[[int], int]]

_WORDS: Final[dict[Limit, str]] = {
    "regime": "its regime",
    "held": "the stop on lowering",
    "ladder": "the powers of two",
}
"""Limits that are not the name of a setting, in words."""


@dataclass(frozen=True, slots=True)
class CapacityDecision:
    """A premodulo and why."""

    premodulo: int
    """What the neuron is to be trained with."""
    target: int | None
    """What the law asks for; None where there is no sum yet."""
    regime: Regime | None
    """None where there is no sum yet."""
    clamped_by: Limit | None
    """The last limit that changed the value; None if the controller's aim was taken as it is."""
    reason: str
    """The decision in words, with all limits that changed the value."""


class Controller(Protocol):
    """Decides premodulos."""

    def decide(self, given: ControllerInput) -> CapacityDecision:
        """Decide the next premodulo of a neuron."""


Rule: TypeAlias = Callable[[CapacitySettings, ControllerInput], CapacityDecision]
"""A controller's decision as a function."""

Aim: TypeAlias = Callable[[CapacitySettings, ControllerInput], tuple[int, str]]
"""What a plug-in of the group ``goldzone.controllers`` is: the premodulo that it aims at, and why.

The limits of all controllers hold for it: the stop on lowering, floor, ceiling, and powers of two of graded
neurons.
"""


def make_controller(settings: CapacitySettings) -> Controller:
    """Return the configured controller."""
    name = settings.controller
    return _Configured(settings, _brought(name) if is_plugin(name) else CONTROLLERS[name])


def _brought(name: str) -> Rule:
    """Return the rule of a plug-in, which says what it aims at and why."""
    aims: Aim = plugin("goldzone.controllers", name)

    def rule(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
        try:
            aim, words = aims(settings, given)
            premodulo = operator.index(aim)
        except (TypeError, ValueError):
            raise PluginError(f"{name}: gave no premodulo with its reason; mend it") from None
        if premodulo < 1:
            raise PluginError(f"{name}: gave premodulo {premodulo}, which cannot be; mend it")
        return _take(settings, given, premodulo, str(words))

    return rule


def _constant(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
    """Take the configured premodulo, always."""
    return _take(settings, given, settings.premodulo, f"constant {settings.premodulo}")


def _law(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
    """Follow the capacity law on smoothed sums; a neuron without a sum stays where it is.

    The regime gives the direction, then the step is held short by each limit in turn: the order of `steps`.
    """
    current = given.current
    measured = _measure(settings, given)
    if measured is None:
        verb = "stays" if given.history else "starts"
        return _take(settings, given, current, f"no sum yet: {verb} at {current}")
    oscillation = detect_oscillation(
        [record.premodulo for record in given.history], settings.oscillation_window
    )
    fine_tune = settings.fine_tune if measured.regime is Regime.GOLD_ZONE else None
    steps: tuple[_Step, ...] = (
        ("regime", lambda aim: in_direction(aim, current, measured.regime)),
        ("aggressiveness", lambda aim: part_of_the_way(aim, current, settings.aggressiveness)),
        ("oscillation", lambda aim: damp_oscillation(aim, current, oscillation)),
        ("max_factor", lambda aim: limit_factor(aim, current, settings.max_factor)),
        ("max_change", lambda aim: limit_share(aim, current, settings.max_change)),
        ("fine_tune", lambda aim: limit_share(aim, current, fine_tune)),
        *_last_steps(settings, given, measured.target),
    )
    premodulo, limits = _follow(measured.target, steps)
    swings = f", oscillating by up to a factor of {float(oscillation.amplitude):.3g}"
    reason = (
        f"{measured.regime.value.replace('_', ' ')} (|S| = {abs(measured.sum)} of {given.samples})"
        f"{swings if oscillation.detected else ''}: the law asks for {measured.target}; "
        f"{current} {_movement(current, premodulo)} {premodulo}{_limited(limits)}"
    )
    return CapacityDecision(premodulo, measured.target, measured.regime, _last(limits), reason)


def _reference(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
    """Take the Go trainer's quadratic of the last sweep's train accuracy, between floor and ceiling.

    Below 50 % success the Go trainer leaves its minimum and falls to 2; here the floor holds. A floor of 2
    gives the Go trainer's values there too.
    """
    if not given.curve:
        return _take(settings, given, settings.premodulo, f"reference: starts at {settings.premodulo}")
    accuracy = given.curve[-1].train_accuracy
    aim = reference_premodulo(accuracy, *bounds(settings, given))
    return _take(settings, given, aim, f"reference: {aim} at {100 * accuracy:.1f} % train accuracy")


def _none(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
    """Put no pressure on the neuron: the most cells that the network can hold, whatever floor and ceiling."""
    measured = _measure(settings, given)
    target, found = (measured.target, measured.regime) if measured else (None, None)
    return CapacityDecision(given.largest, target, found, None, f"no pressure: {given.largest}")


def _validated(settings: CapacitySettings, given: ControllerInput) -> CapacityDecision:
    """Lower all neurons together while dev accuracy holds, then go back to the best sweep's level."""
    level = validated_level(given.curve, settings.premodulo, given.tolerance)
    words = "dev accuracy turned: back to" if level.turned else "dev accuracy has not turned: level"
    return _take(settings, given, level.premodulo, f"{words} {level.premodulo}")


CONTROLLERS: Final[dict[str, Rule]] = {
    "constant": _constant,
    "law": _law,
    "reference": _reference,
    "none": _none,
    "validated": _validated,
}
"""Controllers by their name in the configuration."""


@dataclass(frozen=True, slots=True)
class _Configured:
    """A rule with its settings."""

    settings: CapacitySettings
    rule: Rule

    def decide(self, given: ControllerInput) -> CapacityDecision:
        """Decide the next premodulo of a neuron."""
        return self.rule(self.settings, given)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A neuron's smoothed sum, at the present number of samples, and what it says."""

    sum: int
    target: int
    regime: Regime


def _measure(settings: CapacitySettings, given: ControllerInput) -> _Measured | None:
    margin = smoothed_margin(given.history, settings.smoothing, settings.decay, settings.signal)
    if margin is None:
        return None
    n = given.samples
    s = round(margin * n)
    found = settings.gold_zone.regime(s, n)
    return _Measured(s, target_premodulo(s, n), found)


def _take(settings: CapacitySettings, given: ControllerInput, aim: int, words: str) -> CapacityDecision:
    """Take a premodulo that does not come from the sum, within the limits that hold for every controller."""
    premodulo, limits = _follow(aim, _last_steps(settings, given, aim))
    measured = _measure(settings, given)
    target, found = (measured.target, measured.regime) if measured else (None, None)
    reason = f"{words}; {premodulo}{_limited(limits)}" if limits else words
    return CapacityDecision(premodulo, target, found, _last(limits), reason)


def _last_steps(settings: CapacitySettings, given: ControllerInput, wanted: int) -> tuple[_Step, ...]:
    floor, ceiling = bounds(settings, given)
    return (
        ("held", lambda aim: max(aim, given.current) if given.held else aim),
        ("floor", lambda aim: max(aim, floor)),
        ("ceiling", lambda aim: min(aim, ceiling)),
        ("ladder", lambda aim: climb(aim, given.current, wanted, ceiling) if given.ladder else aim),
    )


def _follow(aim: int, steps: Sequence[_Step]) -> tuple[int, list[Limit]]:
    """Apply each step to the outcome of the last; return the end and the limits that changed something."""
    limits: list[Limit] = []
    for limit, step in steps:
        following = step(aim)
        if following != aim:
            limits.append(limit)
        aim = following
    return aim, limits


def _last(limits: Sequence[Limit]) -> Limit | None:
    return limits[-1] if limits else None


def _limited(limits: Sequence[Limit]) -> str:
    names = ", ".join(_WORDS.get(limit, limit) for limit in limits)
    return f", limited by {names}" if names else ""


def _movement(current: int, following: int) -> str:
    if following == current:
        return "stays at"
    return "rises to" if following > current else "falls to"
