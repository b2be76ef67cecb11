"""Runs in MLflow: in a database of a folder, or at a tracking server."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from goldzone.errors import GoldzoneError, StateError
from goldzone.training.runs.events import RunFinished, RunStarted
from goldzone.validation import without_password

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers; read when imported
try:
    import sqlalchemy  # noqa: F401 - MLflow names it only when it opens a database
    from mlflow.entities import Metric, Param
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
except ModuleNotFoundError:
    raise GoldzoneError(
        "MLflow is not installed; install it with: pip install 'goldzone[tracking]'"
    ) from None

__all__ = ["EXPERIMENT", "MlflowTracker", "tracking_address"]

EXPERIMENT: Final = "goldzone"
"""The experiment that runs belong to unless another is named."""
_KEY: Final = "goldzone.run"
"""Tag that tells runs apart: SHA-256 in hex of name, start and data."""
_NOTES: Final = "mlflow.note.content"
"""Tag that MLflow shows as the description, as Markdown."""
_LONGEST: Final = 5000
"""Characters of a tag or parameter; MLflow takes 5,000 and 6,000, older versions fewer."""
_MOST: Final = 100
"""Parameters that MLflow takes at once."""


def tracking_address(out: str) -> str:
    """Return where MLflow keeps runs: an address as it is, or the database in a folder, which is made.

    Raises
    ------
    StateError
        The folder cannot be made.
    """
    if "://" in out:
        return out
    folder = Path(out).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{out}: cannot be made ({error.strerror}); choose another --out") from None
    return f"sqlite:///{folder.as_posix()}/mlflow.db"


class MlflowTracker:
    """Writes a run into an experiment; `goldzone.monitor.tracking.run_tracker.Tracker`.

    Distributions are left out: MLflow has none.

    Parameters
    ----------
    address : str
        A tracking URI, such as that of `tracking_address`.
    name : str
        What the run is called.
    experiment : str
        It is made if it does not exist.
    force : bool
        Replace the same run if it is there; MLflow can restore what was replaced.

    Raises
    ------
    StateError
        MLflow refuses, with its reason. A run that is there already (without `force`) is refused by `begin`.
    """

    def __init__(self, address: str, name: str, *, experiment: str = EXPERIMENT, force: bool = False) -> None:
        for library in ("mlflow", "alembic"):
            logging.getLogger(library).setLevel(logging.WARNING)  # they tell of the tables that they make
        self._address = address
        self._shown = without_password(address)
        self._name = name
        self._force = force
        self._run: str | None = None
        self._notes: list[str] = []
        with self._asked():
            self._client = MlflowClient(tracking_uri=address)
            found = self._client.get_experiment_by_name(experiment)
            self._experiment = (
                str(self._client.create_experiment(experiment, artifact_location=self._artifacts()))
                if found is None
                else str(found.experiment_id)
            )

    def _artifacts(self) -> str | None:
        """Return a place beside the database of a folder, not in the folder of whoever exports."""
        path = self._address.removeprefix("sqlite:///")
        return None if path == self._address else (Path(path).parent / "artifacts").as_uri()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except (MlflowException, OSError) as error:
            reason = without_password(" ".join(str(error).split()))
            raise StateError(f"{self._shown}: MLflow refuses ({reason}); check --out") from None

    def begin(self, started: RunStarted, parameters: Mapping[str, str]) -> None:
        """Begin a run with its parameters; StateError if it is there already and may not be replaced."""
        told = f"{started.run} {started.time} {started.data_fingerprint}"
        key = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
        with self._asked():
            there = self._client.search_runs([self._experiment], f"tags.`{_KEY}` = '{key}'")
        if there and self._run is None and not self._force:
            raise StateError(f"{self._shown}: holds this run; choose another --out, or replace it (--force)")
        with self._asked():
            for run in there:
                self._client.delete_run(run.info.run_id)
            tags = {_KEY: key, "language": started.run, "direction": started.direction}
            made = self._client.create_run(
                self._experiment, start_time=_milliseconds(started.time), tags=tags, run_name=self._name
            )
            self._run, self._notes = made.info.run_id, []
            listed = [Param(name, value[:_LONGEST]) for name, value in parameters.items()]
            for first in range(0, len(listed), _MOST):
                self._client.log_batch(self._run, params=listed[first : first + _MOST])

    def _begun(self) -> str:
        if self._run is None:
            raise StateError(f"{self._shown}: the run has not begun; its log has no start")
        return self._run

    def scalars(self, values: Mapping[str, float], step: int, time: float) -> None:
        """Write numbers."""
        metrics = [Metric(name, value, _milliseconds(time), step) for name, value in values.items()]
        with self._asked():
            self._client.log_batch(self._begun(), metrics=metrics)

    def distribution(self, name: str, values: npt.NDArray[np.float64], step: int, time: float) -> None:
        """Leave it out."""

    def note(self, text: str, step: int, time: float) -> None:
        """Add a line to the run's description; of many, the last are kept."""
        self._notes.append(f"    sweep {step}: {' '.join(text.split())}")
        while len(self._notes) > 1 and sum(map(len, self._notes)) + len(self._notes) > _LONGEST:
            del self._notes[0]
        with self._asked():
            self._client.set_tag(self._begun(), _NOTES, "\n".join(self._notes)[:_LONGEST])

    def end(self, finished: RunFinished) -> None:
        """Finish the run."""
        run = self._begun()
        with self._asked():
            for name, value in (
                ("reason", finished.reason),
                ("best_sweep", finished.best_sweep),
                ("model_digest", finished.model_digest),
            ):
                if value is not None:
                    self._client.set_tag(run, name, str(value)[:_LONGEST])
            if finished.dev_score is not None:
                best = Metric(
                    "best/accuracy/dev",
                    finished.dev_score,
                    _milliseconds(finished.time),
                    finished.best_sweep or 0,
                )
                self._client.log_batch(run, metrics=[best])
            self._client.set_terminated(run, "FINISHED", end_time=_milliseconds(finished.time))

    def close(self) -> None:
        """Do nothing: MLflow keeps each thing at once."""


def _milliseconds(time: float) -> int:
    return round(time * 1000)
