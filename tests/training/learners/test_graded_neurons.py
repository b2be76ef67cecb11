from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.hashtron.neuron import GradedTable
from goldzone.training.learners.graded_kernels import VOTE_ONE, GradeRule
from goldzone.training.learners.graded_neurons import GradedNeurons
from tests.naive.graded import HIGHEST, NaiveGraded, naive_mean
from tests.training.learners.test_graded_kernels import (
    N_ROWS,
    ballots,
    cast_all,
    check_cells,
    kernel_rule,
    rules,
    votes_of,
)

SALTS = [3, 0xC0FFEE, 2**32 - 1]
rungs = st.sampled_from([1, 2, 4, 16])


class Both:
    """Neurons and their twins, which go through the same sweeps."""

    def __init__(self, premodulo: int, averaged: int) -> None:
        self.neurons = GradedNeurons(np.array(SALTS, dtype=np.uint32), premodulo, averaged=averaged)
        self.twins = [NaiveGraded(salt, premodulo) for salt in SALTS]
        self.kept: list[list[list[int]]] = []
        self.averaged = averaged

    def sweep(self, data: st.DataObject) -> None:
        """Move some neurons, grade all anew, let some vote twice, and keep the grades."""
        wanted = data.draw(st.dictionaries(st.integers(0, 2), rungs, min_size=1))
        rule = data.draw(rules)
        self.neurons.move(wanted)
        self.neurons.grade(kernel_rule(rule))
        for j, twin in enumerate(self.twins):
            twin.move(wanted.get(j, twin.premodulo))
            twin.grade_all(rule)
        for _ in range(2):
            votes = data.draw(ballots())
            cast_all(self.neurons, sorted(wanted), [votes], rule)
            for j in wanted:
                self.twins[j].vote(votes_of(votes, j % N_ROWS), rule)
        self.neurons.keep()
        self.kept.append([twin.table() for twin in self.twins])

    def check(self) -> None:
        check_cells(self.neurons.cells, self.twins)
        premodulos = [twin.premodulo for twin in self.twins]
        assert self.neurons.premodulos.tolist() == premodulos
        last = self.kept[-self.averaged :]
        means = [naive_mean([tables[j] for tables in last], premodulos[j]) for j in range(len(SALTS))]
        assert [self.neurons.grades(j).tolist() for j in range(len(SALTS))] == means
        assert self.neurons.tables() == tuple(
            GradedTable(salt, premodulo, bytes(grade + HIGHEST for grade in mean))
            for salt, premodulo, mean in zip(SALTS, premodulos, means, strict=True)
        )


@settings(max_examples=15)
@given(rungs, st.integers(1, 3), st.integers(1, 4), st.data())
def test_neurons_fold_split_vote_and_are_averaged_as_their_twins_do(
    premodulo: int, averaged: int, sweeps: int, data: st.DataObject
) -> None:
    both = Both(premodulo, averaged)
    for _ in range(sweeps):
        both.sweep(data)
        both.check()


@settings(max_examples=15)
@given(rungs, st.integers(1, 3), st.data())
def test_what_is_remembered_goes_on_as_before(premodulo: int, averaged: int, data: st.DataObject) -> None:
    both = Both(premodulo, averaged)
    for _ in range(data.draw(st.integers(1, 3))):
        both.sweep(data)
    memory = both.neurons.memory()
    both.neurons = GradedNeurons(np.array(SALTS, dtype=np.uint32), 8, averaged=averaged)
    both.neurons.remember(memory)
    both.check()
    assert both.neurons.memory() == memory
    both.sweep(data)
    both.check()


def test_before_the_first_sweep_there_is_nothing_to_remember_and_no_grade() -> None:
    neurons = GradedNeurons(np.array(SALTS, dtype=np.uint32), 4, averaged=2)
    assert neurons.memory() == {}
    neurons.remember({})
    assert [neurons.grades(j).tolist() for j in range(3)] == [[0] * 4] * 3


def test_the_memory_of_other_neurons_is_refused() -> None:
    other = GradedNeurons(np.array(SALTS[:2], dtype=np.uint32), 4, averaged=2)
    other.keep()
    neurons = GradedNeurons(np.array(SALTS, dtype=np.uint32), 4, averaged=2)
    with pytest.raises(StateError, match=r"^the sums to restore are of 2 neurons; use --force$"):
        neurons.remember(other.memory())
    with pytest.raises(StateError, match=r"^the sums to restore are of other neurons"):
        neurons.remember({"premodulos": b""})


def test_a_neuron_that_stays_keeps_its_sums_while_others_move() -> None:
    neurons = GradedNeurons(np.array(SALTS, dtype=np.uint32), 2, averaged=1)
    neurons.cells.sums[:, 0] = [VOTE_ONE * k for k in range(6)]
    neurons.cells.cast[:] = 10, 20, 30
    neurons.move({0: 4, 2: 1})
    neurons.grade(GradeRule(0, 256, VOTE_ONE))
    assert (neurons.cells.sums[:, 0] // VOTE_ONE).tolist() == [0, 0, 1, 1, 2, 3, 9]
    assert neurons.cells.cast.tolist() == [20, 20, 30]
    assert (neurons.cells.grades.astype(int) - HIGHEST).tolist() == [0, 0, 1, 1, 2, 3, 7]
