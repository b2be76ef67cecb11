"""Two phonemizers judged on the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from goldzone.data.lexicon import Lexicon
from goldzone.errors import DataError
from goldzone.g2p.breakdown import SaidWord
from goldzone.g2p.scoring import Interval, resampled_difference

__all__ = ["Comparison", "compare", "words_said_in"]

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two differ; shares of words wrong."""

    words: int
    first: float
    second: float
    interval: Interval
    """95 % of the first less the second: bootstrap over words, paired."""
    only_first: tuple[str, ...]
    """Words that the first alone says right, in their order."""
    only_second: tuple[str, ...]

    @property
    def difference(self) -> float:
        """By how much more words the first has wrong."""
        return self.first - self.second

    @property
    def beyond_doubt(self) -> bool:
        """Whether one is better by more than chance gives."""
        return self.interval.low > 0 or self.interval.high < 0

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values, some of the words."""
        return {
            "words": self.words,
            "word_error": self.first,
            "other_word_error": self.second,
            "difference": self.difference,
            "difference_interval": [self.interval.low, self.interval.high],
            "right_here_only": {"words": len(self.only_first), "examples": [*self.only_first[:_SHOWN]]},
            "right_there_only": {"words": len(self.only_second), "examples": [*self.only_second[:_SHOWN]]},
        }


def compare(first: Sequence[SaidWord], second: Sequence[SaidWord]) -> Comparison:
    """Compare what two say of the same words.

    Raises
    ------
    DataError
        The words are not the same.
    """
    if [each.word for each in first] != [each.word for each in second]:
        raise DataError("two models can be compared on the same words only")
    wrong = np.array([[not each.right for each in said] for said in (first, second)], dtype=np.int64)
    pairs = list(zip(first, second, strict=True))
    return Comparison(
        words=len(first),
        first=float(wrong[0].mean()),
        second=float(wrong[1].mean()),
        interval=resampled_difference(wrong),
        only_first=tuple(ours.word for ours, theirs in pairs if ours.right and not theirs.right),
        only_second=tuple(ours.word for ours, theirs in pairs if theirs.right and not ours.right),
    )


def words_said_in(predictions: Lexicon, judged: Lexicon, *, by_segments: bool) -> list[SaidWord]:
    """Judge a file of predictions; a word that it lacks is wrong, of several pronunciations the first counts.

    Parameters
    ----------
    predictions : Lexicon
    judged : Lexicon
        The words, with their pronunciations.
    by_segments : bool
        Whether the borders of segments count.
    """
    first = {entry.word: entry.pronunciations[0] for entry in predictions}
    return [
        SaidWord.judged(entry, entry.letters, first.get(entry.word, ()), by_segments=by_segments)
        for entry in judged
    ]
