"""Compiled loops of the network trainer: logarithms of counts, and margin votes of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.hashtron.fixed_point import LOG_BITS, fixed_log2

__all__ = ["EVIDENCE_BITS", "MARGIN_BITS", "evidence_of", "margin_votes", "surprise_of"]

EVIDENCE_BITS = 8
"""Fraction bits of evidence: 1 bit of information is ``1 << EVIDENCE_BITS``."""

MARGIN_BITS = 4
"""Fraction bits of the margins that look a weight up."""


@compiled
def evidence_of(
    yes: NDArray[np.int64], no: NDArray[np.int64], total_yes: int, total_no: int, doubt: int
) -> NDArray[np.int64]:
    """Return how many bits each value speaks for "yes" against the prior.

    log2 of yes / total_yes less log2 of no / total_no, after `doubt` samples in the shares of the prior
    were added: 0 for a value without samples.

    Parameters
    ----------
    yes, no : int64[n]
        Samples of each label at each value.
    total_yes, total_no : int
        Their sums, at least 1, together at most 2**29.
    doubt : int
        At least 1, at most 2**16.

    Returns
    -------
    int64[n]
        With `EVIDENCE_BITS` fraction bits.
    """
    total = np.int64(total_yes + total_no)
    shift = LOG_BITS - EVIDENCE_BITS
    prior = (fixed_log2(doubt * total_yes) >> shift) - (fixed_log2(doubt * total_no) >> shift)
    evidence = np.empty(yes.shape[0], dtype=np.int64)
    for v in range(yes.shape[0]):
        for_yes = fixed_log2(yes[v] * total + doubt * total_yes) >> shift
        for_no = fixed_log2(no[v] * total + doubt * total_no) >> shift
        evidence[v] = for_yes - for_no - prior
    return evidence


@compiled
def margin_votes(
    labels: NDArray[np.uint8],
    evidence_zero: NDArray[np.int64],
    evidence_one: NDArray[np.int64],
    weight_yes: NDArray[np.int64],
    weight_no: NDArray[np.int64],
    reach: int,
    votes: NDArray[np.int64],
) -> None:
    """Write each sample's margin vote for a 1 of the neuron under training to `votes`.

    vote = y * class weight at the margin * (evidence with bit 1 - evidence with bit 0), where y is
    1 for the label "yes" and -1 for "no", and the margin is y times the mean of the two evidences: what the
    rest of the network says.

    Parameters
    ----------
    labels : uint8[n]
    evidence_zero, evidence_one : int64[n]
        At the final value that follows from bit 0 and from bit 1.
    weight_yes, weight_no : int64[size]
        By margin, in steps of ``1 / 2**MARGIN_BITS`` bits; entry `reach` is margin 0, the ends stand for all
        beyond them.
    reach : int
    votes : int64[n]
        Overwritten.
    """
    shift = EVIDENCE_BITS + 1 - MARGIN_BITS
    last = np.int64(weight_yes.shape[0] - 1)
    for i in range(labels.shape[0]):
        step = evidence_one[i] - evidence_zero[i]
        doubled = evidence_one[i] + evidence_zero[i]
        if labels[i]:
            votes[i] = weight_yes[min(max((doubled >> shift) + reach, 0), last)] * step
        else:
            votes[i] = -weight_no[min(max((-doubled >> shift) + reach, 0), last)] * step


@compiled
def surprise_of(yes: NDArray[np.int64], no: NDArray[np.int64]) -> np.int64:
    """Sum -log2 of the share of its label at its value over all samples, with `LOG_BITS` fraction bits.

    Parameters
    ----------
    yes, no : int64[n]
        Samples of each label at each value.
    """
    total = np.int64(0)
    for v in range(yes.shape[0]):
        if yes[v] > 0 and no[v] > 0:
            both = fixed_log2(yes[v] + no[v])
            total += yes[v] * (both - fixed_log2(yes[v])) + no[v] * (both - fixed_log2(no[v]))
    return total
