"""Samples laid out for the kernels: rectangles of positions that share their candidates.

A *tile* is up to `TILE` positions of one symbol. They have the same candidates, so its samples form a
rectangle, stored candidate by candidate: what a kernel does to a candidate runs along the positions, in
vector lanes, and everything it needs meanwhile fits the nearest cache. Within a symbol the positions are
sorted by what templates of few atoms read, so that neighbours often read the same: such a *run* is hashed,
and its votes are added, once.
"""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.data.samples import Samples

__all__ = ["TILE", "Reading", "Tiles", "tile_samples"]

TILE: Final = 128
"""Positions of a tile, at most."""

_SORTED_BY: Final = 12
"""Context columns by which positions are sorted; more did not make the runs longer."""


class Tiles(NamedTuple):
    """Samples by tile, and their positions in the order of the tiles."""

    order: NDArray[np.int64]
    """int64[n_positions]: which position of the samples each position of the tiles is."""
    offsets: NDArray[np.int64]
    """int64[n_tiles + 1]: where each tile's positions start."""
    sample_offsets: NDArray[np.int64]
    """int64[n_tiles + 1]: where each tile's samples start: candidate c of the i-th of its n positions is
    sample ``c n + i``."""
    symbol: NDArray[np.int32]
    """int32[n_tiles]."""
    candidate_offsets: NDArray[np.int64]
    """int64[n_symbols + 1]: as in `Samples`."""
    candidate_key: NDArray[np.uint32]
    """uint32[n_candidates]: as in `Samples`."""
    context: NDArray[np.uint32]
    """uint32[n_templates, n_positions]: context value of each template."""
    gold: NDArray[np.int32]
    """int32[n_positions]: the right one among the candidates, 0 where it is not listed."""
    weight: NDArray[np.int64]
    """int64[n_positions]: 0 where the right candidate is not listed: such a position has no vote."""

    @property
    def n_tiles(self) -> int:
        """Number of tiles."""
        return int(self.symbol.size)

    def cuts(self, parts: int) -> list[tuple[int, int]]:
        """Cut the tiles into ranges of about as many samples each, none of them empty."""
        goals = np.linspace(0, int(self.sample_offsets[-1]), max(1, parts) + 1)
        edges = np.unique(np.searchsorted(self.sample_offsets[:-1], goals)).tolist()
        edges[0], edges[-1] = 0, self.n_tiles
        return list(pairwise(edges)) or [(0, self.n_tiles)]


class Reading(NamedTuple):
    """What a context neuron reads of the tiles, and how it hashes it.

    The feature of a sample is the context value of its position plus the key of its candidate; its cell is
    ``hash32(feature, salt, premodulo)``.
    """

    context: NDArray[np.uint32]
    """uint32[n_positions]: values of the neuron's template."""
    salt: np.uint32
    premodulo: np.uint32


def tile_samples(samples: Samples, atoms: NDArray[np.int64], pool: Executor) -> Tiles:
    """Lay samples out in tiles.

    Parameters
    ----------
    samples : Samples
    atoms : int64[n_templates]
        Atoms of each template: positions are sorted by those with the fewest.
    pool : Executor
        Its threads share the context columns.
    """
    columns = np.argsort(atoms, kind="stable")[:_SORTED_BY]
    order = np.lexsort((*samples.context[columns[::-1]], samples.symbol))
    n_symbols = samples.candidate_offsets.size - 1
    bounds = np.searchsorted(samples.symbol[order], np.arange(n_symbols + 1))
    starts = [np.arange(first, last, TILE) for first, last in pairwise(bounds.tolist())]
    offsets = np.concatenate([*starts, [samples.n_positions]]).astype(np.int64)
    symbol = samples.symbol[order[offsets[:-1]]]
    counts = np.diff(samples.candidate_offsets)[symbol] * np.diff(offsets)
    context = np.empty_like(samples.context)

    def fill(template: int) -> None:
        np.take(samples.context[template], order, out=context[template])

    for _ in pool.map(fill, range(samples.n_templates)):
        pass
    gold = samples.gold[order]
    return Tiles(
        order=order,
        offsets=offsets,
        sample_offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        symbol=symbol,
        candidate_offsets=samples.candidate_offsets,
        candidate_key=samples.candidate_key,
        context=context,
        gold=np.maximum(gold, 0),
        weight=np.where(gold < 0, 0, samples.weight[order]).astype(np.int64),
    )
