from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.hashtron.combiners import (
    Combiner,
    Conv2D,
    CrossAttention,
    Full,
    MajPool2D,
    Parity,
    Stochastic,
    Sum,
)
from tests.golden import read_golden
from tests.naive.hashtron_combiners import naive_feature


def construct(entry: dict[str, Any]) -> Combiner:
    arguments = entry["args"]
    match entry["type"]:
        case "conv2d":
            return Conv2D(*arguments[:5])
        case "crossattention":
            return CrossAttention(arguments[0], arguments[1], queries=entry["qkv"], masked=entry["masked"])
        case "sum":
            return Sum(tuple(entry["dims"]), *arguments)
    kinds: dict[str, type[Combiner]] = {
        "full": Full,
        "majpool2d": MajPool2D,
        "parity": Parity,
        "sochastic": Stochastic,
    }
    return kinds[entry["type"]](*arguments)


def features(combiner: Combiner, bits: Any, count: int | None = None) -> list[list[int]]:
    """Features of samples, given one a row."""
    rows = np.ascontiguousarray(np.asarray(bits, dtype=np.uint8).T)
    found = combiner.features_by_row(rows, combiner.n_features if count is None else count)
    assert found.dtype == np.uint32
    listed: list[list[int]] = found.T.tolist()
    return listed


GOLDEN = [entry for entry in read_golden("combiners")["combiners"] if entry["ctor"] != "nonfixed"]
ENTRIES = [entry for entry in GOLDEN if "features" in entry["cases"][0]]
PANICS = [entry for entry in GOLDEN if "panic" in entry["cases"][0]]


def name(entry: dict[str, Any]) -> str:
    return f"{entry['type']}-{entry['ctor']}-{entry.get('dims', '')}{entry['args']}"


def matrix(texts: list[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array([[int(bit) for bit in text] for text in texts], dtype=np.uint8)


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_features_match_the_reference(entry: dict[str, Any]) -> None:
    combiner = construct(entry)
    assert (combiner.size, combiner.n_features) == (entry["size"], entry["n_features"])
    bits = matrix([case["bits"] for case in entry["cases"]])
    expected = [case["features"] for case in entry["cases"]]
    assert features(combiner, bits) == expected
    assert features(combiner, bits, 1) == [row[:1] for row in expected]


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_disregarded_bits_match_the_reference(entry: dict[str, Any]) -> None:
    combiner = construct(entry)
    cases = entry["cases"]
    bits = matrix([case["bits"] for case in cases])
    expected = matrix([case.get("disregard", "0" * combiner.size) for case in cases])
    told = [combiner.disregard(bits, position) for position in range(combiner.size)]
    assert np.array_equal(np.stack(told, axis=1), expected)


@pytest.mark.parametrize("entry", PANICS, ids=name)
def test_shapes_that_panic_in_the_reference_cannot_be_constructed(entry: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="would read bit"):
        construct(entry)


SMALL = st.integers(1, 4)
WIDTH = st.integers(1, 32)


def attention(dim: int, heads: int, queries: bool, masked: bool) -> CrossAttention:
    return CrossAttention(3 * dim if queries else 2 * dim, heads, queries, masked)


RANDOM_COMBINERS = st.one_of(
    st.builds(Full, st.integers(1, 40), st.integers(1, 8), WIDTH),
    st.builds(MajPool2D, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, st.integers(1, 2), st.integers(-3, 3)),
    st.builds(
        lambda side, window, repeat: Conv2D(side + window, side + window, window, window, repeat),
        SMALL,
        SMALL,
        SMALL,
    ),
    st.builds(attention, SMALL, SMALL, st.booleans(), st.booleans()),
    st.builds(Parity, st.integers(1, 40)),
    st.builds(Stochastic, st.integers(1, 40), WIDTH, st.integers(0, 2**32 - 1)),
    st.lists(SMALL, min_size=1, max_size=3).flatmap(
        lambda sizes: st.builds(Sum, st.just(tuple(sizes)), st.integers(0, len(sizes) - 1))
    ),
)


@given(RANDOM_COMBINERS, st.data())
def test_features_equal_their_definition(combiner: Combiner, data: st.DataObject) -> None:
    bit_lists = st.lists(st.integers(0, 1), min_size=combiner.size, max_size=combiner.size)
    samples = data.draw(st.lists(bit_lists, min_size=1, max_size=3))
    count = combiner.n_features + (3 if combiner.unlimited else 0)
    expected = [[naive_feature(combiner, bits, n) for n in range(count)] for bits in samples]
    assert features(combiner, samples, count) == expected


@given(st.builds(MajPool2D, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL), st.data())
def test_a_disregarded_bit_changes_no_feature(pool: MajPool2D, data: st.DataObject) -> None:
    bits = np.array(data.draw(st.lists(st.integers(0, 1), min_size=pool.size, max_size=pool.size)), np.uint8)
    position = data.draw(st.integers(0, pool.size - 1))
    flipped = bits.copy()
    flipped[position] ^= 1
    if pool.disregard(bits[None], position)[0]:
        assert features(pool, bits[None]) == features(pool, flipped[None])


def test_an_empty_batch_has_no_features() -> None:
    for combiner in (
        Full(5, 1, 1),
        CrossAttention(6, 1, True),
        MajPool2D(5, 1, 1, 1, 5, 1),
        Sum((5,)),
        Parity(5),
    ):
        count = combiner.n_features
        assert combiner.features_by_row(np.empty((combiner.size, 0), np.uint8), count).shape == (count, 0)


def test_a_majority_needs_more_than_the_bias() -> None:
    bits = [[1, 1, 0], [1, 0, 0]]
    assert features(MajPool2D(1, 1, 3, 1, 1, 1, bias=0), bits, 1) == [[1], [0]]
    assert features(MajPool2D(1, 1, 3, 1, 1, 1, bias=1), bits, 1) == [[0], [0]]


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Full, (0, 1, 1), "full bits is 0"),
        (Full, (8, 1, 33), r"full width is 33; give an integer in 1\.\.32"),
        (Full, (8, 256, 1), r"full stride is 256; give an integer in 1\.\.255"),
        (MajPool2D, (4, 1, 1, 1, 0, 1), "majpool2d capwidth is 0"),
        (MajPool2D, (2**12, 2**12, 2, 2, 1, 1), "at most"),
        (Conv2D, (3, 3, 4, 1), r"conv2d subwidth is 4; give an integer in 1\.\.3"),
        (CrossAttention, (1, 3), "at least 2"),
        (Parity, (2**25,), "bits is"),
        (Stochastic, (8, 33), "stochastic width is 33"),
        (Stochastic, (8, 3, -1), "seed"),
        (Sum, ((), 0), "sizes"),
        (Sum, ((2, 0), 0), "sizes"),
        (Sum, ((2, 2), 2), "axis"),
    ],
)
def test_impossible_shapes_are_refused(
    kind: type[Combiner], arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(*arguments)


def test_features_beyond_the_last_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"1\.\.9 features; asked for 10"):
        features(Conv2D(5, 5, 3, 3), np.zeros((1, 25)), 10)
