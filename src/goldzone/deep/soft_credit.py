"""Margin credit through any network: votes that do not need the output to turn.

A final neuron that has learnt the prior answers always the same, so no flip of an earlier neuron turns it,
and the reference's tally is silent. But the values that the final neuron sees still differ in how often their
samples are "yes". That *evidence* takes the place of the answer:

    m(v)  =  log2( (yes(v) + d p) / Y ) - log2( (no(v) + d q) / Z )     bits for "yes" at final value v
    F     =  y (m(v with bit 0) + m(v with bit 1)) / 2                  margin of a sample, y = +1 or -1
    vote  =  y c(y) exp(-F / T) (m(v with bit 1) - m(v with bit 0))

yes(v) and no(v) are the samples of either label at v now, Y and Z their sums, p and q the shares Y / (Y + Z)
and Z / (Y + Z), and d is the *doubt*: so many samples of the prior are added that a value of one sample says
little. c(y) = 1 / (2 share of y) takes the prior out of the credit and leaves it to the final neuron.
exp(-F / T) is boosting's weight (Freund and Schapire 1997); beyond `LARGEST_EXPONENT` temperatures on the
wrong side it grows no more. With several output bits the votes are added up. All are integers: m has 8
fraction bits, a weight 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.deep.evidence_kernels import MARGIN_BITS, evidence_of, margin_votes
from goldzone.hashtron.fixed_point import exp_table
from goldzone.training.learners.credit import LARGEST_EXPONENT

__all__ = ["MAX_LABEL_BITS", "Evidence", "collect_evidence", "soft_votes"]

MAX_LABEL_BITS: Final = 1 << 29
"""Most samples times output bits: the sums of votes then stay in 64 bits."""

_DOUBT: Final = 4
"""Samples of the prior that are added to each final value, d."""

_WEIGHT_ONE: Final = 1 << 14
"""Weight of a sample on the boundary, of a class with half of all samples."""

_SMALLEST_EXPONENT: Final = 12
"""Margins beyond this many temperatures on the right side weigh no less."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the values of one final neuron say."""

    values: NDArray[np.uint32]
    """uint32[n]: distinct values that the final neuron sees, ascending."""
    bits: NDArray[np.int64]
    """int64[n]: m(v), with `EVIDENCE_BITS` fraction bits."""
    yes: NDArray[np.int64]
    """int64[n]: samples whose label is 1."""
    no: NDArray[np.int64]
    """int64[n]: samples whose label is 0."""
    index: NDArray[np.intp]
    """int64[n_samples]: which of the values each sample has."""

    def at(self, seen: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return m of each value; 0, the prior, for one that no sample has: uint32[k] -> int64[k]."""
        nearest = np.minimum(np.searchsorted(self.values, seen), self.values.size - 1)
        return np.where(self.values[nearest] == seen, self.bits[nearest], 0)


def collect_evidence(seen: NDArray[np.uint32], labels: NDArray[np.uint8]) -> Evidence:
    """Count the labels at each value of a final neuron.

    With samples of one label only there is no evidence: m is 0 everywhere.

    Parameters
    ----------
    seen : uint32[n_samples]
        At least one.
    labels : uint8[n_samples]
    """
    values, index = np.unique(seen, return_inverse=True)
    yes = np.bincount(index[labels == 1], minlength=values.size)
    no = np.bincount(index, minlength=values.size) - yes
    total_yes, total_no = int(yes.sum()), int(no.sum())
    if total_yes == 0 or total_no == 0:
        return Evidence(values, np.zeros(values.size, dtype=np.int64), yes, no, index)
    return Evidence(values, evidence_of(yes, no, total_yes, total_no, _DOUBT), yes, no, index)


def soft_votes(
    evidence: Evidence,
    labels: NDArray[np.uint8],
    spoken: tuple[NDArray[np.int64], NDArray[np.int64]],
    temperature: float,
) -> NDArray[np.int64]:
    """Return each sample's vote for a 1 of an earlier neuron, through one final neuron.

    Parameters
    ----------
    evidence : Evidence
    labels : uint8[n]
    spoken : two arrays, int64[n]
        m of what the final neuron sees when the earlier one answers 0, and when it answers 1.
    temperature : float
        T, in bits; 0.1 to 100.

    Returns
    -------
    int64[n]
    """
    steps = temperature * (1 << MARGIN_BITS)
    reach = int(LARGEST_EXPONENT * steps)
    table = exp_table(steps, reach + int(_SMALLEST_EXPONENT * steps) + 1)
    yes, no = (
        _class_weights(table, reach, counts, evidence.index.size) for counts in (evidence.yes, evidence.no)
    )
    votes = np.empty(labels.size, dtype=np.int64)
    margin_votes(labels, *spoken, yes, no, reach, votes)
    return votes


def _class_weights(
    table: NDArray[np.int64], reach: int, counts: NDArray[np.int64], n_samples: int
) -> NDArray[np.int64]:
    """Return c(y) exp(-F / T) of one label by margin: int64[size]; entry `reach` is margin 0."""
    divisor = int(table[reach]) * 2 * max(1, int(counts.sum()))
    return np.array([int(value) * _WEIGHT_ONE * n_samples // divisor for value in table], dtype=np.int64)
