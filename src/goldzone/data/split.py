"""Which words are trained on and which are held out: a function of the word alone.

A word's part comes from the SHA-256 of a fixed prefix and the word's *key*, in which all ways to capitalise
it agree. So no word is on both sides, whatever else the lexicon holds, in which order, or in which language;
and the part never changes. The prefix matters: a lexicon may itself be a sample of words whose plain SHA-256
is small, and a split by that same number would put nearly all of it on one side.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from dataclasses import dataclass, replace
from typing import Final, Generic, Literal, TypeVar

from goldzone.data.letters import normalise_word
from goldzone.data.lexicon import Lexicon
from goldzone.errors import ConfigError

__all__ = ["DEFAULT_FRACTIONS", "Part", "Split", "first_by_hash", "split_key", "split_lexicon", "split_of"]

Part = Literal["train", "dev", "test"]

DEFAULT_FRACTIONS: Final = (0.8, 0.1, 0.1)
"""Shares of train, dev and test."""

_PREFIX: Final = b"goldzone split 1\0"
_PARTS: Final[tuple[Part, Part, Part]] = ("train", "dev", "test")
_SUM_TOLERANCE: Final = 1e-9

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Split(Generic[_T]):
    """Three disjoint parts of one whole."""

    train: _T
    dev: _T
    test: _T


def split_key(word: str) -> str:
    """Bring a word to the form in which all its capitalisations agree.

    Unicode's canonical caseless match (The Unicode Standard, D145) in NFC; beyond it, dotted and dotless i
    are one letter, because Turkish capitals cross with those of other languages.

    Examples
    --------
    >>> split_key("STRASSE") == split_key("Straße")
    True
    """
    folded = unicodedata.normalize("NFD", normalise_word(word)).casefold()
    return unicodedata.normalize("NFC", folded).replace("i\u0307", "i").replace("ı", "i")


def split_of(word: str, fractions: tuple[float, float, float] = DEFAULT_FRACTIONS) -> Part:
    """Tell the part that a word (or any text, such as a sentence) belongs to.

    Parameters
    ----------
    word : str
        The word, in any capitalisation and normal form.
    fractions : tuple of float
        Shares of train, dev and test, which add up to 1. Raising the first only moves words into train.

    Raises
    ------
    ConfigError
        The fractions are not three shares of 1.
    """
    _check(fractions)
    return _part(word, fractions)


def split_lexicon(
    lexicon: Lexicon, fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
) -> Split[Lexicon]:
    """Split a lexicon by word; the order of the words is kept. Parts may be empty.

    Raises
    ------
    ConfigError
        The fractions are not three shares of 1.
    """
    _check(fractions)
    parts = [_part(entry.word, fractions) for entry in lexicon.entries]
    train, dev, test = (
        replace(
            lexicon,
            entries=tuple(
                entry for entry, part in zip(lexicon.entries, parts, strict=True) if part == wanted
            ),
        )
        for wanted in _PARTS
    )
    return Split(train, dev, test)


def first_by_hash(lexicon: Lexicon, count: int) -> Lexicon:
    """Take a sample: the first `count` words in the order of a hash, in the lexicon's order.

    A larger sample holds every smaller one. The order comes from a part of the digest that the split does not
    read, so that a sample is split in the same shares as the whole.

    Raises
    ------
    ConfigError
        The count is below 1.
    """
    if count < 1:
        raise ConfigError(f"count: {count} words cannot be sampled; give 1 or more")
    ranks = [(_digest(entry.word)[8:16], entry.word) for entry in lexicon.entries]
    if count >= len(ranks):
        return lexicon
    last = sorted(ranks)[count - 1]
    chosen = (entry for entry, rank in zip(lexicon.entries, ranks, strict=True) if rank <= last)
    return replace(lexicon, entries=tuple(chosen))


def _part(word: str, fractions: tuple[float, float, float]) -> Part:
    share = (int.from_bytes(_digest(word)[:8], "big") >> 11) * 2.0**-53  # in [0, 1), exact
    if share < fractions[0]:
        return "train"
    return "dev" if share < fractions[0] + fractions[1] else "test"


def _digest(word: str) -> bytes:
    return hashlib.sha256(_PREFIX + split_key(word).encode("utf-8", "surrogatepass")).digest()


def _check(fractions: tuple[float, float, float]) -> None:
    shares = len(fractions) == len(_PARTS) and all(share >= 0 for share in fractions)
    if not shares or not math.isclose(sum(fractions), 1.0, abs_tol=_SUM_TOLERANCE):
        raise ConfigError(
            f"fractions: {fractions} are not shares of train, dev and test; give three that add up to 1"
        )
