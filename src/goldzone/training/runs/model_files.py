"""The model that a path names: a file, or what a run folder came to, if it is what the run's log tells of."""

from __future__ import annotations

import os
from pathlib import Path

from goldzone.errors import StateError
from goldzone.storage.container import read_container
from goldzone.training.runs.event_log import last_event
from goldzone.training.runs.events import RunFinished
from goldzone.training.runs.run_parts import CONFIG, EVENTS, FINAL, MODEL, MODEL_FILE, refuse_links

__all__ = ["judged_model_file", "model_file"]


def model_file(path: str | os.PathLike[str]) -> Path:
    """Return the model that a path names: the file itself, or a run folder's, that of all words first.

    Raises
    ------
    StateError
        The run of the folder has not come to a model yet, holds links, or the model of another run.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    refuse_links(path)
    if (path / FINAL / MODEL / MODEL_FILE).is_file():
        return _own(path / FINAL)
    return judged_model_file(path)


def judged_model_file(path: str | os.PathLike[str]) -> Path:
    """Return the file itself, or the model of a run folder that has not met the held-out words.

    Raises
    ------
    StateError
        As `model_file`.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    refuse_links(path)
    if not (path / MODEL / MODEL_FILE).exists() and (path / CONFIG).exists():
        raise StateError(f"{path}: is an unfinished run; go on with it (goldzone resume)")
    return _own(path)


def _own(run: Path) -> Path:
    """Return the model of a run, which must be the one that its log ends with."""
    model, log = run / MODEL / MODEL_FILE, run / EVENTS
    if not (model.is_file() and log.is_file()):
        return model
    finished = last_event(log)
    named = finished.model_digest if isinstance(finished, RunFinished) else None
    if named is not None and (digest := read_container(model).digest) != named:
        raise StateError(
            f"{model}: is not the model of this run: its SHA-256 is {digest[:16]}..., its log names "
            f"{named[:16]}...; copy the whole run again, or name the model file itself"
        )
    return model
