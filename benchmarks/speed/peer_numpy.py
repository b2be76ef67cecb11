"""numpy's own gather and scatter beside training a neuron.

What a trainer of this kind cannot do without is a gather (what does the table say of this sample?) and a
scatter (its vote into its cell). numpy does them by `take` and by `bincount` or `add.at`, each in a pass of
its own over indices that are given; goldzone also hashes the features, weighs the votes, decides the cells
and moves the scores.
"""

from __future__ import annotations

import numpy as np

from benchmarks.speed.measure import Figure, Setting, best_seconds
from benchmarks.speed.tally import PREMODULO, made_up
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import CONTEXT_LAYER, CommitteeTrainer

__all__ = ["figures"]

_NEURONS = range(0, 448, 64)


def figures(setting: Setting) -> list[Figure]:
    """Measure a neuron's training on one thread, as numpy's functions run, and theirs in turns."""
    n_samples = 100_000 if setting.quick else 2_000_000
    templates = parse_templates(DEFAULT_TEMPLATES)
    samples = made_up(n_samples, templates, 30_000)
    trainer = CommitteeTrainer(samples, templates, TrainingConfig(), threads=1)
    generator = np.random.default_rng(2)
    cells = generator.integers(
        0, PREMODULO, samples.n_samples, dtype=np.int64
    )  # the type that numpy indexes by
    answers = generator.integers(0, 2, PREMODULO, dtype=np.int32)
    votes = generator.integers(-9, 9, samples.n_samples, dtype=np.int32)
    gathered, ballots = np.empty(samples.n_samples, np.int32), np.zeros(PREMODULO, np.int32)

    def train() -> None:
        for position in _NEURONS:
            trainer.train(CONTEXT_LAYER, position, PREMODULO)

    seconds = best_seconds(
        {
            "train": train,
            "take": lambda: np.take(answers, cells, out=gathered, mode="clip"),
            "bincount": lambda: np.bincount(cells, weights=votes, minlength=PREMODULO),
            "add.at": lambda: np.add.at(ballots, cells, votes),
        },
        setting.repeats,
    )
    trainer.close()
    nanoseconds = {name: each / samples.n_samples * 1e9 for name, each in seconds.items()}
    ours = nanoseconds["train"] / len(_NEURONS)
    return [
        Figure(
            f"peer_numpy.train_over_take_and_{scatter.replace('.', '_')}",
            ours,
            "ns/sample",
            peer=f"numpy.take and numpy.{scatter}, one thread",
            ratio=ours / (nanoseconds["take"] + nanoseconds[scatter]),
        )
        for scatter in ("bincount", "add.at")
    ]
