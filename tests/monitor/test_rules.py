from __future__ import annotations

import pytest

from goldzone.monitor.alert_settings import AlertRule, AlertSettings
from goldzone.monitor.rules import (
    RULES,
    Swing,
    crosses,
    doubt,
    is_back,
    memorised_gap,
    moved,
    share_at_least,
    spread,
    times_usual,
)


def test_every_rule_has_its_settings_and_every_setting_of_a_rule_its_rule() -> None:
    fields = [name for name, value in dict(AlertSettings()).items() if isinstance(value, AlertRule)]
    assert list(RULES) == fields


@pytest.mark.parametrize(
    ("value", "low", "crossed", "back"),
    [
        # Threshold 10, hysteresis 0.1: a high rule is over at 9, a low one above 11.
        (10.1, False, True, False),
        (10.0, False, False, False),
        (9.1, False, False, False),
        (9.0, False, False, True),
        (9.9, True, True, False),
        (10.0, True, True, False),
        (11.0, True, False, False),
        (11.1, True, False, True),
    ],
)
def test_between_opening_and_closing_lies_the_hysteresis(
    value: float, low: bool, crossed: bool, back: bool
) -> None:
    assert crosses(value, 10.0, low=low) is crossed
    assert is_back(value, 10.0, low=low) is back


def test_a_low_rule_at_zero_is_over_with_the_first_that_is_more() -> None:
    assert crosses(0.0, 0.0, low=True)
    assert not is_back(0.0, 0.0, low=True)
    assert is_back(1.0, 0.0, low=True)


@pytest.mark.parametrize(
    ("value", "reported", "expected"),
    [(12.0, 10.0, True), (11.9, 10.0, False), (8.0, 10.0, True), (0.0, 0.0, False), (0.1, 0.0, True)],
)
def test_a_notable_move_is_a_share_of_what_was_told_last(
    value: float, reported: float, expected: bool
) -> None:
    assert moved(value, reported) is expected


@pytest.mark.parametrize(
    ("train", "dev", "gap"),
    [(1.0, 0.75, 0.25), (0.96, 0.5, 0.46), (0.95, 0.5, 0.0), (0.96, 0.97, -0.01)],
)
def test_a_gap_counts_above_the_train_accuracy_of_memorisation(train: float, dev: float, gap: float) -> None:
    assert memorised_gap(train, dev, 0.95) == pytest.approx(gap)


def test_of_few_words_nothing_is_known() -> None:
    assert doubt(0) == 0.0
    assert doubt(50) == pytest.approx(0.2)
    assert doubt(199) > 2 * doubt(200)


def test_shares_spreads_and_multiples() -> None:
    assert share_at_least([0.5, 0.8, 1.0, 0.79], 0.8) == 0.5
    assert share_at_least([], 0.8) == 0.0
    assert spread([0.5, 0.75, 0.25]) == 0.5
    assert times_usual(60.0, [10.0, 40.0, 20.0]) == 3.0
    assert times_usual(60.0, [1.0, 4.0, 2.0]) == 6.0  # as if they had taken 10 s


@pytest.mark.parametrize(
    ("premodulos", "steps"),
    [
        ([100], 0),
        ([100, 200], 1),
        ([100, 200, 100], 2),
        ([100, 200, 100, 200], 3),
        ([100, 200, 300, 200], 2),
        ([100, 200, 200, 100], 1),
        ([100, 200, 100, 109], 0),  # less than the factor 1.1
        ([100, 111, 100], 2),
        ([100, 200, 0, 200], 0),
        ([100, 100], 0),
    ],
)
def test_steps_up_and_down_in_turn_are_counted(premodulos: list[int], steps: int) -> None:
    swing = Swing(premodulos[0])
    for premodulo in premodulos[1:]:
        swing = swing.then(premodulo)
    assert swing.steps == steps
    assert swing.premodulo == premodulos[-1]
