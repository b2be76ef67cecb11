"""LightGBM on the same positions: boosted trees, a multiclass model for each letter.

Three formulations were tried on 10,000 words of French. A binary model of (position, candidate) has twenty
rows for each position: 20 rounds had 83 % of the held-out positions right. One multiclass model of all chunks
grows a tree for each of 284 classes a round: 88 % after three rounds, which took longest of all. A model for
each letter chooses among that letter's candidates alone, as goldzone does: 92 % after ten rounds, in the
shortest time. It is the one that is measured. Atoms are categories; which letters and chunks are alike is for
the trees to find out.
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.curves import Curve, Stopwatch
from benchmarks.speed.positions import ATOMS, Problem, choice_accuracy, word_accuracy
from goldzone.data.samples import Samples

__all__ = ["train_lightgbm"]

PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 5,
    "min_data_per_group": 5,
    "cat_smooth": 1,
    "cat_l2": 1,
    "max_cat_to_onehot": 4,
}
"""Learning rates of 0.1 and 0.2, 15 and 31 leaves, 63 and 255 bins, all atoms and fewer were tried.

They differ by 0.2 points in positions and by 1.4 points in words; these are the best in words, or nearly so.
"""

_COLUMNS = [index for index, atom in enumerate(ATOMS) if atom != "L0"]


def train_lightgbm(problem: Problem, rounds: int) -> Curve:
    """Train round by round, all letters in each; judge outside the clock.

    A model has one thread and the models share the threads. A model's own threads would wait for each other
    after every leaf: on a busy machine a round then took up to a hundred times as long.
    """
    options = {
        **PARAMETERS,
        "objective": "multiclass",
        "num_threads": 1,
        "force_col_wise": True,
        "verbose": -1,
    }
    samples, atoms = problem.train_samples, problem.train_atoms[:, _COLUMNS]
    classes = np.diff(samples.candidate_offsets)

    def start(letter: int) -> Any:
        rows = np.flatnonzero((samples.symbol == letter) & (samples.gold >= 0))
        parameters = {**options, "num_class": int(classes[letter])}
        data = lightgbm.Dataset(
            atoms[rows],
            label=samples.gold[rows],
            categorical_feature=list(range(len(_COLUMNS))),
            params=parameters,
        )
        return lightgbm.Booster(parameters, data)

    def choose(samples: Samples, atoms: NDArray[np.int32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen = np.zeros(asked.size, dtype=np.int64)
        symbols = samples.symbol[asked]
        for letter in np.unique(symbols).tolist():
            if letter in models:
                rows = np.flatnonzero(symbols == letter)
                shares = models[letter].predict(atoms[asked[rows]][:, _COLUMNS])
                chosen[rows] = shares.argmax(axis=1)
        return chosen

    points = []
    letters = np.flatnonzero(classes > 1).tolist()
    clock = Stopwatch()
    with ThreadPoolExecutor(problem.threads) as pool:
        models = dict(zip(letters, pool.map(start, letters), strict=True))
        for _ in range(rounds):
            list(pool.map(lambda model: model.update(), models.values()))
            seconds = clock.seconds
            with clock.pause():
                points.append((seconds, choice_accuracy(choose, problem)))
    texts = [model.model_to_string() for model in models.values()]
    named = ", ".join(f"{name} {value}" for name, value in PARAMETERS.items())
    return Curve(
        f"LightGBM {lightgbm.__version__}",
        f"a model for each letter, {rounds} rounds, {named}",
        tuple(points),
        word_accuracy(choose, problem),
        len(zlib.compress("".join(texts).encode())),
    )
