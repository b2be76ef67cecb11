"""Homographs learnt from sentences: readings vote for what right ones lack, as pronunciations do.

The learner of `goldzone.g2p.beam_trainer`, with a list of readings in the place of a search: cells keep the
sums of their votes from sweep to sweep, and answer grades where the evidence is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.homographs import HomographSample
from goldzone.data.ragged import take_rows
from goldzone.errors import DataError
from goldzone.g2p.homograph_contexts import (
    N_KINDS,
    N_NEURONS,
    NEURON_OF,
    cells_of,
    contexts_of,
    keys_of,
)
from goldzone.g2p.homograph_model import STEPS_A_NAT, HomographModel
from goldzone.hashtron.fixed_point import exp_table
from goldzone.training.learners.graded_kernels import (
    RATE_BITS,
    VOTE_ONE,
    Ballots,
    GradeRule,
    cast_votes,
    settle,
)
from goldzone.training.learners.graded_neurons import GradedNeurons
from goldzone.training.streams import stream

__all__ = ["train_homographs"]

_CELLS: Final = 1 << 14
_SWEEPS: Final = 8
_AVERAGED: Final = 4
_BATCH: Final = 64
_EVIDENCE: Final = (1.5, 2.25, 3.0, 3.75, 4.5)
"""Votes, in sentences, that a cell needs for a grade, sweep by sweep."""
_MARGIN: Final = STEPS_A_NAT
"""Steps by which a wrong reading must stay behind."""
_DAMPING: Final = VOTE_ONE // 10
_CERTAIN: Final = VOTE_ONE // 1000
_FARTHEST: Final = 1 << 12


@dataclass(frozen=True, eq=False)
class _Lessons:
    """The readings of all samples, end to end."""

    offsets: NDArray[np.int64]
    """int64[n_samples + 1]: readings of each sample."""
    right: NDArray[np.int64]
    """int64[n_samples]: row of the right one."""
    sample: NDArray[np.int64]
    """int64[n_rows]: sample of each row."""
    context: NDArray[np.uint32]
    """uint32[n_slots, n_samples]."""
    keys: NDArray[np.uint32]
    """uint32[n_rows, N_KINDS]."""
    cells: NDArray[np.int64]
    """int64[n_rows, n_slots]: the cell of each feature, among those of all neurons."""


def train_homographs(
    samples: Sequence[HomographSample],
    *,
    seed: int = 1,
    on_sweep: Callable[[int, int], None] = lambda done, total: None,
) -> HomographModel:
    """Learn to choose among readings.

    Parameters
    ----------
    samples : sequence of HomographSample
        Those with two candidates or more, the right one among them, are learnt.
    seed : int
    on_sweep : callable
        Gets sweeps done and all sweeps.

    Raises
    ------
    DataError
        No sample has two candidates, one of them right.
    """
    learnt = [each for each in samples if len(each.candidates) > 1 and each.right in each.candidates]
    if not learnt:
        raise DataError(
            "homographs: no word has two readings in the sentences; give sentences that tell them apart"
        )
    salts = np.array(
        [int(stream(seed, "homograph", neuron, count=1)[0]) | 1 for neuron in range(N_NEURONS)], np.uint32
    )
    neurons = GradedNeurons(salts, _CELLS, averaged=_AVERAGED)
    lessons = _lessons(learnt, neurons)
    table = exp_table(float(STEPS_A_NAT), _FARTHEST)
    for sweep in range(1, _SWEEPS + 1):
        rule = _rule(sweep)
        neurons.grade(rule)
        order = np.argsort(stream(seed, "sentences", sweep, count=len(learnt)), kind="stable")
        for start in range(0, order.size, _BATCH):
            rows, votes = _votes(lessons, order[start : start + _BATCH], neurons, table)
            _cast(lessons, rows, votes, neurons, rule)
        neurons.keep()
        on_sweep(sweep, _SWEEPS)
    readings = {each.words[each.position].lower(): each.candidates for each in learnt}
    return HomographModel(dict(sorted(readings.items())), neurons.tables(), {"samples": len(learnt)})


def _rule(sweep: int) -> GradeRule:
    evidence = _EVIDENCE[min(sweep, len(_EVIDENCE)) - 1]
    return GradeRule(round(evidence * VOTE_ONE), 1 << RATE_BITS, _DAMPING)


def _lessons(samples: Sequence[HomographSample], neurons: GradedNeurons) -> _Lessons:
    lower = [[word.lower() for word in each.words] for each in samples]
    counts = [len(each.candidates) for each in samples]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    right = offsets[:-1] + np.array([each.candidates.index(each.right) for each in samples], dtype=np.int64)
    sample = np.repeat(np.arange(len(samples), dtype=np.int64), counts)
    context = np.stack(
        [contexts_of(words, each.position) for words, each in zip(lower, samples, strict=True)], axis=1
    )
    keys = np.array(
        [
            keys_of(words[each.position], reading)
            for words, each in zip(lower, samples, strict=True)
            for reading in each.candidates
        ],
        dtype=np.uint32,
    )
    cells = cells_of(context.T[sample], keys, [(int(salt), _CELLS) for salt in neurons.cells.salts])
    return _Lessons(offsets, right, sample, context, keys, cells)


def _votes(
    lessons: _Lessons, batch: NDArray[np.int64], neurons: GradedNeurons, table: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the rows of a batch, and the vote of each: what a right reading lacks of all probability."""
    starts, rows = take_rows(lessons.offsets, batch)
    scores = neurons.cells.grades[lessons.cells[rows]].sum(axis=1, dtype=np.int64)
    right = np.isin(rows, lessons.right[batch])
    scores += np.where(right, 0, _MARGIN)
    sizes = np.diff(starts)
    behind = np.repeat(np.maximum.reduceat(scores, starts[:-1]), sizes) - scores
    odds = table[np.minimum(behind, table.size - 1)]
    share = odds * VOTE_ONE // np.repeat(np.add.reduceat(odds, starts[:-1]), sizes)
    wrong = np.where(right, 0, share)
    lacking = np.add.reduceat(wrong, starts[:-1])
    votes = np.where(right, np.repeat(lacking, sizes), -wrong)
    sure = np.repeat(lacking <= _CERTAIN, sizes)
    return rows, np.where(sure, 0, votes).astype(np.int32)


def _cast(
    lessons: _Lessons,
    rows: NDArray[np.int64],
    votes: NDArray[np.int32],
    neurons: GradedNeurons,
    rule: GradeRule,
) -> None:
    rows, votes = rows[votes != 0], votes[votes != 0]
    each = len(NEURON_OF) // N_KINDS
    touched, count = np.empty(rows.size * len(NEURON_OF), dtype=np.int32), 0
    for kind in range(N_KINDS):
        slots = np.arange(kind * each, (kind + 1) * each, dtype=np.int64)
        column = lessons.sample[rows].astype(np.int32)
        ballots = Ballots(lessons.context, column, np.ascontiguousarray(lessons.keys[rows, kind]), votes)
        reading = np.array(NEURON_OF, dtype=np.int64)[slots]
        count = cast_votes(reading, slots, ballots, neurons.cells, touched, count)
    settle(touched[:count], neurons.cells, rule)
