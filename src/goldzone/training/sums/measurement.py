"""What a sum says: its regime. Pure functions on numbers."""

from __future__ import annotations

from enum import Enum
from typing import Literal, Protocol, TypeAlias

from goldzone.errors import StateError

__all__ = ["Measurement", "Regime", "Signal", "check_sum", "regime"]

Signal: TypeAlias = Literal["output", "agreement"]


class Regime(Enum):
    """What a neuron's sum says about it (epic, "Three operational regimes")."""

    COLLAPSED = "collapsed"
    NOISY = "noisy"
    GOLD_ZONE = "gold_zone"


class Measurement(Protocol):
    """What a controller reads of a neuron's past; a `SumRecord` is one."""

    @property
    def sum(self) -> int:
        """S, in [-N, N]."""

    @property
    def samples(self) -> int:
        """N, 1 or more."""

    @property
    def premodulo(self) -> int:
        """What it was trained with; 0 for none."""

    @property
    def agreement(self) -> float:
        """|sum of votes| / sum of |votes|, in [0, 1]; NaN when not known."""


def check_sum(s: int, n: int) -> None:
    """Refuse a sum that is not possible.

    Raises
    ------
    StateError
        If N is below 1 or S outside [-N, N].
    """
    if not 0 <= abs(s) <= n or n < 1:
        raise StateError(f"sum {s} of {n} samples: not possible; give a sum in [-N, N] with N at least 1")


def regime(s: int, n: int, noise_floor: float | None = None, collapse: float = 0.8) -> Regime:
    """Tell the regime of a neuron: collapsed from |S| = collapse * N on, noisy up to |S| = noise floor.

    Parameters
    ----------
    s, n : int
        The sum and the number of samples.
    noise_floor : float, optional
        In samples; None: sqrt(N).
    collapse : float
        As a margin. Where the two thresholds overlap, collapsed wins.
    """
    check_sum(s, n)
    if abs(s) >= collapse * n:
        return Regime.COLLAPSED
    noisy = s * s <= n if noise_floor is None else abs(s) <= noise_floor
    return Regime.NOISY if noisy else Regime.GOLD_ZONE
