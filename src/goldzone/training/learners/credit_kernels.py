"""Compiled passes over tiles of samples: the votes for one context neuron, and its cells decided by them.

A pass works on a range of tiles (`goldzone.training.learners.tiles`), so that several threads can share it.
All sums are integers: their total does not depend on how the range was cut. In the loops, `i` numbers the
positions of a tile.

A table of *ballots* holds both what a neuron answers and what is voted: cell c is twice the sum of its votes
plus the neuron's present bit. So one number in memory serves the look-up and the addition.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.hashtron.kernels import hash32
from goldzone.training.learners.tiles import TILE, Reading, Tiles

__all__ = ["VOTE_ONE", "RankTable", "VoteTables", "decide_cells", "rank_votes", "table_votes"]

VOTE_ONE = 1 << 16
"""A whole vote: the credit of one wrong choice of a word with weight 1."""


class RankTable(NamedTuple):
    """The softmax of rank credit."""

    exponentials: NDArray[np.int32]
    """int32[n_neurons + 1]: `goldzone.hashtron.fixed_point.exp_table`, by distance from the best score."""
    half_step: int
    """``VOTE_ONE / (2 temperature)``."""


class VoteTables(NamedTuple):
    """Vote of a right and of a wrong candidate by its score without the neuron: int64[n_neurons + 1] each."""

    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


class _Room(NamedTuple):
    """What is worked out on a tile."""

    without: NDArray[np.int32]
    """int32[n_candidates, TILE]: scores less the neuron's own answers."""
    edges: NDArray[np.int64]
    """int64[TILE + 1]: where each run of equal context values starts, and where the last one ends."""
    cells: NDArray[np.uint32]
    """uint32[TILE, n_candidates]: cells of each run."""
    sums: NDArray[np.int64]
    """int64[TILE + 1]: running sums of votes."""


@compiled
def rank_votes(
    first: int,
    last: int,
    tiles: Tiles,
    reading: Reading,
    score: NDArray[np.uint16],
    table: RankTable,
    ballots: NDArray[np.int64],
) -> np.int64:
    """Add up rank credit: at each position, the right candidate's share minus the softmax of the scores.

    The scores are taken without the neuron. Setting a bit moves a score by one step of 1 / temperature, so
    a vote is the loss that the step saves to second order: ``g - p (1 - p) / (2 temperature)`` with
    ``g = target - p`` (Newton's correction: a step must not overshoot).

    Parameters
    ----------
    first, last : int
        Tiles, the last one excluded.
    tiles : Tiles
        Weights are 2**13 at most.
    reading : Reading
    score : uint16[n_samples]
        By sample of the tiles.
    table : RankTable
    ballots : int64[premodulo]
        Added to.

    Returns
    -------
    int64
        Sum of the votes' absolute values.
    """
    room = _empty_room(tiles)
    votes = np.empty_like(room.without)
    best, total = np.empty(TILE, dtype=np.int32), np.empty(TILE, dtype=np.int64)
    absolute = np.int64(0)
    for tile in range(first, last):
        n_candidates, size = _shape(tiles, tile)
        if n_candidates > 1:  # a lone candidate has its whole share: no vote
            n_runs = _take_out(tiles, tile, reading, score, ballots, room)
            absolute += _rank(tiles, tile, table, room.without, best, total, votes)
            _cast(votes, n_candidates, size, n_runs, room, ballots)
    return absolute


@compiled_part
def _rank(
    tiles: Tiles,
    tile: int,
    table: RankTable,
    without: NDArray[np.int32],
    best: NDArray[np.int32],
    total: NDArray[np.int64],
    votes: NDArray[np.int32],
) -> np.int64:
    """Write the votes of a tile, and return the sum of their absolute values; the rest is overwritten."""
    n_candidates, size = _shape(tiles, tile)
    gold, weights = _labels(tiles, tile)
    best[:size] = 0
    total[:size] = 0
    for candidate in range(n_candidates):
        row = without[candidate]
        for i in range(size):
            best[i] = max(best[i], row[i])
    for candidate in range(n_candidates):
        row = without[candidate]
        for i in range(size):
            row[i] = table.exponentials[best[i] - row[i]]
            total[i] += row[i]
    for i in range(size):
        # In lanes, unlike a division of integers, and as exact: the quotient's distance from the next
        # integer is 1 / total or more, its rounding less than a thousandth of that.
        total[i] = np.int64((1 << 44) / np.float64(total[i]))
    absolute = np.int64(0)
    for candidate in range(n_candidates):
        row, own = without[candidate], votes[candidate]
        for i in range(size):
            share = (np.int64(row[i]) * total[i]) >> 28
            vote = weights[i] * (share + ((((share * (VOTE_ONE - share)) >> 16) * table.half_step) >> 16))
            absolute += vote
            own[i] = -vote
    for i in range(size):
        vote = np.int64(votes[gold[i], i])
        right = vote + VOTE_ONE * weights[i]
        absolute += abs(right) - abs(vote)
        votes[gold[i], i] = right
    return absolute


@compiled
def table_votes(
    first: int,
    last: int,
    tiles: Tiles,
    reading: Reading,
    score: NDArray[np.uint16],
    tables: VoteTables,
    ballots: NDArray[np.int64],
) -> np.int64:
    """Add up credit that depends on a sample's own score alone (margin and hard credit).

    Parameters and result are those of `rank_votes`, but for the tables.
    """
    room = _empty_room(tiles)
    votes = np.empty(room.without.shape, dtype=np.int64)
    absolute = np.int64(0)
    for tile in range(first, last):
        n_candidates, size = _shape(tiles, tile)
        if n_candidates == 0:
            continue
        n_runs = _take_out(tiles, tile, reading, score, ballots, room)
        gold, weights = _labels(tiles, tile)
        for candidate in range(n_candidates):
            row, own = room.without[candidate], votes[candidate]
            for i in range(size):
                own[i] = weights[i] * tables.wrong[row[i]]
        for i in range(size):
            votes[gold[i], i] = weights[i] * tables.right[room.without[gold[i], i]]
        for candidate in range(n_candidates):
            own = votes[candidate]
            for i in range(size):
                absolute += abs(own[i])
        _cast(votes, n_candidates, size, n_runs, room, ballots)
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


@compiled_part
def _empty_room(tiles: Tiles) -> _Room:
    most = np.int64(1)
    for tile in range(tiles.symbol.shape[0]):
        most = max(most, _shape(tiles, tile)[0])
    return _Room(
        np.empty((most, TILE), dtype=np.int32),
        np.empty(TILE + 1, dtype=np.int64),
        np.empty((TILE, most), dtype=np.uint32),
        np.empty(TILE + 1, dtype=np.int64),
    )


@compiled_part
def _shape(tiles: Tiles, tile: int) -> tuple[np.int64, np.int64]:
    """Return the candidates and the positions of a tile."""
    symbol = tiles.symbol[tile]
    n_candidates = tiles.candidate_offsets[symbol + 1] - tiles.candidate_offsets[symbol]
    return n_candidates, tiles.offsets[tile + 1] - tiles.offsets[tile]


@compiled_part
def _labels(tiles: Tiles, tile: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the right candidates and the weights of a tile's positions."""
    start, stop = tiles.offsets[tile], tiles.offsets[tile + 1]
    return tiles.gold[start:stop], tiles.weight[start:stop]


@compiled_part
def _take_out(
    tiles: Tiles,
    tile: int,
    reading: Reading,
    score: NDArray[np.uint16],
    ballots: NDArray[np.int64],
    room: _Room,
) -> int:
    """Find the runs of a tile and their cells, and its scores without the neuron; return how many runs."""
    n_candidates, size = _shape(tiles, tile)
    context = reading.context[tiles.offsets[tile] : tiles.offsets[tile + 1]]
    first_key = tiles.candidate_offsets[tiles.symbol[tile]]
    keys = tiles.candidate_key[first_key : first_key + n_candidates]
    scores = score[tiles.sample_offsets[tile] : tiles.sample_offsets[tile + 1]]
    for candidate in range(n_candidates):
        row, own = scores[candidate * size : (candidate + 1) * size], room.without[candidate]
        for i in range(size):
            own[i] = row[i]
    n_runs, start = 0, 0
    while start < size:
        value, stop = context[start], start + 1
        while stop < size and context[stop] == value:
            stop += 1
        room.edges[n_runs] = start
        cell = room.cells[n_runs]
        # Hashed all at once, which runs in vector lanes; then looked up.
        for candidate in range(n_candidates):
            cell[candidate] = hash32(np.uint32(value + keys[candidate]), reading.salt, reading.premodulo)
        for candidate in range(n_candidates):
            if ballots[cell[candidate]] & 1:
                for i in range(start, stop):
                    room.without[candidate, i] -= 1
        n_runs += 1
        start = stop
    room.edges[n_runs] = size
    return n_runs


@compiled_part
def _cast(
    votes: NDArray[np.int32] | NDArray[np.int64],
    n_candidates: np.int64,
    size: np.int64,
    n_runs: int,
    room: _Room,
    ballots: NDArray[np.int64],
) -> None:
    """Add a tile's votes to the ballots, a run at a time."""
    sums, edges = room.sums, room.edges
    sums[0] = 0
    for candidate in range(n_candidates):
        row = votes[candidate]
        total = np.int64(0)
        for i in range(size):
            total += row[i]
            sums[i + 1] = total
        for run in range(n_runs):
            ballots[room.cells[run, candidate]] += (sums[edges[run + 1]] - sums[edges[run]]) << 1
