from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from goldzone.training.control.controller_input import ControllerInput, bounds
from goldzone.training.settings import CapacitySettings
from tests.training.control.controller_inputs import controller_input, controller_inputs, settings


@pytest.mark.parametrize(
    ("fields", "largest", "expected"),
    [
        ({}, 1 << 24, (16, 262_144)),
        ({"floor": 20, "ceiling": 70_000}, 1 << 24, (20, 70_000)),
        ({}, 1_000, (16, 1_000)),
        ({}, 9, (9, 9)),  # the largest is above nothing, not even the floor
    ],
)
def test_bounds(fields: dict[str, Any], largest: int, expected: tuple[int, int]) -> None:
    assert bounds(CapacitySettings.model_validate(fields), controller_input(largest=largest)) == expected


@given(settings("law"), controller_inputs())
def test_bounds_are_in_order_and_within_those_of_the_settings(
    chosen: CapacitySettings, given: ControllerInput
) -> None:
    floor, ceiling = bounds(chosen, given)
    assert 2 <= floor <= ceiling <= min(chosen.ceiling, given.largest)
    assert floor >= min(chosen.floor, given.largest)
