"""Compiled beam search: the best chunk for every letter of a word, left to right.

The score of a candidate is the sum of what the context neurons answer to it. With local normalisation the
scores at a position become probabilities by a softmax with the training's temperature, and a pronunciation's
cost is -log2 of their product. Without it the cost is how far the sum of all scores stays behind the
highest possible one, in the same unit; probabilities then follow from comparing whole pronunciations. All in
integers, so that the same model says the same on every machine.

Many words are searched together, each at the same letter: one template after the other is then read for all.
A search may be told what it must say (`Goals`), and may keep what the templates saw (`Trace`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.g2p.lane_kernels import (
    Lanes,
    Partials,
    Words,
    empty_lanes,
    fill_parts,
    prolong,
    start_words,
)
from goldzone.g2p.search_arrays import CandidateArrays, ChunkArrays, ModelArrays, Softmax
from goldzone.g2p.vote_kernels import Workspace, add_votes, empty_workspace, list_features
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, fixed_log2

__all__ = [
    "ANY_DISTANCE",
    "NO_GOALS",
    "NO_TRACE",
    "Goals",
    "Room",
    "Trace",
    "empty_room",
    "find_earlier",
    "keep_best",
    "search",
]

_FORBIDDEN = np.int64(np.iinfo(np.int64).max)
"""Cost of what would not say the goal."""


class Goals(NamedTuple):
    """What each word must say; without any offsets every pronunciation is allowed.

    Attributes
    ----------
    offsets, segments : int64[n_words + 1], int32[...]
        Segments of each word's pronunciation, end to end.
    room_offsets : int64[n_words]
        Where each word's part of `reachable` starts.
    reachable : uint8[...]
        By letters and segments said, ``letters * (n_segments + 1) + segments``: 1 where the letters left
        over can say the segments left over.
    """

    offsets: NDArray[np.int64]
    segments: NDArray[np.int32]
    room_offsets: NDArray[np.int64]
    reachable: NDArray[np.uint8]


class Trace(NamedTuple):
    """What the templates saw, kept for those who learn from it; without any columns nothing is kept.

    Attributes
    ----------
    of_words : uint32[n_templates, n_columns]
        Context values of the templates that read letters alone, a column for each position with a choice.
    of_partials : uint32[n_templates, n_columns]
        Of the others, a column for each partial pronunciation there.
    columns : int64[n_letters, 2]
        Column in `of_words`, and of the first partial pronunciation in `of_partials`; -1 without a choice.
    used : int64[2]
        Columns of both that are in use; a search writes behind them, and adds its own.
    """

    of_words: NDArray[np.uint32]
    of_partials: NDArray[np.uint32]
    columns: NDArray[np.int64]
    used: NDArray[np.int64]


class Room(NamedTuple):
    """What the search writes on.

    Attributes
    ----------
    of_words, of_partials : Lanes
        One lane a word, for what no earlier choice enters, and one a partial pronunciation.
    shared, scores : uint16[n_features], uint16[n_features]
        Scores of all candidates of both kinds of lanes.
    work : Workspace
    parts : uint32[n_atoms, n_partials]
    costs, kept : int64[beam * most_candidates], int64[beam]
    active : int64[n_words]
        Words that have not ended.
    """

    of_words: Lanes
    of_partials: Lanes
    shared: NDArray[np.uint16]
    scores: NDArray[np.uint16]
    work: Workspace
    parts: NDArray[np.uint32]
    costs: NDArray[np.int64]
    kept: NDArray[np.int64]
    active: NDArray[np.int64]


ANY_DISTANCE = np.int64(np.iinfo(np.int64).max)
"""Drops no partial pronunciation."""
NO_GOALS = Goals(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.uint8))
NO_TRACE = Trace(
    np.zeros((0, 0), np.uint32),
    np.zeros((0, 0), np.uint32),
    np.zeros((0, 2), np.int64),
    np.zeros(2, np.int64),
)


def empty_room(model: ModelArrays, n_words: int, beam: int) -> Room:
    """Make room to search so many words together."""
    most, n_partials = model.most_candidates, n_words * beam
    n_atoms = max(len(model.by_letters.atoms), len(model.by_choices.atoms))
    return Room(
        of_words=empty_lanes(n_words),
        of_partials=empty_lanes(n_partials),
        shared=np.empty(n_words * most, dtype=np.uint16),
        scores=np.empty(n_partials * most, dtype=np.uint16),
        work=empty_workspace(n_partials, most),
        parts=np.empty((n_atoms, n_partials), dtype=np.uint32),
        costs=np.empty(beam * most, dtype=np.int64),
        kept=np.empty(beam, dtype=np.int64),
        active=np.empty(n_words, dtype=np.int64),
    )


@compiled
def find_earlier(
    offsets: NDArray[np.int64], symbol: NDArray[np.int32], seen: NDArray[np.int32], earlier: NDArray[np.int32]
) -> None:
    """Write the last earlier occurrence of each letter in its word; `seen`, one of each letter, is -1."""
    for word in range(offsets.shape[0] - 1):
        start, stop = offsets[word], offsets[word + 1]
        for index in range(start, stop):
            if symbol[index] >= 0:
                earlier[index] = seen[symbol[index]]
                seen[symbol[index]] = index - start
        for index in range(start, stop):
            if symbol[index] >= 0:
                seen[symbol[index]] = -1


@compiled
def search(
    model: ModelArrays,
    words: Words,
    goals: Goals,
    partials: Partials,
    farthest: np.int64,
    room: Room,
    trace: Trace,
) -> None:
    """Find the cheapest pronunciations of some words; they are written to `partials`.

    Parameters
    ----------
    model : ModelArrays
    words : Words
    goals : Goals
        A word with a goal that cannot be reached ends without any pronunciation.
    partials : Partials
        For at least so many words and letters. Of a word with n letters, side ``n & 1`` tells the end.
    farthest : int64
        Cost by which a partial pronunciation may be behind the best one of its word; more, and it is dropped.
    room : Room
    trace : Trace
        Where it has columns, at least one for each letter, and `beam` of them in `of_partials`.
    """
    candidates, parts, work = model.candidates, room.parts, room.work
    n_active, n_letters = words.offsets.shape[0] - 1, np.int64(0)
    start_words(n_active, partials)
    for word in range(n_active):
        room.active[word] = word
        n_letters = max(n_letters, words.offsets[word + 1] - words.offsets[word])
        if goals.offsets.shape[0] > 0 and goals.reachable[goals.room_offsets[word]] == 0:
            partials.n_ranks[0, word] = 0
    of_words, of_partials = trace.used[0], trace.used[1]
    for position in range(n_letters):
        n_active = _still_active(words, position, room.active, n_active)
        lanes, seen = room.of_words, trace.of_words
        n_words = _open_lanes(model, words, partials, position, room.active, n_active, lanes)
        room.shared[: list_features(candidates, lanes, n_words, work)] = 0
        fill_parts(model.by_letters.atoms, words, partials, lanes, n_words, position, parts)
        add_votes(model, model.by_letters, parts, lanes, n_words, work, room.shared, seen, of_words)
        lanes, seen = room.of_partials, trace.of_partials
        n_lanes = _split_lanes(partials, position, room.of_words, n_words, lanes)
        list_features(candidates, lanes, n_lanes, work)
        _share_scores(partials, position, room, n_words)
        fill_parts(model.by_choices.atoms, words, partials, lanes, n_lanes, position, parts)
        add_votes(model, model.by_choices, parts, lanes, n_lanes, work, room.scores, seen, of_partials)
        if trace.columns.shape[0] > 0:
            _note_columns(words, partials, position, room, n_active, n_words, of_words, of_partials, trace)
        of_words += n_words
        of_partials += n_lanes
        _choose(
            candidates, model.chunks, model.softmax, words, goals, partials, position, n_words, farthest, room
        )
        prolong(model.chunks, model.classes.segments, words, partials, position, room.active, n_active)
    if trace.columns.shape[0] > 0:
        trace.used[0], trace.used[1] = of_words, of_partials


@compiled_part
def _note_columns(
    words: Words,
    partials: Partials,
    position: int,
    room: Room,
    n_active: int,
    n_words: int,
    of_words: np.int64,
    of_partials: np.int64,
    trace: Trace,
) -> None:
    """Write in which columns of the trace a position's words and partial pronunciations stand."""
    for at in range(n_active):
        index = words.offsets[room.active[at]] + position
        trace.columns[index, 0], trace.columns[index, 1] = -1, -1
    for lane in range(n_words):
        word = room.of_words.word[lane]
        index = words.offsets[word] + position
        trace.columns[index, 0], trace.columns[index, 1] = of_words + lane, of_partials
        of_partials += partials.n_ranks[position & 1, word]


@compiled_part
def _still_active(words: Words, position: int, active: NDArray[np.int64], n_active: int) -> int:
    """Leave out the words that end before a position; return how many are left."""
    left = 0
    for index in range(n_active):
        word = active[index]
        if words.offsets[word] + position < words.offsets[word + 1]:
            active[left] = word
            left += 1
    return left


@compiled_part
def _open_lanes(
    model: ModelArrays,
    words: Words,
    partials: Partials,
    position: int,
    active: NDArray[np.int64],
    n_active: int,
    lanes: Lanes,
) -> int:
    """List the words that have a choice at a position, and decide the others; return how many are listed."""
    candidates = model.candidates
    n_lanes, side = 0, position & 1
    for at in range(n_active):
        word = active[at]
        index = words.offsets[word] + position
        letter = words.symbol[index]
        first, stop = np.int64(0), np.int64(0)
        if letter >= 0:
            first, stop = candidates.offsets[letter], candidates.offsets[letter + 1]
        if stop - first > 1:
            lanes.word[n_lanes], lanes.symbol[n_lanes] = word, letter
            n_lanes += 1
            continue
        # With a single candidate there is nothing to weigh: its probability is 1.
        chunk = np.int64(candidates.chunk[first]) if stop > first else np.int64(model.chunks.silent)
        partials.n_ranks[1 - side, word] = partials.n_ranks[side, word]
        for rank in range(partials.n_ranks[side, word]):
            partials.parent[index, rank], partials.chunk[index, rank] = rank, chunk
            partials.cost[1 - side, word, rank] = partials.cost[side, word, rank]
    return n_lanes


@compiled_part
def _split_lanes(
    partials: Partials,
    position: int,
    of_words: Lanes,
    n_of_words: int,
    of_partials: Lanes,
) -> int:
    """Give each partial pronunciation a lane; return how many there are."""
    lane = 0
    for index in range(n_of_words):
        word = of_words.word[index]
        for rank in range(partials.n_ranks[position & 1, word]):
            of_partials.word[lane], of_partials.rank[lane] = word, rank
            of_partials.symbol[lane] = of_words.symbol[index]
            lane += 1
    return lane


@compiled_part
def _share_scores(partials: Partials, position: int, room: Room, n_words: int) -> None:
    """Let each partial pronunciation begin with the scores of its word."""
    end, edges = np.int64(0), room.of_words.first
    for index in range(n_words):
        for _ in range(partials.n_ranks[position & 1, room.of_words.word[index]]):
            for feature in range(edges[index], edges[index + 1]):
                room.scores[end] = room.shared[feature]
                end += 1


@compiled_part
def _choose(
    candidates: CandidateArrays,
    chunks: ChunkArrays,
    softmax: Softmax,
    words: Words,
    goals: Goals,
    partials: Partials,
    position: int,
    n_lanes: int,
    farthest: np.int64,
    room: Room,
) -> None:
    """Weigh every candidate after every partial pronunciation of each word, and keep the cheapest.

    Parameters
    ----------
    room : Room
        With `n_lanes` words, and the scores of all partial pronunciations of the first, then of the second...
    """
    side, lane = position & 1, 0
    lanes, costs, kept = room.of_words, room.costs, room.kept
    for number in range(n_lanes):
        word = lanes.word[number]
        index = words.offsets[word] + position
        first = candidates.offsets[lanes.symbol[number]]
        n_candidates = candidates.offsets[lanes.symbol[number] + 1] - first
        n_partials = partials.n_ranks[side, word]
        for rank in range(n_partials):
            scores = room.scores[room.of_partials.first[lane] :]
            best, base = np.int64(softmax.top), partials.cost[side, word, rank]
            if softmax.exponentials.shape[0] > 0:
                best, total = np.int64(0), np.int64(0)
                for candidate in range(n_candidates):
                    best = max(best, np.int64(scores[candidate]))
                for candidate in range(n_candidates):
                    total += softmax.exponentials[best - np.int64(scores[candidate])]
                base += fixed_log2(total) - (EXP_BITS << LOG_BITS)
            for candidate in range(n_candidates):
                behind = best - np.int64(scores[candidate])
                costs[rank * n_candidates + candidate] = base + behind * softmax.bits_per_vote
            lane += 1
            if goals.offsets.shape[0] > 0:
                _forbid(
                    candidates.chunk[first : first + n_candidates],
                    chunks,
                    goals,
                    word,
                    position,
                    partials.n_said[side, word, rank],
                    costs[rank * n_candidates : (rank + 1) * n_candidates],
                )
        n_kept = keep_best(costs, n_partials * n_candidates, kept.shape[0], kept)
        while n_kept > 1 and costs[kept[n_kept - 1]] - costs[kept[0]] > farthest:
            n_kept -= 1
        partials.n_ranks[1 - side, word] = n_kept
        for rank in range(n_kept):
            parent = kept[rank] // n_candidates
            partials.parent[index, rank] = parent
            partials.chunk[index, rank] = candidates.chunk[first + kept[rank] - parent * n_candidates]
            partials.cost[1 - side, word, rank] = costs[kept[rank]]


@compiled_part
def _forbid(
    listed: NDArray[np.int32],
    chunks: ChunkArrays,
    goals: Goals,
    word: int | np.int64,
    position: int,
    n_said: np.int64,
    costs: NDArray[np.int64],
) -> None:
    """Forbid the candidates after which the goal can no longer be said."""
    start, n_segments = goals.offsets[word], goals.offsets[word + 1] - goals.offsets[word]
    next_row = goals.room_offsets[word] + (position + 1) * (n_segments + 1)
    for candidate in range(listed.shape[0]):
        first, stop = chunks.offsets[listed[candidate]], chunks.offsets[listed[candidate] + 1]
        n_after = n_said + stop - first
        allowed = n_after <= n_segments and goals.reachable[next_row + n_after] != 0
        at = np.int64(0)
        while allowed and at < stop - first:
            allowed = goals.segments[start + n_said + at] == chunks.segments[first + at]
            at += 1
        if not allowed:
            costs[candidate] = _FORBIDDEN


@compiled
def keep_best(costs: NDArray[np.int64], n_costs: int | np.int64, beam: int, kept: NDArray[np.int64]) -> int:
    """Write the indices of the lowest costs in ascending order (equal ones by index); return how many.

    What is forbidden is never kept.
    """
    n_kept = 0
    for index in range(n_costs):
        if costs[index] == _FORBIDDEN:
            continue
        if n_kept == beam and costs[index] >= costs[kept[n_kept - 1]]:
            continue
        rank = n_kept if n_kept < beam else beam - 1
        n_kept = rank + 1
        while rank > 0 and costs[kept[rank - 1]] > costs[index]:
            kept[rank] = kept[rank - 1]
            rank -= 1
        kept[rank] = index
    return n_kept
