"""Compiled passes over tiles of samples: votes for one context neuron, and what its new bits change.

A pass works on a range of tiles (`goldzone.training.learners.tiles`), so that several threads can share it.
All sums are integers: their total does not depend on how the range was cut.

A table of *ballots* holds both what a neuron answers and what is voted: cell c is twice the sum of its votes
plus the neuron's present bit. So one place in memory serves the look-up and the addition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, fixed_log2
from goldzone.hashtron.kernels import hash32
from goldzone.training.learners.tiles import TILE

__all__ = [
    "VOTE_ONE",
    "count_scores",
    "decide_cells",
    "move_scores",
    "rank_statistics",
    "rank_votes",
    "table_votes",
]

VOTE_ONE = 1 << 16
"""A whole vote: the credit of one wrong choice of a word with weight 1."""


@compiled_part
def _most_candidates(symbol: NDArray[np.int32], candidate_offsets: NDArray[np.int64]) -> np.int64:
    """Return how many candidates the tiles' symbols have at most, at least 1."""
    most = np.int64(1)
    for tile in range(symbol.shape[0]):
        most = max(most, candidate_offsets[symbol[tile] + 1] - candidate_offsets[symbol[tile]])
    return most


@compiled_part
def _take_out(
    context: NDArray[np.uint32],
    keys: NDArray[np.uint32],
    scores: NDArray[np.uint16],
    salt: np.uint32,
    premodulo: np.uint32,
    ballots: NDArray[np.int64],
    edges: NDArray[np.int64],
    cells: NDArray[np.uint32],
    without: NDArray[np.int32],
) -> int:
    """Find the runs of a tile and their cells, and write its scores less the neuron's own answers.

    Parameters
    ----------
    context : uint32[n_places]
    keys : uint32[n_candidates]
    scores : uint16[n_candidates * n_places]
    edges : int64[n_places + 1]
        Output: where each run starts, and where the last one ends.
    cells : uint32[n_places, n_candidates]
        Output: a row for each run.
    without : int32[n_candidates, n_places]
        Output.

    Returns
    -------
    int
        Number of runs.
    """
    size = context.shape[0]
    for candidate in range(keys.shape[0]):
        row, own = scores[candidate * size : (candidate + 1) * size], without[candidate]
        for place in range(size):
            own[place] = row[place]
    n_runs, start = 0, 0
    while start < size:
        value, stop = context[start], start + 1
        while stop < size and context[stop] == value:
            stop += 1
        edges[n_runs] = start
        cell = cells[n_runs]
        # Hashed all at once, which runs in vector lanes; then looked up.
        for candidate in range(keys.shape[0]):
            cell[candidate] = hash32(np.uint32(value + keys[candidate]), salt, premodulo)
        for candidate in range(keys.shape[0]):
            if ballots[cell[candidate]] & 1:
                for place in range(start, stop):
                    without[candidate, place] -= 1
        n_runs += 1
        start = stop
    edges[n_runs] = size
    return n_runs


@compiled_part
def _cast(
    votes: NDArray[np.int32] | NDArray[np.int64],
    n_candidates: np.int64,
    size: np.int64,
    n_runs: int,
    edges: NDArray[np.int64],
    cells: NDArray[np.uint32],
    sums: NDArray[np.int64],
    ballots: NDArray[np.int64],
) -> None:
    """Add a tile's votes to the ballots, a run at a time; `sums` is room for ``size + 1`` running sums."""
    sums[0] = 0
    for candidate in range(n_candidates):
        row = votes[candidate]
        total = np.int64(0)
        for place in range(size):
            total += row[place]
            sums[place + 1] = total
        for run in range(n_runs):
            ballots[cells[run, candidate]] += (sums[edges[run + 1]] - sums[edges[run]]) << 1


@compiled
def rank_votes(
    first: int,
    last: int,
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    candidate_offsets: NDArray[np.int64],
    candidate_key: NDArray[np.uint32],
    context: NDArray[np.uint32],
    gold: NDArray[np.int32],
    weight: NDArray[np.int64],
    score: NDArray[np.uint16],
    salt: np.uint32,
    premodulo: np.uint32,
    exponentials: NDArray[np.int32],
    half_step: int,
    ballots: NDArray[np.int64],
) -> np.int64:
    """Add up rank credit: at each position, the right candidate's share minus the softmax of the scores.

    The scores are taken without the neuron. Setting a bit moves a score by one step of 1 / temperature, so
    a vote is the loss that the step saves to second order: ``g - p (1 - p) / (2 temperature)`` with
    ``g = target - p`` (Newton's correction: a step must not overshoot).

    The feature of a sample is ``context + key of the candidate``, its cell
    ``hash32(feature, salt, premodulo)``.

    Parameters
    ----------
    first, last : int
        Tiles, the last one excluded.
    offsets, sample_offsets, symbol, candidate_offsets, candidate_key
        `goldzone.training.learners.tiles.Tiles.layout`.
    context : uint32[n_positions]
        Values of the neuron's template, by place.
    gold, weight : int32[n_positions], int64[n_positions]
        By place; weight 0 for no vote, at most 2**13.
    score : uint16[n_samples]
        By sample of the tiles.
    exponentials : int32[>= largest score + 1]
        `goldzone.hashtron.fixed_point.exp_table`.
    half_step : int
        ``VOTE_ONE / (2 temperature)``.
    ballots : int64[premodulo]
        Added to.

    Returns
    -------
    int64
        Sum of the votes' absolute values.
    """
    most = _most_candidates(symbol, candidate_offsets)
    edges, sums = np.empty(TILE + 1, dtype=np.int64), np.empty(TILE + 1, dtype=np.int64)
    cells = np.empty((TILE, most), dtype=np.uint32)
    work, votes = np.empty((most, TILE), dtype=np.int32), np.empty((most, TILE), dtype=np.int32)
    best, total = np.empty(TILE, dtype=np.int32), np.empty(TILE, dtype=np.int64)
    inverse = np.empty(TILE, dtype=np.int64)
    absolute = np.int64(0)
    for tile in range(first, last):
        start, stop = offsets[tile], offsets[tile + 1]
        keys = candidate_key[candidate_offsets[symbol[tile]] : candidate_offsets[symbol[tile] + 1]]
        size, n_candidates = stop - start, np.int64(keys.shape[0])
        if n_candidates < 2:  # a lone candidate has its whole share: no vote
            continue
        scores = score[sample_offsets[tile] : sample_offsets[tile + 1]]
        n_runs = _take_out(context[start:stop], keys, scores, salt, premodulo, ballots, edges, cells, work)
        best[:size] = 0
        total[:size] = 0
        for candidate in range(n_candidates):
            row = work[candidate]
            for place in range(size):
                best[place] = max(best[place], row[place])
        for candidate in range(n_candidates):
            row = work[candidate]
            for place in range(size):
                row[place] = exponentials[best[place] - row[place]]
                total[place] += row[place]
        for place in range(size):
            # In lanes, unlike a division of integers, and as exact: the quotient's distance from the next
            # integer is 1 / total or more, its rounding less than a thousandth of that.
            inverse[place] = np.int64((1 << 44) / np.float64(total[place]))
        weights = weight[start:stop]
        for candidate in range(n_candidates):
            row, own = work[candidate], votes[candidate]
            for place in range(size):
                share = (np.int64(row[place]) * inverse[place]) >> 28
                vote = weights[place] * (share + ((((share * (VOTE_ONE - share)) >> 16) * half_step) >> 16))
                absolute += vote
                own[place] = -vote
        for place in range(size):
            vote = np.int64(votes[gold[start + place], place])
            right = vote + VOTE_ONE * weights[place]
            absolute += abs(right) - abs(vote)
            votes[gold[start + place], place] = right
        _cast(votes, n_candidates, size, n_runs, edges, cells, sums, ballots)
    return absolute


@compiled
def table_votes(
    first: int,
    last: int,
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    candidate_offsets: NDArray[np.int64],
    candidate_key: NDArray[np.uint32],
    context: NDArray[np.uint32],
    gold: NDArray[np.int32],
    weight: NDArray[np.int64],
    score: NDArray[np.uint16],
    salt: np.uint32,
    premodulo: np.uint32,
    right_vote: NDArray[np.int64],
    wrong_vote: NDArray[np.int64],
    ballots: NDArray[np.int64],
) -> np.int64:
    """Add up credit that depends on a sample's own score alone (margin and hard credit).

    Parameters
    ----------
    right_vote, wrong_vote : int64[n_neurons + 1]
        Vote of a right and of a wrong candidate by its score without the neuron.

    Other parameters and the result are those of `rank_votes`.
    """
    most = _most_candidates(symbol, candidate_offsets)
    edges, sums = np.empty(TILE + 1, dtype=np.int64), np.empty(TILE + 1, dtype=np.int64)
    cells = np.empty((TILE, most), dtype=np.uint32)
    work, votes = np.empty((most, TILE), dtype=np.int32), np.empty((most, TILE), dtype=np.int64)
    absolute = np.int64(0)
    for tile in range(first, last):
        start, stop = offsets[tile], offsets[tile + 1]
        keys = candidate_key[candidate_offsets[symbol[tile]] : candidate_offsets[symbol[tile] + 1]]
        size, n_candidates = stop - start, np.int64(keys.shape[0])
        if n_candidates == 0:
            continue
        scores = score[sample_offsets[tile] : sample_offsets[tile + 1]]
        n_runs = _take_out(context[start:stop], keys, scores, salt, premodulo, ballots, edges, cells, work)
        weights = weight[start:stop]
        for candidate in range(n_candidates):
            row, own = work[candidate], votes[candidate]
            for place in range(size):
                own[place] = weights[place] * wrong_vote[row[place]]
        for place in range(size):
            right = gold[start + place]
            votes[right, place] = weights[place] * right_vote[work[right, place]]
        for candidate in range(n_candidates):
            own = votes[candidate]
            for place in range(size):
                absolute += abs(own[place])
        _cast(votes, n_candidates, size, n_runs, edges, cells, sums, ballots)
    return absolute


@compiled
def decide_cells(
    ballots: NDArray[np.int64],
    kept: NDArray[np.uint8],
    placed: NDArray[np.uint8],
    threshold: int,
    new: NDArray[np.uint8],
    change: NDArray[np.int8],
) -> tuple[np.int64, np.int64]:
    """Turn summed votes into answers: 1 where they pass the threshold; cells without votes keep theirs.

    Parameters
    ----------
    ballots : int64[n_parts, premodulo]
        A row for each range of tiles; overwritten.
    kept : uint8[premodulo]
        What cells without votes go on answering.
    placed : uint8[premodulo]
        What the scores hold of the neuron now.
    threshold : int
        Summed votes that a 1 needs, at least 0; "no evidence for this candidate" is the answer below it.
    new : uint8[premodulo]
        Output: the answers.
    change : int8[premodulo]
        Output: `new` less `placed`.

    Returns
    -------
    changed : int64
        Cells that answer otherwise than in `kept`.
    agreed : int64
        Absolute values of the cells' sums, summed.
    """
    # Loops without branches, a row at a time: these run in vector lanes.
    votes = ballots[0]
    for cell in range(kept.shape[0]):
        votes[cell] >>= 1
    for part in range(1, ballots.shape[0]):
        row = ballots[part]
        for cell in range(kept.shape[0]):
            votes[cell] += row[cell] >> 1
    changed, agreed = np.int64(0), np.int64(0)
    for cell in range(kept.shape[0]):
        answer = np.uint8(votes[cell] > threshold) | (np.uint8(votes[cell] == 0) & kept[cell])
        changed += np.int64(answer ^ kept[cell])
        agreed += abs(votes[cell])
        new[cell] = answer
        change[cell] = np.int8(answer) - np.int8(placed[cell])
    return changed, agreed


@compiled
def move_scores(
    first: int,
    last: int,
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    candidate_offsets: NDArray[np.int64],
    candidate_key: NDArray[np.uint32],
    context: NDArray[np.uint32],
    salt: np.uint32,
    premodulo: np.uint32,
    change: NDArray[np.int8],
    score: NDArray[np.uint16],
) -> np.int64:
    """Move the scores of the samples by what their cell's answer changes.

    Parameters
    ----------
    change : int8[premodulo]
        -1, 0 or 1.

    Other parameters are those of `rank_votes`.

    Returns
    -------
    int64
        How many more samples the neuron answers with 1 than before.
    """
    cells = np.empty(_most_candidates(symbol, candidate_offsets), dtype=np.uint32)
    more = np.int64(0)
    for tile in range(first, last):
        values = context[offsets[tile] : offsets[tile + 1]]
        keys = candidate_key[candidate_offsets[symbol[tile]] : candidate_offsets[symbol[tile] + 1]]
        scores = score[sample_offsets[tile] : sample_offsets[tile + 1]]
        size, start = values.shape[0], 0
        while start < size:
            value, stop = values[start], start + 1
            while stop < size and values[stop] == value:
                stop += 1
            for candidate in range(keys.shape[0]):
                cells[candidate] = hash32(np.uint32(value + keys[candidate]), salt, premodulo)
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
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    weight: NDArray[np.int64],
    score: NDArray[np.uint16],
    right: NDArray[np.int64],
    wrong: NDArray[np.int64],
    samples: NDArray[np.int64],
) -> None:
    """Add the weight of right and of wrong candidates, and the samples, at each score: int64[n] each."""
    for tile in range(offsets.shape[0] - 1):
        own_gold = gold[offsets[tile] : offsets[tile + 1]]
        own_weight = weight[offsets[tile] : offsets[tile + 1]]
        scores = score[sample_offsets[tile] : sample_offsets[tile + 1]]
        size = own_gold.shape[0]
        for candidate in range(scores.shape[0] // size):
            row = scores[candidate * size : (candidate + 1) * size]
            for place in range(size):
                samples[row[place]] += 1
                if own_gold[place] == candidate:
                    right[row[place]] += own_weight[place]
                else:
                    wrong[row[place]] += own_weight[place]


@compiled
def rank_statistics(
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    weight: NDArray[np.int64],
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
    order : int64[n_positions]
        Which position each place holds.
    right : bool[n_positions]
        Output, by position.

    Other parameters are those of `rank_votes`.

    Returns
    -------
    int64
        The summed loss of the positions that list their right candidate: -log2 of its share, with `LOG_BITS`
        fraction bits.
    """
    loss = np.int64(0)
    for tile in range(offsets.shape[0] - 1):
        start, size = offsets[tile], offsets[tile + 1] - offsets[tile]
        scores = score[sample_offsets[tile] : sample_offsets[tile + 1]]
        for place in range(size):
            if weight[start + place] == 0:
                right[order[start + place]] = False
                continue
            best, ties, total = np.int64(0), 0, np.int64(0)
            for sample in range(place, scores.shape[0], size):
                best = max(best, np.int64(scores[sample]))
            for sample in range(place, scores.shape[0], size):
                ties += scores[sample] == best
                total += exponentials[best - np.int64(scores[sample])]
            distance = best - np.int64(scores[gold[start + place] * size + place])
            loss += distance * bits_per_vote + fixed_log2(total) - (EXP_BITS << LOG_BITS)
            right[order[start + place]] = distance == 0 and ties == 1
    return loss
