"""What keeps the law from overshooting: smoothed margins, and steps that are held short.

The law by itself overshoots: a lower capacity shrinks the margin, which lowers the capacity again. Each rule
here is a pure function of where a step would lead (`aim`) and where the neuron is (`current`); none leads
past the aim or away from it. `goldzone.training.control.controllers` strings them together.

A limit of a few percent would hold a small premodulo for ever. So a limit that lets a neuron move at all lets
it move by one cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from goldzone.training.control.arithmetic import between, exact
from goldzone.training.control.oscillation import Oscillation
from goldzone.training.sums.measurement import Measurement, Regime, Signal

__all__ = [
    "damp_oscillation",
    "in_direction",
    "limit_factor",
    "limit_share",
    "part_of_the_way",
    "smoothed_margin",
]


def smoothed_margin(
    history: Sequence[Measurement], last: int, decay: float, signal: Signal = "answers"
) -> Fraction | None:
    """Smooth a neuron's margins, with their signs: a moving average, then exponential smoothing of it.

    The result is in [-1, 1]; None if nothing was measured.

    Parameters
    ----------
    history : sequence of Measurement
        Oldest first.
    last : int
        How many margins each average is of, fewer at the beginning; 1: off.
    decay : float
        Weight of the newest average; what was smoothed before has the rest. In (0, 1], 1: off.
    signal : {"answers", "balance", "agreement"}
        S / N; the balance of the answers as +1 and -1, (2 S - N) / N; or the agreement of the votes. Records
        whose agreement is not known are passed over.
    """
    if signal == "agreement":
        margins = [Fraction(record.agreement) for record in history if not math.isnan(record.agreement)]
    elif signal == "balance":
        margins = [Fraction(2 * record.sum - record.samples, record.samples) for record in history]
    else:
        margins = [Fraction(record.sum, record.samples) for record in history]
    if not margins:
        return None
    weight = exact(decay)
    first = len(margins) if weight == 1 else 1  # without smoothing only the newest average counts
    smoothed: Fraction | None = None
    for end in range(first, len(margins) + 1):
        averaged = margins[max(0, end - last) : end]
        average = sum(averaged, Fraction(0)) / len(averaged)
        smoothed = average if smoothed is None else weight * average + (1 - weight) * smoothed
    return smoothed


def in_direction(aim: int, current: int, found: Regime) -> int:
    """Let a collapsed neuron only fall and a noisy one only rise (epic, "Three operational regimes")."""
    match found:
        case Regime.COLLAPSED:
            return min(aim, current)
        case Regime.NOISY:
            return max(aim, current)
        case Regime.GOLD_ZONE:
            return aim


def part_of_the_way(aim: int, current: int, share: float) -> int:
    """Go a share of the way on a logarithmic scale, at least one cell; 1: all the way."""
    if share == 1 or aim == current:
        return aim
    reached = between(current, aim, exact(share))
    return max(reached, current + 1) if aim > current else min(reached, current - 1)


def damp_oscillation(aim: int, current: int, oscillation: Oscillation) -> int:
    """Go at most half of the last step, on a logarithmic scale, while the neuron oscillates.

    Going back, that ends at the geometric mean of the last two premodulos; going on, it is as far again.
    """
    if not oscillation.detected:
        return aim
    most = oscillation.half_step
    return _limit(aim, current, current / most, current * most)


def limit_factor(aim: int, current: int, factor: float) -> int:
    """Grow or shrink at most by a factor; 1 holds the neuron where it is."""
    if factor == 1:
        return current
    most = exact(factor)
    return _limit(aim, current, current / most, current * most)


def limit_share(aim: int, current: int, share: float | None) -> int:
    """Move at most by a share of the present premodulo; 0 holds the neuron where it is, None: no limit."""
    if share is None:
        return aim
    if share == 0:
        return current
    most = current * exact(share)
    return _limit(aim, current, current - most, current + most)


def _limit(aim: int, current: int, lowest: Fraction, highest: Fraction) -> int:
    """Keep the aim within bounds around the present value, rounded inward but to one cell at least."""
    return min(max(aim, min(math.ceil(lowest), current - 1)), max(math.floor(highest), current + 1))
