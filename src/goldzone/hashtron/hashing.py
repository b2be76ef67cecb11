"""Hashes of numbers and text, as the reference computes them (code points, 32-bit, wrapping)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.kernels import fold_hash, hash_array

__all__ = ["LARGEST", "hash_values", "string_hash"]

LARGEST = 0xFFFFFFFF
"""The largest unsigned 32-bit integer."""

_REPLACEMENT = 0xFFFD


def hash_values(values: NDArray[np.uint32], salt: int, maximum: int) -> NDArray[np.uint32]:
    """Hash each number of an array of any shape into ``0 .. maximum - 1`` (0 when `maximum` is 0).

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


def string_hash(start: int, text: str) -> int:
    """Fold ``out = hash(out, code point, 0xFFFFFFFF)`` over a text, beginning with `start`.

    A lone surrogate, by which Python's "surrogateescape" keeps a byte that is not UTF-8, counts as U+FFFD: so
    does such a byte in the reference.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    points[(points >= 0xD800) & (points <= 0xDFFF)] = _REPLACEMENT
    return int(fold_hash(np.uint32(start), points))
