"""Many configurations trained on the same words and judged on words set aside, one JSON line a run."""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scipy.stats import t as student

from goldzone.data.alignment import align
from goldzone.data.languages import load_language
from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.split import Split, first_by_hash, split_lexicon
from goldzone.g2p.evaluation import evaluate_model
from goldzone.g2p.model import write_model
from goldzone.g2p.prepared_data import PreparedData, prepare
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.monitor.history import REGIMES, NeuronColumns, read_history
from goldzone.monitor.summary import capacity_correlation
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.events import Event
from goldzone.training.sums.measurement import Regime

__all__ = ["Record", "Words", "correlation", "interval", "random_labels", "read_records", "run_languages"]

_TEST_WORDS = 1500
_TRAIN_WORDS = 500
_GOLD = REGIMES.index(Regime.GOLD_ZONE.value)

Record = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """A language's words: so many are learnt, up to 1,500 others judge."""

    language: str
    split: Split[Lexicon]
    base: TrainingConfig = TrainingConfig()  # noqa: RUF009 - frozen
    """Whose data section all configurations share."""

    @classmethod
    def of(
        cls,
        dataset: Path,
        language: str,
        words: int,
        *,
        random: bool = False,
        base: TrainingConfig = TrainingConfig(),  # noqa: B008 - frozen
    ) -> Words:
        """Read a language of a dataset; `random` shuffles the labels of the words that are learnt."""
        split = split_lexicon(load_language(dataset, language), TrainingConfig().data.fractions)
        train = first_by_hash(split.train, words)
        train = random_labels(train) if random else train
        return cls(language, Split(train, split.dev, first_by_hash(split.test, _TEST_WORDS)), base)

    @cached_property
    def prepared(self) -> PreparedData:
        """Alignment and samples, which no configuration here changes."""
        return prepare(self.split.train, self.base)

    def train(self, config: TrainingConfig) -> Record:
        """Train once: shares of words said right, bytes, and what the sums of votes were like."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            events, path = Path(folder) / "events.jsonl", Path(folder) / "model"
            with BackgroundLog(events) as log:
                task = PhonemizerTask(self.language, self.split, config)
                trained = train_model(task, Hooks(on_event=partial(_write, log)), data=self.prepared)
            history = read_history(events)
            write_model(path, trained.model)
            size = path.stat().st_size
        beam = config.decoding.beam
        scores = evaluate_model(trained.model, self.split.test.entries, beam=beam)
        said = evaluate_model(trained.model, self.split.train.entries[:_TRAIN_WORDS], beam=beam)
        return {
            "train": said.word_accuracy,
            "test": scores.word_accuracy,
            "phoneme_error": scores.phoneme_error,
            "bytes": size,
            "sweep": trained.outcome.sweep,
            "stepped_back": len(history.steps_back),
            "r2": capacity_correlation(history.before_final()),
            **_sums(history.before_final()),
            "seconds": time.monotonic() - started,
        }


def random_labels(lexicon: Lexicon) -> Lexicon:
    """Let each letter say what that letter says elsewhere: the same sounds as often, by no rule.

    The sounds aligned with a letter are permuted among all places of that letter, so a context tells
    nothing; what is said right of these words is what was memorised.
    """
    aligned = align(lexicon.entries)
    order = np.argsort(aligned.letter, kind="stable")
    drawn = order.copy()
    generator = np.random.default_rng(0)
    for same in np.split(drawn, np.flatnonzero(np.diff(aligned.letter[order])) + 1):
        generator.shuffle(same)
    chunk = np.empty_like(aligned.chunk)
    chunk[order] = aligned.chunk[drawn]
    entries: dict[int, Entry] = {}
    for sequence, index in enumerate(aligned.entry.tolist()):
        places = slice(aligned.offsets[sequence], aligned.offsets[sequence + 1])
        said = tuple(segment for one in chunk[places].tolist() for segment in aligned.chunks[one])
        if said and index not in entries:
            word = lexicon.entries[index]
            entries[index] = Entry(word.word, word.letters, (said,))
    return replace(lexicon, entries=tuple(entries.values()))


def read_records(path: Path) -> list[Record]:
    """Read what was measured before."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run_languages(
    train_language: Callable[..., Iterator[Record]],
    languages: Sequence[str],
    out: Path,
    *,
    processes: int,
    **options: Any,
) -> None:
    """Train languages, some at a time, and append their records to a file.

    Parameters
    ----------
    train_language : callable
        Takes a language and the options, and yields a record a run; a function of a module.
    languages : sequence of str
    out : Path
    processes : int
    **options
    """
    work = partial(_run_language, train_language, out, options)
    with ProcessPoolExecutor(processes) as pool:
        for language in pool.map(work, languages):
            print(f"{language}: done", file=sys.stderr, flush=True)


def _run_language(
    train_language: Callable[..., Iterator[Record]], out: Path, options: Record, language: str
) -> str:
    """Append the records of one language as they come, each in one write."""
    for record in train_language(language, **options):
        with out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
    return language


def interval(values: list[float]) -> float:
    """Return half the width of the 95 % interval of a mean (Student's t)."""
    if len(values) < 2:
        return math.nan
    return float(student.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


def correlation(x: list[float], y: list[float]) -> float:
    """Return Pearson's R^2; NaN where one side does not vary."""
    if len(set(x)) < 2 or len(set(y)) < 2:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _sums(neurons: NeuronColumns) -> Record:
    """Return the last sweep's mean margin, agreement and share of neurons in the gold zone."""
    last = neurons.where(neurons.sweep == neurons.sweep.max())
    return {
        "margin": float(np.nanmean(last.margin)),
        "agreement": float(np.nanmean(last.agreement)),
        "gold": float(np.mean(last.regime == _GOLD)),
        "cells": fmean(last.premodulo.tolist()),
    }


def _write(log: BackgroundLog, event: Event) -> None:
    log.write(event)
