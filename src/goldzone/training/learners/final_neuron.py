"""The final neuron of a committee: it learns from the labels which scores mean "yes"."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.quaternary import build_filter
from goldzone.training.learners.credit import agreement
from goldzone.training.learners.results import TrainedNeuron

__all__ = ["Decision", "ScoreCounts", "decide_final", "fresh_answers"]


class ScoreCounts(NamedTuple):
    """What stands at each score: weight of right and of wrong candidates, and samples; int64[n_scores]."""

    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    samples: NDArray[np.int64]


class Decision(NamedTuple):
    """A final neuron that was trained."""

    neuron: Hashtron
    answers: NDArray[np.uint8]
    """uint8[n_scores]: what it answers to each score."""
    trained: TrainedNeuron


def fresh_answers(n_scores: int, salt: int) -> NDArray[np.uint8]:
    """Return what an untrained neuron answers: a coin toss, as the reference's fresh neurons do."""
    return hash_values(np.arange(n_scores, dtype=np.uint32), salt, 2).astype(np.uint8)


def decide_final(counts: ScoreCounts, before: NDArray[np.uint8], salt: int, premodulo: int) -> Decision:
    """Let the labels vote; before any evidence, that is the prior alone.

    Parameters
    ----------
    counts : ScoreCounts
    before : uint8[n_scores]
        What the neuron answered so far: `changed` counts from it.
    salt, premodulo : int
        Of its hash row.
    """
    right, wrong, samples = counts
    cells = hash_values(np.arange(right.size, dtype=np.uint32), salt, premodulo)
    keys, lowest, cell_of = np.unique(cells, return_index=True, return_inverse=True)
    votes = np.zeros(keys.size, dtype=np.int64)
    np.add.at(votes, cell_of, right - wrong)
    # Scores above all that samples have yet lean the way of the evidence: the more votes, the more a yes.
    highest = int(np.flatnonzero(right + wrong).max(initial=0))
    cell_answers = np.where(votes == 0, lowest > highest, votes > 0)
    answers = cell_answers[cell_of].astype(np.uint8)
    trained = TrainedNeuron(
        int(samples[answers == 1].sum()),
        int(samples.sum()),
        agreement(votes, int((right + wrong).sum())),
        int(np.count_nonzero(answers != before)),
    )
    return Decision(Hashtron(((salt, premodulo),), build_filter(keys, cell_answers)), answers, trained)
