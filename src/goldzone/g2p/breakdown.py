"""Where a phonemizer is wrong: by length, by letter, and the words of which it was surest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from goldzone.data.lexicon import Entry
from goldzone.data.notation import Segments
from goldzone.g2p.scoring import is_listed

__all__ = ["SaidWord", "Share", "by_length", "by_letter", "surest_errors"]


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word, what was said, and what should be."""

    word: str
    letters: Segments
    said: Segments
    """Empty where nothing was."""
    listed: tuple[Segments, ...]
    right: bool
    probability: float | None = None
    """How sure the model was; None of predictions that do not tell."""

    @classmethod
    def judged(
        cls,
        entry: Entry,
        letters: Segments,
        said: Segments,
        *,
        by_segments: bool,
        probability: float | None = None,
    ) -> SaidWord:
        """Judge what was said by the listed pronunciations; `by_segments`: whether their borders count."""
        right = is_listed(said, entry.pronunciations, by_segments=by_segments)
        return cls(entry.word, letters, said, entry.pronunciations, right, probability)


class Share(NamedTuple):
    """Some words, and how many of them are wrong."""

    of: str
    """What they have in common."""
    words: int
    wrong: int

    @property
    def share(self) -> float:
        """Wrong ones, as a share."""
        return self.wrong / self.words

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {"of": self.of, "words": self.words, "wrong": self.wrong, "share": round(self.share, 6)}


def by_length(words: Iterable[SaidWord]) -> list[Share]:
    """Count wrong words by number of letters, the shortest first."""
    found = _shares((len(word.letters), word.right) for word in words)
    return [Share(str(length), *found[length]) for length in sorted(found)]


def by_letter(words: Sequence[SaidWord], *, least: int = 5) -> list[Share]:
    """Count wrong words by letter that they have, those first that bring the most errors.

    The order is by the number of wrong words beyond what the share of all words would give; letters of
    fewer than `least` words are left out.
    """
    found = _shares((letter, word.right) for word in words for letter in set(word.letters))
    overall = sum(not word.right for word in words) / max(1, len(words))
    shares = [Share(letter, *counts) for letter, counts in found.items() if counts[0] >= least]
    return sorted(shares, key=lambda share: (share.words * overall - share.wrong, share.of))


def surest_errors(words: Iterable[SaidWord]) -> list[SaidWord]:
    """Return the wrong words, those first of which the model was surest."""
    wrong = [word for word in words if not word.right]
    return sorted(wrong, key=lambda word: (-(word.probability or 0.0), word.word))


def _shares(marks: Iterable[tuple[Any, bool]]) -> dict[Any, tuple[int, int]]:
    """Count by key: all, and those that are not right."""
    every, wrong = Counter[Any](), Counter[Any]()
    for key, right in marks:
        every[key] += 1
        wrong[key] += not right
    return {key: (count, wrong[key]) for key, count in every.items()}
