"""How sure a difference is: exact tests, bootstrap over words and seeds, many languages at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import GoldzoneError
from goldzone.fleet.compare.verdict import ALPHA
from goldzone.g2p.scoring import Interval, percentile_interval, resample
from goldzone.training.streams import stream

try:
    from scipy import stats
except ModuleNotFoundError:
    raise GoldzoneError(
        "comparing needs scipy; install it with: pip install 'goldzone[statistics]'"
    ) from None

__all__ = ["adjusted", "difference_interval", "exact_p", "margin_p", "mean_test", "resampled_shares"]

_MOST_FLIPS: Final = 9999


def exact_p(differences: NDArray[np.int64]) -> float:
    """Test whether differences by word favour one side, exactly: int64[n_words], two-sided.

    Under the null hypothesis each word's difference is as likely to have the other sign. Of differences of
    at most 1, as of one training of each arm, this is McNemar's exact test.
    """
    sizes = np.abs(differences)
    spread = np.ones(1)
    for size in range(1, int(sizes.max(initial=0)) + 1):
        count = int((sizes == size).sum())
        flips = np.zeros(2 * size * count + 1)  # sums from -size * count to size * count
        flips[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        spread = np.convolve(spread, flips)
    sums = np.arange(spread.size) - spread.size // 2
    return min(1.0, float(spread[np.abs(sums) >= abs(int(differences.sum()))].sum()))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Correct p-values of several languages for their number (Benjamini and Hochberg 1995)."""
    return stats.false_discovery_control(p_values).tolist() if p_values else []


def resampled_shares(
    parts: NDArray[np.int64], wholes: NDArray[np.int64], *, seed: int
) -> NDArray[np.float64]:
    """Resample the words, and the trainings, and return the share that the parts have in the wholes.

    The words are the same for both arms (paired bootstrap, Efron 1979), and so are the trainings.

    Parameters
    ----------
    parts, wholes : int64[2, n_seeds, n_words]
        By arm, training and word: wrong words or edits, and what they are counted in.
    seed : int
        Two calls with as many words and the same seed draw the same words.

    Returns
    -------
    float64[2, 1000]
        By arm and resample.
    """
    arms, seeds, words = parts.shape
    counts = np.concatenate([parts, wholes]).reshape(-1, words)
    sums = resample(counts, seed).reshape(2, arms, seeds, -1)
    drawn = (
        stream(seed, "trainings", count=seeds * sums.shape[-1]).reshape(seeds, -1).astype(np.int64) % seeds
    )
    above, below = (np.take_along_axis(each, drawn[None], axis=1).sum(axis=1) for each in sums)
    return np.asarray(above / below)


def difference_interval(resampled: NDArray[np.float64], *, agreed_words: int | None = None) -> Interval:
    """Return the interval of a difference from its resamples.

    Where the arms agree on every word (`agreed_words` of them), resampling sees no other case: then it is
    the difference that as many words would show all but surely, as of Clopper and Pearson (1934).
    """
    if agreed_words is None:
        return percentile_interval(resampled)
    beyond = 1 - (ALPHA / 2) ** (1 / agreed_words)
    return Interval(-beyond, beyond)


def margin_p(resampled: NDArray[np.float64], margin: float, *, agreed_words: int | None = None) -> float:
    """Return the p-value, two-sided, against a difference of `-margin`, as the interval has it.

    By the share of resamples beyond it (Davison and Hinkley 1997); where the arms agree on every word, by
    the chance that so many words show no difference.
    """
    if agreed_words is not None:
        return min(1.0, 2 * (1 - margin) ** agreed_words)
    beyond = min(int((resampled <= -margin).sum()), int((resampled >= -margin).sum()))
    return min(1.0, 2 * (1 + beyond) / (1 + resampled.size))


def mean_test(differences: Sequence[float], *, null: float = 0.0) -> tuple[Interval, float]:
    """Return interval (Student's t) and p-value (exact sign flips) of the mean of two or more differences."""
    values = np.array(differences)
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(1 - ALPHA)
    flips = stats.permutation_test(
        (values - null,),
        lambda each, axis: each.mean(axis=axis),
        permutation_type="samples",
        n_resamples=_MOST_FLIPS,
        rng=np.random.default_rng(1),
    )
    return Interval(float(interval.low), float(interval.high)), float(flips.pvalue)
