"""IPA text taken apart into segments: a sound with all the marks that belong to it.

A text is read by the classes of its characters, never by the name of its language:

- *Letters* (and anything that has no class below) are sounds of their own.
- *Marks that follow their sound*: combining diacritics, length marks, modifier letters (``ʰ ʷ ʲ ʼ ˞``),
  tones (Chao tone letters, superscript digits, plain digits as tone numbers), a closing bracket.
- *Marks that precede their sound*: stress, ``ꜜ ꜛ`` and arrows, an opening bracket. Stress that stands
  directly before a following mark (``aˈː``) is misplaced, and stays with the sound before it.
- *Prenasalisation* (``ᵐ ⁿ ᵑ ᵇ ᵈ ᶢ``): with the consonant that comes next; where none does (``tⁿa``,
  ``aⁿ``), it is a release or a nasal vowel, and follows its sound.
- *Ties* (``͡ ͜``) join the letter before with the letter after.
- *Boundaries*: blanks, syllable dots, hyphens, undertie, other punctuation, symbols and format characters. No
  sound holds one; they are left out, and marks do not reach across them unless they would stand alone.

A mark that has no sound on its own side goes to the sound on the other: following marks at the start of a
text or after a boundary (pre-aspiration, a tone written first) to the next sound, stress at the end to the
last.

For a text without boundaries the segments, joined, are the text in Unicode NFC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = [
    "LENGTH_MARKS",
    "MARK_CATEGORIES",
    "STRESS_MARKS",
    "VOWELS",
    "base_of",
    "has_sound",
    "segment_all",
    "segment_ipa",
]

STRESS_MARKS: Final = ("ˈ", "ˌ", "'")
"""Stress marks read where a language names none of its own; the apostrophe is ASCII's stand-in."""

LENGTH_MARKS: Final = ("ː",)
"""Length marks read where a language names none of its own (``ˑ`` and ``:`` follow their sound anyway)."""

VOWELS: Final = frozenset("aeiouyøœæɶɑɒɐɔəɚɛɜɝɤɯɨʉʊʌɪʏɵɘɞɿʅʮʯᴀᵻᵿ")
"""Letters of IPA, and of those that extend it, that are vowels."""

_TIES: Final = "".join(map(chr, range(0x35C, 0x363)))  # the combining marks that span two letters
_PRENASAL: Final = "ᵐᶬⁿᶯᶮᵑᶰᵇᵈᶢ"
_PRECEDING: Final = "ꜛꜜ↑↓↗↘("
_FOLLOWING: Final = ":)⁽⁾’"  # also ASCII length, superscript brackets, a typed ejective
_MODIFIERS_WITHOUT_SOUND: Final = "ːˑˈˌꜛꜜ"  # Unicode counts them among the letters
_LATIN_WITH_DIACRITICS: Final = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_LAST_MARK: Final = 0x20000  # no combining mark, blank or symbol of a transcription lies above

_NEVER: Final = "(?!)"

MARK_CATEGORIES: Final = frozenset({"Mn", "Mc", "Me", "Lm", "Sk", "Nd", "No"})
_BOUNDARY_CATEGORIES: Final = frozenset("ZPSC")  # the first letter of each


def segment_ipa(
    text: str, *, stress_marks: Iterable[str] = STRESS_MARKS, length_marks: Iterable[str] = LENGTH_MARKS
) -> tuple[str, ...]:
    """Take an IPA transcription apart into segments.

    Parameters
    ----------
    text : str
        A transcription without blanks between its segments, in any Unicode normal form.
    stress_marks : iterable of str
        Characters that attach to the sound after them.
    length_marks : iterable of str
        Characters that attach to the sound before them, besides the general ones.

    Returns
    -------
    tuple of str
        The segments in NFC. Empty for a text that holds no character but boundaries; a text of marks alone is
        one segment (see `has_sound`).

    Examples
    --------
    >>> segment_ipa("ˈt͡ʃɑːʔa˥˩")
    ('ˈt͡ʃ', 'ɑː', 'ʔ', 'a˥˩')
    >>> segment_ipa("ⁿdʷaᵑgu.mˈba")
    ('ⁿdʷ', 'a', 'ᵑg', 'u', 'm', 'ˈb', 'a')
    """
    patterns = _patterns(tuple(stress_marks), tuple(length_marks), _all_characters())
    return _segment(unicodedata.normalize("NFC", text), patterns)


def segment_all(
    texts: Iterable[str],
    *,
    stress_marks: Iterable[str] = STRESS_MARKS,
    length_marks: Iterable[str] = LENGTH_MARKS,
) -> list[tuple[str, ...]]:
    """Take many transcriptions apart, each as `segment_ipa` does.

    Faster for more than a few: the patterns know only the characters that occur, of which a lexicon has some
    dozens, and matching takes a quarter of the time.
    """
    normal = [unicodedata.normalize("NFC", text) for text in texts]
    characters = "".join(sorted(set("".join(normal))))
    patterns = _patterns(tuple(stress_marks), tuple(length_marks), characters)
    return [_segment(text, patterns) for text in normal]


def base_of(segment: str) -> str:
    """Return a segment without diacritics, length, stress, ties and tones; all of it where nothing is left.

    Modifier letters stay, being sounds of their own as often as not.

    Examples
    --------
    >>> base_of("ˈt͡ʃʰ"), base_of("ã̠ː"), base_of("˧˩")
    ('tʃʰ', 'a', '˧˩')
    """
    return "".join(filter(_is_base, unicodedata.normalize("NFD", segment))) or segment


def has_sound(segments: Iterable[str]) -> bool:
    """Tell whether any segment holds more than marks and boundaries."""
    return any(map(_holds_sound, segments))


@lru_cache(maxsize=4096)  # a lexicon has a few hundred segments
def _holds_sound(segment: str) -> bool:
    following, boundaries = _sort_by_class(segment)
    return not following.union(boundaries, STRESS_MARKS).issuperset(segment)


def _is_base(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" and character not in _MODIFIERS_WITHOUT_SOUND


class _Patterns(NamedTuple):
    """What takes a text apart: one segment, a run of boundaries, and the marks that precede their sound."""

    segment: re.Pattern[str]
    boundary: re.Pattern[str]
    preceding: frozenset[str]


def _segment(text: str, patterns: _Patterns) -> tuple[str, ...]:
    """Take a text in NFC apart."""
    if patterns.boundary.search(text) is None:
        return tuple(patterns.segment.findall(text)) or ((text,) if text else ())
    stretches = [
        (stretch, patterns.segment.findall(stretch)) for stretch in patterns.boundary.split(text) if stretch
    ]
    return _join_stretches(stretches, patterns.preceding)


def _join_stretches(stretches: list[tuple[str, list[str]]], preceding: frozenset[str]) -> tuple[str, ...]:
    """Chain the stretches between boundaries; one of marks alone joins the sound on its own side, if any."""
    joined: list[str] = []
    waiting = ""
    for stretch, segments in stretches:
        if segments:
            joined.append(unicodedata.normalize("NFC", waiting + segments[0]))
            joined.extend(segments[1:])
            waiting = ""
        elif joined and not waiting and stretch[0] not in preceding:
            joined[-1] = unicodedata.normalize("NFC", joined[-1] + stretch)
        else:
            waiting += stretch
    if waiting:
        last = joined.pop() if joined else ""
        joined.append(unicodedata.normalize("NFC", last + waiting))
    return tuple(joined)


@lru_cache(maxsize=64)
def _patterns(stress_marks: tuple[str, ...], length_marks: tuple[str, ...], characters: str) -> _Patterns:
    """Compile the patterns for the given marks and for texts of certain characters."""
    preceding = {*_PRECEDING, *stress_marks}
    following = {*_FOLLOWING, *length_marks} - preceding
    general_following, general_boundaries = _sort_by_class(characters)
    following |= general_following - preceding - set(_PRENASAL)
    boundaries = general_boundaries - preceding - following

    before, after, nasal = _one_of(preceding), _one_of(following), _one_of(_PRENASAL)
    sound = _none_of({*preceding, *following, *boundaries, *_PRENASAL})
    consonant = _none_of({*preceding, *following, *boundaries, *_PRENASAL, *_composed_vowels()})
    any_mark = _one_of({*preceding, *following, *_PRENASAL})

    prenasal = f"{nasal}(?={any_mark}*+{consonant})"
    marks = f"(?:{after}|{before}++(?={after})|(?!{prenasal}){nasal})*+"
    tied = f"(?:(?<={_one_of(_TIES)}){sound}{marks})*+"
    segment = rf"{any_mark}*+{sound}{marks}{tied}(?:{before}{any_mark}*+\Z)?"
    boundary = f"{_one_of(boundaries)}+" if boundaries else _NEVER
    return _Patterns(re.compile(segment), re.compile(boundary), frozenset(preceding))


@lru_cache(maxsize=1)
def _all_characters() -> str:
    """All characters that may be marks or boundaries."""
    return "".join(map(chr, range(_LAST_MARK)))


def _sort_by_class(characters: str) -> tuple[set[str], set[str]]:
    """Find (marks that follow their sound, boundaries) among characters."""
    following: set[str] = set()
    boundaries: set[str] = set()
    for character in characters:
        category = unicodedata.category(character) if ord(character) < _LAST_MARK else ""
        if category in MARK_CATEGORIES:
            following.add(character)
        elif category[:1] in _BOUNDARY_CATEGORIES:
            boundaries.add(character)
    return following, boundaries


@lru_cache(maxsize=1)
def _composed_vowels() -> frozenset[str]:
    """Vowel letters with those composed of one and a diacritic (``á``)."""
    composed = (chr(code) for code in _LATIN_WITH_DIACRITICS)
    return VOWELS | {letter for letter in composed if unicodedata.normalize("NFD", letter)[0] in VOWELS}


def _one_of(characters: Iterable[str]) -> str:
    return f"[{_ranges(characters)}]"


def _none_of(characters: Iterable[str]) -> str:
    return f"[^{_ranges(characters)}]"


def _ranges(characters: Iterable[str]) -> str:
    """Write characters as the ranges of a character class."""
    codes = sorted(map(ord, characters))
    starts = [code for index, code in enumerate(codes) if index == 0 or codes[index - 1] != code - 1]
    ends = [
        code for index, code in enumerate(codes) if index + 1 == len(codes) or codes[index + 1] != code + 1
    ]
    return "".join(rf"\U{start:08x}-\U{end:08x}" for start, end in zip(starts, ends, strict=True))
