"""A share of examples that were judged, and how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Share", "wilson_interval"]


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927, "Probable inference, the law of succession")."""
    z = NormalDist().inv_cdf(0.975)
    share, weight = right / count, z * z / count
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many are right; at least one was judged."""

    right: int
    count: int

    @property
    def value(self) -> float:
        """The share, in [0, 1]."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share: of what all examples would show."""
        return wilson_interval(self.right, self.count)
