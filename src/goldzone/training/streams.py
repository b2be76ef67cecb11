"""Named streams of random words: the only source of chance in training.

A stream is a function of the seed and of a path of names and numbers, such as (seed, "selection", sweep,
layer). No stream depends on how much of another was used, so neither threads nor a restart change a choice.
The words come from NumPy's `SeedSequence`, whose algorithm is fixed (NumPy's Generator methods are not).
"""

from __future__ import annotations

import hashlib
import operator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ConfigError

__all__ = ["MAX_SEED", "stream"]

MAX_SEED: Final = (1 << 32) - 1
"""Largest seed."""

# Every part of a path begins with a word that is not 0, because SeedSequence pads short entropy with zeros.
_NUMBER: Final = 1
_NAME: Final = 2


def stream(seed: int, *path: int | str, count: int) -> NDArray[np.uint32]:
    """Draw the first words of a named stream.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1.
    *path : int or str
        The stream's name, part by part; numbers are 0 to 2**64 - 1. The number 1 and the text "1" differ.
    count : int
        How many words; fewer are a beginning of more.

    Returns
    -------
    uint32[count]

    Raises
    ------
    ConfigError
        If the seed, a number of the path or the count is out of range.
    """
    entropy = [_checked("seed", seed, MAX_SEED)]
    for index, part in enumerate(path):
        if isinstance(part, str):
            entropy.append(_NAME)
            entropy.extend(np.frombuffer(hashlib.sha256(part.encode()).digest(), "<u4").tolist())
        else:
            number = _checked(f"path[{index}]", part, (1 << 64) - 1)
            entropy.extend((_NUMBER, number & MAX_SEED, number >> 32))
    words = np.random.SeedSequence(entropy).generate_state(_checked("count", count, MAX_SEED), np.uint32)
    return words.astype(np.uint32, copy=False)


def _checked(name: str, value: int, largest: int) -> int:
    number = operator.index(value)
    if not 0 <= number <= largest:
        raise ConfigError(f"{name}: {number} is out of range; give 0 to {largest}")
    return number
