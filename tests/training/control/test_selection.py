from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from goldzone.errors import ConfigError, StateError
from goldzone.training.control.selection import STRATEGIES, Selection, select_neurons
from goldzone.training.settings import SelectionSettings
from goldzone.training.streams import stream
from goldzone.training.sums.measurement import GoldZone
from tests.naive.selection import Measured, naive_gold_zone_order, naive_groups

measured = st.none() | st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(-n, n), st.just(n)))
coarse = st.none() | st.tuples(st.integers(-20, 20), st.just(20))  # many ties and edges
layers = st.lists(measured, max_size=30) | st.lists(coarse, max_size=30)
zones = st.builds(GoldZone, st.none() | st.sampled_from([0, 4, 4.5, 10**6]), st.sampled_from([0.2, 0.8, 1.0]))

ZONE = GoldZone()
# Of 100 samples: noisy up to 10, collapsed from 80; the middle is 45. Moderate: above 5, below 90.
SUMS = [100, 5, 89, 79, 6, 46, -42, 0, 9, 81, 90, 11]
WORDS = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 7, 1]
ORDER = [46, -42, 79, 11, 81, 9, 6, 89, 0, 90, 5, 100]


def choose(
    strategy: str,
    layer: list[Measured],
    count: int = 99,
    *,
    seed: int = 1,
    words: list[int] | None = None,
    sweep: int = 1,
    exploration: float = 0.0,
    zone: GoldZone = ZONE,
) -> Selection:
    drawn = stream(seed, "selection", count=len(layer)) if words is None else np.array(words, np.uint32)
    sums, samples = np.array([entry or (0, 0) for entry in layer], np.int64).reshape(-1, 2).T
    return select_neurons(
        strategy, sums, samples, count, drawn, sweep=sweep, zone=zone, exploration=exploration
    )


def of_hundred(sums: list[int]) -> list[Measured]:
    return [(s, 100) for s in sums]


@given(
    st.sampled_from(sorted(STRATEGIES)),
    layers,
    st.integers(0, 40),
    st.integers(0, 9),
    st.integers(1, 9),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
def test_a_choice_is_k_neurons_of_the_layer_each_once(
    strategy: str, layer: list[Measured], count: int, seed: int, sweep: int, exploration: float
) -> None:
    chosen = choose(strategy, layer, count, seed=seed, sweep=sweep, exploration=exploration)
    assert len(chosen.positions) == min(count, len(layer))
    assert len(set(chosen.positions)) == len(chosen.positions)
    assert set(chosen.positions) <= set(range(len(layer)))
    assert sum(chosen.groups.values()) == len(chosen.positions)
    assert chosen == choose(strategy, layer, count, seed=seed, sweep=sweep, exploration=exploration)


@given(layers, st.integers(0, 40), st.integers(0, 9), zones)
def test_the_gold_zone_order_is_that_of_the_definition(
    layer: list[Measured], count: int, seed: int, zone: GoldZone
) -> None:
    words = stream(seed, "selection", count=len(layer)).tolist()
    groups = [group for group, _ in naive_groups(layer, zone)]
    chosen = choose("gold_zone", layer, count, words=words, zone=zone)
    assert list(chosen.positions) == naive_gold_zone_order(layer, words, zone)[:count]
    assert chosen.gold_zone == groups.count("gold_zone")
    names = [groups[position].replace("far", "explored") for position in chosen.positions]
    assert chosen.groups == {name: names.count(name) for name in names}


def test_the_gold_zone_comes_first_then_moderate_margins_then_chance() -> None:
    chosen = choose("gold_zone", of_hundred(SUMS), words=WORDS)
    assert [SUMS[position] for position in chosen.positions] == ORDER
    assert chosen.groups == {"gold_zone": 4, "moderate": 4, "explored": 4}
    assert chosen.gold_zone == 4
    assert chosen.reason == "4 in the gold zone nearest its middle, 4 moderate, 4 by exploration"


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (0, "none"),
        (1, "1 in the gold zone nearest its middle"),
        (4, "4 in the gold zone nearest its middle"),
        (5, "4 in the gold zone nearest its middle, 1 moderate"),
        (9, "4 in the gold zone nearest its middle, 4 moderate, 1 by exploration"),
    ],
)
def test_fewer_neurons_are_the_beginning_of_the_order(count: int, reason: str) -> None:
    chosen = choose("gold_zone", of_hundred(SUMS), count, words=WORDS)
    assert [SUMS[position] for position in chosen.positions] == ORDER[:count]
    assert chosen.reason == reason
    assert chosen.gold_zone == 4


def test_neurons_never_trained_come_before_all_others_by_position() -> None:
    layer: list[Measured] = [(45, 100), None, (20, 100), None]
    chosen = choose("gold_zone", layer, 3)
    assert chosen.positions == (1, 3, 0)
    assert chosen.groups == {"untrained": 2, "gold_zone": 1}
    assert chosen.reason == "2 never trained, 1 in the gold zone nearest its middle"
    assert choose("gold_zone", [None] * 5).positions == (0, 1, 2, 3, 4)
    assert choose("gold_zone", [None] * 5, 2).positions == (0, 1)
    # Not even exploration comes before them.
    assert choose("gold_zone", layer, 2, exploration=1.0).positions == (1, 3)


@pytest.mark.parametrize(
    ("sums", "zone", "order"),
    [
        ([30, 60], (10, 0.9), (1, 0)),  # middle 50
        ([30, 85], (40, 0.9), (1, 0)),  # 30 is noisy
        ([10, 95], (40, 0.9), (1, 0)),  # neither is moderate: the words decide
        ([30, 60], (10, 0.5), (0, 1)),  # 60 is collapsed
        ([100, 0], (0, 1.0), (1, 0)),  # sides of no width: the words decide
    ],
)
def test_the_thresholds_move_the_zone(
    sums: list[int], zone: tuple[float, float], order: tuple[int, ...]
) -> None:
    assert choose("gold_zone", of_hundred(sums), words=[1, 0], zone=GoldZone(*zone)).positions == order


@pytest.mark.parametrize(
    ("exploration", "count", "positions", "explored"),
    [
        # In the zone: 0 to 3, in this order. Outside it 4 to 7; words rise from 7 down to 0.
        (0.0, 4, (0, 1, 2, 3), 0),
        (0.01, 4, (0, 1, 2, 7), 1),  # at least one
        (0.5, 4, (0, 1, 7, 6), 2),
        (0.5, 5, (0, 1, 2, 7, 6), 2),  # 2.5, half to even
        (1.0, 3, (7, 6, 5), 3),
        (0.5, 6, (0, 1, 2, 7, 6, 5), 3),
        (0.25, 8, (0, 1, 2, 3, 7, 6, 5, 4), 4),  # four are far, two of them drawn: all by chance
        (0.5, 0, (), 0),
    ],
)
def test_a_share_of_the_choice_is_drawn_from_those_passed_over(
    exploration: float, count: int, positions: tuple[int, ...], explored: int
) -> None:
    layer = of_hundred([45, 46, 43, 50, 0, 0, 100, 100])
    chosen = choose("gold_zone", layer, count, words=[7, 6, 5, 4, 3, 2, 1, 0], exploration=exploration)
    assert chosen.positions == positions
    assert chosen.groups.get("explored", 0) == explored


def test_without_exploration_a_neuron_far_from_the_zone_waits_and_with_it_gets_its_turn() -> None:
    layer = of_hundred([45] * 6 + [0, 100])

    def ever(exploration: float) -> set[int]:
        return {
            position
            for seed in range(40)
            for position in choose("gold_zone", layer, 3, seed=seed, exploration=exploration).positions
        }

    assert ever(0.0) == {0, 1, 2}
    assert ever(0.1) == set(range(8))


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_ties_go_by_position(strategy: str) -> None:
    for entry in (None, (45, 100), (85, 100), (0, 100)):
        assert choose(strategy, [entry] * 99, words=[7] * 99).positions == tuple(range(99))


def test_random_order_is_that_of_the_words() -> None:
    layer: list[Measured] = [(0, 100), None, (45, 100), (99, 100)]
    chosen = choose("random", layer, 3, words=[4, 2**32 - 1, 1, 4])
    assert chosen == Selection((2, 0, 3), {"random": 3}, 1, "3 at random")
    thirds = choose("random", [None] * 300, 300, words=[position % 3 for position in range(300)])
    assert thirds.positions == (*range(0, 300, 3), *range(1, 300, 3), *range(2, 300, 3))


@pytest.mark.parametrize(
    ("sweep", "count", "positions", "reason"),
    [
        (1, 2, (0, 1), "2 by position from 0"),
        (2, 2, (2, 3), "2 by position from 2"),
        (3, 2, (4, 0), "2 by position from 4"),
        (4, 2, (1, 2), "2 by position from 1"),
        (6, 2, (0, 1), "2 by position from 0"),
        (3, 4, (3, 4, 0, 1), "4 by position from 3"),
        # A whole layer stays in its order, however many are asked for.
        (2, 5, (0, 1, 2, 3, 4), "5 by position from 0"),
        (2, 6, (0, 1, 2, 3, 4), "5 by position from 0"),
        (7, 0, (), "none"),
    ],
)
def test_fixed_goes_round_the_layer_from_sweep_to_sweep(
    sweep: int, count: int, positions: tuple[int, ...], reason: str
) -> None:
    chosen = choose("fixed", of_hundred([45, 0, 100, 45, 20]), count, sweep=sweep)
    assert chosen.positions == positions
    assert chosen.reason == reason
    assert chosen.gold_zone == 3


@given(st.integers(1, 40), st.integers(1, 40))
def test_fixed_trains_every_neuron_before_any_for_the_second_time(size: int, count: int) -> None:
    sweeps = -(-size // count)
    order = [
        position
        for sweep in range(1, sweeps + 1)
        for position in choose("fixed", [None] * size, count, sweep=sweep).positions
    ]
    assert order[:size] == list(range(size))


def test_a_layer_without_neurons_gives_none() -> None:
    for strategy in STRATEGIES:
        assert choose(strategy, []) == Selection((), {}, 0, "none")


def test_every_strategy_of_the_configuration_is_known() -> None:
    known = get_args(SelectionSettings.model_fields["strategy"].annotation)
    assert set(known) == set(STRATEGIES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exploration", -0.1),
        ("exploration", 1.1),
        ("pairs", -0.1),
        ("pairs", 1.1),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        SelectionSettings.model_validate({name: value})


@pytest.mark.parametrize(
    ("strategy", "count", "words", "sweep", "exploration", "message"),
    [
        (
            "golden",
            1,
            2,
            1,
            0,
            "selection.strategy: 'golden' is unknown; use one of gold_zone, fixed, random",
        ),
        ("fixed", -1, 2, 1, 0, "count: -1 neurons"),
        ("fixed", 1, 3, 1, 0, "words: 3 for 2 neurons"),
        ("fixed", 1, 2, 0, 0, "sweep: 0 is not possible; sweeps count from 1"),
        ("gold_zone", 1, 2, 1, 1.1, "selection.exploration: 1.1 is no share"),
        ("gold_zone", 1, 2, 1, -0.1, "selection.exploration: -0.1 is no share"),
    ],
)
def test_what_cannot_be_done_is_refused(
    strategy: str, count: int, words: int, sweep: int, exploration: float, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        choose(strategy, [None, None], count, words=[0] * words, sweep=sweep, exploration=exploration)


@pytest.mark.parametrize("entry", [(101, 100), (-101, 100), (1, 0), (0, -1)])
def test_a_sum_that_is_not_possible_is_refused(entry: tuple[int, int]) -> None:
    with pytest.raises(StateError, match=f"sum {entry[0]} of {entry[1]} samples: not possible"):
        choose("gold_zone", [(1, 2), entry])
