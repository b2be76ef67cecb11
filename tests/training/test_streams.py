from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.training.streams import stream
from tests.naive.training_streams import naive_stream

parts = st.one_of(st.integers(0, 2**64 - 1), st.text(max_size=8))
paths = st.lists(parts, max_size=4)


def test_the_words_of_a_stream_never_change() -> None:
    assert stream(1, count=3).tolist() == [1835504127, 1731038949, 1320224556]
    assert stream(1, "selection", 3, 1, count=3).tolist() == [2134789202, 3088462858, 1687399403]
    assert stream(2**32 - 1, "é", 2**64 - 1, count=2).tolist() == [858312819, 3864518760]


@given(st.integers(0, 2**32 - 1), paths, st.integers(0, 20))
def test_the_words_are_those_of_the_definition(seed: int, path: list[Any], count: int) -> None:
    assert stream(seed, *path, count=count).tolist() == naive_stream(seed, tuple(path), count)


@given(st.integers(0, 2**32 - 1), paths, st.integers(0, 40), st.integers(0, 40))
def test_fewer_words_are_a_beginning_of_more(seed: int, path: list[Any], few: int, more: int) -> None:
    words = stream(seed, *path, count=few + more)
    assert words.dtype == np.uint32
    assert words.shape == (few + more,)
    assert np.array_equal(stream(seed, *path, count=few), words[:few])


@given(st.integers(0, 3), paths, st.integers(0, 3), paths)
def test_other_paths_are_other_streams(seed: int, path: list[Any], other_seed: int, other: list[Any]) -> None:
    same = bool(np.array_equal(stream(seed, *path, count=4), stream(other_seed, *other, count=4)))
    assert same == ((seed, path) == (other_seed, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((), (0,)),
        ((0,), (0, 0)),
        ((1,), ("1",)),
        ((2**32,), (0, 1)),
        ((2**32,), (1, 0)),
        (("ab",), ("a", "b")),
    ],
)
def test_paths_that_look_alike_are_other_streams(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert stream(0, *one, count=4).tolist() != stream(0, *other, count=4).tolist()


def test_numpy_integers_name_the_same_stream() -> None:
    assert np.array_equal(stream(np.uint32(7), np.int64(3), count=4), stream(7, 3, count=4))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seed", "path", "count", "message"),
    [
        (-1, (), 1, "seed: -1 is out of range; give 0 to 4294967295"),
        (2**32, (), 1, "seed: 4294967296 is out of range"),
        (1, ("a", -1), 1, r"path\[1\]: -1 is out of range"),
        (1, (2**64,), 1, r"path\[0\]: "),
        (1, (), -1, "count: -1 is out of range"),
    ],
)
def test_what_is_out_of_range_is_named(seed: int, path: tuple[Any, ...], count: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stream(seed, *path, count=count)
