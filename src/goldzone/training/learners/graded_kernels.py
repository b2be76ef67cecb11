"""Compiled loops over the cells of graded neurons: votes are cast, sums grow, grades follow.

A cell keeps, from sweep to sweep, the sum Z of its votes and the sum N of their squares. Its grade is

    sign(Z) * rate * (|Z| - evidence) / (1/10 word + sqrt(N)),    rounded, from -7 to 7,

and 0 where |Z| is not above the evidence: dual averaging with per-cell step sizes and an L1 penalty (Duchi,
Hazan and Singer 2011, "Adaptive subgradient methods"; McMahan 2011, "Follow-the-regularized-leader and mirror
descent"). All in integers: a vote of one word is `VOTE_ONE`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.hashtron.kernels import HIGHEST, hash32

__all__ = [
    "RATE_BITS",
    "VOTE_BITS",
    "VOTE_ONE",
    "Ballots",
    "Cells",
    "GradeRule",
    "Sampled",
    "cast_votes",
    "count_answers",
    "fold_cells",
    "grade_cells",
    "settle",
    "split_cells",
]

VOTE_BITS = 11
VOTE_ONE = 1 << VOTE_BITS
"""The vote of a whole word."""

_SQUARE_SHIFT = 10  # squares of votes have 2 * VOTE_BITS - 10 = 12 fraction bits
_ROOT_SHIFT = _SQUARE_SHIFT  # makes their roots have VOTE_BITS of them
_MOST = np.int64((1 << 31) - 1)
RATE_BITS = 8
"""Fraction bits of a rate."""


class Cells(NamedTuple):
    """The cells of all neurons, end to end.

    Attributes
    ----------
    sums : int32[n_cells, 3]
        Z, with `VOTE_BITS` fraction bits; N, with 12; and the votes of the batch at work.
    grades : uint8[n_cells]
        Grades, plus `HIGHEST`.
    cast : int64[n_neurons]
        Sum of the absolute votes that each neuron's cells ever got, with `VOTE_BITS` fraction bits.
    starts : int64[n_neurons + 1]
        Where each neuron's cells begin.
    salts, premodulos : uint32[n_neurons]
    """

    sums: NDArray[np.int32]
    grades: NDArray[np.uint8]
    cast: NDArray[np.int64]
    starts: NDArray[np.int64]
    salts: NDArray[np.uint32]
    premodulos: NDArray[np.uint32]


class GradeRule(NamedTuple):
    """What a cell's grade follows from, besides its sums.

    Attributes
    ----------
    evidence : int
        In votes: with `VOTE_BITS` fraction bits.
    rate : int
        Steps of a grade, with `RATE_BITS` fraction bits.
    damping : int
        What the root is added to; with `VOTE_BITS` fraction bits.
    """

    evidence: int
    rate: int
    damping: int


class Ballots(NamedTuple):
    """Votes of a batch, to be cast in the cells of some neurons.

    Attributes
    ----------
    values : uint32[n_neurons, >= n_columns]
        Context value of each neuron's template.
    column, key, vote : int32[n], uint32[n], int32[n]
        Column of the context, key of the candidate, and the vote, with `VOTE_BITS` fraction bits.
    """

    values: NDArray[np.uint32]
    column: NDArray[np.int32]
    key: NDArray[np.uint32]
    vote: NDArray[np.int32]


@compiled_part
def _root(square: np.int64) -> np.int64:
    """Return the integer square root, rounded down, of a number below 2**52."""
    root = np.int64(np.sqrt(np.float64(square)))
    if root * root > square:
        root -= 1
    elif (root + 1) * (root + 1) <= square:
        root += 1
    return root


@compiled_part
def _grade(z: np.int64, n: np.int64, rule: GradeRule) -> np.int64:
    beyond = abs(z) - rule.evidence
    if beyond <= 0:
        return np.int64(0)
    root = rule.damping + _root(n << _ROOT_SHIFT)
    steps = (2 * beyond * rule.rate + (root << RATE_BITS)) // (root << (RATE_BITS + 1))
    steps = min(steps, np.int64(HIGHEST))
    return steps if z > 0 else -steps


class Sampled(NamedTuple):
    """Samples on which answers are counted, as `goldzone.data.samples.Samples` has them.

    Attributes
    ----------
    symbol, context, candidate_offsets, candidate_key, sample_offsets
    """

    symbol: NDArray[np.int32]
    context: NDArray[np.uint32]
    candidate_offsets: NDArray[np.int64]
    candidate_key: NDArray[np.uint32]
    sample_offsets: NDArray[np.int64]


@compiled
def cast_votes(
    neurons: NDArray[np.int64],
    rows: NDArray[np.int64],
    ballots: Ballots,
    cells: Cells,
    touched: NDArray[np.int32],
    n_touched: int,
) -> int:
    """Add votes to the cells of some neurons.

    Parameters
    ----------
    neurons, rows : int64[n]
        The neurons, and the row of each in ``ballots.values``.
    ballots : Ballots
    cells : Cells
        Changed: the votes of the batch.
    touched : int32[...]
        Output, from `n_touched` on: the cells that got votes, some of them twice.

    Returns
    -------
    int
        How many cells are listed now.
    """
    for index in range(neurons.shape[0]):
        neuron = neurons[index]
        salt, premodulo = cells.salts[neuron], cells.premodulos[neuron]
        start, values = cells.starts[neuron], ballots.values[rows[index]]
        for at in range(ballots.column.shape[0]):
            feature = np.uint32(values[ballots.column[at]] + ballots.key[at])
            cell = start + np.int64(hash32(feature, salt, premodulo))
            if cells.sums[cell, 2] == 0:
                touched[n_touched] = cell
                n_touched += 1
            cells.sums[cell, 2] += ballots.vote[at]
            cells.cast[neuron] += abs(ballots.vote[at])
    return n_touched


@compiled
def settle(touched: NDArray[np.int32], cells: Cells, rule: GradeRule) -> None:
    """Add the votes of a batch to the sums of the touched cells, and grade these anew."""
    for index in range(touched.shape[0]):
        cell = touched[index]
        vote = np.int64(cells.sums[cell, 2])
        if vote == 0:  # the votes cancel, or the cell is listed twice
            continue
        cells.sums[cell, 2] = 0
        z = min(max(cells.sums[cell, 0] + vote, -_MOST), _MOST)
        n = min(cells.sums[cell, 1] + ((vote * vote + (1 << (_SQUARE_SHIFT - 1))) >> _SQUARE_SHIFT), _MOST)
        cells.sums[cell, 0], cells.sums[cell, 1] = z, n
        cells.grades[cell] = HIGHEST + _grade(z, n, rule)


@compiled
def grade_cells(sums: NDArray[np.int32], rule: GradeRule, grades: NDArray[np.uint8]) -> None:
    """Grade all cells anew: int32[n_cells, 3], uint8[n_cells]."""
    for cell in range(grades.shape[0]):
        grades[cell] = HIGHEST + _grade(np.int64(sums[cell, 0]), np.int64(sums[cell, 1]), rule)


@compiled
def fold_cells(sums: NDArray[np.int32], folded: NDArray[np.int32]) -> None:
    """Halve the premodulo of a neuron: int32[2 n, 3] -> int32[n, 3].

    The hash multiplies and shifts, so that cells 2 k and 2 k + 1 become cell k, and their sums add up.
    """
    for cell in range(folded.shape[0]):
        for kind in range(2):
            both = np.int64(sums[2 * cell, kind]) + np.int64(sums[2 * cell + 1, kind])
            folded[cell, kind] = min(max(both, -_MOST), _MOST)
        folded[cell, 2] = 0


@compiled
def split_cells(sums: NDArray[np.int32], split: NDArray[np.int32]) -> None:
    """Double the premodulo of a neuron: int32[n, 3] -> int32[2 n, 3].

    Both new cells begin with the sums, and so with the answer, of the old one; later votes tell them apart.
    """
    for cell in range(sums.shape[0]):
        for half in range(2):
            split[2 * cell + half, 0], split[2 * cell + half, 1] = sums[cell, 0], sums[cell, 1]
            split[2 * cell + half, 2] = 0


@compiled
def count_answers(
    neurons: NDArray[np.int64],
    templates: NDArray[np.int64],
    samples: Sampled,
    cells: Cells,
    answered: NDArray[np.int64],
    score: NDArray[np.int32],
) -> None:
    """Count what some neurons answer on all samples.

    Parameters
    ----------
    neurons, templates : int64[n]
        The neurons, and the template of each.
    samples : Sampled
    cells : Cells
    answered : int64[n_neurons]
        Output: S of each of these neurons, the samples that it answers with yes, a grade above 0.
    score : int32[n_samples]
        Changed: grades plus `HIGHEST`, added up.
    """
    for index in range(neurons.shape[0]):
        neuron = neurons[index]
        salt, premodulo, start = cells.salts[neuron], cells.premodulos[neuron], cells.starts[neuron]
        context, count = samples.context[templates[index]], 0
        for position in range(samples.symbol.shape[0]):
            first = samples.candidate_offsets[samples.symbol[position]]
            sample = samples.sample_offsets[position]
            for candidate in range(samples.sample_offsets[position + 1] - sample):
                feature = np.uint32(context[position] + samples.candidate_key[first + candidate])
                grade = cells.grades[start + np.int64(hash32(feature, salt, premodulo))]
                count += grade > HIGHEST
                score[sample + candidate] += grade
        answered[neuron] = count
