"""Training one context neuron: votes, hash, decision, scores; beside a bare gather and scatter.

The floor is what no trainer of this kind can go below: for each sample, read its cell, gather 4 bytes from a
table of 65,536 cells and scatter 4 bytes to another. With one gather, goldzone's ballots do both.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.speed.measure import Figure, Setting, best_seconds
from benchmarks.speed.words import load_words
from goldzone.data.samples import Samples, even_cuts
from goldzone.data.split import split_lexicon
from goldzone.data.templates import DEFAULT_TEMPLATES, Templates, parse_templates
from goldzone.g2p.prepared_data import prepare
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import CONTEXT_LAYER, FINAL_LAYER, CommitteeTrainer

__all__ = ["figures"]

PREMODULO = 65_536
CANDIDATES = 20
MOST_NANOSECONDS = 3.0
MOST_RATIO_OF_THREADS = 2.2


@njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def gather_and_scatter(
    cells: NDArray[np.uint32], source: NDArray[np.int32], target: NDArray[np.int32]
) -> np.int64:
    """Read a cell, gather 4 bytes, scatter 4 bytes, for each sample."""
    total = np.int64(0)
    for sample in range(cells.shape[0]):
        total += source[cells[sample]]
        target[cells[sample]] += np.int32(1)
    return total


def made_up(n_samples: int, templates: Templates, distinct: int | None) -> Samples:
    """Positions of 40 symbols whose context values recur as those of real words do, or never.

    Parameters
    ----------
    distinct : int, optional
        Context values in the richest column; None: every position has its own in every column.
    """
    generator = np.random.default_rng(1)
    n_positions = n_samples // CANDIDATES
    symbol = (40 * generator.random(n_positions) ** 2).astype(np.int32)
    shape = (len(templates), n_positions)
    if distinct is None:
        context = generator.integers(0, 1 << 32, shape, dtype=np.uint32)
    else:
        atoms = np.diff(templates.offsets)[:, None]
        sizes = distinct ** (atoms / atoms.max())
        context = (sizes * generator.random(shape) ** 3).astype(np.uint32) * np.uint32(2654435761)
    return Samples(
        offsets=np.arange(0, n_positions + 1, 1),
        symbol=symbol,
        context=context,
        candidate_offsets=np.arange(0, 41 * CANDIDATES, CANDIDATES),
        candidate_key=generator.integers(0, 1 << 32, 40 * CANDIDATES, dtype=np.uint32),
        sample_offsets=np.arange(0, n_positions * CANDIDATES + 1, CANDIDATES),
        gold=(CANDIDATES * generator.random(n_positions) ** 6).astype(np.int32),
        weight=np.full(n_positions, 12, np.int32),
    )


def _real(setting: Setting) -> tuple[Samples, Templates]:
    split = split_lexicon(load_words(setting, "french"))
    prepared = prepare(split.train, TrainingConfig(), threads=setting.threads)
    return prepared.samples, prepared.templates


def figures(setting: Setting) -> list[Figure]:
    """Measure nanoseconds a sample on one thread and on two, and beside the floor."""
    n_samples = 200_000 if setting.quick else 5_000_000
    templates = parse_templates(DEFAULT_TEMPLATES)
    found = _measured("tally", made_up(n_samples, templates, 30_000), templates, setting, bounds=True)
    found += _measured("tally.all_different", made_up(n_samples, templates, None), templates, setting)
    if setting.dataset is not None and not setting.quick:
        found += _measured("tally.french", *_real(setting), setting, bounds=True)
    return found


def _measured(
    name: str, samples: Samples, templates: Templates, setting: Setting, *, bounds: bool = False
) -> list[Figure]:
    """Train neurons in turns with one thread and with two, and run the floor in between."""
    trainers = [CommitteeTrainer(samples, templates, TrainingConfig(), threads=n) for n in (1, 2)]
    width = 24
    for trainer in trainers:  # the state of a run under way: many neurons have answers
        trainer.train(FINAL_LAYER, 0, samples.n_samples)
        for position in range(0, trainer.layer_sizes[0], 8):
            trainer.train(CONTEXT_LAYER, position, PREMODULO)
        trainer.start_sweep(2)

    def train(trainer: CommitteeTrainer) -> Callable[[], None]:
        def neurons() -> None:
            for position in range(0, trainer.layer_sizes[0], trainer.layer_sizes[0] // width):
                trainer.train(CONTEXT_LAYER, position, PREMODULO)

        return neurons

    cells = np.random.default_rng(2).integers(0, PREMODULO, samples.n_samples, dtype=np.uint32)
    source, target = np.zeros(PREMODULO, np.int32), np.zeros((2, PREMODULO), np.int32)
    trained = len(range(0, trainers[0].layer_sizes[0], trainers[0].layer_sizes[0] // width))
    with ThreadPoolExecutor(2) as pool:

        def floor(threads: int) -> Callable[[], None]:
            def run() -> None:
                cuts = even_cuts(cells.size, threads)
                jobs = [
                    pool.submit(gather_and_scatter, cells[first:last], source, target[part])
                    for part, (first, last) in enumerate(cuts)
                ]
                for job in jobs:
                    job.result()

            return run

        seconds = best_seconds(
            {"one": train(trainers[0]), "two": train(trainers[1]), "floor 1": floor(1), "floor 2": floor(2)},
            setting.repeats,
        )
    for trainer in trainers:
        trainer.close()
    one, two = (seconds[key] / trained / samples.n_samples * 1e9 for key in ("one", "two"))
    floor_one, floor_two = (seconds[f"floor {n}"] / samples.n_samples * 1e9 for n in (1, 2))
    peer = "a gather and a scatter of 4 bytes"
    return [
        Figure(f"{name}.one_thread", one, "ns/sample", peer=peer, ratio=one / floor_one),
        Figure(
            f"{name}.two_threads",
            two,
            "ns/sample",
            bound=MOST_NANOSECONDS if bounds else None,
            peer=peer + ", two threads",
            ratio=two / floor_two,
        ),
        Figure(
            f"{name}.one_over_two_threads",
            one / two,
            "times",
            bound=MOST_RATIO_OF_THREADS if bounds else None,
        ),
    ]
