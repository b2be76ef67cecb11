"""Whether a figure has become worse than its record by more than noise: decisions on numbers alone.

A ratio to a peer that was timed in the same run is compared where there is one: it holds on any machine. A
bare value holds on the recorded kind of processor alone. Both may be worse by 25 %, or by three times the
spread between the rounds of the recorded run, whichever is more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from benchmarks.speed.measure import Figure

__all__ = ["Comparison", "Recorded", "as_record", "compare", "confirm", "from_record", "summarise"]

LEAST_TOLERANCE = 0.25
SPREADS = 3.0

Verdict = Literal["as recorded", "better", "worse", "new", "another processor"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A figure of one run, from all of its rounds.

    Attributes
    ----------
    figure : Figure
        The mean of the rounds.
    spread : float
        By how much the worst round exceeds the best one, as a share of the best: 0.1 for 10 %.
    """

    figure: Figure
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure beside its record.

    Attributes
    ----------
    name : str
    verdict : {"as recorded", "better", "worse", "new", "another processor"}
    factor : float
        Times worse than recorded: 1.3 for 30 %, below 1 where it is better; 1 where nothing was compared.
    allowed : float
        The factor from which on it counts as worse.
    """

    name: str
    verdict: Verdict
    factor: float = 1.0
    allowed: float = 1.0


def summarise(rounds: Sequence[Sequence[Figure]]) -> tuple[Recorded, ...]:
    """Put rounds of the same figures together.

    A figure that is missing in a round is left out. Values and ratios are averaged by their logarithms, as
    factors are; where one is 0 or less, the last round stands.
    """
    others = [{figure.name: figure for figure in figures} for figures in rounds]
    found = []
    for name, last in others[-1].items():
        if not all(name in figures for figures in others):
            continue
        same = [figures[name] for figures in others]
        values = [figure.value for figure in same]
        ratios = [figure.ratio for figure in same if figure.ratio is not None]
        ratio = _mean(ratios) if len(ratios) == len(same) else None
        least, most = min(compared := values if ratio is None else ratios), max(compared)
        mean = replace(last, value=_mean(values), ratio=ratio)
        found.append(Recorded(mean, most / least - 1 if least > 0 else 0.0))
    return tuple(found)


def tolerance(spread: float) -> float:
    """Return the share by which a figure may be worse than recorded."""
    return max(LEAST_TOLERANCE, SPREADS * spread)


def times_worse(now: float, recorded: float, better: Literal["lower", "higher"]) -> float:
    """Return how many times worse a number is than another: above 1 for worse.

    From a recorded 0 nothing is a factor: any step to the worse is infinite.

    Examples
    --------
    >>> times_worse(3.0, 2.0, "lower"), times_worse(3.0, 2.0, "higher")
    (1.5, 0.6666666666666666)
    """
    worse, good = (now, recorded) if better == "lower" else (recorded, now)
    if worse == good:
        return 1.0
    if good > 0:
        return max(0.0, worse / good)
    return math.inf if worse > good else 0.0


def compare(now: Figure, recorded: Recorded | None, *, same_processor: bool) -> Comparison:
    """Decide about one figure."""
    if recorded is None:
        return Comparison(now.name, "new")
    old = recorded.figure
    if now.ratio is not None and old.ratio is not None:
        factor = times_worse(now.ratio, old.ratio, now.better)
    elif same_processor:
        factor = times_worse(now.value, old.value, now.better)
    else:
        return Comparison(now.name, "another processor")
    allowed = 1 + tolerance(recorded.spread)
    verdict: Verdict = "worse" if factor > allowed else "better" if factor < 1 / allowed else "as recorded"
    return Comparison(now.name, verdict, factor, allowed)


def confirm(first: Sequence[Comparison], again: Sequence[Comparison]) -> list[Comparison]:
    """Keep of each worse figure the better of two comparisons: a regression is one that was measured twice.

    A figure that is missing the second time keeps its first comparison.
    """
    second = {one.name: one for one in again}
    return [
        min(one, second.get(one.name, one), key=lambda found: found.factor) if one.verdict == "worse" else one
        for one in first
    ]


def as_record(recorded: Recorded) -> dict[str, Any]:
    """Return a figure as JSON's values, numbers to four digits: more are noise."""
    row = {**asdict(recorded.figure), "spread": recorded.spread}
    return {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in row.items()}


def from_record(row: Mapping[str, Any]) -> Recorded:
    """Read what `as_record` returned.

    Raises
    ------
    KeyError, TypeError
        A field is missing, or one too many.
    """
    fields = dict(row)
    spread = fields.pop("spread")
    return Recorded(Figure(**fields), spread)


def _mean(numbers: Sequence[float]) -> float:
    if min(numbers) <= 0:
        return numbers[-1]
    return math.exp(math.fsum(map(math.log, numbers)) / len(numbers))
