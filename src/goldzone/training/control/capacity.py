"""Capacity control: how many cells a neuron may have, from how its sums came out.

The law (epic, "Capacity Calculation"): capacity = N / (|S| + 1) and premodulo = capacity**2, where S is the
sum over the N training samples of the neuron's output as +1 or -1. By itself it overshoots: a lower capacity
shrinks the margin, which lowers the capacity again. So it is followed by regime: at most a factor a step
where a neuron is collapsed or noisy, at most a few percent a step in the gold zone, on smoothed sums, and
within a floor and a ceiling.

All functions are pure and deterministic; where the exponent is an integer, the law is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

from goldzone.training.settings import CapacitySettings
from goldzone.training.sums.measurement import Measurement, Regime, check_sum, regime, smoothed_sum

__all__ = [
    "CONTROLLERS",
    "CapacityDecision",
    "ConstantController",
    "Controller",
    "LawController",
    "make_controller",
    "next_premodulo",
    "target_capacity",
    "target_premodulo",
]

MIN_PREMODULO: Final = 2
MAX_PREMODULO: Final = (1 << 32) - 1

Clamp: TypeAlias = Literal["max_factor", "fine_tune", "floor", "ceiling"]


@dataclass(frozen=True, slots=True)
class CapacityDecision:
    """A premodulo and why.

    Attributes
    ----------
    premodulo : int
        What the neuron is to be trained with.
    target : int or None
        What the law asks for; None where there is no sum yet.
    regime : Regime or None
        None where there is no sum yet.
    clamped_by : {"max_factor", "fine_tune", "floor", "ceiling"} or None
        The last limit that changed the value; None if the law's target was taken or the law was not asked.
    reason : str
        The decision in words.
    """

    premodulo: int
    target: int | None
    regime: Regime | None
    clamped_by: Clamp | None
    reason: str


def target_capacity(s: int, n: int) -> Fraction:
    """Return the law's capacity, N / (|S| + 1), in [1, N].

    Raises
    ------
    StateError
        If N is below 1 or S outside [-N, N].
    """
    check_sum(s, n)
    return max(Fraction(1), Fraction(n, abs(s) + 1))


def target_premodulo(s: int, n: int, exponent: float = 2.0) -> int:
    """Return the law's premodulo, the integer part of capacity**exponent, in [2, 2**32 - 1].

    Exact for integer exponents. N**2 exceeds 32 bits from N = 65,536 on: it is clamped, never wrapped.
    """
    capacity = target_capacity(s, n)
    if exponent == int(exponent):
        power = math.floor(capacity ** int(exponent))
    else:
        power = math.floor(float(capacity) ** exponent)
    return min(max(power, MIN_PREMODULO), MAX_PREMODULO)


def next_premodulo(s: int, n: int, current: int, settings: CapacitySettings) -> CapacityDecision:
    """Decide a neuron's next premodulo.

    Collapsed and noisy neurons go towards the law's target, at most `max_factor` a step; those in the gold
    zone go towards it by at most the `fine_tune` share (so one below 1 / fine_tune stays where it is). Floor
    and ceiling have the last word.

    Parameters
    ----------
    s, n : int
        The (smoothed) sum and the number of samples.
    current : int
        The premodulo that the sum was measured with.
    settings : CapacitySettings
    """
    target = target_premodulo(s, n, settings.exponent)
    found = regime(s, n, settings.noise_floor, settings.collapse)
    clamped_by: Clamp | None = None
    step: Clamp
    if found is Regime.GOLD_ZONE:
        step, lowest, highest = (
            "fine_tune",
            current * (1 - settings.fine_tune),
            current * (1 + settings.fine_tune),
        )
    else:
        step, lowest, highest = "max_factor", current / settings.max_factor, current * settings.max_factor
    premodulo = min(max(target, math.ceil(lowest)), math.floor(highest))
    if premodulo != target:
        clamped_by = step
    bounded = min(max(premodulo, settings.floor), settings.ceiling)
    if bounded != premodulo:
        clamped_by = "floor" if bounded > premodulo else "ceiling"
    limit = f", limited by {clamped_by}" if clamped_by else ""
    reason = (
        f"{found.value.replace('_', ' ')} (|S| = {abs(s)} of {n}): the law asks for {target}; "
        f"{current} {_movement(current, bounded)} {bounded}{limit}"
    )
    return CapacityDecision(bounded, target, found, clamped_by, reason)


class Controller(Protocol):
    """Decides premodulos."""

    def decide(self, history: Sequence[Measurement], current: int) -> CapacityDecision:
        """Decide the next premodulo of a neuron.

        Parameters
        ----------
        history : sequence of Measurement
            The neuron's past, oldest first; empty for one never trained.
        current : int
            Its premodulo now.
        """


@dataclass(frozen=True, slots=True)
class ConstantController:
    """Always the configured premodulo; it tells the regime and what the law would ask for."""

    settings: CapacitySettings

    def decide(self, history: Sequence[Measurement], current: int) -> CapacityDecision:
        """Decide the next premodulo of a neuron."""
        settings = self.settings
        s = smoothed_sum(history, settings.smoothing, settings.signal)
        target = found = None
        if s is not None:
            n = history[-1].samples
            target = target_premodulo(s, n, settings.exponent)
            found = regime(s, n, settings.noise_floor, settings.collapse)
        return CapacityDecision(settings.premodulo, target, found, None, f"constant {settings.premodulo}")


@dataclass(frozen=True, slots=True)
class LawController:
    """The capacity law on smoothed sums (`next_premodulo`); it starts from the configured premodulo."""

    settings: CapacitySettings

    def decide(self, history: Sequence[Measurement], current: int) -> CapacityDecision:
        """Decide the next premodulo of a neuron."""
        settings = self.settings
        s = smoothed_sum(history, settings.smoothing, settings.signal)
        if s is None:
            return CapacityDecision(
                settings.premodulo, None, None, None, f"no sum yet: starts at {settings.premodulo}"
            )
        return next_premodulo(s, history[-1].samples, current, settings)


CONTROLLERS: Final[dict[str, Callable[[CapacitySettings], Controller]]] = {
    "constant": ConstantController,
    "law": LawController,
}
"""Controllers by their name in the configuration."""


def make_controller(settings: CapacitySettings) -> Controller:
    """Return the configured controller."""
    return CONTROLLERS[settings.controller](settings)


def _movement(current: int, following: int) -> str:
    if following == current:
        return "stays at"
    return "rises to" if following > current else "falls to"
