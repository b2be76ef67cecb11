"""Compiled loops that turn a letter's surroundings into context values.

Training has all words at hand and works in columns (`fill_contexts`): first what each atom sees at every
position, then the hashes of one template after the other, which are loops without a branch, many positions
at a time. Decoding has to choose as it goes (`goldzone.g2p.lane_kernels`). Tests hold the two together.
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
from goldzone.data.sound_classes import SoundClasses
from goldzone.data.templates import CHUNK, LETTER, SAID, SAME, SEGMENT, VOWELS_SAID
from goldzone.hashtron.kernels import FULL_RANGE, hash32

__all__ = ["SpokenWords", "fill_contexts"]

_BLOCK = 1024
"""Positions done at a time: what all atoms see there then stays in a near cache."""


class SpokenWords(NamedTuple):
    """Sequences of letters, and what is said at each.

    Attributes
    ----------
    offsets : int64[n_sequences + 1]
        Where each sequence's positions start.
    symbol, chunk : int32[n_positions]
        Letters, and the chunks that the alignment gave them (the history that the model will see).
    chunk_offsets, chunk_segments : int64[n_chunks + 1], int32[...]
        Segments of each chunk, end to end.
    classes : SoundClasses
    """

    offsets: NDArray[np.int64]
    symbol: NDArray[np.int32]
    chunk: NDArray[np.int32]
    chunk_offsets: NDArray[np.int64]
    chunk_segments: NDArray[np.int32]
    classes: SoundClasses


class _Said(NamedTuple):
    """What was said before each position of a block.

    Attributes
    ----------
    before : int64[>= n_positions]
        Segments said before, in the whole block.
    history : uint32[>= n_positions]
        Their hash, in the position's own sequence.
    segments : int32[...]
        All segments of the block, end to end.
    summary : uint32[>= n_positions, SUMMARY]
        What `extend_summary` keeps of them.
    """

    before: NDArray[np.int64]
    history: NDArray[np.uint32]
    segments: NDArray[np.int32]
    summary: NDArray[np.uint32]


@compiled
def fill_contexts(
    first: int,
    last: int,
    words: SpokenWords,
    atoms: NDArray[np.int32],
    template_offsets: NDArray[np.int64],
    context: NDArray[np.uint32],
) -> None:
    """Write the context value of every template at every position of some sequences.

    Parameters
    ----------
    first, last : int
        The sequences to do, the last one excluded.
    words : SpokenWords
    atoms, template_offsets : int32[n_atoms, 2], int64[n_templates + 1]
    context : uint32[n_templates, n_positions]
        Output.
    """
    names, number = _distinct_atoms(atoms)
    sights = np.empty((names.shape[0], 0), np.uint32)
    said = _Said(
        np.empty(0, np.int64),
        np.empty(0, np.uint32),
        np.empty(0, np.int32),
        np.empty((0, SUMMARY), np.uint32),
    )
    while first < last:
        next_first = first + 1
        while next_first < last and words.offsets[next_first + 1] - words.offsets[first] <= _BLOCK:
            next_first += 1
        start, stop = words.offsets[first], words.offsets[next_first]
        if stop - start > sights.shape[1]:
            sights = np.empty((names.shape[0], stop - start), np.uint32)
        said = _say(words, first, next_first, said)
        for atom in range(names.shape[0]):
            _look(names[atom, 0], names[atom, 1], words, first, next_first, said, sights[atom])
        for template in range(template_offsets.shape[0] - 1):
            values = context[template, start:stop]
            for i in range(values.shape[0]):
                values[i] = 0
            for atom in range(template_offsets[template], template_offsets[template + 1]):
                _hash_sight(values, sights[number[atom]], atom_salt(atoms[atom, 0], atoms[atom, 1]))
        first = next_first


@compiled_part
def _distinct_atoms(atoms: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """List the different atoms, and the number of each atom in that list."""
    names, number = np.empty((atoms.shape[0], 2), np.int32), np.empty(atoms.shape[0], np.int64)
    n_names = 0
    for atom in range(atoms.shape[0]):
        name = 0
        while name < n_names and (names[name, 0] != atoms[atom, 0] or names[name, 1] != atoms[atom, 1]):
            name += 1
        if name == n_names:
            names[name, 0], names[name, 1] = atoms[atom, 0], atoms[atom, 1]
            n_names += 1
        number[atom] = name
    return names[:n_names], number


@compiled_part
def _say(words: SpokenWords, first: int, last: int, room: _Said) -> _Said:
    """Note what is said before each position of a block; `room` is taken again where it is large enough."""
    start, stop = words.offsets[first], words.offsets[last]
    needed = 0
    for position in range(start, stop):
        chunk = words.chunk[position]
        needed += words.chunk_offsets[chunk + 1] - words.chunk_offsets[chunk]
    said, history, segments, summary = room
    if stop - start > said.shape[0]:
        said, history = np.empty(stop - start, np.int64), np.empty(stop - start, np.uint32)
        summary = np.empty((stop - start, SUMMARY), np.uint32)
    if needed > segments.shape[0]:
        segments = np.empty(2 * needed, np.int32)
    n_segments, state = 0, np.empty(SUMMARY, np.uint32)
    for sequence in range(first, last):
        value = EMPTY_HISTORY
        empty_summary(state)
        for position in range(words.offsets[sequence], words.offsets[sequence + 1]):
            said[position - start], history[position - start] = n_segments, value
            summary[position - start] = state
            chunk = words.chunk[position]
            for index in range(words.chunk_offsets[chunk], words.chunk_offsets[chunk + 1]):
                segments[n_segments] = words.chunk_segments[index]
                value = extend_history(value, words.chunk_segments[index])
                extend_summary(state, words.chunk_segments[index], words.classes.segments)
                n_segments += 1
    return _Said(said, history, segments, summary)


@compiled_part
def _look(
    kind: int,
    argument: int,
    words: SpokenWords,
    first: int,
    last: int,
    said: _Said,
    sight: NDArray[np.uint32],
) -> None:
    """Write what one atom sees at each position of a block."""
    symbol, chunk = words.symbol, words.chunk
    for sequence in range(first, last):
        start, length = words.offsets[sequence], words.offsets[sequence + 1] - words.offsets[sequence]
        base = start - words.offsets[first]
        for i in range(length):
            part = NOTHING
            if kind == LETTER:
                seen = i + argument
                if 0 <= seen < length:
                    part = symbol[start + seen] + FIRST
                elif seen == -1:
                    part = BEFORE
                elif seen == length:
                    part = AFTER
            elif kind == CHUNK:
                if i >= argument:
                    part = chunk[start + i - argument] + FIRST
            elif kind == SEGMENT:
                if said.before[base + i] - said.before[base] >= argument:
                    part = said.segments[said.before[base + i] - argument] + FIRST
            elif kind == SAME:
                for seen in range(i - 1, -1, -1):
                    if symbol[start + seen] == symbol[start + i]:
                        part = chunk[start + seen] + FIRST
                        break
            elif kind == SAID:
                part = NOTHING + int(said.history[base + i])
            elif kind >= VOWELS_SAID:
                part = int(summary_part(kind, argument, said.summary[base + i]))
            else:
                word = symbol[start : start + length]
                part = int(letters_part(kind, argument, word, i, words.classes.letters))
            sight[base + i] = part


@compiled_part
def _hash_sight(values: NDArray[np.uint32], sight: NDArray[np.uint32], salt: np.uint32) -> None:
    """Hash what one more atom sees into the values."""
    for i in range(values.shape[0]):
        values[i] = hash32(np.uint32(values[i] + sight[i]), salt, FULL_RANGE)
