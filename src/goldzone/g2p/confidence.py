"""Probabilities that can be trusted: as wide as the dev words show, and checked on others.

Training pushes right pronunciations ahead of wrong ones by a margin, on words it has met; on new words the
same margin means less. So the softmax over a word's pronunciations is made wider by one number, the *spread*:
the one of least Brier score (mean squared distance of the probability from what came true, a proper score)
on the dev words (temperature scaling; Guo and others 2017, "On calibration of modern neural networks").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.data.lexicon import Entry
from goldzone.g2p.decoder import FARTHEST, Decoder
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import exp_table

__all__ = ["Bin", "best_spread", "reliability"]

_SPREADS: Final = tuple(eighths / 8 for eighths in (6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24, 28, 32))
_USUAL: Final = 1.25
"""Where too few dev words can tell."""
_LEAST_WORDS: Final = 100
_ONE: Final = 1 << 16
_BINS: Final = 10


class Bin(NamedTuple):
    """Words of which a model was about as sure."""

    low: float
    high: float
    words: int
    expected: float
    """The mean probability of their pronunciations."""
    right: float
    """The share of them that are right."""


def best_spread(model: G2PModel, entries: Sequence[Entry], *, beam: int) -> float:
    """Return the spread that suits words that training has not met; 1 of a model of bit tables.

    Integers all the way: the same words give the same spread on any machine.
    """
    if not model.committee.graded:
        return 1.0
    if len(entries) < _LEAST_WORDS:
        return _USUAL
    decoder = Decoder(replace(model, spread=1.0))
    words = [decoder.letters(entry.word) for entry in entries]
    said = decoder.decode(words, beam=beam)
    write = model.notation.write
    right = np.array(
        [found[0].text in map(write, e.pronunciations) for found, e in zip(said, entries, strict=True)]
    )
    behind = decoder.steps_behind(words, beam)
    scores = [_brier(behind, right, exp_table(model.temperature * spread, FARTHEST)) for spread in _SPREADS]
    return _SPREADS[min(range(len(scores)), key=scores.__getitem__)]


def _brier(
    behind: Sequence[NDArray[np.int64]], right: NDArray[np.bool_], exponentials: NDArray[np.int64]
) -> int:
    """Return the Brier score of the best pronunciations, as a sum in units of 2**-32."""
    total = 0
    for steps, true in zip(behind, right.tolist(), strict=True):
        shares = exponentials[np.minimum(steps, exponentials.size - 1)]
        probability = int(shares[0]) * _ONE // int(shares.sum())
        total += (probability - _ONE * true) ** 2
    return total


def reliability(probabilities: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """Compare how sure a model was with how often it was right, by tenths of probability.

    Parameters
    ----------
    probabilities, right : float64[n_words], bool[n_words]
        Of the most probable pronunciation of each word.
    """
    tenth = np.minimum((probabilities * _BINS).astype(np.int64), _BINS - 1)
    found = []
    for number in range(_BINS):
        chosen = tenth == number
        if chosen.any():
            expected, share = float(probabilities[chosen].mean()), float(right[chosen].mean())
            found.append(Bin(number / _BINS, (number + 1) / _BINS, int(chosen.sum()), expected, share))
    return found
