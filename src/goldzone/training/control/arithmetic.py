"""Real numbers that come out the same on every machine: fractions, and 50 decimal digits for logarithms.

The C library's `pow`, `log` and `exp` may differ in their last bits between machines, and a premodulo that
differs by one is another model. `decimal` rounds logarithms and exponentials correctly at any precision, so
its digits are the same everywhere.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from typing import Final

__all__ = ["between", "exact"]


def _context(digits: int) -> Context:
    """Leave nothing to the surrounding program, which may have changed decimal's defaults."""
    return Context(
        prec=digits,
        rounding=ROUND_HALF_EVEN,
        Emin=-999_999,
        Emax=999_999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[InvalidOperation, DivisionByZero, Overflow],
    )


_WORKING: Final = _context(50)
_RESULT: Final = _context(40)
"""Ten digits fewer: a result that is an integer, such as 100**1.5, is not left just below it."""


def exact(value: float) -> Fraction:
    """Return a number as it is written: 0.05 is 1/20, not the binary fraction next to it."""
    return Fraction(repr(float(value)))


def between(start: int, end: int, share: Fraction) -> int:
    """Go a share of the way from one number to another on a logarithmic scale.

    Parameters
    ----------
    start, end : int
        1 or more.
    share : Fraction
        In [0, 1]; 0 gives the start, 1 the end.

    Returns
    -------
    int
        start**(1 - share) * end**share, rounded to the nearest integer.
    """
    first, last = _logarithm(Fraction(start)), _logarithm(Fraction(end))
    way = _WORKING.multiply(_decimal(share), _WORKING.subtract(last, first))
    return round(_exponential(_WORKING.add(first, way)))


def _decimal(value: Fraction) -> Decimal:
    return _WORKING.divide(Decimal(value.numerator), Decimal(value.denominator))


def _logarithm(value: Fraction) -> Decimal:
    return _WORKING.subtract(Decimal(value.numerator).ln(_WORKING), Decimal(value.denominator).ln(_WORKING))


def _exponential(value: Decimal) -> Decimal:
    return _RESULT.plus(value.exp(_WORKING))
