"""What each alert rule measures, as small functions of numbers, and what its finding means.

A rule compares one value with a threshold. Where thresholds, windows and severities come from:
`goldzone.monitor.alert_settings.AlertSettings`. Who calls the functions: `goldzone.monitor.alerts`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = [
    "HYSTERESIS",
    "OBSERVED",
    "RULES",
    "Rule",
    "Swing",
    "crosses",
    "doubt",
    "is_back",
    "memorised_gap",
    "moved",
    "share_at_least",
    "spread",
    "times_usual",
]

HYSTERESIS: Final = 0.1
"""An alert closes when its value is back by this share of the threshold."""
_TOLD_AGAIN: Final = 0.2
"""An open alert is told again when its value has moved by this share."""
_CHURN: Final = 0.07
_UNKNOWN_CHURN: Final = 0.5
_FEW_EXAMPLES: Final = 200
_LEAST_SECONDS: Final = 10.0
_LEAST_STEP: Final = 1.1
"""Least factor by which a premodulo has gone up or down."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a rule's value is read."""

    low: bool
    """The problem is a value at or below the threshold; otherwise a value above it."""
    in_a_row: bool
    """The value must cross the threshold in each of the last `window` sweeps; otherwise once, as the window
    is part of the value."""
    advice: str
    """What the finding means and what to do."""


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "memorisation": Rule(
            low=False,
            in_a_row=True,
            advice="the network learns by heart; raise beam.evidence, or lower capacity.premodulo",
        ),
        "stagnation": Rule(
            low=True, in_a_row=False, advice="more sweeps will change little; stop, or change the capacity"
        ),
        "oscillation": Rule(
            low=False,
            in_a_row=False,
            advice="capacity does not settle; lower capacity.max_factor or raise capacity.smoothing",
        ),
        "slow_layer": Rule(
            low=False, in_a_row=False, advice="the run is stuck or the machine busy; look at its processes"
        ),
        "unchanged_layer": Rule(
            low=True, in_a_row=True, advice="training it has no effect; stop, or lower credit.vote_threshold"
        ),
        "collapse": Rule(
            low=False,
            in_a_row=True,
            advice="such neurons tell nothing; raise capacity.floor or lower credit.vote_threshold",
        ),
        "dev_falling": Rule(
            low=False, in_a_row=True, advice="training now costs unseen words; stop, the best sweep is kept"
        ),
        "throughput_drop": Rule(
            low=True, in_a_row=False, advice="something slows the machine down; look at its processes"
        ),
        "stale_sums": Rule(
            low=True,
            in_a_row=True,
            advice="its sums no longer tell of this network; raise pipeline.neurons_per_sweep",
        ),
        "standstill": Rule(
            low=False,
            in_a_row=False,
            advice="it hangs, or the machine is busy or asleep; look at its processes, "
            "end it and go on with goldzone resume",
        ),
    }
)
"""The rules by name; the names are fields of `AlertSettings`."""
OBSERVED: Final = frozenset({"standstill"})
"""Rules about time in which no event comes: a log holds their alerts, and no replay finds them again."""


def crosses(value: float, threshold: float, *, low: bool) -> bool:
    """Tell whether a value is on the wrong side: at or below the threshold of a low rule, above another's."""
    return value <= threshold if low else value > threshold


def is_back(value: float, threshold: float, *, low: bool) -> bool:
    """Tell whether a value is on the right side again, by `HYSTERESIS`."""
    return value > threshold * (1 + HYSTERESIS) if low else value <= threshold * (1 - HYSTERESIS)


def moved(value: float, reported: float) -> bool:
    """Tell whether a value has moved far enough from the one reported last to be told again."""
    return value != reported and abs(value - reported) >= _TOLD_AGAIN * abs(reported)


def doubt(examples: int) -> float:
    """Return by how much an accuracy of so many examples may fall from sweep to sweep and mean nothing.

    Two standard errors of a change in which 7 % of the answers turn one way or the other, which is the most
    that was measured; of fewer than 200 examples, as if the answers of the two sweeps were independent. 0
    where the number is not known.
    """
    churn = _CHURN if examples >= _FEW_EXAMPLES else _UNKNOWN_CHURN
    return 2 * math.sqrt(churn / examples) if examples > 0 else 0.0


def memorised_gap(train: float, dev: float, memorised: float) -> float:
    """Return train minus dev word accuracy of a network that knows its training words; 0 of another.

    A gap alone is no fault: where transcribers disagreed, no network says new words as well as those that it
    was shown. Nor is a sweep that knows them: the mean of the sweeps after it may know fewer.
    """
    return train - dev if train > memorised else 0.0


def spread(values: Collection[float]) -> float:
    """Return how far values lie apart."""
    return max(values) - min(values)


def share_at_least(values: Collection[float], limit: float) -> float:
    """Return the share of values that are at a limit or above; 0 without values."""
    return sum(value >= limit for value in values) / len(values) if values else 0.0


def times_usual(seconds: float, earlier: Sequence[float]) -> float:
    """Return a time as a multiple of the median of earlier ones; short ones count as `_LEAST_SECONDS`."""
    return seconds / max(statistics.median(earlier), _LEAST_SECONDS)


@dataclass(frozen=True, slots=True)
class Swing:
    """How one neuron's premodulo moved so far."""

    premodulo: int
    """The last one."""
    rising: bool | None = None
    """Whether the last step went up; None after none, or one too small to count."""
    steps: int = 0
    """The last steps that went up and down in turn."""

    def then(self, premodulo: int) -> Swing:
        """Return the swing after one more training; a premodulo of 0, for none, counts as no step."""
        if premodulo == self.premodulo:
            return Swing(premodulo)
        least, most = sorted((premodulo, self.premodulo))
        if least <= 0 or most < _LEAST_STEP * least:
            return Swing(premodulo)
        rising = premodulo > self.premodulo
        return Swing(premodulo, rising, 1 if rising == self.rising else self.steps + 1)
