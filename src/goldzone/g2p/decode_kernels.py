"""Compiled beam search: the most probable chunk for every letter of a word, left to right.

The score of a candidate is the number of context neurons that answer 1 for it. At a position the scores
become probabilities by a softmax with the training's temperature; a pronunciation's log-probability is their
sum. All in integers, so that the same model says the same on every machine.

Many words are searched together, each at the same letter: one template after the other is then read for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.atom_kernels import (
    EMPTY_HISTORY,
    FIRST,
    NOTHING,
    SUMMARY,
    empty_summary,
    extend_history,
    extend_summary,
)
from goldzone.g2p.lane_kernels import Lanes, Partials, Words, fill_parts
from goldzone.g2p.search_arrays import CandidateArrays, ChunkArrays, ModelArrays, Softmax
from goldzone.g2p.vote_kernels import Memo, Workspace, add_votes, score_words
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, fixed_log2

__all__ = ["Found", "decode_words"]


class _Room(NamedTuple):
    """What the search writes on.

    Attributes
    ----------
    of_words, of_partials : Lanes
        One lane a word, for what no earlier choice enters, and one a partial pronunciation.
    shared, scores : uint64[n_lanes, score_words]
        Scores of both kinds of lanes, 16 bits a candidate.
    single : uint16[n_partials, 4 * score_words]
        The memory of `scores`.
    parts : uint32[n_atoms, n_partials]
    costs, kept : int64[beam * most_candidates], int64[beam]
    active : int64[n_words]
        Words that have not ended.
    """

    of_words: Lanes
    of_partials: Lanes
    shared: NDArray[np.uint64]
    scores: NDArray[np.uint64]
    single: NDArray[np.uint16]
    parts: NDArray[np.uint32]
    costs: NDArray[np.int64]
    kept: NDArray[np.int64]
    active: NDArray[np.int64]


class Found(NamedTuple):
    """Pronunciations of some words, the cheapest first.

    Attributes
    ----------
    n_found : int64[n_words]
        Pronunciations found.
    chunk : int32[n_ranks, n_letters]
        Chunk of each letter, by rank.
    cost : int64[n_ranks, n_words]
        -log2 of the probability, with `LOG_BITS` fraction bits.
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
    memo: Memo,
    work: Workspace,
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
    memo : Memo
        Of this model; changed, and of no effect on what is found.
    work : Workspace
    """
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    _find_earlier(offsets, symbol, np.full(model.candidates.offsets.size, -1, dtype=np.int32), earlier)
    n_words = offsets.size - 1
    partials = Partials(
        n_ranks=np.ones((2, n_words), dtype=np.int64),
        cost=np.zeros((2, n_words, beam), dtype=np.int64),
        history=np.full((2, n_words, beam), EMPTY_HISTORY, dtype=np.uint32),
        summary=np.empty((2, n_words, beam, SUMMARY), dtype=np.uint32),
        recent_chunks=np.full((2, n_words, beam, model.chunk_reach), NOTHING, dtype=np.uint32),
        recent_segments=np.full((2, n_words, beam, model.segment_reach), NOTHING, dtype=np.uint32),
        parent=np.empty((symbol.size, beam), dtype=np.int32),
        chunk=np.empty((symbol.size, beam), dtype=np.int32),
    )
    start = np.empty(SUMMARY, dtype=np.uint32)
    empty_summary(start)
    partials.summary[:] = start
    n_letters = int(np.diff(offsets).max(initial=0))
    room = _empty_room(model, n_words, beam)
    _search(
        model, Words(offsets, symbol, earlier, model.classes.letters), n_letters, partials, room, memo, work
    )
    found = Found(
        np.zeros(n_words, dtype=np.int64),
        np.zeros((n_ranks, symbol.size), dtype=np.int32),
        np.zeros((n_ranks, n_words), dtype=np.int64),
    )
    _trace_back(offsets, partials, found)
    return found


def _empty_room(model: ModelArrays, n_words: int, beam: int) -> _Room:
    most, n_partials = model.most_candidates, n_words * beam
    scores = np.empty((n_partials, score_words(most)), dtype=np.uint64)
    n_atoms = max(len(model.by_letters.atoms), len(model.by_choices.atoms))
    return _Room(
        of_words=_lanes(n_words),
        of_partials=_lanes(n_partials),
        shared=np.empty((n_words, score_words(most)), dtype=np.uint64),
        scores=scores,
        single=scores.view(np.uint16),
        parts=np.empty((n_atoms, n_partials), dtype=np.uint32),
        costs=np.empty(beam * most, dtype=np.int64),
        kept=np.empty(beam, dtype=np.int64),
        active=np.arange(n_words),
    )


def _lanes(size: int) -> Lanes:
    return Lanes(
        np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int32)
    )


@compiled
def _find_earlier(
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
def _trace_back(offsets: NDArray[np.int64], partials: Partials, found: Found) -> None:
    """Write the pronunciations of whole words, from the last letter to the first."""
    for word in range(offsets.shape[0] - 1):
        start, stop = offsets[word], offsets[word + 1]
        side = (stop - start) & 1
        found.n_found[word] = min(found.chunk.shape[0], partials.n_ranks[side, word])
        for first_rank in range(found.n_found[word]):
            found.cost[first_rank, word] = partials.cost[side, word, first_rank]
            rank = np.int64(first_rank)
            for index in range(stop - 1, start - 1, -1):
                found.chunk[first_rank, index] = partials.chunk[index, rank]
                rank = np.int64(partials.parent[index, rank])


@compiled
def _search(
    model: ModelArrays,
    words: Words,
    n_letters: int,
    partials: Partials,
    room: _Room,
    memo: Memo,
    work: Workspace,
) -> None:
    """Prolong the partial pronunciations of all words, letter by letter; the longest has `n_letters`."""
    candidates, n_active = model.candidates, words.offsets.shape[0] - 1
    for position in range(n_letters):
        n_active = _still_active(words, position, room.active, n_active)
        lanes, scores = room.of_words, room.shared
        n_lanes = _open_lanes(model, words, partials, position, room.active, n_active, lanes)
        n_words = n_lanes
        for lane in range(n_lanes):
            for at in range(scores.shape[1]):
                scores[lane, at] = 0
        for step in range(2):
            templates = model.by_letters if step == 0 else model.by_choices
            if step == 1:
                lanes, scores = room.of_partials, room.scores
                n_lanes = _split_lanes(partials, position, room.of_words, n_words, lanes, room.shared, scores)
            fill_parts(templates.atoms, words, partials, lanes, n_lanes, position, room.parts)
            add_votes(model, templates, room.parts, lanes.symbol[:n_lanes], memo, work, scores)
        _choose(candidates, model.softmax, words, partials, position, room.of_words, n_words, room)
        _prolong(model.chunks, model.classes.segments, words, partials, position, room.active, n_active)


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
    shared: NDArray[np.uint64],
    scores: NDArray[np.uint64],
) -> int:
    """Give each partial pronunciation a lane, with the scores of its word; return how many there are."""
    lane = 0
    for index in range(n_of_words):
        word = of_words.word[index]
        for rank in range(partials.n_ranks[position & 1, word]):
            of_partials.word[lane], of_partials.rank[lane] = word, rank
            of_partials.symbol[lane] = of_words.symbol[index]
            for at in range(scores.shape[1]):
                scores[lane, at] = shared[index, at]
            lane += 1
    return lane


@compiled_part
def _choose(
    candidates: CandidateArrays,
    softmax: Softmax,
    words: Words,
    partials: Partials,
    position: int,
    lanes: Lanes,
    n_lanes: int,
    room: _Room,
) -> None:
    """Weigh every candidate after every partial pronunciation of each word, and keep the cheapest.

    Parameters
    ----------
    lanes : Lanes
        The words.
    room : _Room
        With the scores of all partial pronunciations of the first word, then of the second, and so on.
    """
    side, lane = position & 1, 0
    scores, costs, kept = room.single, room.costs, room.kept
    for number in range(n_lanes):
        word = lanes.word[number]
        index = words.offsets[word] + position
        first = candidates.offsets[lanes.symbol[number]]
        n_candidates = candidates.offsets[lanes.symbol[number] + 1] - first
        n_partials = partials.n_ranks[side, word]
        for rank in range(n_partials):
            best, total = np.int64(0), np.int64(0)
            for candidate in range(n_candidates):
                best = max(best, np.int64(scores[lane, candidate]))
            for candidate in range(n_candidates):
                total += softmax.exponentials[best - np.int64(scores[lane, candidate])]
            base = partials.cost[side, word, rank] + fixed_log2(total) - (EXP_BITS << LOG_BITS)
            for candidate in range(n_candidates):
                behind = best - np.int64(scores[lane, candidate])
                costs[rank * n_candidates + candidate] = base + behind * softmax.bits_per_vote
            lane += 1
        n_kept = _keep_best(costs, n_partials * n_candidates, kept.shape[0], kept)
        partials.n_ranks[1 - side, word] = n_kept
        for rank in range(n_kept):
            parent = kept[rank] // n_candidates
            partials.parent[index, rank] = parent
            partials.chunk[index, rank] = candidates.chunk[first + kept[rank] - parent * n_candidates]
            partials.cost[1 - side, word, rank] = costs[kept[rank]]


@compiled_part
def _prolong(
    chunks: ChunkArrays,
    classes: NDArray[np.uint8],
    words: Words,
    partials: Partials,
    position: int,
    active: NDArray[np.int64],
    n_active: int,
) -> None:
    """Note what was said by each pronunciation that was decided on."""
    old, new = position & 1, 1 - (position & 1)
    n_chunks, n_segments = partials.recent_chunks.shape[3], partials.recent_segments.shape[3]
    for at in range(n_active):
        word = active[at]
        index = words.offsets[word] + position
        for rank in range(partials.n_ranks[new, word]):
            parent, chunk = partials.parent[index, rank], partials.chunk[index, rank]
            for back in range(1, n_chunks):
                partials.recent_chunks[new, word, rank, back] = partials.recent_chunks[
                    old, word, parent, back - 1
                ]
            partials.recent_chunks[new, word, rank, 0] = np.uint32(np.uint32(chunk) + FIRST)
            first, stop = chunks.offsets[chunk], chunks.offsets[chunk + 1]
            for back in range(stop - first, n_segments):
                segment_part = partials.recent_segments[old, word, parent, back - (stop - first)]
                partials.recent_segments[new, word, rank, back] = segment_part
            history = partials.history[old, word, parent]
            summary = partials.summary[new, word, rank]
            for at_number in range(SUMMARY):
                summary[at_number] = partials.summary[old, word, parent, at_number]
            for said in range(first, stop):
                segment = chunks.segments[said]
                if stop - 1 - said < n_segments:
                    part = np.uint32(np.uint32(segment) + FIRST)
                    partials.recent_segments[new, word, rank, stop - 1 - said] = part
                history = extend_history(history, segment)
                extend_summary(summary, segment, classes)
            partials.history[new, word, rank] = history


@compiled
def _keep_best(costs: NDArray[np.int64], n_costs: int | np.int64, beam: int, kept: NDArray[np.int64]) -> int:
    """Write the indices of the lowest costs in ascending order (equal ones by index); return how many."""
    n_kept = 0
    for index in range(n_costs):
        if n_kept == beam and costs[index] >= costs[kept[n_kept - 1]]:
            continue
        rank = n_kept if n_kept < beam else beam - 1
        n_kept = rank + 1
        while rank > 0 and costs[kept[rank - 1]] > costs[index]:
            kept[rank] = kept[rank - 1]
            rank -= 1
        kept[rank] = index
    return n_kept
