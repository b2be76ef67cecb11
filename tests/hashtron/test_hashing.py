from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import DataError
from goldzone.hashtron.hashing import (
    byte_features,
    byte_parity,
    code_points,
    hash_value,
    hash_values,
    string_hash,
    strings_hash,
    token_hash,
)
from tests.golden import read_golden
from tests.naive.hashtron_filter import naive_hash

UINT32 = st.integers(0, 2**32 - 1)


def test_hash_matches_the_reference() -> None:
    rows = read_golden("hash")["hash"]
    assert [hash_value(n, salt, maximum) for n, salt, maximum, _ in rows] == [row[3] for row in rows]


@given(UINT32, UINT32, UINT32)
def test_hash_equals_its_definition_and_stays_below_the_maximum(n: int, salt: int, maximum: int) -> None:
    assert hash_value(n, salt, maximum) == naive_hash(n, salt, maximum)
    assert hash_value(n, salt, maximum) < max(maximum, 1)


@given(st.lists(UINT32, max_size=70), UINT32, UINT32)
def test_array_hash_equals_the_scalar_hash(values: list[int], salt: int, maximum: int) -> None:
    hashed = hash_values(np.array(values, dtype=np.uint32), salt, maximum)
    assert hashed.tolist() == [naive_hash(value, salt, maximum) for value in values]


def test_array_hash_keeps_the_shape_and_the_input() -> None:
    values = np.arange(12, dtype=np.uint32).reshape(3, 4).T
    hashed = hash_values(values, 5, 1000)
    assert hashed.shape == (4, 3)
    assert values[1, 2] == 9
    assert hashed[1, 2] == naive_hash(9, 5, 1000)


@pytest.mark.parametrize(
    "entry", read_golden("hash")["string_hash"], ids=lambda entry: entry["utf8_hex"][:12]
)
def test_string_and_token_hash_match_the_reference(entry: dict[str, object]) -> None:
    raw = bytes.fromhex(str(entry["utf8_hex"]))
    start = entry["in"]
    assert isinstance(start, int)
    assert string_hash(start, raw) == entry["out"]
    assert string_hash(start, str(entry["str"])) == entry["out"]
    assert token_hash(raw) == entry["token_hash"]


def test_strings_hash_matches_the_reference() -> None:
    for entry in read_golden("hash")["strings_hash"]:
        assert strings_hash(entry["in"], entry["strs"]) == entry["out"]


def test_each_byte_of_broken_utf8_counts_as_one_replacement_character() -> None:
    # A cut-off three-byte sequence, an encoded surrogate, a lone continuation: two, three and one bad bytes.
    assert code_points(b"a\xe2\x82z").tolist() == [0x61, 0xFFFD, 0xFFFD, 0x7A]
    assert code_points(b"\xed\xa0\x80").tolist() == [0xFFFD] * 3
    assert code_points(b"\x80").tolist() == [0xFFFD]
    assert code_points("a\udc80").tolist() == [0x61, 0xFFFD]
    assert code_points("😀").tolist() == [0x1F600]


def test_byte_samples_match_the_reference() -> None:
    for entry in read_golden("hash")["byte_sample"]:
        raw = bytes.fromhex(entry["buf_hex"])
        assert byte_features(raw, 20).tolist() == entry["features"]
        assert byte_parity(raw) == entry["balanced_parity"]


def test_empty_byte_string_has_no_features() -> None:
    with pytest.raises(DataError, match="empty byte string"):
        byte_features(b"", 3)
