"""Words taken apart into letters: the units that a pronunciation is aligned to.

A letter is a code point of the word in Unicode NFC, with four exceptions, each by a property of the
character:

- *Hangul syllables* are blocks of two or three letters, and most blocks of a lexicon are rare. They are taken
  apart into conjoining jamo (their canonical decomposition).
- *A mark that makes another letter of its letter* stays with it: the general diacritics, which NFC composes
  where it can (``é``) and leaves apart where it cannot (``a̱``), nukta and kana voicing. Vowel signs, vowel
  points, virama, shadda, dagesh and tone marks of Indic, Semitic and South-East Asian scripts are letters.
- *Canonical order* puts Hebrew and Arabic vowel points between a consonant and its dagesh, shin dot or
  shadda, which is not the order of the sounds; here the vowel point comes last.
- *Thai and Lao vowels written before their consonant* (Unicode: Logical_Order_Exception) are put after it, as
  in the Unicode collation algorithm (UTS #10).

Tatweel, which only stretches a word in print, is left out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["letters_of", "letters_of_normalised", "normalise_word"]

_JOINERS: Final = "\u200c\u200d"  # they keep letters apart or together, as the spelling demands
_TATWEEL: Final = "\u0640"
_DOTTED_I: Final = "i\u0307"  # what Python makes of the Turkish capital

_CONSONANT_POINTS: Final = "\u05bc\u05c1\u05c2\u0651"  # dagesh, shin and sin dot, shadda
_VOWEL_POINTS: Final = "\u05b0-\u05bb\u05c7\u064b-\u0650\u0652\u0670"
_NUKTAS: Final = "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc"
_KANA_VOICING: Final = "\u3099\u309a"
_DIACRITICS: Final = "\u0300-\u036f\u0653-\u0655\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_STAYING_MARKS: Final = _NUKTAS + _KANA_VOICING + _DIACRITICS

_HANGUL: Final = re.compile("[\uac00-\ud7a3]+")
_POINTED: Final = re.compile(f"([{_VOWEL_POINTS}]+)([{_CONSONANT_POINTS}]+)")
_VOWEL_WRITTEN_FIRST: Final = re.compile(
    "([\u0e40-\u0e44])([\u0e01-\u0e2e])|([\u0ec0-\u0ec4])([\u0e81-\u0eae])"
)
_LETTER: Final = re.compile(f".[{_STAYING_MARKS}]*", re.DOTALL)
_EXCEPTION: Final = re.compile(
    f"[\uac00-\ud7a3\u0e40-\u0e44\u0ec0-\u0ec4{_CONSONANT_POINTS}{_TATWEEL}{_STAYING_MARKS}]"
)


def normalise_word(text: str) -> str:
    r"""Bring a word to the one form under which it is stored and compared.

    NFC; runs of blanks (no-break space too) are one space, none at the ends; invisible format characters
    (soft hyphen, direction marks, zero-width space) are left out, but the zero-width joiner and non-joiner
    are part of the spelling and stay, inside the word.

    Examples
    --------
    >>> normalise_word(" cafe\u0301\u00a0noir\u200e")
    'café noir'
    """
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable() or "  " in text:  # cheap: most words hold nothing but letters
        text = "".join(
            character
            for character in text
            if character in _JOINERS or unicodedata.category(character) != "Cf"
        )
        text = unicodedata.normalize("NFC", " ".join(text.split()).strip(_JOINERS + " "))
    return text.strip()


def letters_of(word: str, *, lower: bool = True, trim: str = "") -> tuple[str, ...]:
    r"""Take a word apart into the letters that it is spelled with.

    Parameters
    ----------
    word : str
        A word in any Unicode normal form; a blank inside it is a letter like any other.
    lower : bool
        Whether capitals are read as small letters.
    trim : str
        Characters to leave out at both ends (quotes); a word of nothing else keeps them.

    Returns
    -------
    tuple of str
        Letters in NFC; empty for a word without a visible character.

    Examples
    --------
    >>> letters_of("Éclair")
    ('é', 'c', 'l', 'a', 'i', 'r')
    >>> letters_of("한글") == tuple("\u1112\u1161\u11ab\u1100\u1173\u11af")
    True
    """
    return letters_of_normalised(normalise_word(word), lower=lower, trim=trim)


def letters_of_normalised(word: str, *, lower: bool = True, trim: str = "") -> tuple[str, ...]:
    """Take a word apart, as `letters_of` does, that is as `normalise_word` leaves it."""
    word = word.strip(trim) or word
    if lower:
        word = unicodedata.normalize("NFC", word.lower()).replace(_DOTTED_I, "i")
    if _EXCEPTION.search(word) is None:
        return tuple(word)
    word = word.replace(_TATWEEL, "") or word
    word = _POINTED.sub(r"\2\1", word)
    word = _VOWEL_WRITTEN_FIRST.sub(r"\2\4\1\3", word)
    return tuple(_LETTER.findall(_HANGUL.sub(_to_jamo, word)))


def _to_jamo(syllables: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", syllables.group())
