from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.training.control.pairs import NeuronPair, PackedAnswers, choose_pairs
from tests.naive.pairs import naive_pairs

#           sample  0  1  2  3  4  5  6  7
LEFT = [1, 1, 1, 1, 0, 0, 0, 0]
RIGHT = [0, 0, 0, 0, 1, 1, 1, 1]  # with LEFT: -1
UNEVEN = [0, 0, 0, 1, 1, 1, 1, 0]  # with LEFT: (8 * 1 - 4 * 4) / 16 = -1/2; with RIGHT: +1/2
LONE = [0, 0, 0, 0, 0, 0, 0, 1]  # with LEFT: (0 - 4) / sqrt(16 * 7) = -0.378; with UNEVEN: the same
EVEN = [1, 0, 1, 0, 1, 0, 1, 0]  # with LEFT and RIGHT: 0
ALWAYS, NEVER = [1] * 8, [0] * 8


def packed(answers: Sequence[Sequence[int]]) -> PackedAnswers:
    samples = len(answers[0]) if answers else 0
    words = np.zeros((len(answers), -(-samples // 64)), np.uint64)
    for row, bits in enumerate(answers):
        for sample, bit in enumerate(bits):
            words[row, sample // 64] |= np.uint64(bit << sample % 64)
    return PackedAnswers(words, samples)


def choose(
    answers: Sequence[Sequence[int]],
    share: float = 1.0,
    correlation: float = -0.1,
    positions: Sequence[int] | None = None,
) -> list[tuple[int, int]]:
    places = range(len(answers)) if positions is None else positions
    found = choose_pairs(places, packed(answers), share=share, correlation=correlation)
    return [(pair.first, pair.second) for pair in found]


def test_opposed_neurons_are_a_pair_with_their_correlation() -> None:
    found = choose_pairs([7, 3], packed([LEFT, RIGHT]), share=1, correlation=-0.1)
    assert found == (NeuronPair(7, 3, -1.0),)
    (lone,) = choose_pairs([0, 1], packed([LEFT, LONE]), share=1, correlation=-0.1)
    assert lone.correlation == pytest.approx(-4 / sqrt(112))


@pytest.mark.parametrize(
    ("answers", "pairs"),
    [
        # The most negative first; who is taken is taken.
        ([LEFT, UNEVEN, RIGHT], [(0, 2)]),
        ([LONE, LEFT, UNEVEN, RIGHT], [(1, 3), (0, 2)]),
        # Neither independence nor agreement makes a pair, nor does a constant answer.
        ([LEFT, EVEN], []),
        ([RIGHT, UNEVEN], []),
        ([LEFT, LEFT], []),
        ([ALWAYS, NEVER, LEFT], []),
        # Ties go by position.
        ([LEFT, RIGHT, RIGHT, LEFT], [(0, 1), (2, 3)]),
        ([LEFT, LEFT, RIGHT], [(0, 2)]),
        ([], []),
        ([LEFT], []),
    ],
)
def test_pairs_are_disjoint_the_most_opposed_first(
    answers: list[list[int]], pairs: list[tuple[int, int]]
) -> None:
    assert choose(answers) == pairs


def test_a_pair_keeps_the_order_of_the_choice_but_ties_go_by_position() -> None:
    # The three left ones tie with neuron 9: the lowest position of them, 2, is its partner.
    assert choose([LEFT, LEFT, RIGHT, LEFT], positions=[4, 2, 9, 3]) == [(2, 9)]
    assert choose([LEFT, LEFT, RIGHT, LEFT], positions=[14, 12, 9, 13]) == [(12, 9)]


@pytest.mark.parametrize(
    ("correlation", "pairs"), [(-0.5, [(0, 1)]), (-0.4999, [(0, 1)]), (-0.5001, []), (-1.0, [])]
)
def test_the_threshold_is_the_highest_correlation_of_a_pair(
    correlation: float, pairs: list[tuple[int, int]]
) -> None:
    assert choose([LEFT, UNEVEN], correlation=correlation) == pairs


def test_a_decimal_threshold_is_met_exactly() -> None:
    # n1 = n2 = 5, n11 = 2 of 10: (20 - 25) / 25 = -1/5, which no float is.
    one, other = [1] * 5 + [0] * 5, [1, 1, 0, 0, 0, 1, 1, 1, 0, 0]
    assert choose([one, other], correlation=-0.2) == [(0, 1)]
    assert choose([one, other], correlation=-0.2000000000001) == []


@pytest.mark.parametrize(
    ("share", "pairs"), [(0.0, 0), (0.199, 0), (0.2, 1), (0.3, 1), (0.4, 2), (0.6, 3), (1.0, 5)]
)
def test_no_more_than_the_share_of_the_chosen_is_paired(share: float, pairs: int) -> None:
    assert len(choose([LEFT, RIGHT] * 5, share=share)) == pairs


def test_neurons_without_answers_count_for_the_share_but_are_not_paired() -> None:
    assert choose([LEFT, RIGHT], share=0.5, positions=[0, 1, 2, 3]) == [(0, 1)]
    assert choose([LEFT, RIGHT], share=0.49, positions=[0, 1, 2, 3]) == []


bits = st.lists(st.integers(0, 1), min_size=9, max_size=9)


@given(
    st.lists(bits, max_size=7),
    st.permutations(range(20)),
    st.sampled_from([0.1, 0.25, 0.5, 1.0]),
    st.sampled_from([-0.01, -0.1, -0.3, -0.75]),
)
def test_pairs_are_those_of_the_definition(
    answers: list[list[int]], order: list[int], share: float, correlation: float
) -> None:
    positions = order[: len(answers) + 2]
    found = choose(answers, share, correlation, positions)
    assert found == naive_pairs(positions, answers, Fraction(str(share)), Fraction(str(correlation)))
    flat = [position for pair in found for position in pair]
    assert len(set(flat)) == len(flat) <= share * len(positions)


@pytest.mark.parametrize("repeats", [1, 64])
def test_correlations_that_only_floats_tell_apart_are_ties(repeats: int) -> None:
    # 6 and 12 ones of 21, or 3 and 16, never both: phi squared is 8/15; as floats, phi differs by a bit.
    six, twelve = ([int(sample in taken) for sample in range(21)] for taken in (range(6), range(9, 21)))
    three = [int(sample in {0, 10, 20}) for sample in range(21)]
    sixteen = [int(sample not in {0, 5, 10, 15, 20}) for sample in range(21)]
    for answers in ([six, twelve, three, sixteen], [three, sixteen, six, twelve]):
        assert choose([row * repeats for row in answers], share=0.5) == [(0, 1)]


@pytest.mark.parametrize(
    ("positions", "share", "message"),
    [
        ([0], 0.5, "answers: 2 rows for 1 neurons"),
        ([0, 1], 1.1, "selection.pairs: 1.1 is no share"),
        ([0, 1], -0.1, "selection.pairs: -0.1 is no share"),
    ],
)
def test_what_cannot_be_done_is_refused(positions: list[int], share: float, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        choose([LEFT, RIGHT], share, positions=positions)
