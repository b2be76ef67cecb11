"""Learning curves, and the problem that all learners get."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks.speed.curves import Curve, Stopwatch, curve_table, seconds_to_reach
from benchmarks.speed.learner_goldzone import choose_by_votes, train_goldzone
from benchmarks.speed.measure import Setting
from benchmarks.speed.peer_learners import compared
from benchmarks.speed.positions import (
    ATOMS,
    Chooser,
    Problem,
    build_problem,
    choice_accuracy,
    load_words,
    word_accuracy,
)
from numpy.typing import NDArray

from goldzone.data.samples import Samples
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.training.config import TrainingConfig

OURS = Curve("goldzone", "-", ((2.0, 0.9), (4.0, 0.92)), 0.6, 100)
POINTS = ((1.0, 0.7), (3.0, 0.9), (5.0, 0.88))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return build_problem(*load_words(Setting(), 150, 60), threads=1)


def oracle(problem: Problem) -> Chooser:
    """Return what is right wherever it is listed, whatever was chosen before."""

    def choose(samples: Samples, atoms: NDArray[np.int32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.maximum(problem.held_out_samples.gold[asked], 0).astype(np.int64)

    return choose


def test_a_curve_reaches_an_accuracy_at_its_first_point_there() -> None:
    assert seconds_to_reach(POINTS, 0.9) == 3.0
    assert seconds_to_reach(POINTS, 0.85) == 3.0
    assert seconds_to_reach(POINTS, 0.91) is None


def test_a_stopwatch_does_not_count_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 11.0, 16.0, 18.0])  # started, paused, gone on, asked
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    clock = Stopwatch()
    with clock.pause():
        pass
    assert clock.seconds == 3.0


def test_a_peer_is_compared_at_the_accuracy_of_the_first_sweep() -> None:
    time, positions, words, model = compared("made_up", OURS, Curve("peer", "p", POINTS, 0.7, 400))
    assert (time.value, time.ratio) == (2.0, 2.0 / 3.0)
    assert positions.ratio == pytest.approx(0.08 / 0.1)
    assert words.ratio == pytest.approx(0.4 / 0.3)
    assert model.ratio == 0.25
    assert time.curve == POINTS


def test_a_peer_that_never_gets_there_counts_with_all_its_time_and_it_is_said() -> None:
    time = compared("made_up", OURS, Curve("peer", "p", POINTS[:1], 0.7, 400))[0]
    assert time.ratio == 2.0
    assert "not at 90.0% after all its time" in time.peer


def test_the_table_of_curves_has_a_row_for_each_learner() -> None:
    lines = curve_table([OURS, replace(OURS, learner="peer")]).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1


def test_what_is_right_everywhere_is_fully_accurate_but_for_unlisted_candidates(problem: Problem) -> None:
    listed = float(np.mean(problem.held_out_samples.gold >= 0))
    assert choice_accuracy(oracle(problem), problem) == listed > 0.9
    assert word_accuracy(oracle(problem), problem) > 0.7


def test_atoms_number_the_values_of_training(problem: Problem) -> None:
    atoms = problem.train_atoms
    assert atoms.shape == (problem.train_samples.n_positions, len(ATOMS))
    assert (atoms.min(axis=0) == 0).all()
    assert (atoms.max(axis=0) + 1 == problem.n_values).all()
    centre = ATOMS.index("L0")
    pairs = set(zip(problem.train.letter.tolist(), atoms[:, centre].tolist(), strict=True))
    assert len(pairs) == len(set(problem.train.letter.tolist())) == problem.n_values[centre]


def test_held_out_values_that_training_never_saw_are_unknown(problem: Problem) -> None:
    atoms = problem.held_out_atoms
    assert atoms.min() == -1
    assert (atoms < problem.n_values).all()
    assert (atoms[:, ATOMS.index("L0")] >= 0).all()


def test_an_atom_of_choices_follows_the_choices_that_are_made(problem: Problem) -> None:
    silent = replace(problem.held_out, chunk=np.zeros_like(problem.held_out.chunk))
    changed = (problem.atoms(silent) != problem.held_out_atoms).any(axis=0)
    assert changed[ATOMS.index("C1")]
    assert not changed[[index for index, atom in enumerate(ATOMS) if atom[0] == "L"]].any()


def test_of_equal_votes_the_most_frequent_candidate_is_taken(problem: Problem) -> None:
    silent = BitTable.from_bits(1, np.zeros(2, dtype=np.bool_))
    loud = BitTable.from_bits(1, np.ones(2, dtype=np.bool_))
    samples, asked = problem.held_out_samples, np.arange(0, 40, 3)
    for tables in ((silent,), (loud, silent)):
        committee = Committee(tuple(range(len(tables))), tables, Hashtron())
        chosen = choose_by_votes(committee)(samples, problem.held_out_atoms, asked)
        assert chosen.tolist() == [0] * asked.size


def test_goldzone_learns_the_problem(problem: Problem) -> None:
    config = TrainingConfig.model_validate({"network": {"neurons": 50}, "pipeline": {"sweeps": 2}})
    curve = train_goldzone(problem, config)
    assert len(curve.points) == 2
    assert curve.points[0][0] < curve.points[1][0]
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


def test_tsetlin_clauses_vote_as_the_library_lets_them(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("green_tsetlin")
    learner = importlib.import_module("benchmarks.speed.learner_tsetlin")
    rows = 0

    def compare(machine: Any, features: NDArray[np.uint8]) -> NDArray[np.int64]:
        nonlocal rows
        rows += len(features)
        found: NDArray[np.int64] = original(machine, features)
        predictor = machine.get_predictor()
        assert found.tolist() == [predictor.predict(row) for row in features]
        return found

    original = learner.predict
    monkeypatch.setattr(learner, "predict", compare)
    learner.train_tsetlin(problem, 1, 60.0)
    assert rows > problem.held_out_samples.n_positions / 2
