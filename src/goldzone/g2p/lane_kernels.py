"""Compiled loops over lanes: what the templates see at each, as `goldzone.data.context_kernels` defines it.

A lane is one partial pronunciation of one word, at the letter that is next. All lanes are at the same
position of their words, and a loop takes one atom of a template over all of them, which fills vector lanes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.atom_kernels import (
    AFTER,
    BEFORE,
    EMPTY_HISTORY,
    FIRST,
    NOTHING,
    SUMMARY,
    atom_salt,
    empty_summary,
    extend_history,
    extend_summary,
    letters_part,
    summary_part,
)
from goldzone.data.templates import CHUNK, LETTER, SAID, SAME, SEGMENT, VOWELS_SAID
from goldzone.g2p.search_arrays import ChunkArrays, ModelArrays, TemplateArrays
from goldzone.hashtron.kernels import FULL_RANGE, hash32

__all__ = [
    "Lanes",
    "Partials",
    "Words",
    "empty_lanes",
    "empty_partials",
    "fill_parts",
    "fill_values",
    "prolong",
    "start_words",
]


class Words(NamedTuple):
    """The words that are searched together.

    Attributes
    ----------
    offsets, symbol : int64[n_words + 1], int32[n_letters]
        Letters of all words, end to end; -1 for a letter that training never saw.
    earlier : int32[n_letters]
        Position of the last earlier occurrence of the same letter in its word; -1 where there is none.
    classes : uint8[n_symbols]
        Of letters.
    """

    offsets: NDArray[np.int64]
    symbol: NDArray[np.int32]
    earlier: NDArray[np.int32]
    classes: NDArray[np.uint8]


class Partials(NamedTuple):
    """The partial pronunciations of each word, the cheapest first.

    A longer pronunciation is its last chunk and the rank, one letter before, of the one that it prolongs. So
    a step costs the same at the end of a word as at its start. What is known after an even number of letters
    is on side 0, after an odd number on side 1.

    Attributes
    ----------
    n_ranks : int64[2, n_words]
    cost : int64[2, n_words, beam]
        As `goldzone.g2p.search_kernels.search` counts it.
    history : uint32[2, n_words, beam]
        Hash of what was said, by `extend_history`.
    summary : uint32[2, n_words, beam, SUMMARY]
        What `extend_summary` keeps.
    recent_chunks, recent_segments : uint32[2, n_words, beam, reach]
        Parts of the last chunks and segments, the last one first; `NOTHING` before the first.
    n_said : int64[2, n_words, beam]
        Segments said.
    parent, chunk : int32[n_letters, beam]
    """

    n_ranks: NDArray[np.int64]
    cost: NDArray[np.int64]
    n_said: NDArray[np.int64]
    history: NDArray[np.uint32]
    summary: NDArray[np.uint32]
    recent_chunks: NDArray[np.uint32]
    recent_segments: NDArray[np.uint32]
    parent: NDArray[np.int32]
    chunk: NDArray[np.int32]


class Lanes(NamedTuple):
    """What is searched at one position of words.

    Attributes
    ----------
    word, rank, symbol : int64[>= n_lanes], int64[>= n_lanes], int32[>= n_lanes]
        Word, rank of its partial pronunciation, and its letter at the position.
    first : int64[> n_lanes]
        Where the candidates of each lane begin in the row of all, and where those of the last one end.
    """

    word: NDArray[np.int64]
    rank: NDArray[np.int64]
    symbol: NDArray[np.int32]
    first: NDArray[np.int64]


def empty_lanes(size: int) -> Lanes:
    """Make room for so many lanes."""
    numbers = np.zeros((3, size + 1), dtype=np.int64)
    return Lanes(numbers[0], numbers[1], np.zeros(size, dtype=np.int32), numbers[2])


def empty_partials(model: ModelArrays, n_words: int, n_letters: int, beam: int) -> Partials:
    """Make room for the partial pronunciations of so many words, with so many letters in all."""
    numbers = np.zeros((2, 2, n_words, beam), dtype=np.int64)
    return Partials(
        n_ranks=np.zeros((2, n_words), dtype=np.int64),
        cost=numbers[0],
        n_said=numbers[1],
        history=np.empty((2, n_words, beam), dtype=np.uint32),
        summary=np.empty((2, n_words, beam, SUMMARY), dtype=np.uint32),
        recent_chunks=np.empty((2, n_words, beam, model.chunk_reach), dtype=np.uint32),
        recent_segments=np.empty((2, n_words, beam, model.segment_reach), dtype=np.uint32),
        parent=np.empty((n_letters, beam), dtype=np.int32),
        chunk=np.empty((n_letters, beam), dtype=np.int32),
    )


@compiled_part
def start_words(n_words: int | np.int64, partials: Partials) -> None:
    """Begin so many words with one pronunciation that says nothing."""
    for word in range(n_words):
        partials.n_ranks[0, word] = 1
        partials.cost[0, word, 0], partials.n_said[0, word, 0] = 0, 0
        partials.history[0, word, 0] = EMPTY_HISTORY
        empty_summary(partials.summary[0, word, 0])
        for back in range(partials.recent_chunks.shape[3]):
            partials.recent_chunks[0, word, 0, back] = NOTHING
        for back in range(partials.recent_segments.shape[3]):
            partials.recent_segments[0, word, 0, back] = NOTHING


@compiled
def fill_parts(
    atoms: NDArray[np.int32],
    words: Words,
    partials: Partials,
    lanes: Lanes,
    n_lanes: int,
    position: int,
    parts: NDArray[np.uint32],
) -> None:
    """Write what each atom sees in each lane: its part of the context value.

    Parameters
    ----------
    atoms : int32[n_atoms, 2]
    parts : uint32[n_atoms, >= n_lanes]
        Output.
    """
    for row in range(atoms.shape[0]):
        kind, argument = atoms[row, 0], np.int64(atoms[row, 1])
        part, side = parts[row], position & 1
        if kind == LETTER:
            for lane in range(n_lanes):
                start, stop = words.offsets[lanes.word[lane]], words.offsets[lanes.word[lane] + 1]
                index = start + position + argument
                if index < start:
                    part[lane] = BEFORE if index == start - 1 else NOTHING
                elif index >= stop:
                    part[lane] = AFTER if index == stop else NOTHING
                else:
                    part[lane] = np.uint32(np.uint32(words.symbol[index]) + FIRST)
        elif kind == CHUNK:
            for lane in range(n_lanes):
                part[lane] = partials.recent_chunks[side, lanes.word[lane], lanes.rank[lane], argument - 1]
        elif kind == SEGMENT:
            for lane in range(n_lanes):
                part[lane] = partials.recent_segments[side, lanes.word[lane], lanes.rank[lane], argument - 1]
        elif kind == SAME:
            for lane in range(n_lanes):
                part[lane] = _same(words, partials, lanes.word[lane], lanes.rank[lane], position)
        elif kind == SAID:
            for lane in range(n_lanes):
                part[lane] = np.uint32(partials.history[side, lanes.word[lane], lanes.rank[lane]] + NOTHING)
        elif kind >= VOWELS_SAID:
            for lane in range(n_lanes):
                state = partials.summary[side, lanes.word[lane], lanes.rank[lane]]
                part[lane] = summary_part(kind, argument, state)
        else:
            for lane in range(n_lanes):
                word = words.symbol[words.offsets[lanes.word[lane]] : words.offsets[lanes.word[lane] + 1]]
                part[lane] = letters_part(kind, argument, word, position, words.classes)


@compiled_part
def _same(words: Words, partials: Partials, word: int, rank: int, position: int) -> np.uint32:
    """Return the part of the chunk chosen at the last earlier occurrence of the letter.

    The steps back from all occurrences of a letter add up to less than the word's length, so that the whole
    word costs no more than its length times its different letters.
    """
    start = words.offsets[word]
    earlier = words.earlier[start + position]
    if earlier < 0:
        return np.uint32(NOTHING)
    for index in range(position - 1, earlier, -1):
        rank = partials.parent[start + index, rank]
    return np.uint32(np.uint32(partials.chunk[start + earlier, rank]) + FIRST)


@compiled
def fill_values(
    templates: TemplateArrays,
    template: int,
    parts: NDArray[np.uint32],
    n_lanes: int,
    values: NDArray[np.uint32],
) -> None:
    """Hash the parts of one template into a value for each lane."""
    for lane in range(n_lanes):
        values[lane] = 0
    for index in range(templates.offsets[template], templates.offsets[template + 1]):
        row = templates.atom_of[index]
        salt, part = atom_salt(templates.atoms[row, 0], templates.atoms[row, 1]), parts[row]
        for lane in range(n_lanes):
            values[lane] = hash32(np.uint32(values[lane] + part[lane]), salt, FULL_RANGE)


@compiled_part
def prolong(
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
            partials.n_said[new, word, rank] = partials.n_said[old, word, parent] + stop - first
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
