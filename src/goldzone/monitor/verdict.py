"""Is it learning or memorising: a run's curve in one word, with the figures that it stands on."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple

from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.rules import doubt, memorised_gap
from goldzone.training.control.curve import Curve
from goldzone.training.control.phases import PATIENCE, best_point, change_noise

__all__ = ["WORST_FIRST", "Judgement", "Verdict", "judge"]


class Verdict(StrEnum):
    """What the last sweeps did to held-out accuracy."""

    MEMORISING = "memorising"
    """Train examples are known by heart, and held-out ones are far from it, for some sweeps."""
    FALLING = "falling"
    """Held-out accuracy is below its best by more than chance."""
    LEVEL = "level"
    """It moves by no more than chance."""
    LEARNING = "learning"
    """It rises."""
    BEGUN = "begun"
    """One sweep is measured: there is no direction yet."""
    NOT_KNOWN = "not known"
    """No sweep is measured, or nothing is held out."""


WORST_FIRST: Final = tuple(Verdict)
"""The order in which a person looks at runs."""


class Judgement(NamedTuple):
    """A verdict and why."""

    verdict: Verdict
    why: str


def judge(
    curve: Curve, dev_examples: int, settings: AlertSettings, open_rules: Collection[str] = ()
) -> Judgement:
    """Judge the last sweep against those before.

    Parameters
    ----------
    curve : Curve
    dev_examples : int
        Examples behind each dev accuracy, for what counts as chance: `goldzone.monitor.rules.doubt` for a
        fall, `goldzone.training.control.phases.change_noise` for a rise.
    settings : AlertSettings
        What counts as memorising: `memorised` and the rule `memorisation`.
    open_rules : collection of str
        Rules of the network that have an open alert; "memorisation" among them is believed.
    """
    dev = curve[-1].dev_accuracy if curve else None
    if dev is None:
        return Judgement(Verdict.NOT_KNOWN, "nothing is held out" if curve else "no sweep is measured yet")
    last, best = curve[-1], best_point(curve[:-1])
    if best is None or best.dev_accuracy is None:
        return Judgement(Verdict.BEGUN, f"one sweep, dev {dev:.1%}")
    if "memorisation" in open_rules or _memorises(curve, settings):
        why = f"train {last.train_accuracy:.1%}, dev {dev:.1%}, best {best.dev_accuracy:.1%}"
        return Judgement(Verdict.MEMORISING, why)
    lost = best.dev_accuracy - dev
    if lost > doubt(dev_examples):
        why = f"dev {dev:.1%}, best {best.dev_accuracy:.1%} after sweep {best.sweep}"
        return Judgement(Verdict.FALLING, why)
    return _direction(curve, change_noise(dev_examples))


def _memorises(curve: Curve, settings: AlertSettings) -> bool:
    """Apply the rule `memorisation`, whether or not anybody is to be told."""
    rule = settings.memorisation
    gaps = [
        memorised_gap(point.train_accuracy, point.dev_accuracy, settings.memorised)
        for point in curve
        if point.dev_accuracy is not None
    ][-rule.window :]
    return len(gaps) == rule.window and min(gaps) > rule.threshold


def _direction(curve: Curve, chance: float) -> Judgement:
    """Compare the best of the last sweeps with the best before them; two sweeps or more are measured."""
    recent = min(PATIENCE, len(curve) - 1)
    best, before = best_point(curve[-recent:]), best_point(curve[:-recent])
    if best is None or best.dev_accuracy is None or before is None or before.dev_accuracy is None:
        return Judgement(Verdict.NOT_KNOWN, "nothing was held out in some sweeps")
    gain = best.dev_accuracy - before.dev_accuracy
    why = f"by {gain:+.1%} in {recent} sweep{'s' if recent > 1 else ''}, chance is {chance:.1%}"
    if gain > chance:
        return Judgement(Verdict.LEARNING, f"dev rose {why}")
    return Judgement(Verdict.LEVEL, f"dev moved {why}")
