"""What a phonemizer answers for a word: its pronunciations, where they come from, and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeAlias, TypeVar

from goldzone.data.notation import Segments
from goldzone.g2p.decoder import Pronunciation

__all__ = ["Answer", "Source", "Unknown", "joined", "with_unknown"]

T = TypeVar("T")

Source: TypeAlias = Literal["override", "expansion", "homograph", "exception", "model"]
"""Given by the user; said as other words (``42``); chosen by the sentence; kept from the lexicon, where the
model is wrong; or said by the model."""

Unknown: TypeAlias = Literal["keep", "drop", "fail"]
"""What becomes of letters that a model has never seen: they say themselves, or nothing, or all ends there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A word and how it is said."""

    word: str
    letters: Segments
    """As the model spells it."""
    pronunciations: tuple[Pronunciation, ...]
    """The most probable first; never empty."""
    unknown: Segments = ()
    """Letters that the model has never seen."""
    source: Source = "model"
    read_as: tuple[Answer, ...] = ()
    """The words that it stands for, where it is an expansion: of ``42``, ``forty`` and ``two``."""

    @property
    def best(self) -> Pronunciation:
        """The most probable pronunciation."""
        return self.pronunciations[0]

    @property
    def words(self) -> tuple[Answer, ...]:
        """The words that are said: itself, or those that it stands for."""
        return self.read_as or (self,)


def joined(word: str, words: Sequence[Answer]) -> Answer:
    """Answer what stands for other words, at least one: the best of each, one after the other."""
    best = [answer.best for answer in words]
    said = Pronunciation(
        _one_after_the_other(each.segments for each in best),
        sum(each.log2_probability for each in best),
        _one_after_the_other(each.by_letter for each in best) if all(each.by_letter for each in best) else (),
        best[0].separator,
    )
    letters = _one_after_the_other(answer.letters for answer in words)
    unknown = _one_after_the_other(answer.unknown for answer in words)
    return Answer(word, letters, (said,), unknown, "expansion", tuple(words))


def _one_after_the_other(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(parts))


def with_unknown(
    pronunciation: Pronunciation, letters: Sequence[str], unknown: Sequence[str]
) -> Pronunciation:
    """Let the letters that a model has never seen stand for themselves."""
    never = set(unknown)
    by_letter = tuple(
        (letter,) if letter in never else said
        for letter, said in zip(letters, pronunciation.by_letter, strict=True)
    )
    segments = tuple(segment for said in by_letter for segment in said)
    return replace(pronunciation, segments=segments, by_letter=by_letter)
