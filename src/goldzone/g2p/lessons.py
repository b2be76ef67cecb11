"""What beam credit works on: the words with all their pronunciations, and a desk for each part of a batch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment import AlignedLexicon
from goldzone.data.ragged import take_rows
from goldzone.g2p.lane_kernels import Words, empty_partials
from goldzone.g2p.path_kernels import (
    Desk,
    Lessons,
    PathRule,
    VoteList,
    fill_reachable,
    find_lost,
    hash_pronunciations,
    set_goals,
    swap_columns,
    take_words,
    vote_for_paths,
)
from goldzone.g2p.search_arrays import ModelArrays
from goldzone.g2p.search_kernels import Goals, Trace, empty_room, find_earlier, search

__all__ = ["credit_words", "empty_desk", "empty_votes", "lessons_of"]


def lessons_of(aligned: AlignedLexicon) -> Lessons:
    """Gather the words of an aligned lexicon, each once, with all its pronunciations."""
    first_sequence = np.unique(aligned.entry, return_index=True)[1]
    offsets, position = take_rows(aligned.offsets, first_sequence)
    symbol = aligned.letter[position].astype(np.int32)
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    find_earlier(offsets, symbol, np.full(len(aligned.letters) + 1, -1, dtype=np.int32), earlier)

    number = {segment: index for index, segment in enumerate(aligned.segments)}
    spelled = [[number[segment] for segment in chunk] for chunk in aligned.chunks]
    rows = aligned.chunk.tolist()
    edges = aligned.offsets.tolist()
    said = [
        [segment for chunk in rows[start:stop] for segment in spelled[chunk]]
        for start, stop in pairwise(edges)
    ]
    segment_offsets = np.cumsum([0, *map(len, said)]).astype(np.int64)
    segments = np.array([segment for row in said for segment in row], dtype=np.int32)
    hashes = np.empty(len(said), dtype=np.uint32)
    hash_pronunciations(segment_offsets, segments, hashes)
    ends = np.append(first_sequence, aligned.n_sequences).astype(np.int64)
    return Lessons(offsets, symbol, earlier, ends, segment_offsets, segments, hashes)


def empty_desk(model: ModelArrays, lessons: Lessons, n_words: int, beam: int) -> Desk:
    """Make room for so many words of the lessons, whichever they are."""
    n_letters = n_words * _longest(lessons.offsets)
    n_segments = _longest(lessons.segment_offsets)
    of_words, of_partials = len(model.by_letters.number), len(model.by_choices.number)
    goals = Goals(
        offsets=np.zeros(n_words + 1, dtype=np.int64),
        segments=np.zeros(n_words * n_segments, dtype=np.int32),
        room_offsets=np.zeros(n_words, dtype=np.int64),
        reachable=np.zeros((n_letters + n_words) * (n_segments + 1), dtype=np.uint8),
    )
    trace = Trace(  # for the search of all words, and that of the lost ones
        of_words=np.zeros((of_words, 2 * n_letters), dtype=np.uint32),
        of_partials=np.zeros((of_partials, 2 * n_letters * beam), dtype=np.uint32),
        columns=np.zeros((n_letters, 2), dtype=np.int64),
        used=np.zeros(2, dtype=np.int64),
    )
    return Desk(
        words=_empty_words(model, n_words, n_letters),
        lost=_empty_words(model, n_words, n_letters),
        goals=goals,
        free=empty_partials(model, n_words, n_letters, beam),
        bound=empty_partials(model, n_words, n_letters, beam),
        room=empty_room(model, n_words, beam),
        trace=trace,
        bound_columns=np.zeros((n_letters, 2), dtype=np.int64),
        lost_at=np.zeros(n_words, dtype=np.int64),
        right=np.zeros(beam + 1, dtype=np.uint8),
        owed=np.zeros(beam + 1, dtype=np.int64),
        weight=np.zeros(beam + 1, dtype=np.int64),
        down=np.zeros(beam, dtype=np.int64),
        share=np.zeros(n_words, dtype=np.int64),
    )


def empty_votes(lessons: Lessons, n_words: int, beam: int) -> VoteList:
    """Make room for the votes of so many words: one a letter and path at most, and as many for lost words."""
    shape = (2, n_words * _longest(lessons.offsets) * (beam + 1))
    return VoteList(
        column=np.zeros(shape, dtype=np.int32),
        key=np.zeros(shape, dtype=np.uint32),
        vote=np.zeros(shape, dtype=np.int32),
        length=np.zeros(2, dtype=np.int64),
    )


def _empty_words(model: ModelArrays, n_words: int, n_letters: int) -> Words:
    offsets, letters = np.zeros(n_words + 1, dtype=np.int64), np.zeros((2, n_letters), dtype=np.int32)
    return Words(offsets, letters[0], letters[1], model.classes.letters)


def _longest(offsets: NDArray[np.int64]) -> int:
    return int(np.diff(offsets).max(initial=1))


def credit_words(  # noqa: PLR0917 - what its kernels take
    model: ModelArrays,
    lessons: Lessons,
    chosen: NDArray[np.int64],
    turn: int,
    rule: PathRule,
    desk: Desk,
    votes: VoteList,
) -> tuple[int, int, int, int, int]:
    """Search some words and list the votes of their paths.

    Not a kernel itself: the search would be compiled once more as a part of it.

    Parameters
    ----------
    model : ModelArrays
    lessons : Lessons
    chosen : int64[n]
        Numbers of the words.
    turn : int
        Which pronunciation, counted round, a word is led to that no path says right.
    rule : PathRule
    desk : Desk
    votes : VoteList
        Output.

    Returns
    -------
    right, lost, unreachable, voting : int
        Words whose best path is right; that no path says right; that no path can say; that vote.
    loss : int
        Sum of -log2 p(right), with `LOG_BITS` fraction bits; of all words but those that no path can say.
    """
    votes.length[:] = 0
    desk.trace.used[:] = 0
    words = _taken(model, lessons, chosen, desk.words)
    goals = desk.goals
    no_goals = Goals(goals.offsets[:0], goals.segments, goals.room_offsets, goals.reachable)
    search(model, words, no_goals, desk.free, rule.farthest, desk.room, desk.trace)
    lost_chosen = np.empty(chosen.size, np.int64)
    n_right, n_lost = find_lost(lessons, chosen, words.offsets, desk, lost_chosen)
    if n_lost > 0:
        lost_chosen = lost_chosen[:n_lost]
        n_letters = int(words.offsets[-1])
        desk.bound_columns[:n_letters] = desk.trace.columns[:n_letters]
        lost = _taken(model, lessons, lost_chosen, desk.lost)
        size = set_goals(lessons, lost_chosen, turn, lost.offsets, goals)
        goals = Goals(goals.offsets[: n_lost + 1], goals.segments, goals.room_offsets, goals.reachable[:size])
        fill_reachable(model, lost, goals)
        search(model, lost, goals, desk.bound, rule.farthest, desk.room, desk.trace)
        # What was noted of the first search is put back, and what was noted of the second kept beside it.
        swap_columns(desk.trace.columns, desk.bound_columns, n_letters)
    n_unreachable, n_voting, loss = vote_for_paths(model, lessons, chosen, words, rule, desk, votes)
    return n_right, n_lost, n_unreachable, n_voting, int(loss)


def _taken(model: ModelArrays, lessons: Lessons, chosen: NDArray[np.int64], room: Words) -> Words:
    take_words(lessons, chosen, room)
    return Words(room.offsets[: chosen.size + 1], room.symbol, room.earlier, model.classes.letters)
