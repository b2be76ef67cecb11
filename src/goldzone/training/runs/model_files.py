"""The model that a path names: a file, or what a run folder came to, if it is what the run's log tells of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from goldzone.errors import StateError
from goldzone.storage.container import read_container
from goldzone.training.runs.event_log import last_event
from goldzone.training.runs.events import RunFinished
from goldzone.training.runs.run_parts import CONFIG, EVENTS, FINAL, MODEL, MODEL_FILE, refuse_links

__all__ = ["judged_model_file", "model_file"]

_WHOLE: Final = "copy the whole run again"
_UNFINISHED: Final = "is an unfinished run; go on with it (goldzone resume)"


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
    if not (path / FINAL / MODEL / MODEL_FILE).is_file():
        return judged_model_file(path)
    model = _own(path / FINAL)
    _refuse_follower_of_another(model, path)
    return model


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
        raise StateError(f"{path}: {_UNFINISHED}")
    return _own(path)


def _own(run: Path) -> Path:
    """Return the model of a run, which must be the one that its log ends with."""
    model = run / MODEL / MODEL_FILE
    if not model.is_file():
        return model
    named = _named_digest(run)
    if named is not None and (digest := read_container(model).digest) != named:
        raise StateError(
            f"{model}: is not the model of this run: its SHA-256 is {digest[:16]}..., its log names "
            f"{named[:16]}...; {_WHOLE}, or name the model file itself"
        )
    return model


def _named_digest(run: Path) -> str | None:
    """Return the digest that a run's log ends with; None of a folder that is no run."""
    if not (run / EVENTS).is_file():
        if (run / CONFIG).is_file():
            raise StateError(f"{run}: has no {EVENTS}, which names its model; {_WHOLE}")
        return None
    finished = last_event(run / EVENTS)
    if not isinstance(finished, RunFinished):
        raise StateError(f"{run}: {_UNFINISHED}")
    return finished.model_digest


def _refuse_follower_of_another(model: Path, run: Path) -> None:
    """Refuse a model of all words that follows the judged model of another run, as it says of itself."""
    named, about = _named_digest(run), read_container(model).content.get("about")
    judged = about.get("judged") if isinstance(about, dict) else None
    followed = judged.get("sha256") if isinstance(judged, dict) else None
    if None not in (named, followed) and followed != named:
        raise StateError(
            f"{model}: follows another run: one with the model {str(followed)[:16]}..., this one's is "
            f"{str(named)[:16]}...; {_WHOLE}, or name the model file itself"
        )
