"""A word as people type it, brought to the spelling that a model has learnt.

What stands around a word in a text, and how its letters are encoded, must not change its sound.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from goldzone.data.letters import normalise_word

__all__ = ["APOSTROPHES", "Spelling"]

APOSTROPHES: Final = "'\u2019\u02bc\u2018\u02b9\u00b4\u0060\uff07\u2032"
"""Ways to write an apostrophe: typed, typographic, modifier letter, opening, prime, accents, full width."""

_HYPHENS: Final = "-\u2010\u2011"
_DOTLESS: Final = "\u0131"
_SIGNS: Final = frozenset("PS")  # first letters of Unicode's categories of punctuation and symbols


class Spelling:
    """Brings words to a model's letters.

    - Signs at the ends are left out: punctuation and symbols, but not an apostrophe or hyphen that the model
      knows as a letter (``l'``), not a sign that says something of its own (a click), and not all of a word.
    - An apostrophe or hyphen becomes the model's own, if the model has one.
    - Compatibility letters (ligatures, full width) that the model does not know become the letters that they
      stand for, where it knows those.
    - Where the model knows the dotless i, capitals are those of Turkish: I is ``ı``, İ is ``i``.

    Parameters
    ----------
    letters : iterable of str
        The model's.
    lower : bool
        Whether capitals are read as small letters.
    sounding : iterable of str
        Those of the letters that mostly say something.

    Examples
    --------
    >>> Spelling(["t", "a", "g", "."], lower=True).of("Tag!")
    'Tag'
    """

    def __init__(self, letters: Iterable[str], *, lower: bool, sounding: Iterable[str] = ()) -> None:
        known = frozenset(letters)
        self._known = known.union("".join(known))
        self._turkish = lower and _DOTLESS in known
        self._own = {
            each: own
            for signs in (APOSTROPHES, _HYPHENS)
            for own in [next((sign for sign in signs if sign in self._known), "")]
            for each in signs
            if own and each not in self._known
        }
        self._kept = {sign for sign in APOSTROPHES + _HYPHENS if sign in self._known}.union(sounding)

    def of(self, word: str) -> str:
        """Return the word as the model spells it."""
        text = normalise_word(word)
        if text.isalpha() and text.isascii() and not self._turkish:
            return text
        text = "".join(map(self._letter, text))
        inside = self._without_signs(text)
        return self._turkish_lower(inside) if self._turkish else inside

    def _letter(self, character: str) -> str:
        if character in self._own:
            return self._own[character]
        if character in self._known or character.isascii():
            return character
        plain = unicodedata.normalize("NFKC", character)
        if plain != character and self._knows(plain):
            return plain
        return character

    def _knows(self, text: str) -> bool:
        return all(letter in self._known or letter.lower() in self._known for letter in text)

    def _without_signs(self, text: str) -> str:
        first, last = 0, len(text)
        while first < last and self._is_sign(text[first]):
            first += 1
        while first < last and self._is_sign(text[last - 1]):
            last -= 1
        return text[first:last].strip() or text

    def _is_sign(self, character: str) -> bool:
        category = unicodedata.category(character)[0]
        return category == "Z" or (category in _SIGNS and character not in self._kept)

    def _turkish_lower(self, text: str) -> str:
        return text.replace("I", _DOTLESS).replace("\u0130", "i")
