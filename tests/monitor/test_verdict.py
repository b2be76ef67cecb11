from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.monitor.alert_settings import AlertRule, AlertSettings
from goldzone.monitor.verdict import Verdict, judge
from goldzone.training.control.curve import CurvePoint

SETTINGS = AlertSettings()
WORDS = 2000  # chance: 0.3 points up, 1.2 points down


def verdict(*scores: tuple[float, float | None], open_rules: tuple[str, ...] = ()) -> Verdict:
    points = tuple(CurvePoint(number, *pair, 100) for number, pair in enumerate(scores, 1))
    return judge(points, WORDS, SETTINGS, open_rules).verdict


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), Verdict.NOT_KNOWN),
        (((0.9, None),), Verdict.NOT_KNOWN),
        (((0.7, 0.6),), Verdict.BEGUN),
        (((0.7, 0.6), (0.8, 0.65)), Verdict.LEARNING),
        (((0.7, 0.6), (0.8, 0.602)), Verdict.LEVEL),
        (((0.7, 0.6), (0.8, 0.595)), Verdict.LEVEL),
        (((0.7, 0.6), (0.8, 0.65), (0.8, 0.649)), Verdict.LEARNING),
        (((0.7, 0.6), (0.8, 0.65), (0.8, 0.651), (0.8, 0.65)), Verdict.LEVEL),
        (((0.7, 0.6), (0.8, 0.65), (0.85, 0.6)), Verdict.FALLING),
        (((0.97, 0.6), (0.97, 0.6), (0.97, 0.6)), Verdict.MEMORISING),
        (((0.97, 0.6), (0.97, 0.65)), Verdict.LEARNING),  # two sweeps that know them are no proof
        (((0.97, 0.9), (0.97, 0.9), (0.97, 0.9)), Verdict.LEVEL),  # unseen words are nearly as well known
        (((0.7, None), (0.8, 0.65)), Verdict.BEGUN),
    ],
)
def test_a_curve_is_one_word(scores: tuple[tuple[float, float | None], ...], expected: Verdict) -> None:
    assert verdict(*scores) is expected


def test_an_open_alert_is_believed() -> None:
    scores = ((0.7, 0.6), (0.94, 0.59))
    assert verdict(*scores) is Verdict.LEVEL
    assert verdict(*scores, open_rules=("memorisation",)) is Verdict.MEMORISING


def test_what_counts_as_memorising_is_configured() -> None:
    points = (CurvePoint(1, 0.7, 0.6, 1), CurvePoint(2, 0.97, 0.5, 1), CurvePoint(3, 0.97, 0.5, 1))
    strict = SETTINGS.model_copy(update={"memorisation": AlertRule(severity="off", threshold=0.3, window=2)})
    assert judge(points, WORDS, strict).verdict is Verdict.MEMORISING
    lax = SETTINGS.model_copy(update={"memorisation": AlertRule(severity="warning", threshold=0.9, window=1)})
    assert judge(points, WORDS, lax).verdict is Verdict.FALLING


@given(
    st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(0, 1)), max_size=8),
    st.integers(0, 10**6),
)
def test_every_curve_has_a_verdict_and_a_reason(
    scores: list[tuple[float, float | None]], examples: int
) -> None:
    points = tuple(CurvePoint(number, *pair, 100) for number, pair in enumerate(scores, 1))
    found = judge(points, examples, SETTINGS)
    assert found.why
    if found.verdict is Verdict.LEARNING:
        assert max(dev for _, dev in scores[-2:] if dev is not None) > min(
            dev for _, dev in scores if dev is not None
        )
