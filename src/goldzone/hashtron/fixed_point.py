"""Exponentials and logarithms in integers, the same bits on every machine.

`math.exp` may differ in the last bit between C libraries, and one bit can turn a vote. So the tables come
from `decimal`, which is exactly rounded, and the kernels only add, multiply and shift.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["EXP_BITS", "LOG_BITS", "bits_per_vote", "exp_table", "fixed_log2"]

EXP_BITS = 20
"""Fraction bits of `exp_table`: 1.0 is ``1 << EXP_BITS``."""

LOG_BITS = 16
"""Fraction bits of logarithms: 1 bit of information is ``1 << LOG_BITS``."""

_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN, traps=[])


@lru_cache(maxsize=16)  # exact exponentials are too slow to repeat for each neuron
def exp_table(temperature: float, size: int) -> NDArray[np.int64]:
    """Tabulate exp(-d / temperature) for d = 0 .. size - 1.

    Parameters
    ----------
    temperature : float
        Above 0; in votes.
    size : int

    Returns
    -------
    int64[size]
        With `EXP_BITS` fraction bits, at least 1: far away is unlikely, never impossible. Read-only.
    """
    with localcontext(_EXACT):
        unit, step = Decimal(1 << EXP_BITS), Decimal(temperature)
        values = [max(1, int((unit * (-Decimal(d) / step).exp()).to_integral_value())) for d in range(size)]
    table = np.array(values, dtype=np.int64)
    table.setflags(write=False)
    return table


def bits_per_vote(temperature: float) -> int:
    """Return 1 / (temperature ln 2): the bits of information in one vote, with `LOG_BITS` fraction bits."""
    with localcontext(_EXACT):
        return int((Decimal(1 << LOG_BITS) / (Decimal(temperature) * Decimal(2).ln())).to_integral_value())


@compiled
def fixed_log2(value: int | np.int64) -> np.int64:
    """Return log2(value) with `LOG_BITS` fraction bits, of an integer in ``1 .. 2**62``.

    Exact for powers of two, otherwise at most one unit below the exact logarithm rounded down; it never falls
    where the value grows.

    One bit of the fraction a squaring: if m in [1, 2) squared reaches 2, the bit is 1.
    """
    whole = 0
    probe = value
    while probe > 1:
        probe >>= 1
        whole += 1
    mantissa = np.int64(value << (30 - whole)) if whole <= 30 else np.int64(value >> (whole - 30))
    fraction = np.int64(0)
    for _ in range(LOG_BITS):
        mantissa = np.int64((mantissa * mantissa) >> 30)
        fraction <<= 1
        if mantissa >= np.int64(1) << 31:
            mantissa >>= 1
            fraction |= 1
    return np.int64((whole << LOG_BITS) + fraction)
