"""A whole training run in a folder: config, events, state, model, test scores.

A run that was interrupted, or killed, goes on where it was: `resume_training`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from goldzone.data.lexicon import Lexicon
from goldzone.data.settings import LanguageSettings
from goldzone.data.split import Split, first_by_hash, split_lexicon
from goldzone.errors import DataError, GoldzoneError, StateError
from goldzone.g2p.model import write_model
from goldzone.g2p.scoring import Scores
from goldzone.g2p.state import committee_checkpointer, run_identity
from goldzone.g2p.train import TrainedModel, evaluate_model, fingerprint, train_model
from goldzone.hashtron.committee import Committee
from goldzone.training.checkpoint import Restored
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.event_log import cut_events, read_events, whole_events
from goldzone.training.runs.events import Event, RunFinished, RunStarted, Warned
from goldzone.training.runs.lock import locked
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.sums.cache import SumCache

__all__ = [
    "Display",
    "Watch",
    "is_finished",
    "limited_split",
    "resume_training",
    "run_training",
    "scores_json",
]


class Watcher(Protocol):
    """What looks after a run as it goes; what it finds becomes events of the run."""

    def __call__(self, event: Event) -> None:
        """Take an event as it was written."""

    def catch_up(self, events: Iterable[Event]) -> None:
        """Take the events of a run that is resumed."""

    def close(self) -> None:
        """Finish what is under way."""


Watch: TypeAlias = Callable[[Callable[[Event], Event]], Watcher]
"""Makes a watcher of a function that writes an event and shows it."""


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
    watch: Watch | None = None,
    check_interrupt: Callable[[], None] = lambda: None,
    initial_events: Sequence[Event] = (),
    other_sections: str = "",
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
    watch : callable, optional
        Makes what looks after the run.
    check_interrupt : callable
        Called between neurons; what it raises ends the run, which can then be resumed.
    initial_events : sequence of Event
        What the event log begins with: how the configuration came about.
    other_sections : str
        As for `RunFolder.create`.

    Raises
    ------
    StateError
        The folder holds another run, is in use, or cannot be written.
    DataError
        No word can be aligned; the folder is then free again.
    """
    split = limited_split(lexicon, config, limit)
    _refuse_used(folder, force=force)
    run = RunFolder.create(
        folder,
        config,
        source=source,
        force=force,
        initial_events=initial_events,
        other_sections=other_sections,
    )
    with _discarded_unless_learnt(run), locked(run.lock_path):
        work = _Run(run, lexicon, split, settings, threads, display, watch or _Unwatched, check_interrupt)
        return work.train(None, ())


def resume_training(
    lexicon: Lexicon,
    folder: Path,
    *,
    settings: LanguageSettings,
    threads: int,
    display: Display,
    watch: Watch | None = None,
    check_interrupt: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Go on with the run of a folder; the model becomes what it would have become without the interruption.

    Parameters
    ----------
    lexicon : Lexicon
        From the run's source.
    folder, settings, threads, display, watch, check_interrupt
        As for `run_training`.

    Raises
    ------
    StateError
        The folder holds no run, a finished one, or one of other data; it is in use, or cannot be written.
    """
    run = RunFolder.open(folder)
    if is_finished(run):
        raise StateError(f"{folder}: this run is finished; there is nothing to resume")
    split = limited_split(lexicon, run.config, run.source.limit if run.source else None)
    with locked(run.lock_path):
        work = _Run(run, lexicon, split, settings, threads, display, watch or _Unwatched, check_interrupt)
        checkpoints = work.checkpoints
        count, damage = whole_events(run.events_path)
        warnings = [] if damage is None else [f"{damage}; the events from there on are repeated"]
        restored = checkpoints.load(count, warnings.append)
        if restored is None and count:
            _check_beginning(run, split, lexicon.name)
            warnings.append(f"{run.state_path}: holds no state that can be used; the run begins again")
        run.delete_temporaries()
        cut_events(run.events_path, restored.events if restored else _count_initial_events(run, count))
        return work.train(restored, warnings)


def _check_beginning(run: RunFolder, split: Split[Lexicon], name: str) -> None:
    """Refuse a run that began with another configuration or other data than those it has now."""
    try:
        started = next((e for _, e in read_events(run.events_path) if isinstance(e, RunStarted)), None)
    except StateError:  # damaged before the beginning is told: nothing is known of it
        return
    now = (name, run.config.digest(), fingerprint(split.train.entries))
    if started and (started.run, started.config_digest, started.data_fingerprint) != now:
        raise StateError(
            f"{run.path}: began with another configuration or other data; "
            "restore them, or start again with --force"
        )


def _count_initial_events(run: RunFolder, whole: int) -> int:
    """Count the events before those of training: only the caller of `run_training` could write them again."""
    if not whole:
        return 0
    events = (event for _, event in islice(read_events(run.events_path), whole))
    return sum(1 for _ in takewhile(lambda event: not isinstance(event, RunStarted | Warned), events))


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
        watch: Watch,
        check_interrupt: Callable[[], None],
    ) -> None:
        self._run = run
        self._lexicon = lexicon
        self._split = split
        self._settings = settings
        self._threads = threads
        self._display = display
        self._watch = watch
        self._check_interrupt = check_interrupt
        self._identity = run_identity(run.config, split, lexicon.name, settings)
        self.checkpoints = committee_checkpointer(run.state_path, self._identity, run.config)

    def train(self, restored: Restored[Committee] | None, warnings: Sequence[str]) -> dict[str, Any]:
        """Train, from the beginning or from a state, write the model, test it, and summarise."""
        started = time.monotonic()
        run, config, keep = self._run, self._run.config, self.checkpoints
        with BackgroundLog(run.events_path) as log:
            keep.attach(log)

            def record(event: Event) -> Event:
                written = log.write(event)
                self._display.event(written)
                return written

            watcher = self._watch(record)
            earlier = [event for _, event in read_events(run.events_path)]
            for event in earlier:
                self._display.event(event)
            watcher.catch_up(earlier)

            def on_event(event: Event) -> None:
                watcher(record(event))

            def report(stage: str) -> None:
                self._check_interrupt()
                self._display.stage(stage)

            for warning in warnings:
                on_event(Warned(message=warning))
            if self._lexicon.report.skipped and restored is None:
                on_event(Warned(message=self._lexicon.report.summary()))
            try:
                trained = train_model(
                    self._split,
                    config,
                    name=self._lexicon.name,
                    settings=self._settings,
                    sums=SumCache((config.network.neurons, 1), identity=self._identity),
                    threads=self._threads,
                    on_event=on_event,
                    report=report,
                    keep=keep,
                    restored=restored,
                    check_interrupt=self._check_interrupt,
                )
            finally:
                keep.close()
                watcher.close()
            if trained.aligned.unalignable.count:
                on_event(Warned(message=trained.aligned.unalignable.summary()))
            digest = write_model(run.model_path, trained.model)
            trained.sums.save(run.sums_path)
            report("test")
            test = self._test(trained)
            held_out = trained.outcome.held_out
            seconds = time.monotonic() - started
            on_event(
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


class _Unwatched:
    """A `Watcher` that does nothing."""

    def __init__(self, record: Callable[[Event], Event]) -> None:
        del record

    def __call__(self, event: Event) -> None:
        """Do nothing."""

    def catch_up(self, events: Iterable[Event]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def limited_split(lexicon: Lexicon, config: TrainingConfig, limit: int | None) -> Split[Lexicon]:
    """Split a lexicon as a run does, with `limit` train words at most, the first by hash."""
    split = split_lexicon(lexicon, config.data.fractions)
    return split if limit is None else replace(split, train=first_by_hash(split.train, limit))


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
