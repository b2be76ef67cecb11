"""The model of all words, trained after a run, in a run folder inside the run's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldzone.cli.interruption import Interruption

if TYPE_CHECKING:
    from goldzone.g2p.task import PhonemizerTask
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.task import RunSummary, Task

__all__ = ["ALL_WORDS", "finish_all_words"]

ALL_WORDS = "all_words"
"""The kind of task that such a run's folder names; it is resumed with the run around it."""


def finish_all_words(task: Task[Any], folder: Path, threads: int) -> RunSummary | None:
    """Train the model of all words to its end, from the beginning or from where it was interrupted.

    Parameters
    ----------
    task : Task
        Of the run that judged.
    folder : Path
        Of that run, which is finished.
    threads : int

    Returns
    -------
    RunSummary or None
        None if there is nothing to do: the model is there, no word was held out, or the task has no words.
    """
    from goldzone.g2p.task import PhonemizerTask
    from goldzone.training.runs.lock import locked
    from goldzone.training.runs.run_folder import RunFolder

    if not isinstance(task, PhonemizerTask) or not (task.split.dev.entries or task.split.test.entries):
        return None
    run = RunFolder.open(folder)
    with locked(run.lock_path):  # of the run around it: who replaces that would delete this one too
        return _train(task, run, threads)


def _train(task: PhonemizerTask, run: RunFolder, threads: int) -> RunSummary | None:
    from goldzone.cli.display import TrainingDisplay
    from goldzone.g2p.final import final_task
    from goldzone.training.runner import is_finished, resume_run, start_run
    from goldzone.training.runs.run_folder import RunFolder, RunSource
    from goldzone.training.task import RunContext

    begun = (run.final_path / "config.toml").exists()  # written last
    if begun and is_finished(RunFolder.open(run.final_path)):
        return None
    everything = final_task(task, run, threads=threads)
    with TrainingDisplay(everything.config, "all words: ") as display, Interruption(run.path) as interruption:
        context = RunContext(threads, (display,), interruption.check)
        if begun:
            return resume_run(everything, run.final_path, context)
        source = RunSource(name=everything.name, task=ALL_WORDS)
        return start_run(everything, run.final_path, context, source=source)
