"""The problem that all learners get, and how they are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.speed.curves import Curve
from benchmarks.speed.learner_goldzone import train_goldzone
from benchmarks.speed.measure import Setting
from benchmarks.speed.peer_learners import compared
from benchmarks.speed.positions import ATOMS, Problem, build_problem, choice_accuracy, word_accuracy
from numpy.typing import NDArray

from goldzone.data.samples import Samples
from goldzone.training.config import TrainingConfig

OURS = Curve("goldzone", "-", ((2.0, 0.9), (4.0, 0.92)), 0.6, 100)
POINTS = ((1.0, 0.7), (3.0, 0.9), (5.0, 0.88))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return build_problem(Setting(threads=1), 150, 60)


def test_a_peer_is_compared_at_the_accuracy_of_the_first_sweep() -> None:
    time, positions, words, model = compared("made_up", OURS, Curve("peer", "p", POINTS, 0.7, 400))
    assert (time.value, time.ratio) == (2.0, 2.0 / 3.0)
    assert positions.ratio == pytest.approx(0.08 / 0.1)
    assert words.ratio == pytest.approx(0.4 / 0.3)
    assert model.ratio == 0.25


def test_a_peer_that_never_gets_there_counts_with_all_its_time_and_it_is_said() -> None:
    time = compared("made_up", OURS, Curve("peer", "p", POINTS[:1], 0.7, 400))[0]
    assert time.ratio == 2.0
    assert "not at 90.0% after all its time" in time.peer


def test_what_is_right_everywhere_is_fully_accurate_but_for_unlisted_candidates(problem: Problem) -> None:
    def oracle(samples: Samples, atoms: NDArray[np.int32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.maximum(problem.held_out_samples.gold[asked], 0).astype(np.int64)

    listed = float(np.mean(problem.held_out_samples.gold >= 0))
    assert choice_accuracy(oracle, problem) == listed > 0.9
    assert word_accuracy(oracle, problem) > 0.7


def test_atoms_number_the_values_of_training(problem: Problem) -> None:
    atoms = problem.train_atoms
    assert atoms.shape == (problem.train_samples.n_positions, len(ATOMS))
    assert (atoms.min(axis=0) == 0).all()
    letters = atoms[:, ATOMS.index("L0")]
    pairs = set(zip(problem.train.letter.tolist(), letters.tolist(), strict=True))
    assert len(pairs) == len(set(problem.train.letter.tolist())) == letters.max() + 1
    assert problem.held_out_atoms.min() == -1  # a value that training never saw


def test_an_atom_of_choices_follows_the_choices_that_are_made(problem: Problem) -> None:
    silent = replace(problem.held_out, chunk=np.zeros_like(problem.held_out.chunk))
    changed = (problem.atoms(silent) != problem.held_out_atoms).any(axis=0)
    assert changed[ATOMS.index("C1")]
    assert not changed[[index for index, atom in enumerate(ATOMS) if atom[0] == "L"]].any()


def test_what_is_a_vowel_is_learnt_from_the_train_words_alone(problem: Problem) -> None:
    silent = replace(problem.held_out, chunk=np.zeros_like(problem.held_out.chunk))
    of_letters = ~problem.templates.reads_choices()
    seen = problem.samples(silent).context[of_letters]
    assert np.array_equal(seen, problem.held_out_samples.context[of_letters])


def test_goldzone_learns_the_problem(problem: Problem) -> None:
    config = TrainingConfig.model_validate(
        {"network": {"neurons": 50}, "pipeline": {"sweeps": 2}, "credit": {"kind": "rank"}}
    )
    curve = train_goldzone(problem, config)
    assert [seconds for seconds, _ in curve.points] == sorted({seconds for seconds, _ in curve.points})
    assert curve.best > 0.8
    assert curve.word_accuracy > 0.2
    assert curve.model_bytes > 0


@pytest.mark.parametrize(("library", "arguments"), [("lightgbm", (2,)), ("tsetlin", (2, 60.0))])
def test_a_peer_learns_the_problem(problem: Problem, library: str, arguments: tuple[float, ...]) -> None:
    pytest.importorskip({"tsetlin": "green_tsetlin"}.get(library, library))
    module = pytest.importorskip(f"benchmarks.speed.learner_{library}")
    curve = getattr(module, f"train_{library}")(problem, *arguments)
    assert len(curve.points) == 2
    assert curve.best > 0.8
    assert curve.word_accuracy > 0.2
