"""The life of a run in its folder, whatever its task: begin, survive, listen, write, test, summarise.

A run that was interrupted, or killed, goes on where it was: `resume_run`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice, takewhile
from pathlib import Path
from typing import Generic

from goldzone.errors import DataError, GoldzoneError, StateError
from goldzone.plugins import plugin, plugin_source
from goldzone.training.checkpoint import FolderCheckpointer, Restored
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks, NetworkT, Outcome
from goldzone.training.runs.background_log import BackgroundLog
from goldzone.training.runs.callbacks import Steering
from goldzone.training.runs.event_log import cut_events, read_events, whole_events
from goldzone.training.runs.events import Event, RunFinished, RunStarted, Warned
from goldzone.training.runs.listeners import Audience
from goldzone.training.runs.lock import locked
from goldzone.training.runs.model_files import judged_model_file
from goldzone.training.runs.run_folder import RunFolder, RunSource, check_room
from goldzone.training.runs.run_parts import LOCK, REPLACED, STATE, mend_replacing, refuse_links
from goldzone.training.runs.watchdog import Limits, Watchdog
from goldzone.training.sums.cache import SumCache
from goldzone.training.task import PartResult, PreparedTask, RunContext, RunSummary, Task

__all__ = ["is_finished", "resume_run", "start_run", "task_checkpointer", "train_prepared"]


def start_run(
    task: Task[NetworkT],
    folder: Path,
    context: RunContext,
    *,
    source: RunSource | None = None,
    force: bool = False,
    initial_events: Sequence[Event] = (),
    other_sections: str = "",
) -> RunSummary:
    """Train in a new run folder.

    Parameters
    ----------
    task : Task
    folder : Path
    context : RunContext
    source : RunSource, optional
        Where the data came from, for `resume_run`'s caller.
    force : bool
        Replace the run that the folder holds.
    initial_events : sequence of Event
        What the event log begins with: how the configuration came about.
    other_sections : str
        As for `RunFolder.create`.

    Raises
    ------
    StateError
        The folder holds another run, is in use, or cannot be written.
    DataError
        The data cannot be used; the folder is then free again.
    """
    _load_plugins(task.config)
    with _locked_folder(folder):
        _refuse_unfinished(folder, force=force)
        run = RunFolder.create(
            folder,
            task.config,
            source=source,
            force=force,
            initial_events=initial_events,
            other_sections=other_sections,
            sums_before=task.sums_before,
        )
        with _discarded_unless_learnt(run):
            return _Run(task, run, context).train(None, ())


def resume_run(task: Task[NetworkT], folder: Path, context: RunContext) -> RunSummary:
    """Go on with the run of a folder; the model becomes what it would have become without the interruption.

    Raises
    ------
    StateError
        The folder holds no run, a finished one, or one of other data; it is in use, or cannot be written.
    """
    run = RunFolder.open(folder)
    _load_plugins(task.config)
    with locked(run.lock_path):
        _mend(folder)
        if is_finished(run):
            judged_model_file(folder)  # one that is not its own is told of first
            raise StateError(f"{folder}: this run is finished; there is nothing to resume")
        work = _Run(task, run, context)
        count, damage = whole_events(run.events_path)
        warnings = [] if damage is None else [f"{damage}; the events from there on are repeated"]
        restored = work.checkpoints.load(count, warnings.append)
        if restored is None and count:
            _check_beginning(run, task)
            warnings.append(f"{run.state_path}: holds no state that can be used; the run begins again")
        run.delete_temporaries()
        cut_events(run.events_path, restored.events if restored else _count_initial_events(run, count))
        return work.train(restored, warnings)


def is_finished(run: RunFolder) -> bool:
    """Tell whether a run has come to its end."""
    try:
        last = deque((event for _, event in read_events(run.events_path)), maxlen=1)
    except StateError:  # a missing or damaged log says nothing of the end; resuming mends it
        return False
    return bool(last) and isinstance(last[0], RunFinished)


def task_checkpointer(
    task: Task[NetworkT], folder: Path, sums_path: Path | None = None
) -> FolderCheckpointer[NetworkT]:
    """Return what keeps the state of a task under training in a folder, and its sums for those who look."""
    return FolderCheckpointer(
        folder,
        task.identity,
        task.layer_sizes,
        neurons_of=task.neurons_of,
        network_of=task.network_of,
        sums_path=sums_path,
    )


def train_prepared(
    prepared: PreparedTask[NetworkT],
    hooks: Hooks[NetworkT],
    sums: SumCache,
    restored: Restored[NetworkT] | None = None,
) -> Outcome[NetworkT]:
    """Train, from the beginning or from a state that was kept, without a folder of its own."""
    if restored is None:
        hooks.on_event(prepared.started)
        return prepared.train(hooks, sums=sums, progress=None)
    prepared.restore(restored.network, restored.memory)
    return prepared.train(hooks, sums=restored.sums, progress=restored.progress)


class _Run(Generic[NetworkT]):
    """One run at work in its folder."""

    def __init__(self, task: Task[NetworkT], run: RunFolder, context: RunContext) -> None:
        self._task = task
        self._run = run
        self._context = context
        self.checkpoints = task_checkpointer(task, run.state_path, run.sums_path)

    def train(self, restored: Restored[NetworkT] | None, warnings: Sequence[str]) -> RunSummary:
        """Train, from the beginning or from a state, write the model, test it, and summarise."""
        started, task = time.monotonic(), self._task
        with BackgroundLog(self._run.events_path) as log, closing(self.checkpoints):
            self.checkpoints.attach(log)
            steering = Steering(self._context.callbacks)
            with closing(Audience((*self._context.listeners, steering), log)) as audience, _told(audience):
                audience.catch_up([event for _, event in read_events(self._run.events_path)])
                beginning = () if restored else (*_plugin_notes(task.config), *task.warnings)
                for warning in (*warnings, *beginning):
                    audience.emit(Warned(message=warning))
                prepared = task.prepare(self._context.threads, lambda name: self._stage(audience, name))
                limits = Limits(
                    task.config.pipeline.time_limit_seconds, task.config.pipeline.layer_time_limit_seconds
                )
                with closing(prepared), Watchdog(audience, limits, str(self._run.path)):
                    summary = self._finish(prepared, audience, steering, restored, started)
        self.checkpoints.discard()
        self._run.forget_replaced()
        return summary

    def _finish(
        self,
        prepared: PreparedTask[NetworkT],
        audience: Audience,
        steering: Steering,
        restored: Restored[NetworkT] | None,
        started: float,
    ) -> RunSummary:
        task, run = self._task, self._run
        hooks = Hooks(
            prepared.evaluate,
            audience.emit,
            self._context.check_interrupt,
            self.checkpoints,
            prepared.judge_train,
            steering,
        )
        sums = restored.sums if restored else task.initial_sums()
        outcome = train_prepared(prepared, hooks, sums, restored)
        for warning in prepared.warnings:
            audience.emit(Warned(message=warning))
        digest = prepared.write_model(outcome, run.model_path)
        self._stage(audience, f"testing on unseen {prepared.started.unit}")
        test = prepared.test(outcome)
        audience.finish()
        seconds = time.monotonic() - started
        audience.emit(
            RunFinished(
                reason=outcome.reason,
                best_sweep=outcome.sweep,
                dev_score=outcome.held_out.score if outcome.held_out else None,
                model_digest=digest,
                seconds=seconds,
            )
        )
        beginning, held_out = prepared.started, outcome.held_out
        return RunSummary(
            name=task.name,
            run=str(run.path),
            model=str(run.model_path),
            bytes=run.model_path.stat().st_size,
            digest=digest,
            sweep=outcome.sweep,
            sweeps=task.config.pipeline.sweeps,
            reason=outcome.reason,
            unit=beginning.unit,
            score_name=task.score_name,
            train=PartResult(
                beginning.train_examples,
                outcome.train.score,
                metrics={**outcome.train.metrics, "loss": outcome.train.loss},
            ),
            dev=PartResult(beginning.dev_examples, held_out.score, metrics=held_out.metrics)
            if held_out
            else None,
            test=test,
            seconds=seconds,
            details=prepared.details,
        )

    def _stage(self, audience: Audience, name: str) -> None:
        self._context.check_interrupt()
        audience.on_stage(name)


def _load_plugins(config: TrainingConfig) -> None:
    """Refuse a configuration whose plug-ins are not there, before anything is made."""
    for group, name in config.plugins():
        plugin(group, name)


def _plugin_notes(config: TrainingConfig) -> Iterator[str]:
    """Say where plug-ins come from: the model depends on them, and no digest knows them."""
    for group, name in config.plugins():
        yield f"{name} ({group.removeprefix('goldzone.')}) is of {plugin_source(group, name)}"


@contextmanager
def _told(audience: Audience) -> Iterator[None]:
    """Tell an audience of what ends the run before its time."""
    try:
        yield
    except BaseException as error:
        audience.on_exception(error)
        raise


def _check_beginning(run: RunFolder, task: Task[NetworkT]) -> None:
    """Refuse a run that began with another configuration or other data than those it has now."""
    try:
        started = next((e for _, e in read_events(run.events_path) if isinstance(e, RunStarted)), None)
    except StateError:  # damaged before the beginning is told: nothing is known of it
        return
    now = (task.name, run.config.digest(), task.data_fingerprint)
    if started and (started.run, started.config_digest, started.data_fingerprint) != now:
        raise StateError(
            f"{run.path}: began with another configuration or other data; "
            "restore them, or start again with --force"
        )


def _count_initial_events(run: RunFolder, whole: int) -> int:
    """Count the events before those of training: only the caller of `start_run` could write them again."""
    if not whole:
        return 0
    events = (event for _, event in islice(read_events(run.events_path), whole))
    return sum(1 for _ in takewhile(lambda event: not isinstance(event, RunStarted | Warned), events))


@contextmanager
def _locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that becomes a run's, from before the run in it is touched to the end."""
    refuse_links(folder)
    try:
        if not (folder / REPLACED).exists():
            check_room(folder, force=True)
        (folder / STATE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"{folder}: cannot be a run folder ({error.strerror}); choose another path"
        ) from None
    with locked(folder / STATE / LOCK):
        _mend(folder)
        yield


def _mend(folder: Path) -> None:
    """Put a run back whose replacing was broken off."""
    try:
        mend_replacing(folder)
    except OSError as error:
        raise StateError(f"{folder}: cannot be written ({error.strerror}); check the folder") from None


def _refuse_unfinished(folder: Path, *, force: bool) -> None:
    """Say how an unfinished run can be continued."""
    try:
        run = RunFolder.open(folder)
    except GoldzoneError:  # not the folder of a run, as `RunFolder.create` may have more to say about
        return
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
