"""The model of all words: trained as another was that held-out words have shown to be good."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from goldzone.errors import StateError
from goldzone.g2p.model import G2PModel, read_model, write_model
from goldzone.g2p.task import PhonemizerTask, TrainedModel
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished
from goldzone.training.runs.model_files import judged_model_file
from goldzone.training.runs.run_folder import RunFolder

__all__ = ["final_task", "final_task_of"]


def final_task(task: PhonemizerTask, run: RunFolder, *, threads: int = 1) -> PhonemizerTask:
    """Return the task of all words that follows a finished run.

    Parameters
    ----------
    task : PhonemizerTask
        Of the run.
    run : RunFolder
    threads : int
        Changes the speed, never the result.

    Raises
    ------
    StateError
        The run is not finished.
    """
    last = deque((event for _, event in read_events(run.events_path)), maxlen=1)
    if not last or not isinstance(last[0], RunFinished):
        raise StateError(f"{run.path}: is not finished; go on with it first (goldzone resume)")
    finished = last[0]
    model, _ = read_model(judged_model_file(run.path))
    found = _Judged(model, finished.model_digest, finished.dev_score, finished.best_sweep)
    return _of_all_words(task, found, threads)


def final_task_of(task: PhonemizerTask, trained: TrainedModel, *, threads: int = 1) -> PhonemizerTask:
    """Return the task of all words that follows a training without a run folder: the same as with one.

    Parameters and result are those of `final_task`.
    """
    outcome = trained.outcome
    with TemporaryDirectory() as folder:
        digest = write_model(Path(folder) / "model", trained.model)
    score = outcome.held_out.score if outcome.held_out else None
    return _of_all_words(task, _Judged(trained.model, digest, score, outcome.sweep), threads)


class _Judged(NamedTuple):
    """A model that held-out words have judged."""

    model: G2PModel
    digest: str | None
    dev_score: float | None
    sweep: int | None
    """The best one."""


def _of_all_words(task: PhonemizerTask, found: _Judged, threads: int) -> PhonemizerTask:
    split = task.split
    judged: dict[str, Any] = {
        "train_words": len(split.train),
        "dev_words": len(split.dev),
        "test_words": len(split.test),
        "dev_word_accuracy": None if found.dev_score is None else round(found.dev_score, 6),
        "test_word_accuracy": None,
        "sha256": found.digest,
        "spread": found.model.spread,
    }
    test = task.test_model(found.model, threads=threads)
    if test is not None:
        judged["test_word_accuracy"] = round(test.score, 6)
    return task.of_all_words(found.sweep or task.config.pipeline.sweeps, judged)
