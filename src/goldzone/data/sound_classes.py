"""Classes of segments and letters, learnt from the data alone: vowels, and segments that carry an accent.

They make context atoms such as "the next vowel letter" possible in any script and any notation.

Vowels are found by Sukhotin's algorithm (Sukhotin 1962, in English: Guy 1991, "Vowel identification: an old,
but good, algorithm", Cryptologia 15): sounds alternate between vowels and consonants, so that the sound which
stands most often beside others is a vowel; take it out of the others' counts, and ask again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment import AlignedLexicon
from goldzone.data.ragged import take_rows

__all__ = ["ACCENTED", "ACCENTS", "VOWEL", "SoundClasses", "no_classes", "sound_classes", "vowels_of"]

VOWEL: Final = 1
ACCENTED: Final = 2
"""Bits of a segment's class."""

ACCENTS: Final = frozenset("ˈˌ\u0300\u0301\u0302\u0304\u030b\u030c\u030f")
"""Stress marks, and the combining marks of pitch accents and tones (IPA chart, "suprasegmentals")."""


class SoundClasses(NamedTuple):
    """Classes of letters and of segments, for the kernels.

    Attributes
    ----------
    letters : uint8[n_letters]
        `VOWEL` for a letter that says a vowel more often than not.
    segments : uint8[n_segments]
        Bits `VOWEL` and `ACCENTED`.
    """

    letters: NDArray[np.uint8]
    segments: NDArray[np.uint8]


def no_classes(n_letters: int, n_segments: int) -> SoundClasses:
    """Return classes that tell nothing."""
    return SoundClasses(np.zeros(n_letters, np.uint8), np.zeros(n_segments, np.uint8))


def sound_classes(aligned: AlignedLexicon) -> SoundClasses:
    """Learn the classes of an aligned lexicon's letters and segments."""
    segments = _segment_classes(aligned)
    return SoundClasses(_letter_classes(aligned, segments), segments)


def vowels_of(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the vowels among symbols by how often they stand beside each other.

    Parameters
    ----------
    counts : int64[n, n]
        How often two symbols are neighbours, in either order: symmetric. The diagonal is not read.

    Returns
    -------
    bool[n]
        Of equally frequent neighbours the first is taken.
    """
    beside = counts.astype(np.int64)
    np.fill_diagonal(beside, 0)
    others = beside.sum(axis=1)
    vowels = np.zeros(others.size, dtype=np.bool_)
    while others.size and others.max() > 0:
        found = int(others.argmax())
        vowels[found] = True
        others -= 2 * beside[:, found]
        others[vowels] = 0
    return vowels


def _segment_classes(aligned: AlignedLexicon) -> NDArray[np.uint8]:
    """Return the class of each segment.

    Segments that differ in marks alone are counted together: a mark makes no consonant of a vowel.
    """
    bases = [_base(segment) for segment in aligned.segments]
    number = {base: index for index, base in enumerate(dict.fromkeys(bases))}
    base_of = np.array([number[base] for base in bases], dtype=np.int64)
    chunks = _numbered(aligned)
    chunk_offsets = np.cumsum([0, *map(len, chunks)]).astype(np.int64)
    flat = base_of[np.array([segment for chunk in chunks for segment in chunk], dtype=np.int64)]
    # All that is said, end to end, and the sequence that each segment belongs to.
    offsets, position = take_rows(chunk_offsets, aligned.chunk)
    said = flat[position]
    sequence = np.repeat(np.arange(aligned.n_sequences), np.diff(offsets[aligned.offsets]))
    beside = sequence[1:] == sequence[:-1]
    pairs = said[:-1][beside] * len(number) + said[1:][beside]
    counts = np.bincount(pairs, minlength=len(number) ** 2).reshape(len(number), -1)
    vowels = vowels_of(counts + counts.T)[base_of]
    accented = np.array([not ACCENTS.isdisjoint(_taken_apart(s)) for s in aligned.segments], dtype=np.bool_)
    return (VOWEL * vowels + ACCENTED * accented).astype(np.uint8)


def _letter_classes(aligned: AlignedLexicon, segments: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the class of each letter by what it says."""
    has_vowel = np.array([any(segments[i] & VOWEL for i in chunk) for chunk in _numbered(aligned)], np.bool_)
    speaks = np.array([len(chunk) > 0 for chunk in aligned.chunks], np.bool_)
    size = len(aligned.letters)
    vowels = np.bincount(aligned.letter[has_vowel[aligned.chunk]], minlength=size)
    spoken = np.bincount(aligned.letter[speaks[aligned.chunk]], minlength=size)
    return (VOWEL * (2 * vowels > spoken)).astype(np.uint8)


def _numbered(aligned: AlignedLexicon) -> Sequence[Sequence[int]]:
    number = {segment: index for index, segment in enumerate(aligned.segments)}
    return [[number[segment] for segment in chunk] for chunk in aligned.chunks]


def _taken_apart(segment: str) -> str:
    return unicodedata.normalize("NFD", segment)


def _base(segment: str) -> str:
    """Return a segment without marks: its letters alone; all of it where there is none."""
    letters = "".join(c for c in _taken_apart(segment) if unicodedata.category(c) in {"Lu", "Ll", "Lo"})
    return letters or segment
