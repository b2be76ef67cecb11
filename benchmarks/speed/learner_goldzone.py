"""goldzone as one of the learners: its committee under the default configuration."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.curves import Curve, Stopwatch
from benchmarks.speed.positions import Chooser, Problem, choice_accuracy, word_accuracy
from goldzone.data.samples import Samples
from goldzone.data.settings import DEFAULT_SETTINGS
from goldzone.g2p.model import G2PModel, write_model
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import CommitteeTrainer
from goldzone.training.pipeline import HeldOut, Hooks
from goldzone.training.sweeps import train_sweeps

__all__ = ["choose_by_votes", "train_goldzone"]


def train_goldzone(problem: Problem, config: TrainingConfig) -> Curve:
    """Train all sweeps; judge each one outside the clock, on what all are judged on."""
    points: list[tuple[float, float]] = []
    samples = problem.train_samples
    clock = Stopwatch()
    trainer = CommitteeTrainer(samples, problem.templates, config, threads=problem.threads)

    def evaluate(network: Committee) -> HeldOut:
        seconds = clock.seconds
        with clock.pause():
            accuracy = choice_accuracy(choose_by_votes(network), problem)
        points.append((seconds, accuracy))
        return HeldOut(accuracy)

    try:
        best = train_sweeps(trainer, config, Hooks(evaluate)).network
    finally:
        trainer.close()
    return Curve(
        f"goldzone {version('goldzone')}",
        f"{config.network.neurons} neurons, {config.pipeline.sweeps} sweeps",
        tuple(points),
        word_accuracy(choose_by_votes(best), problem),
        _bytes(problem, best, config.credit.temperature),
    )


def choose_by_votes(committee: Committee) -> Chooser:
    """Take the candidate with the most votes; of equal ones the most frequent."""

    def choose(samples: Samples, atoms: NDArray[np.int32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        symbols = samples.symbol[asked]
        counts = np.diff(samples.candidate_offsets)[symbols]
        starts = np.cumsum(counts) - counts
        rank = np.arange(counts.sum()) - np.repeat(starts, counts)
        keys = samples.candidate_key[np.repeat(samples.candidate_offsets[symbols], counts) + rank]
        votes = np.zeros(keys.size, dtype=np.int64)
        tables = [table for table in committee.tables if isinstance(table, BitTable)]
        for template, table in zip(committee.template_of, tables, strict=True):
            votes += table.evaluate(np.repeat(samples.context[template, asked], counts) + keys)
        ranked = votes * (int(counts.max()) + 1) - rank
        most = np.repeat(np.maximum.reduceat(ranked, starts), counts)
        chosen: NDArray[np.int64] = rank[ranked == most]
        return chosen

    return choose


def _bytes(problem: Problem, committee: Committee, temperature: float) -> int:
    """Return the size of the model file, all that saying a word needs."""
    aligned = problem.train
    number = {segment: index for index, segment in enumerate(aligned.segments)}
    model = G2PModel(
        name="benchmark",
        settings=DEFAULT_SETTINGS,
        letters=aligned.letters,
        segments=aligned.segments,
        chunks=tuple(tuple(number[segment] for segment in chunk) for chunk in aligned.chunks),
        candidates=problem.candidates,
        classes=problem.classes,
        templates=problem.templates,
        committee=committee,
        temperature=temperature,
        about={},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        write_model(path, model)
        return path.stat().st_size
