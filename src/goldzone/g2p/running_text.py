r"""Running text taken apart into words and what stands between them.

A word is a run of letters, marks and digits; an apostrophe or hyphen belongs to it between two of those, and
an apostrophe at its ends too (``l'``). ``[word](/sounds/)`` is a word with its pronunciation given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from goldzone.g2p.spelling import APOSTROPHES
from goldzone.g2p.word_breaks import TSHEG

__all__ = ["Token", "tokens"]

_INSIDE: Final = frozenset(APOSTROPHES + TSHEG + "-\u2010\u2011\u00b7\u05f3\u05f4")
_WORD: Final = frozenset("LMN")  # first letters of Unicode's categories
_JOINERS: Final = frozenset("\u200c\u200d\u00ad")
_GIVEN: Final = re.compile(r"\[([^\[\]]+)\]\(/([^/()]*)/\)")


class Token(NamedTuple):
    """A part of a text; the texts of all of them, joined, are the whole."""

    text: str
    is_word: bool
    given: str | None = None
    """The pronunciation that the text itself gives for the word."""
    read_as: tuple[str, ...] = ()
    """The words that it stands for."""

    @property
    def asked(self) -> tuple[str, ...]:
        """The words whose pronunciations are to be found."""
        if not self.is_word or self.given is not None:
            return ()
        return self.read_as or (self.text,)

    @property
    def word(self) -> str:
        """The word without what marks its pronunciation."""
        given = _GIVEN.fullmatch(self.text)
        return given[1] if given else self.text


def tokens(text: str, whole: Sequence[re.Pattern[str]] = ()) -> list[Token]:
    """Take a text apart.

    Parameters
    ----------
    text : str
    whole : sequence of re.Pattern
        What is one word with its blanks and signs (``z. B.``); the first pattern counts most.

    Examples
    --------
    >>> [token.word for token in tokens("I don't [read](/ɹiːd/) it.") if token.is_word]
    ['I', "don't", 'read', 'it']
    """
    found: list[Token] = []
    end = 0
    for given in _GIVEN.finditer(text):
        found += _without_whole(text[end : given.start()], whole)
        found.append(Token(given[0], is_word=True, given=given[2]))
        end = given.end()
    return [*found, *_without_whole(text[end:], whole)]


def _without_whole(text: str, whole: Sequence[re.Pattern[str]]) -> Iterator[Token]:
    if not whole:
        yield from _plain(text)
        return
    end = 0
    for match in whole[0].finditer(text):
        if match[0]:
            yield from _without_whole(text[end : match.start()], whole[1:])
            yield Token(match[0], is_word=True)
            end = match.end()
    yield from _without_whole(text[end:], whole[1:])


def _plain(text: str) -> Iterator[Token]:
    start = 0
    while start < len(text):
        end = start + 1
        of_word = _in_word(text, start)
        while end < len(text) and _in_word(text, end) == of_word:
            end += 1
        yield Token(text[start:end], of_word)
        start = end


def _in_word(text: str, at: int) -> bool:
    character = text[at]
    if _is_of_word(character):
        return True
    if character not in _INSIDE:
        return False
    before = at > 0 and _is_of_word(text[at - 1])
    after = at + 1 < len(text) and _is_of_word(text[at + 1])
    return (before or after) if character in APOSTROPHES else (before and after)


@lru_cache(maxsize=1 << 14)
def _is_of_word(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] in _WORD
