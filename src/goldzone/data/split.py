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

import numpy as np
from numpy.typing import NDArray

from goldzone.data.letters import normalise_word
from goldzone.data.lexicon import Entry, Lexicon
from goldzone.errors import ConfigError

__all__ = [
    "DEFAULT_FRACTIONS",
    "Part",
    "Split",
    "first_by_hash",
    "split_around",
    "split_in_parts",
    "split_key",
    "split_lexicon",
    "split_of",
    "without_known",
    "word_key",
    "word_keys",
]

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


def split_around(
    lexicon: Lexicon,
    *,
    dev: Lexicon | None = None,
    test: Lexicon | None = None,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
) -> Split[Lexicon]:
    """Split a lexicon where dev words, test words or both are given; those stay as they are.

    A word that is given for dev or test is not trained on, in any capitalisation, and one that is given for
    both is a test word. Where only test words are given, dev words are taken from the lexicon by hash, in the
    ratio that the fractions have; where only dev words are, nothing is tested.

    Raises
    ------
    ConfigError
        The fractions are not three shares of 1.
    """
    _check(fractions)
    tested = {split_key(entry.word) for entry in test} if test else set()
    if dev is None:
        rest = _without(lexicon, tested)
        if test is None:
            return split_lexicon(lexicon, fractions)
        share = fractions[0] / (fractions[0] + fractions[1])
        cut = split_lexicon(rest, (share, 1.0 - share, 0.0))
        return Split(cut.train, cut.dev, test)
    dev = _without(dev, tested)
    train = _without(lexicon, tested | {split_key(entry.word) for entry in dev})
    return Split(train, dev, test or replace(lexicon, entries=()))


def split_in_parts(lexicon: Lexicon, count: int) -> list[Lexicon]:
    """Split a lexicon by hash in parts of about the same size, in its order; all capitalisations in one part.

    Raises
    ------
    ConfigError
        The count is below 2.
    """
    if count < 2:
        raise ConfigError(f"parts: {count} are too few; give 2 or more")
    parts: list[list[Entry]] = [[] for _ in range(count)]
    for entry in lexicon.entries:
        parts[int.from_bytes(_digest(entry.word)[24:32], "big") % count].append(entry)
    return [replace(lexicon, entries=tuple(part)) for part in parts]


def word_keys(lexicon: Lexicon) -> NDArray[np.uint64]:
    """Return a number for each word, the same in any capitalisation, sorted and distinct: uint64[n].

    It tells whether a word is among others for 8 bytes a word; that two of a million words agree by chance
    has a probability of 3 in 100 millions.
    """
    return np.unique(np.array([word_key(entry.word) for entry in lexicon.entries], dtype=np.uint64))


def word_key(word: str) -> int:
    """Return the number of a word among those of `word_keys`."""
    return int.from_bytes(_digest(word)[16:24], "big")


def without_known(lexicon: Lexicon, keys: NDArray[np.uint64]) -> Lexicon:
    """Leave out the words that have one of some keys (`word_keys`)."""
    known = set(keys.tolist())
    return replace(lexicon, entries=tuple(e for e in lexicon.entries if word_key(e.word) not in known))


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


def _without(lexicon: Lexicon, keys: set[str]) -> Lexicon:
    if not keys:
        return lexicon
    return replace(
        lexicon, entries=tuple(entry for entry in lexicon.entries if split_key(entry.word) not in keys)
    )


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
