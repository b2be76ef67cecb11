from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from goldzone.errors import StateError
from goldzone.training.control.controller_input import Bounds, ControllerInput, effective_bounds
from goldzone.training.settings import CapacitySettings
from tests.training.control.controller_inputs import controller_input, controller_inputs, settings

SHARES = {"floor_share": 0.05, "ceiling_share": 2.5}


@pytest.mark.parametrize(
    ("fields", "largest", "bounds"),
    [
        ({}, 1 << 24, (16, 262_144)),
        (SHARES, 1 << 24, (16, 262_144)),  # absolute: shares say nothing
        ({}, 1_000, (16, 1_000)),
        ({}, 9, (9, 9)),  # the largest is above nothing, not even the floor
        # N = 10,000: 500 to 25,000
        (SHARES | {"bounds": "samples"}, 1 << 24, (500, 25_000)),
        (SHARES | {"bounds": "samples"}, 20_000, (500, 20_000)),
        (SHARES | {"bounds": "samples", "floor": 600}, 1 << 24, (600, 25_000)),
        (SHARES | {"bounds": "samples", "premodulo": 900, "ceiling": 900}, 1 << 24, (500, 900)),
        (SHARES | {"bounds": "samples", "premodulo": 400, "ceiling": 400}, 1 << 24, (400, 400)),
        # Shares that would leave nothing above the absolute floor: 0.0001 * 10,000 = 1
        ({"bounds": "samples", "ceiling_share": 0.0001}, 1 << 24, (16, 16)),
        ({"bounds": "samples"}, 1 << 24, (16, 10_000)),  # unless told otherwise 0 and 1
        # 333 distinct values: 16.65 and 832.5 are rounded inward
        (SHARES | {"bounds": "distinct"}, 1 << 24, (17, 832)),
        # 16.65 rounded up and down again: the floor wins
        (SHARES | {"bounds": "distinct", "ceiling_share": 0.05}, 1 << 24, (17, 17)),
        # 0.07 * 10,000 is 700 as written; in binary it is a little more, and would be 701
        ({"bounds": "samples", "floor_share": 0.07}, 1 << 24, (700, 10_000)),
    ],
)
def test_bounds(fields: dict[str, Any], largest: int, bounds: tuple[int, int]) -> None:
    found = effective_bounds(
        CapacitySettings.model_validate(fields), controller_input(largest=largest, distinct=333)
    )
    assert found == Bounds(*bounds)


def test_shares_of_the_distinct_values_need_them() -> None:
    with pytest.raises(StateError, match=r"^capacity\.bounds: the distinct feature values are not known"):
        effective_bounds(CapacitySettings(bounds="distinct"), controller_input())


@given(settings("law"), controller_inputs())
def test_bounds_are_in_order_and_within_the_absolute_ones(
    chosen: CapacitySettings, given: ControllerInput
) -> None:
    bounds = effective_bounds(chosen, given)
    assert 2 <= bounds.floor <= bounds.ceiling <= min(chosen.ceiling, given.largest)
    assert bounds.floor >= min(chosen.floor, given.largest)
