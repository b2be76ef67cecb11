"""What a sum says: the regimes, and the gold zone between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import StateError

__all__ = ["GoldZone", "Measurement", "Regime", "Signal", "check_sum"]

Signal: TypeAlias = Literal["answers", "balance", "agreement"]
"""What a controller reads of a record: S / N, the same of +1 and -1 answers (2 S - N) / N, or how far the
votes agree."""


class Regime(Enum):
    """What a neuron's sum says about it (epic, "Three operational regimes")."""

    COLLAPSED = "collapsed"
    NOISY = "noisy"
    GOLD_ZONE = "gold_zone"


class Measurement(Protocol):
    """What a controller reads of a neuron's past; a `SumRecord` is one."""

    @property
    def sum(self) -> int:
        """S, in [0, N]."""

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


@dataclass(frozen=True, slots=True)
class GoldZone:
    """Which sums carry information: those above the noise floor and below collapse (epic, "Gold Zone").

    Regimes are exact for N below 2**32: squares in 64 bits without a sign, no square roots.
    """

    noise_floor: float | None = None
    """Largest |S| of a noisy neuron, in samples; None: sqrt(N)."""
    collapse: float = 0.8
    """Least margin |S| / N of a collapsed neuron. Where the two thresholds overlap, collapsed wins."""

    def floor(self, samples: ArrayLike) -> NDArray[np.float64]:
        """Return the noise floor at numbers of samples N: float64[...], in samples."""
        if self.noise_floor is None:
            return np.asarray(np.sqrt(samples), dtype=np.float64)
        return np.full(np.shape(samples), self.noise_floor)

    def regime(self, s: int, n: int) -> Regime:
        """Tell the regime of a neuron from its sum S and its number of samples N.

        Raises
        ------
        StateError
            If the sum is not possible.
        """
        check_sum(s, n)
        if abs(s) >= self.collapse * n:
            return Regime.COLLAPSED
        return Regime.NOISY if self._is_noise(abs(s), n) else Regime.GOLD_ZONE

    def regimes(self, sums: NDArray[np.int64], samples: NDArray[np.int64]) -> dict[Regime, NDArray[np.bool_]]:
        """Tell which neurons are in which regime.

        Parameters
        ----------
        sums, samples : int64[n_neurons]
            S and N; N is 0 where never measured.

        Returns
        -------
        dict of Regime to bool[n_neurons]
            A neuron never measured is in none.
        """
        size, n = np.abs(sums).astype(np.uint64), np.maximum(samples, 0).astype(np.uint64)
        measured = n > 0
        collapsed = measured & (size >= self.collapse * n)
        noisy = measured & ~collapsed & self._is_noise(size, n)
        return {
            Regime.COLLAPSED: collapsed,
            Regime.NOISY: noisy,
            Regime.GOLD_ZONE: measured & ~collapsed & ~noisy,
        }

    def _is_noise(self, size: Any, n: Any) -> Any:
        """Compare |S| with the noise floor; integers, or arrays of uint64."""
        return size * size <= n if self.noise_floor is None else size <= self.noise_floor
