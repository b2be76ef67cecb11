"""Dictionaries as other tools read them: what they would refuse or read otherwise is not written."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from goldzone.data.lexicon import Lexicon
    from goldzone.data.notation import Segments
    from goldzone.g2p.answers import Answer

__all__ = ["Dictionary", "DictionaryWriter", "written_back"]


class Dictionary(StrEnum):
    """Tools whose dictionaries are written."""

    MFA = "mfa"
    KALDI = "kaldi"
    SHERPA = "sherpa"
    CMUDICT = "cmudict"


_LEAST_PROBABILITY: Final = 0.01
"""The least that MFA takes."""
_SHOWN: Final = 5

_NO_WORD: Final = r"|<.*>|\[.*\]|\{.*\}|!?SIL|!sil|-pau-|;;;.*|.+\(\d{1,2}\)|.*[\x00-\x1f\x7f-\x9f].*"
_AFTER_A_BLANK: Final = re.compile(rf"{_NO_WORD}|#.*", re.DOTALL)
_NAMED_OTHERWISE: Final = re.compile(rf"{_NO_WORD}|#(?:[#!].*)?", re.DOTALL)
_TAKEN: Final[Mapping[Dictionary, re.Pattern[str]]] = MappingProxyType(
    {
        Dictionary.MFA: _NAMED_OTHERWISE,
        Dictionary.KALDI: _AFTER_A_BLANK,
        Dictionary.SHERPA: _AFTER_A_BLANK,
        Dictionary.CMUDICT: _NAMED_OTHERWISE,
    }
)
"""What each tool, or `goldzone.data.formats`, reads as no word: silence, noise, comments, ``word(2)``."""
_NO_PHONE: Final = re.compile(r"#.*|<eps>|.*[\x00-\x1f\x7f-\x9f].*", re.DOTALL)


class DictionaryWriter:
    """Writes a dictionary, each word once.

    Kaldi's and sherpa-onnx's ``lexicon.txt`` have a blank between all columns; MFA's has a tab after the
    word; CMUdict has two blanks, and numbers a word's further pronunciations: ``WORD(2)``. sherpa-onnx looks
    for words in small letters, and takes one pronunciation of each. Probabilities are those of Kaldi's
    ``lexiconp.txt`` and of MFA: a word's most probable pronunciation has 1.

    Parameters
    ----------
    tool : Dictionary
    probabilities : bool
        Whether to write them, where the format has them.
    """

    def __init__(self, tool: Dictionary, *, probabilities: bool = False) -> None:
        self._tool = tool
        self._probabilities = probabilities
        self._written: set[str] = set()
        self._left_out: list[str] = []

    @property
    def summary(self) -> str:
        """Which words were left out, in one line; empty where none was."""
        if not self._left_out:
            return ""
        n = len(self._left_out)
        some = ", ".join(self._left_out[:_SHOWN]) + (", ..." if n > _SHOWN else "")
        words, are = ("1 word", "is") if n == 1 else (f"{n:,} words", "are")
        return f"{words} that {self._tool} takes for something else {are} left out: {some}"

    def lines(self, answer: Answer) -> Iterator[str]:
        """Return the lines of an answer, as `entry` does."""
        return self.entry(answer.word, [(said.segments, said.probability) for said in answer.pronunciations])

    def entry(self, word: str, pronunciations: Iterable[tuple[Segments, float]]) -> Iterator[str]:
        """Return the lines of a word; none of one that was written before, or that says nothing.

        Parameters
        ----------
        word : str
        pronunciations : iterable of (Segments, float)
            With their probabilities, the most probable first.
        """
        word = self._spelled(word)
        said = _phones(pronunciations)
        if not said or word in self._written:
            return
        self._written.add(word)
        if _TAKEN[self._tool].fullmatch(word):
            self._left_out.append(word)
            return
        best = max(said.values())
        for number, (phones, probability) in enumerate(said.items(), 1):
            share = max(_LEAST_PROBABILITY, probability / best)
            yield self._line(word, number, f"{share:.2f}" if self._probabilities else "", phones)
            if self._tool is Dictionary.SHERPA:
                return

    def _spelled(self, word: str) -> str:
        """Spell a word without blanks, which separate columns."""
        if self._tool is Dictionary.SHERPA:
            word = word.lower()
        return "_".join(unicodedata.normalize("NFC", word).split())

    def _line(self, word: str, number: int, probability: str, phones: str) -> str:
        match self._tool:
            case Dictionary.MFA:
                return "\t".join(filter(None, (word, probability, phones)))
            case Dictionary.KALDI:
                return " ".join(filter(None, (word, probability, phones)))
            case Dictionary.SHERPA:
                return f"{word} {phones}"
            case Dictionary.CMUDICT:
                return f"{word}{f'({number})' if number > 1 else ''}  {phones}"


def written_back(lexicon: Lexicon) -> Iterator[str]:
    """Write a lexicon in the format in which it was read, without line ends.

    What is no word or pronunciation of its file (comments, figures, further columns) is not in it. Where the
    format could not hold a word, all are rows of a word, a tab and a pronunciation.
    """
    name = lexicon.report.format
    write = lexicon.notation.write
    if name in set(Dictionary):
        # sherpa-onnx's rows are Kaldi's; its writer would leave out what sherpa-onnx does not look at.
        writer = DictionaryWriter(Dictionary.KALDI if name == Dictionary.SHERPA else Dictionary(name))
        lines = [
            line
            for entry in lexicon
            for line in writer.entry(entry.word, [(p, 1.0) for p in entry.pronunciations])
        ]
        if not writer.summary and len(lines) == sum(len(entry.pronunciations) for entry in lexicon):
            yield from lines
            return
    for entry in lexicon:
        said = [write(each) for each in entry.pronunciations]
        if name == "ipa-dict":
            yield f"{entry.word}\t{', '.join(f'/{text}/' for text in said)}"
        elif name == "csv":
            yield from (_csv_row(entry.word, text) for text in said)
        else:
            yield from (f"{entry.word}\t{text}" for text in said)


def _csv_row(*cells: str) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue()


def _phones(pronunciations: Iterable[tuple[Segments, float]]) -> dict[str, float]:
    """Join segments with blanks, each pronunciation once; leave out those that say nothing."""
    found: dict[str, float] = {}
    for segments, probability in pronunciations:
        phones = " ".join(segments).split()
        if phones and not any(map(_NO_PHONE.fullmatch, phones)):
            found.setdefault(" ".join(phones), probability)
    return found
