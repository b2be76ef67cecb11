"""Compiled passes over tiles of samples: what a neuron's new bits change in the scores, and what scores say.

As in `goldzone.training.learners.credit_kernels`, `i` numbers the positions of a tile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, fixed_log2
from goldzone.hashtron.kernels import hash32
from goldzone.training.learners.tiles import Reading, Tiles

__all__ = ["count_scores", "move_scores", "rank_statistics"]


@compiled
def move_scores(
    first: int,
    last: int,
    tiles: Tiles,
    reading: Reading,
    change: NDArray[np.int8],
    score: NDArray[np.uint16],
) -> np.int64:
    """Move the scores of the samples by what their cell's answer changes.

    Parameters
    ----------
    first, last : int
        Tiles, the last one excluded.
    tiles : Tiles
    reading : Reading
    change : int8[premodulo]
        -1, 0 or 1.
    score : uint16[n_samples]
        By sample of the tiles; changed.

    Returns
    -------
    int64
        How many more samples the neuron answers with 1 than before.
    """
    most = np.int64(1)
    for symbol in range(tiles.candidate_offsets.shape[0] - 1):
        most = max(most, tiles.candidate_offsets[symbol + 1] - tiles.candidate_offsets[symbol])
    cells = np.empty(most, dtype=np.uint32)
    more = np.int64(0)
    for tile in range(first, last):
        values = reading.context[tiles.offsets[tile] : tiles.offsets[tile + 1]]
        symbol = tiles.symbol[tile]
        keys = tiles.candidate_key[tiles.candidate_offsets[symbol] : tiles.candidate_offsets[symbol + 1]]
        scores = score[tiles.sample_offsets[tile] : tiles.sample_offsets[tile + 1]]
        size, start = values.shape[0], 0
        while start < size:
            value, stop = values[start], start + 1
            while stop < size and values[stop] == value:
                stop += 1
            for candidate in range(keys.shape[0]):
                feature = np.uint32(value + keys[candidate])
                cells[candidate] = hash32(feature, reading.salt, reading.premodulo)
            for candidate in range(keys.shape[0]):
                step = change[cells[candidate]]
                if step != 0:
                    more += step * (stop - start)
                    for sample in range(candidate * size + start, candidate * size + stop):
                        scores[sample] += np.uint16(step)  # wraps: -1 is 65,535
            start = stop
    return more


@compiled
def count_scores(
    tiles: Tiles,
    score: NDArray[np.uint16],
    right: NDArray[np.int64],
    wrong: NDArray[np.int64],
    samples: NDArray[np.int64],
) -> None:
    """Add the weight of right and of wrong candidates, and the samples, at each score: int64[n] each."""
    for tile in range(tiles.symbol.shape[0]):
        gold = tiles.gold[tiles.offsets[tile] : tiles.offsets[tile + 1]]
        weight = tiles.weight[tiles.offsets[tile] : tiles.offsets[tile + 1]]
        scores = score[tiles.sample_offsets[tile] : tiles.sample_offsets[tile + 1]]
        size = gold.shape[0]
        for candidate in range(scores.shape[0] // size):
            row = scores[candidate * size : (candidate + 1) * size]
            for i in range(size):
                samples[row[i]] += 1
                if gold[i] == candidate:
                    right[row[i]] += weight[i]
                else:
                    wrong[row[i]] += weight[i]


@compiled
def rank_statistics(
    tiles: Tiles,
    score: NDArray[np.uint16],
    exponentials: NDArray[np.int32],
    bits_per_vote: int,
    right: NDArray[np.bool_],
) -> np.int64:
    """Judge the choices that the scores make when every earlier choice was right.

    A position counts as right when no other candidate has as high a score, and as wrong when its right
    candidate is not listed (weight 0).

    Parameters
    ----------
    tiles : Tiles
    score : uint16[n_samples]
        By sample of the tiles.
    exponentials, bits_per_vote : int32[>= largest score + 1], int
        `goldzone.hashtron.fixed_point`'s, of the temperature.
    right : bool[n_positions]
        Output, by position of the samples.

    Returns
    -------
    int64
        The summed loss of the positions that list their right candidate: -log2 of its share, with `LOG_BITS`
        fraction bits.
    """
    loss = np.int64(0)
    for tile in range(tiles.symbol.shape[0]):
        start, stop = tiles.offsets[tile], tiles.offsets[tile + 1]
        order, gold, weight = tiles.order[start:stop], tiles.gold[start:stop], tiles.weight[start:stop]
        scores = score[tiles.sample_offsets[tile] : tiles.sample_offsets[tile + 1]]
        size = stop - start
        for i in range(size):
            if weight[i] == 0:
                right[order[i]] = False
                continue
            best, ties, total = np.int64(0), 0, np.int64(0)
            for sample in range(i, scores.shape[0], size):
                best = max(best, np.int64(scores[sample]))
            for sample in range(i, scores.shape[0], size):
                ties += scores[sample] == best
                total += exponentials[best - np.int64(scores[sample])]
            distance = best - np.int64(scores[gold[i] * size + i])
            loss += distance * bits_per_vote + fixed_log2(total) - (EXP_BITS << LOG_BITS)
            right[order[i]] = distance == 0 and ties == 1
    return loss
