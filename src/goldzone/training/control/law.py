"""The capacity law: how many cells a neuron's sum asks for.

Epic, "Capacity Calculation": capacity = N / (|S| + 1) and premodulo = capacity**2, where S is the sum of
the neuron's boolean outputs over the N training samples; or another sum in [-N, N] (`Signal`).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from goldzone.hashtron.hashing import LARGEST
from goldzone.training.sums.measurement import check_sum

__all__ = ["MAX_PREMODULO", "MIN_PREMODULO", "target_capacity", "target_premodulo"]

MIN_PREMODULO: Final = 2
MAX_PREMODULO: Final = LARGEST


def target_capacity(s: int, n: int) -> Fraction:
    """Return the law's capacity, N / (|S| + 1), in [1, N].

    Raises
    ------
    StateError
        If N is below 1 or S outside [-N, N].
    """
    check_sum(s, n)
    return max(Fraction(1), Fraction(n, abs(s) + 1))


def target_premodulo(s: int, n: int) -> int:
    """Return the law's premodulo, the integer part of capacity**2, in [2, 2**32 - 1].

    N**2 exceeds 32 bits from N = 65,536 on: it is clamped, never wrapped.
    """
    return min(max(math.floor(target_capacity(s, n) ** 2), MIN_PREMODULO), MAX_PREMODULO)
