"""How answers are written: for people, for scripts, and as the dictionaries that other tools read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from goldzone.g2p.answers import Answer

__all__ = ["DICTIONARIES", "DictionaryWriter", "as_json", "as_rows"]

_Entry: TypeAlias = Callable[[str, str, int, str], str]


def as_json(answer: Answer, line: int) -> dict[str, Any]:
    """Return an answer as JSON values; `line` is the number of its input line, from 1."""
    ranked = [
        {
            "ipa": said.text,
            "segments": list(said.segments),
            "log2_probability": said.log2_probability,
            "probability": said.probability,
        }
        for said in answer.pronunciations
    ]
    return {
        "word": answer.word,
        "pronunciations": ranked,
        "source": answer.source,
        "unknown": list(answer.unknown),
        "line": line,
    }


def as_rows(answer: Answer) -> Iterator[str]:
    """Write a row for each pronunciation: word, pronunciation, probability, source, unknown letters."""
    for said in answer.pronunciations:
        unknown = " ".join(answer.unknown)
        yield "\t".join((answer.word, said.text, f"{said.probability:.4f}", answer.source, unknown))


def _kaldi(word: str, phones: str, number: int, probability: str) -> str:
    del number
    return " ".join(filter(None, (word, probability, phones)))


def _sherpa(word: str, phones: str, number: int, probability: str) -> str:
    del number, probability
    return f"{word} {phones}"


def _mfa(word: str, phones: str, number: int, probability: str) -> str:
    del number
    return "\t".join(filter(None, (word, probability, phones)))


def _cmudict(word: str, phones: str, number: int, probability: str) -> str:
    del probability
    return f"{word}{f'({number})' if number > 1 else ''}  {phones}"


DICTIONARIES: Final[Mapping[str, _Entry]] = MappingProxyType(
    {"kaldi": _kaldi, "sherpa": _sherpa, "mfa": _mfa, "cmudict": _cmudict}
)
"""By tool: what writes an entry, given a word, its phones with blanks between them, which of the word's
pronunciations it is, from 1, and its probability, where it is wanted."""

_LEAST_PROBABILITY: Final = 0.01


class DictionaryWriter:
    """Writes a dictionary, each word once.

    Kaldi's and sherpa-onnx's ``lexicon.txt`` have a blank between all columns; MFA's has a tab after the
    word; CMUdict has two blanks, and numbers a word's further pronunciations: ``WORD(2)``. Probabilities are
    those of Kaldi's ``lexiconp.txt`` and of MFA: a word's most probable pronunciation has 1.

    Parameters
    ----------
    name : str
        One of `DICTIONARIES`.
    probabilities : bool
        Whether to write them, where the format has them.
    """

    def __init__(self, name: str, *, probabilities: bool = False) -> None:
        self._entry = DICTIONARIES[name]
        self._probabilities = probabilities
        self._written: set[str] = set()

    def lines(self, answer: Answer) -> Iterator[str]:
        """Return the lines of a word; none of one that was written before, or that says nothing."""
        word = answer.word.replace(" ", "_")  # blanks separate columns
        if word in self._written:
            return
        self._written.add(word)
        for number, said in enumerate(answer.pronunciations, 1):
            if said.segments:
                share = max(_LEAST_PROBABILITY, said.probability / answer.best.probability)
                probability = f"{share:.2f}" if self._probabilities else ""
                yield self._entry(word, " ".join(said.segments), number, probability)


def dumps(values: Mapping[str, Any]) -> str:
    """Write JSON values in a line."""
    return json.dumps(values, ensure_ascii=False)
