"""Samples that come with goldzone, to try it out and to test it; NOTICE says where they are from.

They are real data, errors included: 3,000 words of Slovak (Latin script), 3,000 of Hebrew (with and without
vowel points), and about 800 English sentences with nine homographs. Words were chosen by hash, not by hand.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

from goldzone.data.formats import FORMATS
from goldzone.data.homographs import SentenceFile, read_sentences
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.errors import DataError

__all__ = ["builtin_names", "builtin_sentence_names", "load_builtin", "load_builtin_sentences"]

_LEXICONS: Final = ("hebrew", "slovak")
_SENTENCES: Final = ("english_homographs",)


def builtin_names() -> tuple[str, ...]:
    """List the lexicons that `load_builtin` knows."""
    return _LEXICONS


def builtin_sentence_names() -> tuple[str, ...]:
    """List the homograph sentences that `load_builtin_sentences` knows."""
    return _SENTENCES


def load_builtin(name: str) -> Lexicon:
    """Read a built-in lexicon.

    Raises
    ------
    DataError
        There is none of that name.
    """
    _check(name, _LEXICONS)
    with as_file(files("goldzone.data") / "builtin" / f"{name}.tsv") as path:
        return read_lexicon(path, name=name, format=FORMATS["tsv"])


def load_builtin_sentences(name: str) -> SentenceFile:
    """Read built-in homograph sentences.

    Raises
    ------
    DataError
        There are none of that name.
    """
    _check(name, _SENTENCES)
    with as_file(files("goldzone.data") / "builtin" / f"{name}.tsv") as path:
        return read_sentences(path)


def _check(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise DataError(f"no built-in sample {name!r}; choose one of {', '.join(known)}")
