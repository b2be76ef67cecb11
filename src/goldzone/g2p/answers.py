"""What a phonemizer answers for a word: its pronunciations, where they come from, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from goldzone.data.notation import Segments
from goldzone.g2p.decoder import Pronunciation

__all__ = ["Answer", "Source", "Unknown", "with_unknown"]

Source: TypeAlias = Literal["override", "homograph", "exception", "model"]
"""Given by the user; chosen by the sentence; kept from the lexicon, where the model is wrong; or said by the
model."""

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

    @property
    def best(self) -> Pronunciation:
        """The most probable pronunciation."""
        return self.pronunciations[0]


def with_unknown(
    pronunciation: Pronunciation, letters: Sequence[str], unknown: Sequence[str]
) -> Pronunciation:
    """Let the letters that a model has never seen stand for themselves."""
    if not unknown:
        return pronunciation
    never = set(unknown)
    by_letter = tuple(
        (letter,) if letter in never else said
        for letter, said in zip(letters, pronunciation.by_letter, strict=True)
    )
    segments = tuple(segment for said in by_letter for segment in said)
    return replace(pronunciation, segments=segments, by_letter=by_letter)
