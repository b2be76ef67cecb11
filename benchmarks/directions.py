"""Forward and backward on one network: which training memorises, and which does not.

    python -m benchmarks.directions --dataset DIR [--language french] [--words 6000] [--seed 1 ...]

The question is that of the reference's grapheme-to-phoneme networks: is this candidate right here? A sample
is one candidate at one letter with 24 features, each a hash of a context template and the candidate. Only
letters with a choice and a listed right candidate count. Words are split by hash; candidates are those of the
training words. Prints a Markdown table, the mean over the seeds; accuracies are shares of samples, the
balanced one is the mean over the two labels. "Front to back" is the backward pipeline in the other direction;
"committee" a windowed committee of 24 and 12 neurons on the same features.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import command
from goldzone.data.alignment import AlignedLexicon, align
from goldzone.data.candidates import build_candidates
from goldzone.data.languages import load_language
from goldzone.data.samples import word_samples
from goldzone.data.sound_classes import sound_classes
from goldzone.data.split import first_by_hash, split_of
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.deep.forward import train_forward
from goldzone.deep.rules import FORWARD_RULES, LearningRules
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.network import Network
from goldzone.hashtron.presets import ulevel, windowed_committee
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks, Outcome
from goldzone.training.runs.events import Event, NeuronTrained
from goldzone.training.sweeps import train_sweeps

FEATURES = 24
FRACTIONS = (0.8, 0.2, 0.0)
CANDIDATES = 3
"""Most candidates of a letter: a third of the samples is then right."""

COMMITTEE_PREMODULO = 1024

HARD = LearningRules(credit="hard")
MARGIN = LearningRules(credit="margin")


@dataclass(frozen=True)
class Problem:
    """Samples as columns: uint32[n, 24] features and uint16[n] labels, for training and held out."""

    train: NDArray[np.uint32]
    train_labels: NDArray[np.uint16]
    held_out: NDArray[np.uint32]
    held_out_labels: NDArray[np.uint16]


@dataclass(frozen=True)
class Arm:
    """One way to train: a pipeline, how its neurons learn, its capacity section and sweeps."""

    name: str
    pipeline: Callable[..., Outcome[Network]]
    rules: LearningRules
    capacity: Mapping[str, object]
    sweeps: int
    architecture: Callable[[], Architecture] = ulevel
    direction: str = "backward"
    """Of the pipeline `train_sweeps`."""


def arms(premodulo: int, sweeps: int) -> tuple[Arm, ...]:
    """List the trainings of the table; `premodulo` is that of the constant ones on ulevel."""
    none = {"controller": "none"}
    quadratic = {"controller": "reference", "floor": 2, "ceiling": 500_000}
    law = {"controller": "law", "floor": 2}
    constant = {"controller": "constant", "premodulo": premodulo, "floor": 2}
    cautious = replace(HARD, accept="not_worse")
    ulevel_arms = (
        Arm("forward, hard, no premodulo", train_forward, FORWARD_RULES, none, sweeps),
        Arm("forward, hard, quadratic premodulo", train_forward, FORWARD_RULES, quadratic, sweeps),
        Arm("forward, margin, no premodulo", train_forward, MARGIN, none, sweeps),
        Arm(f"forward, margin, premodulo {premodulo:,}", train_forward, MARGIN, constant, sweeps),
        _front_to_back(
            Arm(f"front to back, margin, premodulo {premodulo:,}", train_sweeps, MARGIN, constant, sweeps)
        ),
        Arm("backward, hard, capacity law, keep always", train_sweeps, HARD, law, sweeps),
        Arm("backward, hard, capacity law, keep if not worse", train_sweeps, cautious, law, sweeps),
        Arm(f"backward, margin, premodulo {premodulo:,}", train_sweeps, MARGIN, constant, sweeps),
    )
    constant = constant | {"premodulo": COMMITTEE_PREMODULO}
    size = f"premodulo {COMMITTEE_PREMODULO:,}"
    committee_arms = (
        Arm("committee: forward, hard, no premodulo", train_forward, FORWARD_RULES, none, sweeps),
        Arm(f"committee: forward, margin, {size}", train_forward, MARGIN, constant, sweeps),
        _front_to_back(
            Arm(f"committee: front to back, margin, {size}", train_sweeps, MARGIN, constant, sweeps)
        ),
        Arm(f"committee: backward, hard, {size}", train_sweeps, HARD, constant, sweeps),
        Arm(f"committee: backward, margin, {size}", train_sweeps, MARGIN, constant, sweeps),
    )
    return ulevel_arms + tuple(replace(arm, architecture=_committee) for arm in committee_arms)


def _front_to_back(arm: Arm) -> Arm:
    return replace(arm, direction="forward")


def _committee() -> Architecture:
    return windowed_committee(FEATURES, (FEATURES // 2,))


def build_problem(dataset: Path, language: str, words: int) -> Problem:
    """Read, align and split a language's first words by hash."""
    lexicon = first_by_hash(load_language(dataset, language), words)
    aligned = align(lexicon.entries)
    parts = np.array([split_of(entry.word, FRACTIONS) == "train" for entry in lexicon.entries])
    in_train = np.repeat(parts[aligned.entry], np.diff(aligned.offsets))
    learnt = _only(aligned, parts[aligned.entry])
    candidates = build_candidates(learnt, max_candidates=CANDIDATES)
    templates = parse_templates(DEFAULT_TEMPLATES[:FEATURES])
    samples = word_samples(aligned, sound_classes(learnt), candidates, templates)
    counts = np.diff(samples.sample_offsets)
    position = np.repeat(np.arange(samples.n_positions), counts)
    candidate = np.arange(samples.n_samples) - samples.sample_offsets[position]
    keys = samples.candidate_key[samples.candidate_offsets[samples.symbol[position]] + candidate]
    features = (samples.context[:, position] + keys).T
    labels = np.zeros(samples.n_samples, dtype=np.uint16)
    listed = samples.gold >= 0
    labels[(samples.sample_offsets[:-1] + samples.gold)[listed]] = 1
    used = listed[position] & (counts[position] > 1)
    train, held_out = used & in_train[position], used & ~in_train[position]
    return Problem(features[train], labels[train], features[held_out], labels[held_out])


def _only(aligned: AlignedLexicon, kept: NDArray[np.bool_]) -> AlignedLexicon:
    """Return some of the sequences, with the letters and chunks of all."""
    lengths = np.diff(aligned.offsets)
    positions = np.repeat(kept, lengths)
    return replace(
        aligned,
        offsets=np.concatenate(([0], np.cumsum(lengths[kept]))).astype(np.int64),
        letter=aligned.letter[positions],
        chunk=aligned.chunk[positions],
        entry=aligned.entry[kept],
    )


def measure(problem: Problem, arm: Arm, seed: int) -> tuple[float, ...]:
    """Train one arm; return train, held-out and balanced held-out accuracy, seconds and neurons trained."""
    config = TrainingConfig.model_validate(
        {
            "seed": seed,
            "network": {"neurons": 1},
            "capacity": dict(arm.capacity),
            "pipeline": {"sweeps": arm.sweeps, "patience": 1000, "direction": arm.direction},
        }
    )
    start = untrained_network(arm.architecture(), seed)
    trainer = NetworkTrainer(
        start, problem.train, problem.train_labels, arm.rules, seed=seed, threads=os.cpu_count() or 1
    )
    events: list[Event] = []
    started = time.monotonic()
    outcome = arm.pipeline(trainer, config, Hooks(on_event=events.append))
    seconds = time.monotonic() - started
    right = outcome.network.infer(problem.held_out) == problem.held_out_labels
    balanced = np.mean([right[problem.held_out_labels == label].mean() for label in (0, 1)])
    trained = sum(isinstance(event, NeuronTrained) for event in events)
    return outcome.train.score, float(right.mean()), float(balanced), seconds, trained


def main() -> None:
    """Train all arms on every seed and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("--dataset", type=command.folder, required=True)
    parser.add_argument("--language", default="french")
    parser.add_argument("--words", type=int, default=6000)
    parser.add_argument("--seed", type=int, action="append", help="May be given several times; 1 by default.")
    parser.add_argument("--premodulo", type=int, default=32, help="Of the constant ones on ulevel.")
    parser.add_argument("--sweeps", type=int, default=2, help="Of as many trainings as neurons each.")
    options = parser.parse_args()
    seeds = options.seed or [1]
    problem = build_problem(options.dataset, options.language, options.words)
    majority = [
        max(labels.mean(), 1 - labels.mean()) for labels in (problem.train_labels, problem.held_out_labels)
    ]
    print(
        f"{options.language}, {options.words:,} words, {len(problem.train):,} training and "
        f"{len(problem.held_out):,} held-out samples; majority class {majority[0]:.1%} and "
        f"{majority[1]:.1%}; {len(seeds)} seeds, {options.sweeps} sweeps\n"
    )
    print("| training | train | eval | eval, balanced | majority class | seconds | neurons trained |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for arm in arms(options.premodulo, options.sweeps):
        figures = np.mean([measure(problem, arm, seed) for seed in seeds], axis=0)
        train, held_out, balanced, seconds, neurons = figures
        print(
            f"| {arm.name} | {train:.1%} | {held_out:.1%} | {balanced:.1%} | {majority[1]:.1%} "
            f"| {seconds:.0f} | {neurons:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    command.main(main)
