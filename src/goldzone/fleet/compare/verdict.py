"""What a comparison comes to, in the words of Argo Rollouts' analyses."""

from __future__ import annotations

from enum import StrEnum
from statistics import NormalDist
from typing import Final

from goldzone.g2p.scoring import Interval

__all__ = ["ALPHA", "FEW_WORDS", "Verdict", "decide", "smallest_effect"]

ALPHA: Final = 0.05
"""Share of the verdicts that may be wrong where there is no difference; intervals cover the rest."""
FEW_WORDS: Final = 20
"""Fewer words decide nothing."""
_POWER: Final = 0.8


class Verdict(StrEnum):
    """Whether the first arm may take the place of the second."""

    SUCCESSFUL = "Successful"
    """It is better, or, where a margin is given, not worse by more than that."""
    FAILED = "Failed"
    """It is worse, or worse by more than the margin."""
    INCONCLUSIVE = "Inconclusive"
    """The words that there are cannot tell."""
    ERROR = "Error"
    """A language could not be trained or judged."""


def decide(interval: Interval, p: float, *, margin: float = 0.0, enough: bool = True) -> Verdict:
    """Judge a difference, first arm less second, by its interval and its p-value.

    Parameters
    ----------
    interval : Interval
        Of the difference.
    p : float
        That so much speaks against a difference of `-margin` by chance, corrected for the number of tests.
    margin : float
        By how much less counts as no worse (non-inferiority); 0: the first arm has to be better.
    enough : bool
        Whether there are enough words or languages to judge at all.
    """
    if not enough or p > ALPHA:
        return Verdict.INCONCLUSIVE
    if interval.low > -margin:
        return Verdict.SUCCESSFUL
    return Verdict.FAILED if interval.high < -margin else Verdict.INCONCLUSIVE


def smallest_effect(interval: Interval) -> float:
    """Return the difference that such a sample shows four times in five (two-sided test at 5 %).

    The interval tells the standard error; Lehr 1992, "Sixteen s-squared over d-squared", is the same sum.
    """
    to_edge = NormalDist().inv_cdf(1 - ALPHA / 2)
    return (interval.high - interval.low) / 2 * (1 + NormalDist().inv_cdf(_POWER) / to_edge)
