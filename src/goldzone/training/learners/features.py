"""How many different feature values a context neuron can meet."""

from __future__ import annotations

import numpy as np

from goldzone.data.samples import Samples

__all__ = ["count_distinct"]


def count_distinct(samples: Samples, template: int) -> int:
    """Count the different feature values of a template over all samples, exactly.

    A feature is the context value of a position plus the key of a candidate, so positions with the same
    context value and symbol have the same ones: they are expanded once.

    Parameters
    ----------
    samples : Samples
    template : int
        Index of the context column.
    """
    joined = samples.context[template].astype(np.uint64) << np.uint64(32) | samples.symbol.astype(np.uint64)
    different = np.unique(joined)
    symbol = (different & np.uint64(0xFFFF_FFFF)).astype(np.int64)
    starts = samples.candidate_offsets[symbol]
    counts = samples.candidate_offsets[symbol + 1] - starts
    ends = np.cumsum(counts)
    keys = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
    features = np.repeat((different >> np.uint64(32)).astype(np.uint32), counts)
    features += samples.candidate_key[keys]
    return int(np.unique(features).size)
