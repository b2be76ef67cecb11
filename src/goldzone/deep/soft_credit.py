"""Margin credit through any network: votes that do not need the output to turn.

A final neuron that has learnt the prior answers always the same, so no flip of an earlier neuron turns it,
and the reference's tally is silent. But the values that the final neuron sees still differ in how often their
samples are "yes". That *evidence* takes the place of the answer:

    m(v)  =  log2( (yes(v) + d p) / Y ) - log2( (no(v) + d q) / Z )     bits for "yes" at final value v
    F     =  y (m(v with bit 0) + m(v with bit 1)) / 2                  margin of a sample, y = +1 or -1
    vote  =  y w c(y) exp(-F / T) (m(v with bit 1) - m(v with bit 0))

yes(v) and no(v) are the weights of the samples of either label at v now, Y and Z their sums, p and q the
shares Y / (Y + Z) and Z / (Y + Z), and d is the *doubt*: so much weight of the prior is added that a value of
one sample says little. w is the sample's weight and c(y) = 1 / (2 share of y), which takes the prior
out of the credit and leaves it to the final neuron. exp(-F / T) is boosting's weight (Freund and Schapire
1997); beyond `LARGEST_EXPONENT` temperatures on the wrong side it grows no more. With several output bits
the votes are added up. All are integers: m has 8 fraction bits, a weight 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.deep.evidence_kernels import MARGIN_BITS, evidence_of, margin_votes
from goldzone.errors import ConfigError, DataError
from goldzone.hashtron.fixed_point import exp_table
from goldzone.training.learners.credit import LARGEST_EXPONENT

__all__ = [
    "DOUBT",
    "MAX_WEIGHT",
    "WEIGHT_ONE",
    "Evidence",
    "MarginWeights",
    "check_weights",
    "collect_evidence",
    "margin_weights",
    "soft_votes",
]

DOUBT: Final = 4
"""Weight of the prior that is added to each final value, d."""

WEIGHT_ONE: Final = 1 << 14
"""Weight of a sample on the boundary, of a class with half of all weight."""

MAX_WEIGHT: Final = 1 << 29
"""Largest sum of all samples' weights, times output bits: the sums of votes then stay in 64 bits."""

_SMALLEST_EXPONENT: Final = 12
"""Margins beyond this many temperatures on the right side weigh no less."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the values of one final neuron say.

    Parameters
    ----------
    values : uint32[n]
        Distinct values that the final neuron sees, ascending.
    bits : int64[n]
        m(v), with `EVIDENCE_BITS` fraction bits.
    yes, no : int64[n]
        Weight of the samples of either label.
    place : int64[n_samples]
        Which of the values each sample has.
    """

    values: NDArray[np.uint32]
    bits: NDArray[np.int64]
    yes: NDArray[np.int64]
    no: NDArray[np.int64]
    place: NDArray[np.intp]

    def at(self, seen: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return m of each value; 0, the prior, for one that no sample has: uint32[k] -> int64[k]."""
        places = np.minimum(np.searchsorted(self.values, seen), self.values.size - 1)
        return np.where(self.values[places] == seen, self.bits[places], 0)


@dataclass(frozen=True, eq=False)
class MarginWeights:
    """c(y) exp(-F / T) by margin, for either label: int64[size] each; place `reach` is margin 0."""

    yes: NDArray[np.int64]
    no: NDArray[np.int64]
    reach: int


def collect_evidence(
    seen: NDArray[np.uint32], labels: NDArray[np.uint8], weight: NDArray[np.int64]
) -> Evidence:
    """Count the labels at each value of a final neuron.

    With samples of one label only there is no evidence: m is 0 everywhere.

    Parameters
    ----------
    seen : uint32[n_samples]
        At least one.
    labels : uint8[n_samples]
    weight : int64[n_samples]
        Not negative.
    """
    values, where = np.unique(seen, return_inverse=True)
    yes, no = (np.zeros(values.size, dtype=np.int64) for _ in range(2))
    np.add.at(yes, where, weight * labels)
    np.add.at(no, where, weight * (1 - labels.astype(np.int64)))
    total_yes, total_no = int(yes.sum()), int(no.sum())
    if total_yes == 0 or total_no == 0:
        return Evidence(values, np.zeros(values.size, dtype=np.int64), yes, no, where)
    return Evidence(values, evidence_of(yes, no, total_yes, total_no, DOUBT), yes, no, where)


def margin_weights(total_yes: int, total_no: int, temperature: float) -> MarginWeights:
    """Tabulate the weights of a sample by its margin.

    Parameters
    ----------
    total_yes, total_no : int
        Weight of either label; one that is 0 counts as 1.
    temperature : float
        T, in bits; 0.1 to 100.
    """
    if not 0.1 <= temperature <= 100:
        raise ConfigError(f"temperature: {temperature} bits is out of range; give 0.1 to 100")
    step = temperature * (1 << MARGIN_BITS)
    reach = int(LARGEST_EXPONENT * step)
    table = exp_table(step, reach + int(_SMALLEST_EXPONENT * step) + 1)
    total = total_yes + total_no

    def by_margin(class_total: int) -> NDArray[np.int64]:
        divisor = int(table[reach]) * 2 * max(1, class_total)
        return np.array([int(value) * WEIGHT_ONE * total // divisor for value in table], dtype=np.int64)

    return MarginWeights(by_margin(total_yes), by_margin(total_no), reach)


def soft_votes(
    evidence: Evidence,
    labels: NDArray[np.uint8],
    weight: NDArray[np.int64],
    spoken: tuple[NDArray[np.int64], NDArray[np.int64]],
    temperature: float,
) -> NDArray[np.int64]:
    """Return each sample's vote for a 1 of an earlier neuron, through one final neuron.

    Parameters
    ----------
    evidence : Evidence
    labels : uint8[n]
    weight : int64[n]
    spoken : two arrays, int64[n]
        m of what the final neuron sees when the earlier one answers 0, and when it answers 1.
    temperature : float

    Returns
    -------
    int64[n]
    """
    weights = margin_weights(int(evidence.yes.sum()), int(evidence.no.sum()), temperature)
    votes = np.empty(labels.size, dtype=np.int64)
    margin_votes(labels, weight, *spoken, weights.yes, weights.no, weights.reach, votes)
    return votes


def check_weights(weight: NDArray[np.int64], n_outputs: int) -> None:
    """Refuse weights with which votes could pass 64 bits.

    Raises
    ------
    DataError
        If a weight is negative, or their sum times the output bits is 0 or above `MAX_WEIGHT`.
    """
    total = int(weight.sum()) * n_outputs
    if weight.min(initial=0) < 0 or not 1 <= total <= MAX_WEIGHT:
        raise DataError(
            f"sample weights add up to {total} over {n_outputs} output bits; "
            f"give weights of 0 or more with a sum in 1..{MAX_WEIGHT // n_outputs}"
        )
