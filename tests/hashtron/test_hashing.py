from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.hashing import hash_values, string_hash
from tests.golden import read_golden
from tests.naive.hashtron_filter import naive_hash

UINT32 = st.integers(0, 2**32 - 1)


def test_hash_matches_the_reference() -> None:
    for n, salt, maximum, expected in read_golden("hash")["hash"]:
        assert hash_values(np.array([n], dtype=np.uint32), salt, maximum).tolist() == [expected]


@given(st.lists(UINT32, max_size=70), UINT32, UINT32)
def test_hash_equals_its_definition_and_stays_below_the_maximum(
    values: list[int], salt: int, maximum: int
) -> None:
    hashed = hash_values(np.array(values, dtype=np.uint32), salt, maximum)
    assert hashed.tolist() == [naive_hash(value, salt, maximum) for value in values]
    assert hashed.max(initial=0) < max(maximum, 1)


def test_hash_keeps_the_shape_and_the_input() -> None:
    values = np.arange(12, dtype=np.uint32).reshape(3, 4).T
    hashed = hash_values(values, 5, 1000)
    assert hashed.shape == (4, 3)
    assert values[1, 2] == 9
    assert hashed[1, 2] == naive_hash(9, 5, 1000)


@pytest.mark.parametrize(
    "entry", read_golden("hash")["string_hash"], ids=lambda entry: entry["utf8_hex"][:12]
)
def test_string_hash_matches_the_reference(entry: dict[str, object]) -> None:
    raw, start = bytes.fromhex(str(entry["utf8_hex"])), entry["in"]
    assert isinstance(start, int)
    assert string_hash(start, raw.decode("utf-8", "surrogateescape")) == entry["out"]
    assert string_hash(start, str(entry["str"])) == entry["out"]


@pytest.mark.parametrize(
    ("raw", "points"),
    [
        (b"a\xe2\x82z", "a\ufffd\ufffdz"),  # a three-byte sequence, cut off
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # an encoded surrogate
        (b"\x80", "\ufffd"),  # a lone continuation
    ],
)
def test_each_byte_of_broken_utf8_counts_as_one_replacement_character(raw: bytes, points: str) -> None:
    assert string_hash(7, raw.decode("utf-8", "surrogateescape")) == string_hash(7, points)
