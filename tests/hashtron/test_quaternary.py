from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import DataError
from goldzone.hashtron.kernels import KEY_BLOCK
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.quaternary import build_filter
from tests.golden import read_golden
from tests.naive.hashtron_filter import naive_build, naive_look_up

PAIRS = st.dictionaries(st.integers(0, 2**32 - 1), st.integers(0, 1), max_size=60)


def look_up(filter_bytes: bytes, keys: list[int]) -> list[bool]:
    return [bool(bit) for bit in Hashtron((), filter_bytes).evaluate(keys)]


def bits(text: str) -> list[bool]:
    return [character == "1" for character in text]


@pytest.mark.parametrize("entry", read_golden("quaternary")["maps"], ids=lambda e: f"{e['kind']}-{e['size']}")
def test_filters_match_the_reference_byte_for_byte(entry: dict[str, Any]) -> None:
    built = build_filter(entry["keys"], bits(entry["vals"]))
    assert built.hex() == entry["filter"]
    assert look_up(built, entry["keys"]) == bits(entry["filter_get_keys"])
    assert look_up(built, entry["other_keys"]) == bits(entry["filter_get_other"])


@given(PAIRS, st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_build_and_look_up_equal_their_definition(pairs: dict[int, int], strangers: list[int]) -> None:
    built = build_filter(list(pairs), list(pairs.values()))
    assert built == naive_build(pairs)
    keys = [*pairs, *strangers]
    assert look_up(built, keys) == [bool(naive_look_up(built, key)) for key in keys]


@pytest.mark.parametrize("pairs", [{46: 1, 7: 0}, {44: 0, 49: 0, 43: 0, 10: 1, 33: 1}])
def test_the_limit_of_changes_grows_by_one_half(pairs: dict[int, int]) -> None:
    # Keys for which the first larger filter is already too full at 3/2 of the limit, but not at twice it.
    assert build_filter(list(pairs), list(pairs.values())) == naive_build(pairs)


@given(PAIRS, st.randoms(use_true_random=False))
def test_every_key_is_answered_and_order_leaves_no_trace(pairs: dict[int, int], random: Any) -> None:
    keys = list(pairs)
    random.shuffle(keys)
    built = build_filter(keys, [pairs[key] for key in keys])
    assert built == build_filter(list(pairs), list(pairs.values()))
    assert look_up(built, keys) == [bool(pairs[key]) for key in keys]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 40, KEY_BLOCK + 3]), st.binary(max_size=300))
def test_any_bytes_can_be_asked(seed: int, count: int, filter_bytes: bytes) -> None:
    keys = np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32).tolist()
    expected = [bool(naive_look_up(filter_bytes, key)) for key in keys]
    assert look_up(filter_bytes, keys) == expected


def test_a_filter_of_conflicts_gives_up_with_false() -> None:
    assert look_up(b"\xff" * 8, [0, 1, 2**32 - 1]) == [False] * 3


def test_repeated_key_is_refused() -> None:
    with pytest.raises(DataError, match="key 7 occurs twice"):
        build_filter(np.array([7, 3, 7], dtype=np.uint32), [True, False, True])


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match="shapes"):
        build_filter([1, 2], [True])
