"""The search for pronunciations, from words to what was found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.g2p.lane_kernels import Partials, Words, empty_partials
from goldzone.g2p.search_arrays import ModelArrays
from goldzone.g2p.search_kernels import ANY_DISTANCE, NO_GOALS, NO_TRACE, empty_room, find_earlier, search

__all__ = ["Found", "decode_words"]


class Found(NamedTuple):
    """Pronunciations of some words, the cheapest first.

    Attributes
    ----------
    n_found : int64[n_words]
        Pronunciations found, at most `beam`.
    chunk : int32[n_ranks, n_letters]
        Chunk of each letter, by rank.
    cost : int64[beam, n_words]
        Of all that were found, also where fewer ranks are wanted, with `LOG_BITS` fraction bits.
    """

    n_found: NDArray[np.int64]
    chunk: NDArray[np.int32]
    cost: NDArray[np.int64]


def decode_words(
    model: ModelArrays,
    offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    beam: int,
    n_ranks: int,
) -> Found:
    """Decode some words.

    Parameters
    ----------
    model : ModelArrays
    offsets, symbol : int64[n_words + 1], int32[n_letters]
        Letters of all words, end to end; -1 for a letter that training never saw (it says nothing).
    beam : int
        Partial pronunciations kept; at least 1.
    n_ranks : int
        Pronunciations wanted, at most `beam`.
    """
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    find_earlier(offsets, symbol, np.full(model.candidates.offsets.size, -1, dtype=np.int32), earlier)
    n_words = offsets.size - 1
    words = Words(offsets, symbol, earlier, model.classes.letters)
    partials = empty_partials(model, n_words, symbol.size, beam)
    room = empty_room(model, n_words, beam)
    search(model, words, NO_GOALS, partials, ANY_DISTANCE, room, NO_TRACE)
    found = Found(
        np.zeros(n_words, dtype=np.int64),
        np.zeros((n_ranks, symbol.size), dtype=np.int32),
        np.zeros((beam, n_words), dtype=np.int64),
    )
    _trace_back(offsets, partials, found)
    return found


@compiled
def _trace_back(offsets: NDArray[np.int64], partials: Partials, found: Found) -> None:
    """Write the pronunciations of whole words, from the last letter to the first."""
    for word in range(offsets.shape[0] - 1):
        start, stop = offsets[word], offsets[word + 1]
        side = (stop - start) & 1
        found.n_found[word] = partials.n_ranks[side, word]
        for first_rank in range(found.n_found[word]):
            found.cost[first_rank, word] = partials.cost[side, word, first_rank]
        for first_rank in range(min(found.chunk.shape[0], partials.n_ranks[side, word])):
            rank = np.int64(first_rank)
            for index in range(stop - 1, start - 1, -1):
                found.chunk[first_rank, index] = partials.chunk[index, rank]
                rank = np.int64(partials.parent[index, rank])
