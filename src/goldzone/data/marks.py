"""Marks of letters that carry a sound of their own, such as the tone marks of Vietnamese.

A letter with such a mark says two things, often apart from each other: ``à`` in ``hoàn`` (h w aː n ˨˩) says
a vowel, and its grave the tone, after the last consonant. Taken together, each vowel letter needs candidates
for each tone, and so do the letters after it. So these marks are parted from their letters, and moved to the
end of their run of letters (up to a blank, a hyphen, an apostrophe): where the tone is said.

Which marks these are is found from a lexicon alone. Words have as many of the mark as of some segment,
whatever letters it stands on; and the letters say the pronunciations with less uncertainty when it is parted.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment import AlignedLexicon, align, number_symbols
from goldzone.data.lexicon import Entry

__all__ = ["align_parted", "own_sounds", "part_marks", "uncertainty"]

_LEAST_AGREEMENT: Final = 0.9
"""Of a mark with its segment. Tone marks of Vietnamese reach 0.98; ``p`` and its mark in Japanese 0.83."""

_LARGEST_LETTER: Final = 0.5
"""Share of a mark's uses that one letter may have: that of one (ñ) makes another letter of it."""


def part_marks(letters: tuple[str, ...], marks: str) -> tuple[str, ...]:
    r"""Part marks from their letters, and move them to the end of their run of letters.

    Parameters
    ----------
    letters : tuple of str
        As `goldzone.data.letters.letters_of` gives them.
    marks : str
        Combining characters; without any, the letters stay as they are.

    Examples
    --------
    >>> part_marks(("h", "o", "à", "n", " ", "ấ", "m"), "\u0300\u0301") == (*"hoan\u0300 âm\u0301",)
    True
    """
    if not marks:
        return letters
    parted: list[str] = []
    waiting: list[str] = []
    for letter in letters:
        rest, own, is_boundary = _take_apart(letter, marks)
        if is_boundary:
            parted += waiting
            waiting = []
        parted.append(rest)
        waiting += own
    return (*parted, *waiting)


def align_parted(entries: Sequence[Entry], *, threads: int = 1) -> tuple[AlignedLexicon, str]:
    """Align words, with marks parted from their letters where that leaves less uncertainty.

    Parameters
    ----------
    entries : sequence of Entry
    threads : int
        The result does not depend on it.

    Returns
    -------
    aligned : AlignedLexicon
    marks : str
        Those that were parted.

    Raises
    ------
    DataError
        No word can be aligned.
    """
    aligned = align(entries, threads=threads)
    marks = own_sounds(entries)
    if not marks:
        return aligned, ""
    spelled = [replace(entry, letters=part_marks(entry.letters, marks)) for entry in entries]
    parted = align(spelled, threads=threads)
    return (parted, marks) if uncertainty(parted) < uncertainty(aligned) else (aligned, "")


def own_sounds(entries: Sequence[Entry]) -> str:
    """Find the marks that some segment goes with, sorted; each stands on several letters.

    A mark and a segment agree as far as words have the same number of both: the sum over the words of the
    smaller number, by that of the larger one. Of a word, the first pronunciation counts.
    """
    uses = Counter(chain.from_iterable(entry.letters for entry in entries))
    letters_with: dict[str, list[str]] = {}
    for letter in uses:
        for mark in set(_marks_of(letter)):
            letters_with.setdefault(mark, []).append(letter)
    proposed = [mark for mark, letters in letters_with.items() if _stands_on_several(letters, uses)]
    if not proposed:
        return ""
    symbols, symbol, letter_offsets = number_symbols([entry.letters for entry in entries])
    segments, segment, segment_offsets = number_symbols([entry.pronunciations[0] for entry in entries])
    word_of_letter = np.repeat(np.arange(len(entries)), np.diff(letter_offsets))
    pairs = np.repeat(np.arange(len(entries)), np.diff(segment_offsets)) * len(segments) + segment
    pairs, in_word = np.unique(pairs, return_counts=True)
    word, said = np.divmod(pairs, len(segments))
    total = np.bincount(segment)

    def agreement(mark: str) -> float:
        number = np.array([_marks_of(letter).count(mark) for letter in symbols])
        in_letters = np.bincount(word_of_letter, number[symbol], len(entries))
        common = np.bincount(said, np.minimum(in_word, in_letters[word]), len(segments))
        either: NDArray[np.float64] = in_letters.sum() + total - common
        return float((common / either).max())

    return "".join(sorted(mark for mark in proposed if agreement(mark) >= _LEAST_AGREEMENT))


def uncertainty(aligned: AlignedLexicon) -> float:
    """Count the bits that the chunks of all positions have, once their letters are known."""
    pairs = aligned.letter.astype(np.int64) * len(aligned.chunks) + aligned.chunk
    said = np.unique(pairs, return_counts=True)[1].astype(np.float64)
    used = np.bincount(aligned.letter).astype(np.float64)
    return float((used * np.log2(used)).sum() - (said * np.log2(said)).sum())


def _stands_on_several(letters: Sequence[str], uses: Counter[str]) -> bool:
    numbers = [uses[letter] for letter in letters]
    return max(numbers) <= _LARGEST_LETTER * sum(numbers)


@lru_cache(maxsize=4096)  # an alphabet has some hundred letters, Chinese some thousand
def _marks_of(letter: str) -> str:
    """Return the marks that stand on a letter, if it has any."""
    return "".join(c for c in unicodedata.normalize("NFD", letter)[1:] if unicodedata.combining(c))


@lru_cache(maxsize=4096)
def _take_apart(letter: str, marks: str) -> tuple[str, str, bool]:
    """Return (the letter without those marks, its own of them, whether it ends a run of letters)."""
    own = "".join(c for c in _marks_of(letter) if c in marks)
    is_boundary = unicodedata.category(letter[0])[0] not in "LM"
    if not own:
        return letter, "", is_boundary
    spelled = unicodedata.normalize("NFD", letter)
    rest = spelled[0] + "".join(c for c in spelled[1:] if c not in own)
    return unicodedata.normalize("NFC", rest), own, is_boundary
