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
from goldzone.data.sound_classes import ACCENTED, VOWEL, SoundClasses
from goldzone.data.templates import (
    ACCENT_SAID,
    ALL_VOWELS,
    CHUNK,
    CONSONANTS_SAID,
    END,
    LAST_VOWEL,
    LENGTH,
    LETTER,
    LETTER_CLASS,
    NEXT_VOWEL,
    PREVIOUS_VOWEL,
    REST,
    RIGHT_CONSONANTS,
    SAID,
    SAME,
    SEGMENT,
    START,
    SUFFIX,
    VOWELS_LEFT,
    VOWELS_RIGHT,
    VOWELS_SAID,
)
from goldzone.hashtron.kernels import FULL_RANGE, hash32

__all__ = [
    "AFTER",
    "BEFORE",
    "EMPTY_HISTORY",
    "FIRST",
    "NOTHING",
    "SUMMARY",
    "UNKNOWN_SYMBOL",
    "SpokenWords",
    "atom_salt",
    "empty_summary",
    "extend_history",
    "extend_summary",
    "fill_contexts",
    "letters_part",
    "summary_part",
]

EMPTY_HISTORY = np.uint32(0x5EED)
"""Value of the atom ``said`` before anything was said."""

UNKNOWN_SYMBOL = -1
"""A letter that training never saw."""

BEFORE, AFTER, NOTHING, FIRST = 1, 2, 3, 5
"""What an atom sees that is no letter or chunk, and how it sees the first one; 4 is `UNKNOWN_SYMBOL`."""

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
def extend_history(history: np.uint32, segment: int) -> np.uint32:
    """Return the value of ``said`` after one more segment."""
    return np.uint32(hash32(np.uint32(history + np.uint32(segment + 1)), np.uint32(1), FULL_RANGE))


SUMMARY = 5
"""Numbers kept of what was said: vowels; the last one; a hash of the segments since; a hash of all vowels;
and the vowels since the last accented segment, plus one, 0 before any."""

_AFTER_VOWEL = np.uint32(0xA0E1)
"""Hash of the segments since the last vowel where there is none yet; `EMPTY_HISTORY` before any vowel."""


@compiled
def empty_summary(state: NDArray[np.uint32]) -> None:
    """Write what is kept before anything was said: uint32[SUMMARY]."""
    state[0], state[1], state[2] = 0, NOTHING, EMPTY_HISTORY
    state[3], state[4] = EMPTY_HISTORY, 0


@compiled
def extend_summary(state: NDArray[np.uint32], segment: int, classes: NDArray[np.uint8]) -> None:
    """Change what is kept by one more segment: uint32[SUMMARY], uint8[n_segments]."""
    if classes[segment] & VOWEL:
        state[0] += np.uint32(1)
        state[1] = np.uint32(segment + FIRST)
        state[2] = _AFTER_VOWEL
        state[3] = extend_history(state[3], segment)
        if state[4] > 0:
            state[4] += np.uint32(1)
    else:
        state[2] = extend_history(state[2], segment)
    if classes[segment] & ACCENTED:
        state[4] = 1


@compiled
def summary_part(kind: int, argument: int | np.int64, state: NDArray[np.uint32]) -> np.uint32:
    """Return what an atom sees of what was said: uint32[SUMMARY]."""
    part = min(state[4], np.uint32(argument + 1))
    if kind == VOWELS_SAID:
        part = min(state[0], np.uint32(argument))
    elif kind == LAST_VOWEL:
        part = state[1]
    elif kind == CONSONANTS_SAID:
        part = state[2]
    elif kind == ALL_VOWELS:
        part = state[3]
    elif kind == ACCENT_SAID:
        part = np.uint32(state[4] > 0)
    return np.uint32(part)


@compiled
def letters_part(
    kind: int,
    argument: int | np.int64,
    word: NDArray[np.int32],
    position: int,
    classes: NDArray[np.uint8],
) -> np.uint32:
    """Return what an atom sees that looks at letters beyond a window.

    Parameters
    ----------
    word : int32[n_letters]
        -1 for a letter that training never saw.
    classes : uint8[n_symbols]
    """
    length, part = word.shape[0], np.uint32(NOTHING)
    if kind == START:
        part = np.uint32(min(position, argument))
    elif kind == END:
        part = np.uint32(min(length - position, argument))
    elif kind == LENGTH:
        part = np.uint32(min(length, argument))
    elif kind == LETTER_CLASS:
        seen = position + argument
        if 0 <= seen < length:
            part = np.uint32(FIRST + _is_vowel(word[seen], classes))
        elif seen in (-1, length):
            part = np.uint32(BEFORE if seen < 0 else AFTER)
    elif kind == SUFFIX:
        part = _hash_letters(word, max(0, length - argument), length)
    elif kind == REST:
        part = _hash_letters(word, position, min(length, position + argument))
        if position + argument >= length:
            part = extend_history(part, -1)
    else:
        part = _look_for_vowels(kind, argument, word, position, classes)
    return part


@compiled_part
def _look_for_vowels(
    kind: int,
    argument: int | np.int64,
    word: NDArray[np.int32],
    position: int,
    classes: NDArray[np.uint8],
) -> np.uint32:
    """Walk to the left or right: to the nearest vowel, or past all groups of them."""
    step = 1 if kind in (NEXT_VOWEL, RIGHT_CONSONANTS, VOWELS_RIGHT) else -1
    counts = kind in (VOWELS_LEFT, VOWELS_RIGHT)
    consonants, groups, inside = EMPTY_HISTORY, 0, False
    nearest, seen = np.uint32(NOTHING), position + step
    while 0 <= seen < word.shape[0]:
        vowel = _is_vowel(word[seen], classes)
        groups += vowel and not inside
        inside = vowel
        if vowel and not counts:
            nearest = np.uint32(word[seen] + FIRST)
            break
        consonants = extend_history(consonants, word[seen] + 1)
        seen += step
    if counts:
        return np.uint32(min(groups, argument))
    if kind in (NEXT_VOWEL, PREVIOUS_VOWEL):
        return nearest
    # To the end of the word is not the same as to a vowel.
    return consonants if nearest != NOTHING else extend_history(consonants, -1)


@compiled_part
def _is_vowel(letter: int, classes: NDArray[np.uint8]) -> bool:
    return letter >= 0 and classes[letter] & VOWEL != 0


@compiled_part
def _hash_letters(word: NDArray[np.int32], first: int, last: int) -> np.uint32:
    value = EMPTY_HISTORY
    for index in range(first, last):
        value = extend_history(value, word[index] + 1)
    return value


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


@compiled
def atom_salt(kind: int, argument: int) -> np.uint32:
    """Name an atom in 32 bits: "L1" and "L-1" of equal letters are different contexts."""
    return np.uint32((kind << 8) + argument + 128)


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
