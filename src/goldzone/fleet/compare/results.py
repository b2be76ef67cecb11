"""What a comparison found, by language and over all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from goldzone.fleet.compare.verdict import Verdict
from goldzone.g2p.scoring import Interval

__all__ = ["ArmFigures", "Difference", "LanguageComparison", "OneArm", "Report", "WordChange"]


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """What an arm came to: means over its trainings, and over languages where it stands for several."""

    word_accuracy: float
    """Share of held-out words that are right."""
    phoneme_error: float
    gap: float | None
    """Word accuracy on words that were learnt less that on held-out ones; None where none is known to be
    learnt."""
    bytes: float
    """Of the model."""
    seconds: float | None
    """To train and test; None, as the next, where nobody has told."""
    peak_memory: float | None
    """Bytes, of the training process."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first arm's figure less the second's, with its 95 % interval."""

    value: float
    interval: Interval

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {"value": self.value, "interval": [self.interval.low, self.interval.high]}


@dataclass(frozen=True, slots=True)
class WordChange:
    """A word that one arm says right more often than the other."""

    word: str
    trainings: int
    """In how many more trainings the first arm says it right; below 0: the second."""
    said: tuple[str, str]
    """By the first training of each arm."""
    listed: str


@dataclass(frozen=True, slots=True)
class LanguageComparison:
    """Both arms on the same words."""

    name: str
    """The language's; empty for all of them."""
    words: int
    """Held-out words, the same for both arms."""
    trainings: int
    """Of each arm."""
    arms: tuple[ArmFigures, ArmFigures]
    word_accuracy: Difference
    phoneme_error: Difference
    gap: Difference | None
    p: float
    """Exact, two-sided: McNemar's for one training of each arm. With a margin: by bootstrap, against it."""
    p_adjusted: float
    """The same, corrected for the number of languages (Benjamini and Hochberg)."""
    verdict: Verdict
    smallest_effect: float
    """The difference of word accuracy that so many words show four times in five."""

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {
            **{name: getattr(self, name) for name in ("name", "words", "trainings", "p", "p_adjusted")},
            "verdict": self.verdict.value,
            "smallest_effect": self.smallest_effect,
            "arms": [asdict(figures) for figures in self.arms],
            "differences": {
                "word_accuracy": self.word_accuracy.to_json(),
                "phoneme_error": self.phoneme_error.to_json(),
                "gap": self.gap.to_json() if self.gap else None,
            },
        }


@dataclass(frozen=True, slots=True)
class OneArm:
    """A language that was trained with one arm only."""

    name: str
    arm: str
    words: int
    figures: ArmFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a comparison found."""

    arms: tuple[str, str]
    margin: float
    overall: LanguageComparison | None
    """Means over languages; None where nothing could be compared."""
    languages: tuple[LanguageComparison, ...] = ()
    halves: tuple[OneArm, ...] = ()
    """In place of `languages`, where each arm had half of them."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """What is in the way of each language that could not be compared."""

    @property
    def verdict(self) -> Verdict:
        """That over all languages; `ERROR` if one is missing."""
        return Verdict.ERROR if self.failures or self.overall is None else self.overall.verdict

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {
            "arms": list(self.arms),
            "margin": self.margin,
            "verdict": self.verdict.value,
            "overall": self.overall.to_json() if self.overall else None,
            "languages": [one.to_json() for one in self.languages],
            "halves": [asdict(one) for one in self.halves],
            "failures": dict(self.failures),
        }
