"""The model of all words: trained as another was that held-out words have shown to be good."""

from __future__ import annotations

from collections import deque
from typing import Any

from goldzone.errors import StateError
from goldzone.g2p.model import read_model
from goldzone.g2p.task import PhonemizerTask
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished
from goldzone.training.runs.run_folder import RunFolder

__all__ = ["final_task"]


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
    split = task.split
    judged: dict[str, Any] = {
        "train_words": len(split.train),
        "dev_words": len(split.dev),
        "test_words": len(split.test),
        "dev_word_accuracy": None if finished.dev_score is None else round(finished.dev_score, 6),
        "test_word_accuracy": None,
        "sha256": finished.model_digest,
    }
    model, _ = read_model(run.model_path)
    judged["spread"] = model.spread
    test = task.test_model(model, threads=threads)
    if test is not None:
        judged["test_word_accuracy"] = round(test.score, 6)
    return task.of_all_words(finished.best_sweep or task.config.pipeline.sweeps, judged)
