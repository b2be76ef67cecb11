"""What single atoms see: the compiled parts that training and decoding share.

An atom's *part* is a 32-bit number: a letter, a chunk or a segment, a count, or the hash of several.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.sound_classes import ACCENTED, VOWEL
from goldzone.data.templates import (
    ACCENT_SAID,
    ALL_VOWELS,
    CONSONANTS_SAID,
    END,
    LAST_VOWEL,
    LENGTH,
    LETTER_CLASS,
    NEXT_VOWEL,
    PREVIOUS_VOWEL,
    REST,
    RIGHT_CONSONANTS,
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
    "atom_salt",
    "empty_summary",
    "extend_history",
    "extend_summary",
    "letters_part",
    "summary_part",
]

EMPTY_HISTORY = np.uint32(0x5EED)
"""Value of the atom ``said`` before anything was said."""

UNKNOWN_SYMBOL = -1
"""A letter that training never saw."""

BEFORE, AFTER, NOTHING, FIRST = 1, 2, 3, 5
"""What an atom sees that is no letter or chunk, and how it sees the first one; 4 is `UNKNOWN_SYMBOL`."""


SUMMARY = 5
"""Numbers kept of what was said: vowels; the last one; a hash of the segments since; a hash of all vowels;
and the vowels since the last accented segment, plus one, 0 before any."""

_AFTER_VOWEL = np.uint32(0xA0E1)
"""Hash of the segments since the last vowel where there is none yet; `EMPTY_HISTORY` before any vowel."""


@compiled
def extend_history(history: np.uint32, segment: int) -> np.uint32:
    """Return the value of ``said`` after one more segment."""
    return np.uint32(hash32(np.uint32(history + np.uint32(segment + 1)), np.uint32(1), FULL_RANGE))


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
def atom_salt(kind: int, argument: int) -> np.uint32:
    """Name an atom in 32 bits: "L1" and "L-1" of equal letters are different contexts."""
    return np.uint32((kind << 8) + argument + 128)
