from __future__ import annotations

import pytest

from goldzone.hashtron.committee import MAX_CELLS
from goldzone.training.config import TrainingConfig
from goldzone.training.control.ladder import for_words


@pytest.mark.parametrize(
    ("words", "capacity", "kind", "premodulo"),
    [
        (100, {}, "beam", 4096),
        (800, {}, "beam", 4096),
        (3_000, {}, "beam", 8192),  # 6,000 is nearer to 8,192 than to 4,096 on a logarithmic scale
        (8_000, {}, "beam", 16_384),
        (33_344, {}, "beam", 65_536),
        (33_344, {}, "rank", 4096),
        (33_344, {"cells_per_word": 0}, "beam", 4096),
        (33_344, {"premodulo": 1024}, "beam", 1024),  # what was chosen stays
        (33_344, {"ceiling": 8192}, "beam", 8192),
        (10_000_000, {"ceiling": 1 << 18}, "beam", 1 << 18),
    ],
)
def test_many_words_ask_for_more_cells(
    words: int, capacity: dict[str, int], kind: str, premodulo: int
) -> None:
    config = TrainingConfig.model_validate({"capacity": capacity, "credit": {"kind": kind}})
    assert for_words(config, words).capacity.premodulo == premodulo


def test_a_model_holds_no_more_cells_than_it_can() -> None:
    config = TrainingConfig.model_validate({"network": {"neurons": 4096}})
    assert for_words(config, 10_000_000).capacity.premodulo == MAX_CELLS // 4096


@pytest.mark.parametrize(
    ("capacity", "floor", "ceiling"),
    [
        ({}, 4096, 16_384),
        ({"premodulo": 1024}, 256, 1024),
        ({"floor": 512}, 512, 16_384),
        ({"ceiling": 65_536}, 4096, 65_536),
    ],
)
def test_the_law_keeps_a_quarter_of_what_it_starts_with(
    capacity: dict[str, object], floor: int, ceiling: int
) -> None:
    config = TrainingConfig.model_validate({"capacity": {"controller": "law", **capacity}})
    found = for_words(config, 8_000).capacity
    assert (found.floor, found.ceiling) == (floor, ceiling)


def test_other_controllers_keep_their_bounds() -> None:
    config = TrainingConfig()
    found = for_words(config, 8_000).capacity
    assert (found.floor, found.ceiling) == (config.capacity.floor, config.capacity.ceiling)
