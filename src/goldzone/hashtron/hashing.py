"""Hashes of text and bytes, as the reference computes them (code points, 32-bit, wrapping)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import DataError
from goldzone.hashtron.kernels import fold_hash, hash32, hash_array

__all__ = [
    "LARGEST",
    "byte_features",
    "byte_parity",
    "code_points",
    "hash_value",
    "hash_values",
    "string_hash",
    "strings_hash",
    "token_hash",
]

LARGEST = 0xFFFFFFFF
"""The largest unsigned 32-bit integer."""

_REPLACEMENT = 0xFFFD


def hash_value(n: int, salt: int, maximum: int) -> int:
    """Hash one unsigned 32-bit number into ``0 .. maximum - 1`` (0 when `maximum` is 0)."""
    return int(hash32(np.uint32(n), np.uint32(salt), np.uint32(maximum)))


def hash_values(values: NDArray[np.uint32], salt: int, maximum: int) -> NDArray[np.uint32]:
    """Hash each number of an array of any shape into ``0 .. maximum - 1``.

    Parameters
    ----------
    values : uint32[...]
    salt, maximum : int
        Unsigned 32-bit numbers.

    Returns
    -------
    uint32[...]
        C-contiguous, of the shape of `values`.
    """
    hashed = np.array(values, dtype=np.uint32, order="C")
    flat = hashed.reshape(-1)
    hash_array(flat, np.uint32(salt), np.uint32(maximum), flat)
    return hashed


def code_points(text: str | bytes) -> NDArray[np.uint32]:
    """Return the Unicode code points of a text as the reference sees them.

    Each byte that is not part of valid UTF-8 counts as U+FFFD, as Go's conversion to runes does; in a
    `str`, a lone surrogate stands for such a byte (Python's "surrogateescape").
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    points[(points >= 0xD800) & (points <= 0xDFFF)] = _REPLACEMENT
    return points


def string_hash(start: int, text: str | bytes) -> int:
    """Fold ``out = hash(out, code point, 0xFFFFFFFF)`` over a text, beginning with `start`."""
    return int(fold_hash(np.uint32(start), code_points(text)))


def strings_hash(start: int, texts: Iterable[str | bytes]) -> int:
    """Fold `string_hash` over several texts, beginning with `start`; boundaries leave no trace."""
    for text in texts:
        start = string_hash(start, text)
    return start


def token_hash(text: str | bytes) -> int:
    """Hash a token into ``1 .. 0xFFFFFFFE``; 0 stays free to mean "no token"."""
    return hash_value(string_hash(0, text), 0, 0xFFFFFFFE) + 1


def byte_features(buffer: bytes, count: int) -> NDArray[np.uint32]:
    """Return `count` features of a byte string, each packing four of its bytes.

    Feature n holds in bits 8j .. 8j + 7 the byte at ``hash(n, j, len(buffer))``, for j = 0..3.

    Raises
    ------
    DataError
        If `buffer` is empty: it has no byte to sample.
    """
    if not buffer:
        raise DataError("an empty byte string has no features; leave the sample out")
    data = np.frombuffer(buffer, dtype=np.uint8).astype(np.uint32)
    numbers = np.arange(count, dtype=np.uint32)
    features = np.zeros(count, dtype=np.uint32)
    for j in range(4):
        features |= data[hash_values(numbers, j, len(buffer))] << np.uint32(8 * j)
    return features


def byte_parity(buffer: bytes) -> int:
    """Return the 16-bit parity word of a byte string: its folded hash, cut to 16 bits."""
    return int(fold_hash(np.uint32(0), np.frombuffer(buffer, dtype=np.uint8).astype(np.uint32))) & 0xFFFF
