"""The order in which packed features are made: many are another one shifted by a bit, with one new bit.

Windows that slide by one bit are such features, and so are those of `goldzone.hashtron.combiners.Stochastic`
for neighbouring numbers. Each costs one step then, instead of one for each of its bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.combiner_kernels import FRESH, LEFT, RIGHT, pack_bits

__all__ = ["Packing", "packing_of"]

_WORD_BITS: Final = 32


@dataclass(frozen=True, eq=False)
class Packing:
    """Which bits each feature holds, and how to make them all."""

    table: NDArray[np.int64]
    """int64[n_features, width]: bit numbers, the highest bit first; a row that begins with -1 gives 0."""
    steps: NDArray[np.int64]
    """int64[n_features, 3]: as `pack_bits` takes them."""

    def pack(self, rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Make all features: uint8[size, n_samples] -> uint32[n_features, n_samples]."""
        out = np.empty((self.table.shape[0], rows.shape[1]), dtype=np.uint32)
        pack_bits(rows, self.table, self.steps, out)
        return out


def packing_of(table: NDArray[np.int64]) -> Packing:
    """Find the features that are another one shifted, and put each behind the one that it is made from."""
    shiftable = table.shape[1] <= _WORD_BITS
    by_end: dict[bytes, list[int]] = {}
    by_start: dict[bytes, list[int]] = {}
    for feature, row in enumerate(table):
        if shiftable and row[0] >= 0:
            by_end.setdefault(row[1:].tobytes(), []).append(feature)
            by_start.setdefault(row[:-1].tobytes(), []).append(feature)
    steps: list[tuple[int, int, int]] = []
    made: set[int] = set()
    for first in range(table.shape[0]):
        reachable = [(first, first, FRESH)]
        while reachable:
            feature, source, direction = reachable.pop()
            if feature in made:
                continue
            made.add(feature)
            steps.append((feature, source, direction))
            # All features with the same bits but the first (or the last) are equally good: each leads to all.
            reachable += [(near, feature, RIGHT) for near in by_end.pop(table[feature, :-1].tobytes(), ())]
            reachable += [(near, feature, LEFT) for near in by_start.pop(table[feature, 1:].tobytes(), ())]
    return Packing(table, np.array(steps, dtype=np.int64).reshape(-1, 3))
