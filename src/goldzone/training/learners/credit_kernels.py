"""Compiled passes over the samples: votes for one context neuron, and what its new bits change.

A pass works on a range of positions, so that several threads can share it. All sums are integers: their total
does not depend on how the range was cut.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, fixed_log2
from goldzone.hashtron.kernels import hash32

__all__ = [
    "VOTE_ONE",
    "count_scores",
    "find_cells",
    "rank_statistics",
    "rank_votes",
    "set_bits",
    "table_votes",
]

VOTE_ONE = 1 << 16
"""A whole vote: the credit of one wrong choice of a word with weight 1."""


@njit(cache=True, nogil=True)
def find_cells(
    first: int,
    last: int,
    context: NDArray[np.uint32],
    symbol: NDArray[np.int32],
    candidate_offsets: NDArray[np.int64],
    candidate_key: NDArray[np.uint32],
    sample_offsets: NDArray[np.int64],
    salt: np.uint32,
    premodulo: np.uint32,
    cells: NDArray[np.uint32],
) -> None:
    """Write the cell that each sample of some positions falls into.

    The feature of a sample is ``context + key of the candidate``, its cell
    ``hash32(feature, salt, premodulo)``.

    Parameters
    ----------
    first, last : int
        Positions, the last one excluded.
    context : uint32[n_positions]
        Values of the neuron's template.
    symbol : int32[n_positions]
    candidate_offsets, candidate_key : int64[n_symbols + 1], uint32[n_candidates]
    sample_offsets : int64[n_positions + 1]
    cells : uint32[n_samples]
        Output.
    """
    for position in range(first, last):
        start = sample_offsets[position]
        key = candidate_offsets[symbol[position]]
        for index in range(sample_offsets[position + 1] - start):
            feature = np.uint32(context[position] + candidate_key[key + index])
            cells[start + index] = hash32(feature, salt, premodulo)


@njit(cache=True, nogil=True)
def rank_votes(
    first: int,
    last: int,
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    weight: NDArray[np.int32],
    score: NDArray[np.int32],
    cells: NDArray[np.uint32],
    bits: NDArray[np.uint8],
    exponentials: NDArray[np.int64],
    half_step: int,
    votes: NDArray[np.int64],
) -> np.int64:
    """Add up rank credit: at each position, the right candidate's share minus the softmax of the scores.

    The scores are taken without the neuron. Setting a bit moves a score by one step of 1 / temperature, so
    a vote is the loss that the step saves to second order: ``g - p (1 - p) / (2 temperature)`` with
    ``g = target - p`` (Newton's correction: a step must not overshoot).

    Parameters
    ----------
    first, last : int
        Positions, the last one excluded.
    sample_offsets : int64[n_positions + 1]
    gold : int32[n_positions]
        Index of the right candidate; positions with -1 have no vote.
    weight : int32[n_positions]
    score : int32[n_samples]
    cells : uint32[n_samples]
    bits : uint8[premodulo]
        The neuron's present answers.
    exponentials : int64[>= largest score + 1]
        `goldzone.hashtron.fixed_point.exp_table`.
    half_step : int
        ``VOTE_ONE / (2 temperature)``.
    votes : int64[premodulo]
        Votes per cell, added to.

    Returns
    -------
    int64
        Sum of the votes' absolute values.
    """
    longest = np.int64(0)
    for position in range(first, last):
        longest = max(longest, sample_offsets[position + 1] - sample_offsets[position])
    shares = np.empty(longest, dtype=np.int64)
    absolute = np.int64(0)
    for position in range(first, last):
        right = gold[position]
        if right < 0:
            continue
        start = sample_offsets[position]
        n_candidates = sample_offsets[position + 1] - start
        best = np.int64(0)
        for index in range(n_candidates):
            without = np.int64(score[start + index]) - np.int64(bits[cells[start + index]])
            shares[index] = without
            best = max(best, without)
        total = np.int64(0)
        for index in range(n_candidates):
            shares[index] = exponentials[best - shares[index]]
            total += shares[index]
        inverse = (np.int64(1) << 44) // total
        for index in range(n_candidates):
            share = (shares[index] * inverse) >> 28
            vote = -share - ((((share * (VOTE_ONE - share)) >> 16) * half_step) >> 16)
            if index == right:
                vote += VOTE_ONE
            vote *= weight[position]
            votes[cells[start + index]] += vote
            absolute += abs(vote)
    return absolute


@njit(cache=True, nogil=True)
def table_votes(
    first: int,
    last: int,
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    weight: NDArray[np.int32],
    score: NDArray[np.int32],
    cells: NDArray[np.uint32],
    bits: NDArray[np.uint8],
    right_vote: NDArray[np.int64],
    wrong_vote: NDArray[np.int64],
    votes: NDArray[np.int64],
) -> np.int64:
    """Add up credit that depends on a sample's own score alone (margin and hard credit).

    Parameters
    ----------
    right_vote, wrong_vote : int64[n_neurons + 1]
        Vote of a right and of a wrong candidate by its score without the neuron.

    Other parameters and the result are those of `rank_votes`.
    """
    absolute = np.int64(0)
    for position in range(first, last):
        right = gold[position]
        if right < 0:
            continue
        start = sample_offsets[position]
        for index in range(sample_offsets[position + 1] - start):
            cell = cells[start + index]
            without = np.int64(score[start + index]) - np.int64(bits[cell])
            vote = right_vote[without] if index == right else wrong_vote[without]
            vote *= weight[position]
            votes[cell] += vote
            absolute += abs(vote)
    return absolute


@njit(cache=True, nogil=True)
def set_bits(
    first: int,
    last: int,
    cells: NDArray[np.uint32],
    old: NDArray[np.uint8],
    new: NDArray[np.uint8],
    score: NDArray[np.int32],
) -> np.int64:
    """Move the scores of the samples ``first .. last - 1`` from a neuron's old bits to its new ones.

    Returns
    -------
    int64
        How many of the samples the neuron now answers with 1.
    """
    ones = np.int64(0)
    for sample in range(first, last):
        cell = cells[sample]
        score[sample] += np.int32(new[cell]) - np.int32(old[cell])
        ones += new[cell]
    return ones


@njit(cache=True, nogil=True)
def count_scores(
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    weight: NDArray[np.int32],
    score: NDArray[np.int32],
    right: NDArray[np.int64],
    wrong: NDArray[np.int64],
) -> None:
    """Add the weight of the right and of the wrong candidates at each score: int64[n_neurons + 1] each."""
    for position in range(gold.shape[0]):
        if gold[position] < 0:
            continue
        start = sample_offsets[position]
        for index in range(sample_offsets[position + 1] - start):
            if index == gold[position]:
                right[score[start + index]] += weight[position]
            else:
                wrong[score[start + index]] += weight[position]


@njit(cache=True, nogil=True)
def rank_statistics(
    offsets: NDArray[np.int64],
    sample_offsets: NDArray[np.int64],
    gold: NDArray[np.int32],
    score: NDArray[np.int32],
    exponentials: NDArray[np.int64],
    bits_per_vote: int,
) -> tuple[int, int, np.int64]:
    """Judge the choices that the scores make when every earlier choice was right.

    A position counts as right when no other candidate has as high a score, and as wrong when its right
    candidate is not listed (-1).

    Returns
    -------
    tuple of int
        Sequences all right, positions right, and the summed loss of the positions that list their right
        candidate: -log2 of its share, with `LOG_BITS` fraction bits.
    """
    right_sequences, right_positions, loss = 0, 0, np.int64(0)
    for sequence in range(offsets.shape[0] - 1):
        all_right = True
        for position in range(offsets[sequence], offsets[sequence + 1]):
            right = gold[position]
            if right < 0:
                all_right = False
                continue
            start = sample_offsets[position]
            n_candidates = sample_offsets[position + 1] - start
            best, ties, total = score[start], 0, np.int64(0)
            for index in range(n_candidates):
                best = max(best, score[start + index])
            for index in range(n_candidates):
                ties += score[start + index] == best
                total += exponentials[best - score[start + index]]
            distance = np.int64(best - score[start + right])
            loss += distance * bits_per_vote + fixed_log2(total) - (EXP_BITS << LOG_BITS)
            if distance == 0 and ties == 1:
                right_positions += 1
            else:
                all_right = False
        right_sequences += all_right
    return right_sequences, right_positions, loss
