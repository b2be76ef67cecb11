from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ModelFormatError
from goldzone.hashtron.lzw import lzw_compress, lzw_decompress
from tests.naive.hashtron_lzw import naive_lzw_codes, naive_lzw_decode

# The sample picture of the GIF specification: GIF's LZW is the same code.
PICTURE = bytes.fromhex("28ffffff28ffffffffffffffffffff")
PICTURE_CODED = bytes.fromhex("0051fc1b2870a0c1830101")


def test_a_known_picture_is_coded_as_in_gif() -> None:
    assert lzw_compress(PICTURE) == PICTURE_CODED
    assert lzw_decompress(PICTURE_CODED, 100, "picture") == PICTURE


def test_an_empty_stream_may_do_without_a_clear_code() -> None:
    assert lzw_decompress(b"\x01\x01", 100, "empty") == b""


@given(st.one_of(st.binary(max_size=300), st.text("ab", max_size=300).map(str.encode)))
def test_what_is_written_is_read(data: bytes) -> None:
    coded = lzw_compress(data)
    assert naive_lzw_decode(coded) == data
    assert lzw_decompress(coded, len(data), "data") == data


@pytest.mark.parametrize("size", [*range(3800, 3880, 3), 9000])
def test_the_table_is_cleared_when_codes_run_out(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    coded = lzw_compress(data)
    assert naive_lzw_decode(coded) == data
    assert lzw_decompress(coded, size, "data") == data


def test_the_clear_code_comes_when_code_4095_would_be_next() -> None:
    # Steps of one odd width visit every byte once, so that no pair of bytes repeats: one code for each byte.
    data = bytes(step * i % 256 for step in range(1, 33, 2) for i in range(256))
    codes = naive_lzw_codes(lzw_compress(data))
    assert codes[0] == 256
    assert codes.index(256, 1) - 1 == 4095 - 257


def test_a_full_table_that_is_never_cleared_stays_as_it_is() -> None:
    # 9..12-bit codes of single literals fill the table; the decoder must go on without adding.
    writer, count, width, free = 0, 0, 9, 257
    literals = [i % 256 for i in range(5000)]
    for code in [*literals, 257]:
        writer |= code << count
        count += width
        free += 1
        if free == 1 << width and width < 12:
            width += 1
    coded = writer.to_bytes(-(-count // 8), "little")
    assert lzw_decompress(coded, 5000, "data") == bytes(literals)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda coded: coded[:-2], "without an end code"),
        (lambda coded: b"", "ends at byte 0"),
        (lambda coded: coded + b"x", "data after the end"),
        (lambda coded: coded[:-1] + bytes([coded[-1] | 0x80]), "data after the end"),
        (lambda coded: b"\xff\xff" + coded[2:], "impossible LZW code"),
        (lambda coded: b"\x02\x03" + coded[2:], "impossible LZW code 258 before byte 2"),
    ],
)
def test_damage_is_named_with_its_place(damage: object, message: str) -> None:
    assert callable(damage)
    with pytest.raises(ModelFormatError, match=message):
        lzw_decompress(damage(lzw_compress(PICTURE)), 100, "model.lzw")


def test_a_bomb_is_refused_at_the_limit() -> None:
    coded = lzw_compress(bytes(10_000_000))
    assert len(coded) < 10_000
    with pytest.raises(ModelFormatError, match=r"bomb: unpacks to more than 1000 bytes"):
        lzw_decompress(coded, 1000, "bomb")
    assert lzw_decompress(lzw_compress(bytes(1000)), 1000, "fits") == bytes(1000)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        size = len(lzw_decompress(data, 1000, "noise"))
    except ModelFormatError:
        size = 0
    assert size <= 1000
