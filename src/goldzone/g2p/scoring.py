"""Scores of a phonemizer: word error rate, phoneme error rate, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.data.notation import Segments
from goldzone.errors import DataError
from goldzone.training.streams import stream

__all__ = [
    "BORDER",
    "Interval",
    "Scores",
    "count_errors",
    "edit_distance",
    "is_listed",
    "percentile_interval",
    "resample",
    "resampled_difference",
    "score_words",
]

_RESAMPLES: Final = 1000
_COVERAGE: Final = 0.95

BORDER: Final = "\x1f"
"""What stands between segments where their borders count."""

# SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): a counter in
# steps of the odd number nearest 2^64 / golden ratio, and a finaliser.
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Interval:
    """A bootstrap confidence interval (percentile method, 95 %)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Error rates over a set of words, as shares (0.25 is 25 %)."""

    words: int
    word_error: float
    """WER: share of words whose prediction is none of their listed pronunciations."""
    word_error_interval: Interval
    phoneme_error: float
    """PER: edits (Levenshtein 1966) from each prediction to the nearest of its listed pronunciations, over
    the segments of those. The nearest is the one with the smallest share of edits."""
    phoneme_error_interval: Interval

    @property
    def word_accuracy(self) -> float:
        """1 - WER."""
        return 1.0 - self.word_error

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values, intervals as pairs."""
        wer, per = self.word_error_interval, self.phoneme_error_interval
        return asdict(self) | {
            "word_error_interval": [wer.low, wer.high],
            "phoneme_error_interval": [per.low, per.high],
        }


def is_listed(said: Segments, listed: Iterable[Segments], *, by_segments: bool) -> bool:
    """Tell whether what was said is one of the listed pronunciations; `by_segments`: borders count."""
    joint = BORDER if by_segments else ""
    return joint.join(said) in map(joint.join, listed)


@compiled
def edit_distance(a: NDArray[np.int32], b: NDArray[np.int32]) -> int:
    """Return the fewest insertions, deletions and substitutions that turn `a` into `b`."""
    row = np.arange(b.shape[0] + 1)
    for i in range(a.shape[0]):
        diagonal, row[0] = row[0], i + 1
        for j in range(b.shape[0]):
            substituted = diagonal + (a[i] != b[j])
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
    return int(row[-1])


def score_words(
    predicted: Sequence[Segments],
    listed: Sequence[Sequence[Segments]],
    *,
    by_segments: bool = False,
    seed: int = 1,
) -> Scores:
    """Score one prediction a word against the word's listed pronunciations.

    Parameters
    ----------
    predicted : sequence of Segments
        Empty where nothing was predicted: an error, of as many edits as the nearest pronunciation is long.
    listed : sequence of sequences of Segments
        At least one a word, none of them empty.
    by_segments : bool
        Whether the borders of segments count: ``S IH0 N G`` is then another pronunciation than ``S IH0 NG``.
    seed : int
        Of the bootstrap.

    Raises
    ------
    DataError
        There is no word.
    """
    counts = count_errors(predicted, listed, by_segments=by_segments)
    wrong, edits, lengths = counts
    sums = resample(counts, seed)
    return Scores(
        words=len(predicted),
        word_error=float(wrong.mean()),
        word_error_interval=_interval_of_words(int(wrong.sum()), len(predicted), sums[0] / len(predicted)),
        phoneme_error=float(edits.sum() / lengths.sum()),
        phoneme_error_interval=percentile_interval(sums[1] / sums[2]),
    )


def count_errors(
    predicted: Sequence[Segments], listed: Sequence[Sequence[Segments]], *, by_segments: bool = False
) -> NDArray[np.int64]:
    """Count the errors of each word; parameters and errors are those of `score_words`.

    Returns
    -------
    int64[3, n_words]
        Whether the word is wrong, the edits to the nearest listed pronunciation, and the segments of that.
    """
    if not predicted:
        raise DataError("there is no word to score; give words with their pronunciations")
    ids: dict[str, int] = {}

    def encode(segments: Segments) -> NDArray[np.int32]:
        return np.array([ids.setdefault(segment, len(ids)) for segment in segments], dtype=np.int32)

    counts = np.zeros((3, len(predicted)), dtype=np.int64)
    wrong, edits, lengths = counts
    for word, (guess, truths) in enumerate(zip(predicted, listed, strict=True)):
        said = [len(truth) for truth in truths if is_listed(guess, [truth], by_segments=by_segments)]
        if said:
            lengths[word] = said[0]
            continue
        wrong[word] = 1
        own = encode(guess)
        options = [(edit_distance(own, encode(truth)), len(truth)) for truth in truths]
        edits[word], lengths[word] = min(options, key=lambda option: (option[0] / option[1], option))
    return counts


def resample(counts: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Sum counts by word, int64[n_counts, n_words], over resamples of the words: int64[n_counts, 1000]."""
    return _resample(counts, _states(seed))


def resampled_difference(wrong: NDArray[np.int64], *, seed: int = 1) -> Interval:
    """Return the interval of the difference of two shares of the same words: int64[2, n_words] of 0 and 1."""
    sums = resample(wrong, seed)
    return percentile_interval((sums[0] - sums[1]) / wrong.shape[1])


def _states(seed: int) -> NDArray[np.uint64]:
    """Return where the generator of each resample starts."""
    low, high = stream(seed, "bootstrap", count=2 * _RESAMPLES).astype(np.uint64).reshape(2, -1)
    return low | high << np.uint64(32)


@compiled
def _resample(counts: NDArray[np.int64], states: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Draw as many words as there are, with replacement, and sum their counts; once for each state.

    Parameters
    ----------
    counts : int64[n_counts, n_words]
    states : uint64[n_resamples]
        Where the generator of each resample starts.

    Returns
    -------
    int64[n_counts, n_resamples]
    """
    n_counts, n_words = counts.shape
    sums = np.zeros((n_counts, states.shape[0]), dtype=np.int64)
    for resample in range(states.shape[0]):
        state = states[resample]
        for _ in range(n_words):
            state += _STEP
            mixed = state
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MULTIPLY[0]
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MULTIPLY[1]
            mixed ^= mixed >> np.uint64(31)
            word = ((mixed >> np.uint64(32)) * np.uint64(n_words)) >> np.uint64(32)
            for count in range(n_counts):
                sums[count, resample] += counts[count, word]
    return sums


def _interval_of_words(wrong: int, words: int, shares: NDArray[np.float64]) -> Interval:
    """Return the interval of the share of wrong words.

    Where all are wrong, or none, resampling sees no other case: then it is the exact one of the binomial
    distribution (Clopper and Pearson 1934).
    """
    if 0 < wrong < words:
        return percentile_interval(shares)
    beyond = 1 - float(((1 - _COVERAGE) / 2) ** (1 / words))
    return Interval(0.0, beyond) if wrong == 0 else Interval(1 - beyond, 1.0)


def percentile_interval(ratios: NDArray[np.float64]) -> Interval:
    """Cut off the tails of the resampled ratios (Efron 1979)."""
    tail = (1 - _COVERAGE) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return Interval(float(low), float(high))
