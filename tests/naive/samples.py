"""Where the samples of tiles come from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.data.samples import Samples
from goldzone.training.learners.tiles import Tiles

__all__ = ["sample_order"]


def sample_order(tiles: Tiles, samples: Samples) -> NDArray[np.int64]:
    """Return which sample of `samples` each sample of the tiles is: int64[n_samples]."""
    found = [np.zeros(0, np.int64)]
    for tile, symbol in enumerate(tiles.symbol):
        starts = samples.sample_offsets[tiles.order[tiles.offsets[tile] : tiles.offsets[tile + 1]]]
        count = tiles.candidate_offsets[symbol + 1] - tiles.candidate_offsets[symbol]
        found.append((starts + np.arange(count)[:, None]).ravel())
    return np.concatenate(found)
