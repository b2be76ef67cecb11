"""Compiled loops that judge whole pronunciations: which paths of a search are right, and what each is owed.

Beam credit: of the paths that the search kept for a word, p is the softmax of their scores, and p+ the same
among those that say a listed pronunciation, in whatever alignment. A path is owed p+ - p: what right paths
lack, wrong ones have too much. A vote goes to every choice of the path, each in its own history; where paths
run together their votes cancel. Where no path is right, a search among the paths that can still say a listed
pronunciation finds one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.atom_kernels import EMPTY_HISTORY, extend_history
from goldzone.g2p.lane_kernels import Partials, Words
from goldzone.g2p.search_arrays import ModelArrays
from goldzone.g2p.search_kernels import Goals, Room, Trace
from goldzone.hashtron.fixed_point import EXP_BITS, fixed_log2
from goldzone.training.learners.graded_kernels import VOTE_BITS

__all__ = [
    "Desk",
    "Lessons",
    "PathRule",
    "VoteList",
    "fill_reachable",
    "find_lost",
    "hash_pronunciations",
    "set_goals",
    "swap_columns",
    "take_words",
    "vote_for_paths",
]


class Lessons(NamedTuple):
    """Words with their pronunciations.

    Attributes
    ----------
    offsets, symbol, earlier : int64[n_words + 1], int32[n_letters], int32[n_letters]
        Letters of all words, end to end, and where the same letter stood before (`Words`).
    said : int64[n_words + 1]
        Pronunciations of each word; at least one.
    segment_offsets, segments : int64[n_pronunciations + 1], int32[...]
    hashes : uint32[n_pronunciations]
        As `extend_history` folds the segments.
    """

    offsets: NDArray[np.int64]
    symbol: NDArray[np.int32]
    earlier: NDArray[np.int32]
    said: NDArray[np.int64]
    segment_offsets: NDArray[np.int64]
    segments: NDArray[np.int32]
    hashes: NDArray[np.uint32]


class PathRule(NamedTuple):
    """How paths are judged.

    Attributes
    ----------
    exponentials : int64[n]
        exp(-d / temperature) for d steps of score; beyond the last it counts as 0.
    margin : int
        Steps by which a wrong path must stay behind.
    certain : int
        Of 2**EXP_BITS: a word whose right paths are as probable as that does not vote.
    farthest : int64
        Cost by which a partial pronunciation may be behind the best one of its word.
    """

    exponentials: NDArray[np.int64]
    margin: int
    certain: int
    farthest: np.int64


class Desk(NamedTuple):
    """What a part of a batch is worked out on.

    Attributes
    ----------
    words, lost : Words
        All words of the part, and those that no path says right.
    goals : Goals
        Of the lost words.
    free, bound : Partials
        What the search finds, and what it finds for the lost words under their goals.
    room, trace
        Of the searches. The trace has room for both.
    bound_columns : int64[n_letters, 2]
        `trace.columns` of the search for the lost words.
    lost_at : int64[n_words]
        Number of each word among the lost ones, -1 where it is not.
    right, owed : uint8[beam + 1], int64[beam + 1]
        Of the paths of a word; the last one is that found under its goal.
    weight, down : int64[beam + 1], int64[beam]
    share : int64[n_words]
        p(right) of each word, with `EXP_BITS` fraction bits; 0 of those that no path can say.
    """

    words: Words
    lost: Words
    goals: Goals
    free: Partials
    bound: Partials
    room: Room
    trace: Trace
    bound_columns: NDArray[np.int64]
    lost_at: NDArray[np.int64]
    right: NDArray[np.uint8]
    owed: NDArray[np.int64]
    weight: NDArray[np.int64]
    down: NDArray[np.int64]
    share: NDArray[np.int64]


class VoteList(NamedTuple):
    """Votes for single choices, as `goldzone.training.learners.graded_kernels.Ballots` takes them.

    Attributes
    ----------
    column, key, vote : int32[2, n], uint32[2, n], int32[2, n]
        Row 0 for the templates that read letters alone, row 1 for the others.
    length : int64[2]
        Votes in each row.
    """

    column: NDArray[np.int32]
    key: NDArray[np.uint32]
    vote: NDArray[np.int32]
    length: NDArray[np.int64]


@compiled
def hash_pronunciations(
    offsets: NDArray[np.int64], segments: NDArray[np.int32], out: NDArray[np.uint32]
) -> None:
    """Write the hash of each pronunciation, as the search keeps it of what was said."""
    for number in range(offsets.shape[0] - 1):
        value = EMPTY_HISTORY
        for at in range(offsets[number], offsets[number + 1]):
            value = extend_history(value, segments[at])
        out[number] = value


@compiled
def find_lost(
    lessons: Lessons,
    chosen: NDArray[np.int64],
    offsets: NDArray[np.int64],
    desk: Desk,
    lost: NDArray[np.int64],
) -> tuple[int, int]:
    """Give numbers to words that no path says right; return how many are right at first and how many lost."""
    n_right, n_lost = 0, 0
    for at in range(chosen.shape[0]):
        desk.lost_at[at] = -1
        side = (offsets[at + 1] - offsets[at]) & 1
        if _find_right(lessons, chosen[at], desk.free, side, at, desk.right) == 0:
            desk.lost_at[at] = n_lost
            lost[n_lost] = chosen[at]
            n_lost += 1
        n_right += desk.right[0]
    return n_right, n_lost


@compiled
def vote_for_paths(
    model: ModelArrays,
    lessons: Lessons,
    chosen: NDArray[np.int64],
    words: Words,
    rule: PathRule,
    desk: Desk,
    votes: VoteList,
) -> tuple[int, int, np.int64]:
    """List the votes of all paths; return words that no path can say, words that vote, and the loss."""
    n_unreachable, n_voting, loss = 0, 0, np.int64(0)
    for at in range(chosen.shape[0]):
        begin, side = words.offsets[at], (words.offsets[at + 1] - words.offsets[at]) & 1
        n_letters = words.offsets[at + 1] - begin
        n_paths = desk.free.n_ranks[side, at]
        n_good = _find_right(lessons, chosen[at], desk.free, side, at, desk.right)
        bound_at = desk.lost_at[at]
        desk.share[at] = 0
        if n_good == 0 and desk.bound.n_ranks[side, bound_at] == 0:
            n_unreachable += 1
            continue
        led = n_good == 0
        cost = desk.bound.cost[side, bound_at, 0] if led else np.int64(0)
        share = _owe(model, desk, side, at, n_paths, led, cost, rule)
        desk.share[at] = share
        loss += (EXP_BITS << 16) - fixed_log2(max(share, np.int64(1)))
        if share >= rule.certain:
            continue
        n_voting += 1
        for rank in range(desk.down.shape[0]):
            desk.down[rank] = desk.owed[rank] if rank < n_paths else 0
        _vote_along(model, words, begin, n_letters, desk.free, desk.trace.columns, desk.down, votes)
        if led:
            desk.down[:] = 0
            desk.down[0] = desk.owed[n_paths]
            start = desk.lost.offsets[bound_at]
            _vote_along(model, desk.lost, start, n_letters, desk.bound, desk.bound_columns, desk.down, votes)
    return n_unreachable, n_voting, loss


@compiled
def swap_columns(first: NDArray[np.int64], second: NDArray[np.int64], size: int) -> None:
    """Exchange the first rows of two arrays of two columns."""
    for index in range(size):
        for kind in range(2):
            first[index, kind], second[index, kind] = second[index, kind], first[index, kind]


@compiled
def take_words(lessons: Lessons, chosen: NDArray[np.int64], room: Words) -> None:
    """Copy the letters of some words."""
    end = np.int64(0)
    room.offsets[0] = 0
    for at in range(chosen.shape[0]):
        for index in range(lessons.offsets[chosen[at]], lessons.offsets[chosen[at] + 1]):
            room.symbol[end], room.earlier[end] = lessons.symbol[index], lessons.earlier[index]
            end += 1
        room.offsets[at + 1] = end


@compiled_part
def _find_right(
    lessons: Lessons,
    word: np.int64,
    partials: Partials,
    side: np.int64,
    at: int,
    right: NDArray[np.uint8],
) -> int:
    """Mark the paths that say a listed pronunciation; return how many they are."""
    count = 0
    right[0] = 0
    for rank in range(partials.n_ranks[side, at]):
        right[rank] = 0
        for number in range(lessons.said[word], lessons.said[word + 1]):
            n_segments = lessons.segment_offsets[number + 1] - lessons.segment_offsets[number]
            if (
                partials.n_said[side, at, rank] == n_segments
                and partials.history[side, at, rank] == lessons.hashes[number]
            ):
                right[rank] = 1
        count += right[rank]
    return count


@compiled
def set_goals(
    lessons: Lessons, chosen: NDArray[np.int64], turn: int, letters: NDArray[np.int64], room: Goals
) -> np.int64:
    """Give each word one of its pronunciations as its goal; return the room that they take together.

    `letters` says where the letters of each word begin.
    """
    end, size = np.int64(0), np.int64(0)
    room.offsets[0] = 0
    for at in range(chosen.shape[0]):
        first, last = lessons.said[chosen[at]], lessons.said[chosen[at] + 1]
        number = first + turn % (last - first)
        for index in range(lessons.segment_offsets[number], lessons.segment_offsets[number + 1]):
            room.segments[end] = lessons.segments[index]
            end += 1
        room.offsets[at + 1] = end
        room.room_offsets[at] = size
        size += (letters[at + 1] - letters[at] + 1) * (end - room.offsets[at] + 1)
    return size


@compiled
def fill_reachable(model: ModelArrays, words: Words, goals: Goals) -> None:
    """Find, from the end of each word, which parts of its goal its last letters can say."""
    candidates, chunks = model.candidates, model.chunks
    goals.reachable[:] = 0
    for word in range(words.offsets.shape[0] - 1):
        start, n_segments = goals.offsets[word], goals.offsets[word + 1] - goals.offsets[word]
        n_letters = words.offsets[word + 1] - words.offsets[word]
        reachable = goals.reachable[goals.room_offsets[word] :]
        width = n_segments + 1
        reachable[n_letters * width + n_segments] = 1
        for position in range(n_letters - 1, -1, -1):
            symbol = words.symbol[words.offsets[word] + position]
            first, stop = np.int64(0), np.int64(0)
            if symbol >= 0:
                first, stop = candidates.offsets[symbol], candidates.offsets[symbol + 1]
            for index in range(first, max(stop, first + 1)):
                chunk = np.int64(candidates.chunk[index]) if stop > first else np.int64(chunks.silent)
                begin, size = chunks.offsets[chunk], chunks.offsets[chunk + 1] - chunks.offsets[chunk]
                for said in range(n_segments - size + 1):
                    if reachable[(position + 1) * width + said + size] == 0:
                        continue
                    same, at = True, np.int64(0)
                    while same and at < size:
                        same = goals.segments[start + said + at] == chunks.segments[begin + at]
                        at += 1
                    if same:
                        reachable[position * width + said] = 1


@compiled_part
def _owe(
    model: ModelArrays,
    desk: Desk,
    side: np.int64,
    at: int,
    n_paths: np.int64,
    led: bool,
    led_cost: np.int64,
    rule: PathRule,
) -> np.int64:
    """Write what each path of a word is owed; return p(right), with `EXP_BITS` fraction bits.

    What is owed adds up to 0, so that votes cancel exactly where all paths run together.
    """
    owed, weight, right = desk.owed, desk.weight, desk.right
    n_all = n_paths + 1 if led else n_paths
    if led:
        right[n_paths] = 1
    least = np.iinfo(np.int64).max
    for path in range(n_all):
        cost = led_cost if path == n_paths else desk.free.cost[side, at, path]
        weight[path] = cost // model.softmax.bits_per_vote - (0 if right[path] else rule.margin)
        least = min(least, weight[path])
    total, good = np.int64(0), np.int64(0)
    for path in range(n_all):
        behind = weight[path] - least
        weight[path] = 0
        if behind < rule.exponentials.shape[0]:
            weight[path] = rule.exponentials[behind]
        total += weight[path]
        good += weight[path] if right[path] else 0
    rest, best = np.int64(0), -1
    for path in range(n_all):
        owed[path] = -((weight[path] << VOTE_BITS) // total)
        if right[path]:
            best = path if best < 0 else best
            # Right paths that are all out of reach have no shares: the best of them takes all that is owed.
            owed[path] += (weight[path] << VOTE_BITS) // good if good > 0 else 0
        rest += owed[path]
    owed[best] -= rest
    return (good << EXP_BITS) // total


@compiled_part
def _vote_along(
    model: ModelArrays,
    words: Words,
    begin: np.int64,
    n_letters: np.int64,
    partials: Partials,
    columns: NDArray[np.int64],
    down: NDArray[np.int64],
    votes: VoteList,
) -> None:
    """List the votes of a word's paths, from the last letter to the first.

    `down` holds what the paths that go on from each rank are owed together.
    """
    beam = down.shape[0]
    up = np.zeros(beam, np.int64)
    for index in range(begin + n_letters - 1, begin - 1, -1):
        column, first_column = columns[index, 0], columns[index, 1]
        up[:] = 0
        for rank in range(beam):
            if down[rank] == 0:
                continue
            parent, chunk = partials.parent[index, rank], partials.chunk[index, rank]
            up[parent] += down[rank]
            if column < 0:
                continue
            key = _key_of(model, words.symbol[index], chunk)
            _list(votes, 1, first_column + parent, key, down[rank])
            # One vote for a candidate, whichever paths it stands on: the first rank that has it sums up.
            together, earliest = np.int64(0), rank
            for other in range(beam):
                if down[other] != 0 and partials.chunk[index, other] == chunk:
                    together += down[other]
                    earliest = min(earliest, other)
            if earliest == rank:
                _list(votes, 0, column, key, together)
        for rank in range(beam):
            down[rank] = up[rank]


@compiled_part
def _key_of(model: ModelArrays, symbol: np.int32, chunk: np.int32) -> np.uint32:
    candidates = model.candidates
    index = candidates.offsets[symbol]
    while candidates.chunk[index] != chunk:
        index += 1
    return np.uint32(candidates.key[index])


@compiled_part
def _list(votes: VoteList, kind: int, column: np.int64, key: np.uint32, vote: np.int64) -> None:
    if vote == 0:
        return
    at = votes.length[kind]
    votes.column[kind, at], votes.key[kind, at], votes.vote[kind, at] = column, key, vote
    votes.length[kind] = at + 1
