"""A whole training run in a folder: config, events, sums, model, test scores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from goldzone.data.lexicon import Lexicon
from goldzone.data.settings import LanguageSettings
from goldzone.data.split import first_by_hash, split_lexicon
from goldzone.errors import DataError
from goldzone.g2p.model import write_model
from goldzone.g2p.scoring import Scores
from goldzone.g2p.train import evaluate_model, train_model
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event, RunFinished, Warned
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.sums.cache import SumCache

__all__ = ["Display", "run_training", "scores_json"]


class Display(Protocol):
    """What shows a run as it goes."""

    def stage(self, name: str) -> None:
        """Show the name of a stage without sweeps."""

    def event(self, event: Event) -> None:
        """Show an event."""


def run_training(
    lexicon: Lexicon,
    config: TrainingConfig,
    folder: Path,
    *,
    settings: LanguageSettings,
    limit: int | None,
    force: bool,
    threads: int,
    display: Display,
) -> dict[str, Any]:
    """Train in a run folder and return a summary of plain values.

    Parameters
    ----------
    lexicon : Lexicon
    config : TrainingConfig
    folder : Path
    settings : LanguageSettings
        How the lexicon's words were read.
    limit : int, optional
        Train on this many words only, the first of the train part by hash.
    force : bool
        Replace the run that the folder holds.
    threads : int
    display : Display

    Raises
    ------
    StateError
        The folder holds another run, or cannot be written.
    DataError
        No word can be aligned; the folder is then free again.
    """
    started = time.monotonic()
    split = split_lexicon(lexicon, config.data.fractions)
    if limit is not None:
        split = replace(split, train=first_by_hash(split.train, limit))
    run = RunFolder.create(folder, config, force=force)
    sums = SumCache((config.network.neurons, 1))
    with _discarded_unless_learnt(run), EventLog(run.events_path) as log:

        def observe(event: Event) -> None:
            display.event(log.write(event))

        if lexicon.report.skipped:
            observe(Warned(message=lexicon.report.summary()))
        trained = train_model(
            split,
            config,
            name=lexicon.name,
            settings=settings,
            sums=sums,
            threads=threads,
            observe=observe,
            report=display.stage,
        )
        if trained.aligned.unalignable.count:
            observe(Warned(message=trained.aligned.unalignable.summary()))
        digest = write_model(run.model_path, trained.model)
        sums.save(run.sums_path)
        display.stage("test")
        test = (
            evaluate_model(trained.model, split.test.entries, beam=config.decoding.beam, threads=threads)
            if split.test.entries
            else None
        )
        held_out = trained.outcome.held_out
        seconds = time.monotonic() - started
        observe(
            RunFinished(
                reason=trained.outcome.reason,
                best_sweep=trained.outcome.sweep,
                dev_word_accuracy=held_out.word_accuracy if held_out else None,
                model_digest=digest,
                seconds=seconds,
            )
        )
    example = (split.test.entries or split.train.entries)[0].word
    return {
        "name": lexicon.name,
        "run": str(folder),
        "model": str(run.model_path),
        "bytes": run.model_path.stat().st_size,
        "digest": digest,
        "sweep": trained.outcome.sweep,
        "sweeps": config.pipeline.sweeps,
        "reason": trained.outcome.reason,
        "rows": asdict(lexicon.report),
        "unalignable": trained.aligned.unalignable.count,
        "train": {"words": len(split.train.entries), **asdict(trained.outcome.train)},
        "dev": {"words": trained.dev_words, **asdict(held_out)} if held_out else None,
        "test": scores_json(test) if test else None,
        "seconds": seconds,
        "example": example,
    }


@contextmanager
def _discarded_unless_learnt(run: RunFolder) -> Iterator[None]:
    """Delete the run if its data cannot be used: the folder must be free for the next try.

    A model that was written stays, whatever fails after it.
    """
    try:
        yield
    except DataError:
        if not run.model_path.exists():
            run.discard()
        raise


def scores_json(scores: Scores) -> dict[str, Any]:
    """Return scores as plain values, intervals as pairs."""
    plain = asdict(scores)
    for name in ("word_error_interval", "phoneme_error_interval"):
        plain[name] = [plain[name]["low"], plain[name]["high"]]
    return plain
