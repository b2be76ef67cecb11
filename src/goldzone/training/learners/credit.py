"""Credit: the votes that a neuron gets, as tables for the kernels.

Three kinds (see `docs/training.md`): *rank* compares the candidates of a position, *margin* weighs each
sample by its distance from the final neuron's boundary, *hard* counts only samples whose outcome the neuron
can turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.fixed_point import exp_table
from goldzone.training.learners.credit_kernels import VOTE_ONE

__all__ = ["VoteTables", "agreement", "boundary", "hard_tables", "margin_tables"]

_LARGEST_EXPONENT = 4
"""Margins beyond this many temperatures on the wrong side weigh no more: noise must not own the vote."""


@dataclass(frozen=True, eq=False)
class VoteTables:
    """Vote of a right and of a wrong candidate by its score without the neuron: int64[n_neurons + 1] each."""

    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


def boundary(right: NDArray[np.int64], wrong: NDArray[np.int64]) -> int:
    """Return the score from which on a candidate is rather right than wrong, class shares taken out.

    The cut that splits the two classes best: the most right weight at or above it plus wrong weight below it,
    each as a share of its class. The lowest such cut wins a tie.

    Parameters
    ----------
    right, wrong : int64[n_neurons + 1]
        Weight of the right and of the wrong candidates at each score.
    """
    total_right, total_wrong = int(right.sum()), int(wrong.sum())
    above = total_right - np.concatenate(([0], np.cumsum(right)[:-1]))
    below = np.concatenate(([0], np.cumsum(wrong)[:-1]))
    # Integers of any size: the products pass 64 bits on large corpora.
    quality = [int(a) * total_wrong + int(b) * total_right for a, b in zip(above, below, strict=True)]
    return max(range(len(quality)), key=lambda score: (quality[score], -score))


def margin_tables(right: NDArray[np.int64], wrong: NDArray[np.int64], temperature: float) -> VoteTables:
    """Weigh a sample by exp(-margin / temperature), its class by 1 / (2 share).

    The margin of a sample is its signed distance from `boundary`, positive when the sample is on its right
    side: boosting's weight (Freund and Schapire 1997) on the evidence of all other neurons. The class weight
    takes the prior out of the credit and leaves it to the final neuron.

    Parameters
    ----------
    right, wrong : int64[n_neurons + 1]
        Weight of the right and of the wrong candidates at each score.
    temperature : float
        In votes.
    """
    # Half a step below the cut, so that the sample at the cut and the one below it are equally near.
    size, doubled_cut = right.size, 2 * boundary(right, wrong) - 1
    reach = int(_LARGEST_EXPONENT * 2 * temperature)
    table = _decay(2 * temperature, 2 * size + reach)
    total_right, total_wrong = max(1, int(right.sum())), max(1, int(wrong.sum()))
    total = total_right + total_wrong

    def weights(sign: int, class_weight: int) -> NDArray[np.int64]:
        margin = sign * (2 * np.arange(size) - doubled_cut)
        relative = table[np.maximum(margin, -reach) + reach]
        peak = table[reach]
        # exp(-(m + reach)) / exp(-reach): margins left of the boundary weigh more than one.
        scaled = [int(value) * VOTE_ONE * total // (int(peak) * 2 * class_weight) for value in relative]
        return np.array(scaled, dtype=np.int64)

    return VoteTables(weights(1, total_right), -weights(-1, total_wrong))


@lru_cache(maxsize=4)
def _decay(temperature: float, size: int) -> NDArray[np.int64]:
    """Return `exp_table`, kept: thousands of exact exponentials are too slow to repeat for each neuron."""
    return exp_table(temperature, size)


def hard_tables(answers: NDArray[np.uint8]) -> VoteTables:
    """Vote only where the neuron's bit turns the final answer: the reference's tally on a sum combiner.

    Parameters
    ----------
    answers : uint8[n_neurons + 1]
        The final neuron's answer at each score.
    """
    turned = np.zeros(answers.size, dtype=np.int64)
    turned[:-1] = np.diff(answers.astype(np.int64)) * VOTE_ONE
    return VoteTables(turned, -turned)


def agreement(votes: NDArray[np.int64], absolute: int) -> float:
    """Return the label-agreement margin: |sum of votes| per cell, summed, over the votes' absolute sum.

    1 when all votes in each cell agree, near 0 when collisions cancel them.
    """
    return float(np.abs(votes).sum()) / absolute if absolute else 0.0
