from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.storage.sealed import DamagedError, seal, unseal

MAGIC = b"GZTESTED"
JSON = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    max_size=4,
)
PARTS = st.dictionaries(st.text(max_size=5), st.binary(max_size=30), max_size=3)


@given(JSON, PARTS)
def test_content_and_parts_come_back(content: dict[str, object], parts: dict[str, bytes]) -> None:
    data = seal(MAGIC, 3, content, parts)
    found = unseal(data, "file", MAGIC, 3)
    assert (found.content, found.parts, found.digest) == (content, parts, data[-32:])


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_every_changed_byte_is_noticed(offset: int, change: int) -> None:
    data = bytearray(seal(MAGIC, 3, {"sweep": 2}, {"network": b"abc"}))
    data[offset % len(data)] ^= change
    with pytest.raises(DamagedError, match="file: does not match its SHA-256"):
        unseal(bytes(data), "file", MAGIC, 3)


@given(st.integers(1, 200))
def test_a_cut_off_file_is_noticed(cut: int) -> None:
    with pytest.raises(DamagedError):
        unseal(seal(MAGIC, 3, {"sweep": 2}, {"network": b"abc"})[:-cut], "file", MAGIC, 3)


def test_another_kind_or_version_is_refused_but_not_called_damaged() -> None:
    data = seal(MAGIC, 3, {}, {})
    with pytest.raises(StateError, match="file: is another kind of file") as kind:
        unseal(data, "file", b"GZANOTHR", 3)
    with pytest.raises(StateError, match="file: is of version 3; this goldzone reads 4") as version:
        unseal(data, "file", MAGIC, 4)
    assert not isinstance(kind.value, DamagedError)
    assert not isinstance(version.value, DamagedError)


FORGED = {
    "no header": b"",
    "a header that is cut off": b'{"version":3',
    "no version": b'{"content":{},"parts":{}}',
    "a list": b"[3]",
    "content that is none": b'{"version":3,"content":null,"parts":{}}',
    "parts that are none": b'{"version":3,"content":{},"parts":null}',
    "a length that is none": b'{"version":3,"content":{},"parts":{"network":"1"}}',
    "a length and a half": b'{"version":3,"content":{},"parts":{"network":1.5}}',
    "deep": b"[" * 100_000,
    "not UTF-8": b"\xff",
}


@pytest.mark.parametrize("header", FORGED.values(), ids=FORGED.keys())
def test_a_whole_file_of_another_layout_is_called_damaged(header: bytes) -> None:
    body = MAGIC + struct.pack("<I", len(header)) + header
    for data in (body, body[:10]):
        with pytest.raises(DamagedError, match="file: is sealed, but not as goldzone seals"):
            unseal(data + hashlib.sha256(data).digest(), "file", MAGIC, 3)
