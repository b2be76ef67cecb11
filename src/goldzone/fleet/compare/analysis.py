"""From what the arms said to differences, intervals, p-values and verdicts."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.fleet.compare.evidence import (
    adjusted,
    difference_interval,
    exact_p,
    margin_p,
    mean_test,
    resampled_shares,
)
from goldzone.fleet.compare.judging import Said, Trained
from goldzone.fleet.compare.plan import Pair
from goldzone.fleet.compare.results import ArmFigures, Difference, LanguageComparison, WordChange
from goldzone.fleet.compare.verdict import FEW_WORDS, decide, smallest_effect

__all__ = [
    "LEAST_PAIRS",
    "Measured",
    "compare_language",
    "compare_languages",
    "compare_pairs",
    "figures",
    "word_changes",
]

LEAST_PAIRS: Final = 6
"""Of fewer pairs of languages no exact test shows anything at 5 %: 2 / 2**5 is more."""

_LEARNT: Final = 1
"""Learnt words are resampled apart from held-out ones."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A language's comparison, and what the one over all languages is made of."""

    comparison: LanguageComparison
    resampled: Mapping[str, NDArray[np.float64]]
    """Differences by figure and resample: float64[1000]."""


def figures(arm: int, trained: Sequence[Trained], held_out: Said, learnt: Said | None) -> ArmFigures:
    """Gather what one arm came to on a language."""
    accuracy = 1 - float(held_out.wrong[arm].mean())
    return ArmFigures(
        word_accuracy=accuracy,
        phoneme_error=float(held_out.edits[arm].sum() / held_out.lengths[arm].sum()),
        gap=None if learnt is None else 1 - float(learnt.wrong[arm].mean()) - accuracy,
        bytes=fmean(each.model.stat().st_size for each in trained),
        seconds=_mean(each.seconds for each in trained),
        peak_memory=_mean(each.peak_memory for each in trained),
    )


def compare_language(
    name: str, trained: Sequence[Sequence[Trained]], held_out: Said, learnt: Said | None, *, margin: float
) -> Measured:
    """Compare two arms on one language, as if it were the only one."""
    first, second = (figures(arm, each, held_out, learnt) for arm, each in enumerate(trained))
    resampled = _resampled(held_out, learnt, zlib.crc32(name.encode()))
    by_word = held_out.differences
    agreed = None if by_word.any() else by_word.size
    interval = difference_interval(resampled["word_accuracy"], agreed_words=agreed)
    p = margin_p(resampled["word_accuracy"], margin, agreed_words=agreed) if margin else exact_p(by_word)
    gaps = None if first.gap is None or second.gap is None else first.gap - second.gap
    comparison = LanguageComparison(
        name=name,
        words=by_word.size,
        trainings=held_out.wrong.shape[1],
        arms=(first, second),
        word_accuracy=Difference(first.word_accuracy - second.word_accuracy, interval),
        phoneme_error=Difference(
            first.phoneme_error - second.phoneme_error, difference_interval(resampled["phoneme_error"])
        ),
        gap=None if gaps is None else Difference(gaps, difference_interval(resampled["gap"])),
        p=p,
        p_adjusted=p,
        verdict=decide(interval, p, margin=margin, enough=by_word.size >= FEW_WORDS),
        smallest_effect=smallest_effect(interval),
    )
    return Measured(comparison, resampled)


def compare_languages(
    measured: Sequence[Measured], *, margin: float
) -> tuple[tuple[LanguageComparison, ...], LanguageComparison]:
    """Correct the verdicts of languages for their number, and judge the mean over them.

    Parameters
    ----------
    measured : sequence of Measured
        One or more.
    margin : float
        As the languages were compared with.
    """
    alone = [each.comparison for each in measured]
    languages = tuple(
        replace(
            one,
            p_adjusted=p,
            verdict=decide(one.word_accuracy.interval, p, margin=margin, enough=one.words >= FEW_WORDS),
        )
        for one, p in zip(alone, adjusted([one.p for one in alone]), strict=True)
    )
    if len(languages) == 1:
        return languages, replace(languages[0], name="")
    return languages, _mean_of(languages, [each.resampled for each in measured], margin)


def compare_pairs(
    pairs: Sequence[Pair], found: Mapping[str, tuple[int, ArmFigures]], *, margin: float
) -> LanguageComparison:
    """Compare arms that were given one language of each pair: the languages are what varies.

    Parameters
    ----------
    pairs : sequence of Pair
        At least `LEAST_PAIRS`.
    found : mapping
        By language: held-out words, and what its arm came to.
    margin : float
    """
    sides = [[found[name][1] for name in side] for side in zip(*map(astuple, pairs), strict=True)]
    words = sum(found[name][0] for pair in pairs for name in (pair.first, pair.second))
    accuracy, p = _mean_difference(sides, "word_accuracy", null=-margin)
    gaps = all(one.gap is not None for side in sides for one in side)
    return LanguageComparison(
        name="",
        words=words,
        trainings=1,
        arms=(_mean_figures(sides[0]), _mean_figures(sides[1])),
        word_accuracy=accuracy,
        phoneme_error=_mean_difference(sides, "phoneme_error")[0],
        gap=_mean_difference(sides, "gap")[0] if gaps else None,
        p=p,
        p_adjusted=p,
        verdict=decide(accuracy.interval, p, margin=margin),
        smallest_effect=smallest_effect(accuracy.interval),
    )


def word_changes(said: Said) -> list[WordChange]:
    """List the words that one arm says right more often than the other, those of the first arm first."""
    changed = sorted(np.flatnonzero(said.differences).tolist(), key=lambda word: -int(said.differences[word]))
    return [
        WordChange(
            said.entries[word].word,
            int(said.differences[word]),
            (said.first_said[0][word], said.first_said[1][word]),
            said.listed[word],
        )
        for word in changed
    ]


def _resampled(held_out: Said, learnt: Said | None, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return the differences of the figures by resample."""
    accuracy = 1 - resampled_shares(held_out.wrong, np.ones_like(held_out.wrong), seed=seed)
    errors = resampled_shares(held_out.edits, held_out.lengths, seed=seed)
    found = {"word_accuracy": accuracy[0] - accuracy[1], "phoneme_error": errors[0] - errors[1]}
    if learnt is not None:
        gaps = 1 - resampled_shares(learnt.wrong, np.ones_like(learnt.wrong), seed=seed ^ _LEARNT) - accuracy
        found["gap"] = gaps[0] - gaps[1]
    return found


def _mean_of(
    languages: Sequence[LanguageComparison],
    resampled: Sequence[Mapping[str, NDArray[np.float64]]],
    margin: float,
) -> LanguageComparison:
    """Judge the mean over languages, which stay the same: their words and trainings are what varies."""

    def difference(name: str, agreed: int | None = None) -> Difference:
        values = [getattr(one, name) for one in languages]
        means = np.mean([each[name] for each in resampled], axis=0)
        return Difference(
            fmean(value.value for value in values), difference_interval(means, agreed_words=agreed)
        )

    words = sum(one.words for one in languages)
    means = np.mean([each["word_accuracy"] for each in resampled], axis=0)
    agreed = None if means.any() else words
    accuracy, errors = difference("word_accuracy", agreed), difference("phoneme_error")
    p = margin_p(means, margin, agreed_words=agreed)
    return LanguageComparison(
        name="",
        words=words,
        trainings=languages[0].trainings,
        arms=(
            _mean_figures([one.arms[0] for one in languages]),
            _mean_figures([one.arms[1] for one in languages]),
        ),
        word_accuracy=accuracy,
        phoneme_error=errors,
        gap=None if any(one.gap is None for one in languages) else difference("gap"),
        p=p,
        p_adjusted=p,
        verdict=decide(accuracy.interval, p, margin=margin, enough=words >= FEW_WORDS),
        smallest_effect=smallest_effect(accuracy.interval),
    )


def _mean_difference(
    sides: Sequence[Sequence[ArmFigures]], name: str, null: float = 0.0
) -> tuple[Difference, float]:
    """Return the mean difference of a figure over pairs of languages, and its p-value."""
    first, second = ([getattr(one, name) for one in side] for side in sides)
    differences = [one - other for one, other in zip(first, second, strict=True)]
    interval, p = mean_test(differences, null=null)
    return Difference(fmean(differences), interval), p


def _mean_figures(several: Sequence[ArmFigures]) -> ArmFigures:
    """Return the means of an arm's figures over languages; None of one that a language lacks."""
    return ArmFigures(
        word_accuracy=fmean(one.word_accuracy for one in several),
        phoneme_error=fmean(one.phoneme_error for one in several),
        gap=_mean(one.gap for one in several),
        bytes=fmean(one.bytes for one in several),
        seconds=_mean(one.seconds for one in several),
        peak_memory=_mean(one.peak_memory for one in several),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """Return the mean; None if a value is not known."""
    known = list(values)
    return None if None in known else fmean(value for value in known if value is not None)
