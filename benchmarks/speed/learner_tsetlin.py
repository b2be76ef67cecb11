"""green-tsetlin on the same positions: a Tsetlin machine for each letter, on bits.

An atom's common values have a bit each; letters farther than three places away have none, which made epochs
shorter and nothing worse. One machine for all chunks had 69 % of the held-out positions right after a first
epoch four times as long as that of machines for each letter, which had 77 %: they choose among that letter's
candidates alone, as goldzone does. One thread is faster than two: the library's threads meet at every row.
"""

from __future__ import annotations

import zlib
from importlib.metadata import version

import green_tsetlin
import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.curves import Curve, Stopwatch
from benchmarks.speed.positions import ATOMS, Problem, choice_accuracy, word_accuracy
from goldzone.data.samples import Samples

__all__ = ["predict", "train_tsetlin"]

CLAUSES, THRESHOLD, SPECIFICITY = 400, 1000, 5.0
"""100 to 800 clauses, thresholds of 50 to 1000 and specificities of 3 to 25 were tried, a few epochs each."""

BITS_AN_ATOM = 40
_NEAR = [
    index
    for index, atom in enumerate(ATOMS)
    if atom in {*(f"L{offset}" for offset in range(-3, 4)), "C1", "C2", "S1", "S2", "S3", "start4", "end6"}
]


def train_tsetlin(problem: Problem, epochs: int, limit: float) -> Curve:
    """Train epoch by epoch, all letters in each, until the limit in seconds; judge outside the clock."""
    samples, atoms = problem.train_samples, problem.train_atoms
    common = [np.argsort(-np.bincount(atoms[:, index]), kind="stable")[:BITS_AN_ATOM] for index in _NEAR]
    classes = np.diff(samples.candidate_offsets)
    clock = Stopwatch()
    bits = _bits(atoms, common)
    machines, trainers = {}, {}
    for letter in np.flatnonzero(classes > 1).tolist():
        rows = np.flatnonzero((samples.symbol == letter) & (samples.gold >= 0))
        machines[letter] = green_tsetlin.TsetlinMachine(
            bits.shape[1], CLAUSES, int(classes[letter]), SPECIFICITY, THRESHOLD
        )
        trainer = green_tsetlin.Trainer(
            machines[letter],
            n_jobs=1,
            n_epochs=1,
            progress_bar=False,
            load_best_state=False,
            early_exit_acc=2.0,
        )
        features, labels = np.ascontiguousarray(bits[rows]), samples.gold[rows].astype(np.uint32)
        trainer.set_train_data(features, labels)
        trainer.set_eval_data(features[:1], labels[:1])  # it asks for some; ours are judged below
        trainers[letter] = trainer

    def choose(samples: Samples, atoms: NDArray[np.int32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen = np.zeros(asked.size, dtype=np.int64)
        symbols, features = samples.symbol[asked], _bits(atoms[asked], common)
        for letter in np.unique(symbols).tolist():
            if letter in machines:
                rows = np.flatnonzero(symbols == letter)
                chosen[rows] = predict(machines[letter], features[rows])
        return chosen

    points: list[tuple[float, float]] = []
    for epoch in range(epochs):
        for trainer in trainers.values():
            trainer.seed = epoch + 1
            trainer.train()
        seconds = clock.seconds
        with clock.pause():
            points.append((seconds, choice_accuracy(choose, problem)))
        if seconds > limit:
            break
    return Curve(
        f"green-tsetlin {version('green-tsetlin')}",
        f"a machine for each letter, {CLAUSES} clauses, T {THRESHOLD}, s {SPECIFICITY:g}, "
        f"{bits.shape[1]} bits, {len(points)} epochs, one thread",
        tuple(points),
        word_accuracy(choose, problem),
        sum(_bytes(machine) for machine in machines.values()),
    )


def _bits(atoms: NDArray[np.int32], common: list[NDArray[np.int64]]) -> NDArray[np.uint8]:
    """Return a bit for each common value of each atom: uint8[n_positions, n_bits]."""
    columns = [atoms[:, [index]] == values for index, values in zip(_NEAR, common, strict=True)]
    return np.concatenate(columns, axis=1).astype(np.uint8)


def predict(machine: green_tsetlin.TsetlinMachine, features: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Let all clauses vote at once: the library's own predictor takes one row at a time."""
    half = features.shape[1]
    included = (machine._state.c >= 0).astype(np.float32)
    needed, forbidden = included[:, :half].T, included[:, half:].T
    given = features.astype(np.float32)
    broken = (1 - given) @ needed + given @ forbidden
    fires = (broken == 0) & included.any(axis=1)
    return np.asarray((fires.astype(np.int64) @ machine._state.w.astype(np.int64)).argmax(axis=1))


def _bytes(machine: green_tsetlin.TsetlinMachine) -> int:
    """Return what saying needs: which literals each clause includes, and its weights, deflated."""
    state = machine._state
    return len(zlib.compress(np.packbits(state.c >= 0).tobytes() + state.w.tobytes()))
