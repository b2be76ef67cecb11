from __future__ import annotations

import pytest

from goldzone.fleet.compare.verdict import Verdict, decide, smallest_effect
from goldzone.g2p.scoring import Interval


@pytest.mark.parametrize(
    ("low", "high", "p", "margin", "verdict"),
    [
        (0.01, 0.03, 0.001, 0.0, "Successful"),
        (0.01, 0.03, 0.06, 0.0, "Inconclusive"),  # interval and test disagree
        (-0.01, 0.03, 0.3, 0.0, "Inconclusive"),
        (-0.03, -0.01, 0.001, 0.0, "Failed"),
        (-0.03, -0.01, 0.001, 0.05, "Successful"),  # worse, but by less than the margin
        (-0.03, -0.01, 0.4, 0.02, "Inconclusive"),
        (-0.03, -0.025, 0.001, 0.02, "Failed"),
    ],
)
def test_verdicts(low: float, high: float, p: float, margin: float, verdict: str) -> None:
    assert decide(Interval(low, high), p, margin=margin) == Verdict(verdict)


def test_few_words_decide_nothing() -> None:
    assert decide(Interval(0.5, 0.9), 0.001, enough=False) == Verdict.INCONCLUSIVE


def test_the_smallest_effect_is_2_8_standard_errors() -> None:
    assert smallest_effect(Interval(-0.0196, 0.0196)) == pytest.approx(0.028, abs=0.0001)
