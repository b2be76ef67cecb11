"""A whole training run in a folder: config, events, state, model, test scores.

A run that was interrupted, or killed, goes on where it was: `resume_training`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Protocol

from goldzone.data.lexicon import Lexicon
from goldzone.data.settings import LanguageSettings
from goldzone.data.split import Split, first_by_hash, split_lexicon
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.errors import DataError, GoldzoneError, StateError
from goldzone.g2p.model import write_model
from goldzone.g2p.scoring import Scores
from goldzone.g2p.train import TrainedModel, evaluate_model, fingerprint, train_model
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable, Hashtron, Neuron
from goldzone.training.checkpoint import Checkpointer, Restored
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import assign_templates
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import cut_events, read_events, whole_events
from goldzone.training.runs.events import Event, RunFinished, Warned
from goldzone.training.runs.lock import locked
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.sums.cache import SumCache

__all__ = ["Display", "is_finished", "resume_training", "run_training", "scores_json"]

_FORMAT: Final = "goldzone-state-1"
"""Part of a state's identity: a change of what training does with the same state changes it."""


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
    source: RunSource | None = None,
    pause: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Train in a new run folder and return a summary of plain values.

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
    source : RunSource, optional
        Where the lexicon came from, for `resume_training`'s caller.
    pause : callable
        Called between neurons; what it raises ends the run, which can then be resumed.

    Raises
    ------
    StateError
        The folder holds another run, is in use, or cannot be written.
    DataError
        No word can be aligned; the folder is then free again.
    """
    split = _split(lexicon, config, limit)
    _refuse_used(folder, force=force)
    run = RunFolder.create(folder, config, source=source, force=force)
    with _discarded_unless_learnt(run), locked(run.lock_path):
        return _Run(run, lexicon, split, settings, threads, display, pause).train(None, ())


def resume_training(
    lexicon: Lexicon,
    folder: Path,
    *,
    settings: LanguageSettings,
    threads: int,
    display: Display,
    pause: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Go on with the run of a folder; the model becomes what it would have become without the interruption.

    Parameters
    ----------
    lexicon : Lexicon
        From the run's source.
    folder, settings, threads, display, pause
        As for `run_training`.

    Raises
    ------
    StateError
        The folder holds no run, a finished one, or one of other data; it is in use, or cannot be written.
    """
    run = RunFolder.open(folder)
    if is_finished(run):
        raise StateError(f"{folder}: this run is finished; there is nothing to resume")
    split = _split(lexicon, run.config, run.source.limit if run.source else None)
    with locked(run.lock_path):
        checkpoints = _checkpointer(run, split)
        count, damage = whole_events(run.events_path)
        warnings = [] if damage is None else [f"{damage}; the events from there on are repeated"]
        restored = checkpoints.load(count)
        cut_events(run.events_path, restored.events if restored else 0)
        if restored:
            warnings += restored.warnings
        work = _Run(run, lexicon, split, settings, threads, display, pause)
        return work.train(restored, warnings, checkpoints)


def is_finished(run: RunFolder) -> bool:
    """Tell whether a run has come to its end."""
    try:
        last = deque((event for _, event in read_events(run.events_path)), maxlen=1)
    except StateError:  # a missing or damaged log says nothing of the end; resuming mends it
        return False
    return bool(last) and isinstance(last[0], RunFinished)


class _Run:
    """One run at work in its folder."""

    def __init__(  # noqa: PLR0917 - what a run consists of
        self,
        run: RunFolder,
        lexicon: Lexicon,
        split: Split[Lexicon],
        settings: LanguageSettings,
        threads: int,
        display: Display,
        pause: Callable[[], None],
    ) -> None:
        self._run = run
        self._lexicon = lexicon
        self._split = split
        self._settings = settings
        self._threads = threads
        self._display = display
        self._pause = pause

    def train(
        self,
        restored: Restored[Committee] | None,
        warnings: Sequence[str],
        checkpoints: Checkpointer[Committee] | None = None,
    ) -> dict[str, Any]:
        """Train, from the beginning or from a state, write the model, test it, and summarise."""
        started = time.monotonic()
        run, config = self._run, self._run.config
        keep = checkpoints or _checkpointer(run, self._split)
        with BackgroundLog(run.events_path) as log:
            keep.attach(log)

            def observe(event: Event) -> None:
                self._display.event(log.write(event))

            def report(stage: str) -> None:
                self._pause()
                self._display.stage(stage)

            for warning in warnings:
                observe(Warned(message=warning))
            if self._lexicon.report.skipped and restored is None:
                observe(Warned(message=self._lexicon.report.summary()))
            try:
                trained = train_model(
                    self._split,
                    config,
                    name=self._lexicon.name,
                    settings=self._settings,
                    sums=SumCache((config.network.neurons, 1), identity=_identity(run, self._split)),
                    threads=self._threads,
                    observe=observe,
                    report=report,
                    keep=keep,
                    restored=restored,
                    pause=self._pause,
                )
            finally:
                keep.close()
            if trained.aligned.unalignable.count:
                observe(Warned(message=trained.aligned.unalignable.summary()))
            digest = write_model(run.model_path, trained.model)
            trained.sums.save(run.sums_path)
            self._display.stage("test")
            test = self._test(trained)
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
        keep.discard()
        return self._summary(trained, test, digest, seconds)

    def _test(self, trained: TrainedModel) -> Scores | None:
        entries = self._split.test.entries
        if not entries:
            return None
        beam = self._run.config.decoding.beam
        return evaluate_model(trained.model, entries, beam=beam, threads=self._threads)

    def _summary(
        self, trained: TrainedModel, test: Scores | None, digest: str, seconds: float
    ) -> dict[str, Any]:
        held_out, split = trained.outcome.held_out, self._split
        return {
            "name": self._lexicon.name,
            "run": str(self._run.path),
            "model": str(self._run.model_path),
            "bytes": self._run.model_path.stat().st_size,
            "digest": digest,
            "sweep": trained.outcome.sweep,
            "sweeps": self._run.config.pipeline.sweeps,
            "reason": trained.outcome.reason,
            "rows": asdict(self._lexicon.report),
            "unalignable": trained.aligned.unalignable.count,
            "train": {"words": len(split.train.entries), **asdict(trained.outcome.train)},
            "dev": {"words": trained.dev_words, **asdict(held_out)} if held_out else None,
            "test": scores_json(test) if test else None,
            "seconds": seconds,
            "example": (split.test.entries or split.train.entries)[0].word,
        }


def _split(lexicon: Lexicon, config: TrainingConfig, limit: int | None) -> Split[Lexicon]:
    split = split_lexicon(lexicon, config.data.fractions)
    return split if limit is None else replace(split, train=first_by_hash(split.train, limit))


def _identity(run: RunFolder, split: Split[Lexicon]) -> str:
    """Name all that a state depends on."""
    parts = [_FORMAT, run.config.digest(), fingerprint(split.train.entries), fingerprint(split.dev.entries)]
    return ":".join(parts)


def _checkpointer(run: RunFolder, split: Split[Lexicon]) -> Checkpointer[Committee]:
    width = run.config.network.neurons
    template_of = assign_templates(
        parse_templates(run.config.network.templates or DEFAULT_TEMPLATES), width
    ).tolist()

    def network_of(neurons: Sequence[Neuron]) -> Committee:
        *tables, final = neurons
        if not isinstance(final, Hashtron) or not all(isinstance(table, BitTable) for table in tables):
            raise StateError(f"{run.state_path}: holds other neurons than a committee has; use --force")
        context = tuple(table for table in tables if isinstance(table, BitTable))
        return Committee(tuple(template_of), context, final)

    return Checkpointer(
        run.state_path,
        _identity(run, split),
        (width, 1),
        neurons_of=lambda committee: (*committee.tables, committee.final),
        network_of=network_of,
    )


def _refuse_used(folder: Path, *, force: bool) -> None:
    """Refuse a folder that another process trains in, and say how an unfinished run can be continued."""
    try:
        run = RunFolder.open(folder)
    except GoldzoneError:  # not the folder of a run, as `RunFolder.create` may have more to say about
        return
    with locked(run.lock_path):
        if not force and not is_finished(run):
            raise StateError(
                f"{folder}: holds an unfinished run; continue it (goldzone resume), or replace it (--force)"
            )


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
