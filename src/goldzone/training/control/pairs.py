"""Which neurons of a layer are trained together: those whose answers are anti-correlated.

Two neurons that say "yes" to different samples divide the evidence between them; trained one by one, each
fits what the other left. The correlation is the phi coefficient of their answers, from counts of packed bits.

Correlated over *all* samples, sparse neurons are never opposed: with shares p and q of ones, phi is at least
-sqrt(p q / ((1 - p) (1 - q))), about -0.01 where one answer in a hundred is 1. (After two sweeps on 1,000
words of French and of Slovak, no two of 448 neurons were below -0.07.) So the answers compared are those to
the right candidates alone, the samples that ought to get a 1: there the same neurons reach -0.25 and -0.37,
and one pair in two hundred lies below -0.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ConfigError
from goldzone.training.control.pair_kernels import count_common

__all__ = ["MOST_COMPARED", "NeuronPair", "PackedAnswers", "choose_pairs"]

MOST_COMPARED: Final = 1024
"""Neurons that are compared with each other at most: the time grows with the square of their number."""

_SLACK: Final = 1e-9  # of the float that sorts out most pairs before the exact comparison


@dataclass(frozen=True, eq=False)
class PackedAnswers:
    """Answers of some neurons to some samples, one bit each."""

    words: NDArray[np.uint64]
    """uint64[n_neurons, ceil(samples / 64)]: sample i is bit ``i % 64`` of word ``i // 64``; the bits beyond
    the last sample are 0."""
    samples: int


@dataclass(frozen=True, slots=True)
class NeuronPair:
    """Two neurons of a layer, in the order in which they were chosen, and their answers' correlation."""

    first: int
    second: int
    correlation: float


def choose_pairs(
    positions: Sequence[int], answers: PackedAnswers, *, share: float, correlation: float = -0.1
) -> tuple[NeuronPair, ...]:
    """Choose disjoint pairs of neurons, the most negative correlation first.

    Pairs are compared exactly, without floats: phi = (N n11 - n1 n2) / sqrt(n1 (N - n1) n2 (N - n2)), with
    n1 and n2 the ones of each neuron and n11 those of both (Yule 1912). Ties go by position. A neuron that
    always answers the same has no correlation and no pair.

    Parameters
    ----------
    positions : sequence of int
        The chosen neurons of a layer.
    answers : PackedAnswers
        Row i is that of ``positions[i]``. It may have fewer rows than there are positions: give at most
        `MOST_COMPARED`; the neurons after them are not paired.
    share : float
        Largest share of the chosen neurons that is paired; 0 to 1.
    correlation : float
        Highest phi of a pair; -1 or more, below 0.

    Returns
    -------
    tuple of NeuronPair
        At most ``share * len(positions) / 2``.

    Raises
    ------
    ConfigError
        If there are more rows than positions, or a setting is out of range.
    """
    rows = answers.words.shape[0]
    if rows > len(positions):
        raise ConfigError(f"answers: {rows} rows for {len(positions)} neurons; give at most one for each")
    if not 0 <= share <= 1:
        raise ConfigError(f"selection.pairs: {share} is no share; give 0 to 1")
    most = int(Fraction(str(share)) * len(positions) / 2)
    if most == 0 or rows < 2:
        return ()
    common = np.empty((rows, rows), dtype=np.int64)
    count_common(answers.words, common)
    bits = 8 * answers.samples.bit_length()
    found = _below(common, answers.samples, Fraction(str(correlation)), bits)
    found.sort(key=lambda pair: (-pair[0], *sorted((positions[pair[1]], positions[pair[2]]))))
    taken: set[int] = set()
    pairs: list[NeuronPair] = []
    for square, first, second in found:
        if len(pairs) == most:
            break
        if first not in taken and second not in taken:
            taken |= {first, second}
            phi = -math.sqrt(square / (1 << bits))
            pairs.append(NeuronPair(positions[first], positions[second], phi))
    return tuple(pairs)


def _below(
    common: NDArray[np.int64], samples: int, highest: Fraction, bits: int
) -> list[tuple[int, int, int]]:
    """List the pairs whose phi is at most `highest`, a negative number, as (phi squared, row, later row).

    phi squared comes as a fixed-point number, cut off after so many fraction bits. Its denominator is at most
    N**4 / 16, so two different ones differ by at least 1 / N**8: from 8 log2(N) bits on, the numbers are in
    the right order, and equal only where phi is.
    """
    ones = np.diagonal(common)
    first, second = np.triu_indices(ones.size, 1)
    excess = samples * common[first, second] - ones[first] * ones[second]
    spread = (ones * (samples - ones)).astype(np.float64)
    scale = np.sqrt(spread[first] * spread[second])
    # A neuron that always answers the same has no excess with any.
    near = np.flatnonzero((excess < 0) & (excess <= (float(highest) + _SLACK) * scale))
    numerator, denominator = highest.numerator**2, highest.denominator**2
    found = []
    for pair in near.tolist():
        one, other = int(first[pair]), int(second[pair])
        square = int(excess[pair]) ** 2
        below = int(ones[one]) * (samples - int(ones[one])) * int(ones[other]) * (samples - int(ones[other]))
        if square * denominator >= numerator * below:
            found.append(((square << bits) // below, one, other))
    return found
