"""Lines of text said word by word, and an account of what could not be said."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Final

from goldzone.errors import DataError
from goldzone.g2p.answers import Answer, Unknown, joined, with_unknown
from goldzone.g2p.decoder import Pronunciation
from goldzone.g2p.expansions import Expansion, either_of
from goldzone.g2p.homograph_model import HomographModel
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.g2p.running_text import Token, tokens
from goldzone.g2p.word_breaks import TSHEG, break_words, is_unspaced

__all__ = ["SaidLine", "Transcriber"]

_SHOWN: Final = 8
"""Unknown letters that a summary names."""


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A line and the answers for its words."""

    number: int
    """From 1."""
    text: str
    parts: tuple[Token | Answer, ...]
    """What stands in the line, with answers in the place of words."""

    @property
    def answers(self) -> list[Answer]:
        """The words."""
        return [part for part in self.parts if isinstance(part, Answer)]

    def written(self, between_words: str, *, punctuation: bool) -> str:
        """Write the line's best pronunciations, with or without what stands between the words."""
        if not punctuation:
            said = (word.best.text for answer in self.answers for word in answer.words)
            return between_words.join(filter(None, said))
        written, before = "", None
        for part in self.parts:
            if isinstance(part, Answer):
                # Words that the line writes without a blank are kept apart all the same.
                written += between_words if isinstance(before, Answer) else ""
                written += between_words.join(word.best.text for word in part.words)
            else:
                written += _between(part.text, between_words)
            before = part
        return written


class Transcriber:
    """Says lines, and counts the letters that the model has never seen.

    Parameters
    ----------
    phonemizer : Phonemizer
    n_best : int
        Pronunciations a word, at most.
    beam : int, optional
    separator : str, optional
        What is written between segments; the lexicon's way by default.
    whole_lines : bool
        Whether a line is one entry, blanks and signs included.
    unknown : Unknown
        What becomes of letters that the model has never seen.
    homographs : HomographModel, optional
        Chooses readings by the line; what the user gave counts more.
    expansions : sequence of Expansion
        What is said as other words. What the user gave counts more.
    threads : int
    """

    def __init__(
        self,
        phonemizer: Phonemizer,
        *,
        n_best: int = 1,
        beam: int | None = None,
        separator: str | None = None,
        whole_lines: bool = False,
        unknown: Unknown = "drop",
        homographs: HomographModel | None = None,
        expansions: Sequence[Expansion] = (),
        threads: int = 1,
    ) -> None:
        self._phonemizer = phonemizer
        self._options = {"n_best": n_best, "beam": beam, "threads": threads}
        self._separator = separator
        self._whole_lines = whole_lines
        self._unknown = unknown
        self._n_best = n_best
        self._homographs = homographs
        self._expansions = expansions
        self._whole = [*_phrases(phonemizer), *(expansion.pattern for expansion in expansions)]
        self._lines = 0
        self._words = 0
        self._letters: Counter[str] = Counter()

    def say(self, lines: Sequence[str]) -> list[SaidLine]:
        """Say the next lines.

        Raises
        ------
        DataError
            A letter is not known, and that is to end it.
        """
        parts = [self._parts(line) for line in lines]
        asked = [word for part in chain.from_iterable(parts) for word in part.asked]
        answers = iter(self._phonemizer.answer(asked, **self._options))  # type: ignore[arg-type]
        said = []
        for line, found in zip(lines, parts, strict=True):
            self._lines += 1
            words = [part.word for part in found if part.is_word]
            positions = count()
            done = [self._said(part, answers, words, positions) if part.is_word else part for part in found]
            said.append(SaidLine(self._lines, line, tuple(done)))
        return said

    @property
    def summary(self) -> str:
        """What could not be said, in one line; empty where all was."""
        if not self._words:
            return ""
        most = ", ".join(letter for letter, _ in self._letters.most_common(_SHOWN))
        more = ", ..." if len(self._letters) > _SHOWN else ""
        done = "kept as they are" if self._unknown == "keep" else "left out"
        held = "1 word holds" if self._words == 1 else f"{self._words:,} words hold"
        digits = any(letter.isdecimal() for letter in self._letters) and not self._expansions
        advice = "; --numbers LANGUAGE reads digits as numbers" if digits else ""
        return f"{held} letters that the model has never seen ({most}{more}), which are {done}{advice}"

    def _parts(self, line: str) -> list[Token]:
        if self._whole_lines:
            return [Token(line, is_word=True)] if line.strip() else []
        found = tokens(line, self._whole)
        if not any(part.is_word for part in found) and any(unicodedata.category(c)[0] == "S" for c in line):
            return [Token(line, is_word=True)]  # symbols alone are what is asked for
        return [piece for part in found for piece in self._apart(self._expanded(part))]

    def _expanded(self, token: Token) -> Token:
        """Find the words that a word stands for, if it does."""
        if not token.asked:
            return token
        for expansion in self._expansions:
            if expansion.pattern.fullmatch(token.text) and not self._phonemizer.overrides.find(token.text):
                words = (part.text for part in tokens(expansion.words(token.text)) if part.is_word)
                return token._replace(read_as=tuple(words))
        return token

    def _apart(self, token: Token) -> list[Token]:
        """Cut a run of a script that writes no blanks into the words that are known."""
        run = token.text
        if not any(map(is_unspaced, run)) or token.asked != (run,):
            return [token]
        found = []
        for piece in break_words(run, self._phonemizer.knows):
            word = piece.rstrip(TSHEG)
            found += [Token(word, is_word=True), Token(piece[len(word) :], is_word=False)]
        return [part for part in found if part.text]

    def _written(self, answer: Answer) -> Answer:
        if self._separator is None:
            return answer
        said = (replace(found, separator=self._separator) for found in answer.pronunciations)
        words = tuple(map(self._written, answer.read_as))
        return replace(answer, pronunciations=tuple(said), read_as=words)

    def _said(
        self, token: Token, answers: Iterator[Answer], words: Sequence[str], positions: Iterator[int]
    ) -> Answer:
        return self._written(self._chosen(self._answer(token, answers), words, next(positions)))

    def _chosen(self, answer: Answer, words: Sequence[str], position: int) -> Answer:
        """Choose among the readings of a homograph by its line."""
        if self._homographs is None or answer.source == "override":
            return answer
        choices = self._homographs.choose(words, position)[: self._n_best]
        if not choices:
            return answer
        separator = answer.best.separator
        said = (
            Pronunciation(each.reading, -math.log2(each.probability), separator=separator) for each in choices
        )
        return replace(answer, pronunciations=tuple(said), source="homograph")

    def _answer(self, token: Token, answers: Iterator[Answer]) -> Answer:
        if token.given is not None:
            return self._phonemizer.given(token.word, token.given)
        words = [self._with_unknown(next(answers)) for _ in token.asked]
        return joined(token.text, words) if token.read_as else words[0]

    def _with_unknown(self, answer: Answer) -> Answer:
        """Treat letters that the model has never seen as asked, and count them."""
        if not answer.unknown:
            return answer
        if self._unknown == "fail":
            letters = ", ".join(dict.fromkeys(answer.unknown))
            raise DataError(
                f"line {self._lines}: {answer.word}: the model has never seen {letters}; "
                "spell it otherwise, or use --unknown drop"
            )
        self._words += 1
        self._letters.update(dict.fromkeys(answer.unknown, 1))
        if self._unknown == "drop":
            return answer
        kept = (with_unknown(said, answer.letters, answer.unknown) for said in answer.pronunciations)
        return replace(answer, pronunciations=tuple(kept))


def _phrases(phonemizer: Phonemizer) -> list[re.Pattern[str]]:
    """Find the overrides that a text would not show as one word: ``z.B.``, ``New York``."""
    found = [word for word in phonemizer.overrides if tokens(word) != [Token(word, is_word=True)]]
    return [either_of(found, lower=phonemizer.model.settings.lower)] if found else []


def _between(text: str, between_words: str) -> str:
    """Write what stands between words, with blanks as they are asked for."""
    return between_words.join(text.split(" ")) if between_words != " " else text
