from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.training.control.selection import STRATEGIES, Measured, select_neurons
from goldzone.training.settings import SelectionSettings
from goldzone.training.streams import stream
from goldzone.training.sums.measurement import Regime, regime

measured = st.none() | st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(-n, n), st.just(n)))
layers = st.lists(measured, max_size=30)


def select(
    strategy: str, layer: list[Measured], count: int = 99, seed: int = 1, words: list[int] | None = None
) -> list[int]:
    drawn = stream(seed, "selection", count=len(layer)) if words is None else np.array(words, np.uint32)
    return select_neurons(strategy, layer, count, drawn)


@given(st.sampled_from(sorted(STRATEGIES)), layers, st.integers(0, 40), st.integers(0, 9))
def test_a_choice_is_k_neurons_of_the_layer_each_once(
    strategy: str, layer: list[Measured], count: int, seed: int
) -> None:
    chosen = select(strategy, layer, count, seed)
    assert len(chosen) == min(count, len(layer))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(range(len(layer)))
    assert chosen == select(strategy, layer, count, seed)
    assert chosen == select(strategy, layer, len(layer), seed)[:count]


def test_the_gold_zone_comes_first_then_moderate_margins_then_chance() -> None:
    # Of 100 samples: noisy up to 10, collapsed from 80; the middle is 45. Moderate: above 5, below 90.
    sums = [100, 5, 89, 79, 6, 46, -42, 0, 9, 81, 90, 11]
    layer: list[Measured] = [(s, 100) for s in sums]
    words = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 7, 1]
    order = [sums[position] for position in select("gold_zone", layer, words=words)]
    assert order == [46, -42, 79, 11, 81, 9, 6, 89, 0, 90, 5, 100]


def test_neurons_never_trained_come_before_all_others_by_position() -> None:
    layer: list[Measured] = [(45, 100), None, (20, 100), None]
    assert select("gold_zone", layer) == [1, 3, 0, 2]
    assert select("gold_zone", [None] * 5) == [0, 1, 2, 3, 4]


@given(layers, st.integers(0, 9))
def test_no_neuron_outside_the_zone_is_chosen_before_one_inside(layer: list[Measured], seed: int) -> None:
    inside = [
        entry is None or regime(*entry) is Regime.GOLD_ZONE
        for entry in (layer[position] for position in select("gold_zone", layer, seed=seed))
    ]
    assert inside == sorted(inside, reverse=True)


def test_the_thresholds_move_the_zone() -> None:
    layer: list[Measured] = [(30, 100), (60, 100)]
    words = np.zeros(2, np.uint32)
    assert select_neurons("gold_zone", layer, 2, words, noise_floor=10, collapse=0.9) == [1, 0]
    assert select_neurons("gold_zone", [(30, 100), (85, 100)], 2, words, noise_floor=40, collapse=0.9) == [
        1,
        0,
    ]
    layer_outside: list[Measured] = [(10, 100), (95, 100)]  # neither is moderate: the words decide
    falling = np.array([1, 0], np.uint32)
    assert select_neurons("gold_zone", layer_outside, 2, falling, noise_floor=40, collapse=0.9) == [1, 0]
    assert select_neurons("gold_zone", layer, 2, words, noise_floor=10, collapse=0.5) == [0, 1]
    assert select_neurons("gold_zone", [(100, 100), (0, 100)], 2, words, noise_floor=0, collapse=1.0) == [
        0,
        1,
    ]


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_ties_go_by_position(strategy: str) -> None:
    for entry in (None, (45, 100), (85, 100), (0, 100)):
        assert select(strategy, [entry] * 99, words=[7] * 99) == list(range(99))


def test_fixed_order_is_by_position_and_random_order_by_words() -> None:
    layer: list[Measured] = [(0, 100), None, (45, 100), (99, 100)]
    words = [4, 2**32 - 1, 1, 4]
    assert select("fixed", layer, words=words) == [0, 1, 2, 3]
    assert select("random", layer, words=words) == [2, 0, 3, 1]
    thirds = select("random", [None] * 300, count=300, words=[position % 3 for position in range(300)])
    assert thirds == [*range(0, 300, 3), *range(1, 300, 3), *range(2, 300, 3)]


def test_every_strategy_of_the_configuration_is_known() -> None:
    known = get_args(SelectionSettings.model_fields["strategy"].annotation)
    assert set(known) == set(STRATEGIES)


@pytest.mark.parametrize(
    ("strategy", "count", "words", "message"),
    [
        ("golden", 1, 2, "selection.strategy: 'golden' is unknown; use one of gold_zone, fixed, random"),
        ("fixed", -1, 2, "count: -1 neurons"),
        ("fixed", 1, 3, "words: 3 for 2 neurons"),
    ],
)
def test_what_cannot_be_done_is_refused(strategy: str, count: int, words: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        select_neurons(strategy, [None, None], count, np.zeros(words, np.uint32))
