"""Runs as TensorBoard's event files, written by tensorboardX: neither TensorFlow nor PyTorch is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from goldzone.errors import GoldzoneError, StateError
from goldzone.training.runs.events import RunFinished, RunStarted

try:
    from tensorboardX import SummaryWriter
except ModuleNotFoundError:
    raise GoldzoneError(
        "TensorBoard's files need tensorboardX; install it with: pip install 'goldzone[tracking]'"
    ) from None

__all__ = ["TensorBoardTracker"]

_FILES: Final = "events.out.tfevents.*"


class TensorBoardTracker:
    """Writes a run into a folder of a log directory; `goldzone.monitor.tracking.run_tracker.Tracker`.

    Parameters
    ----------
    folder : path
        Of this run alone; it is made.
    force : bool
        Replace what the folder holds of an earlier export.

    Raises
    ------
    StateError
        The folder holds an export (without `force`), or cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str], *, force: bool = False) -> None:
        self._folder = Path(folder)
        self._writer: SummaryWriter | None = None
        if not force and any(self._folder.glob(_FILES)):
            raise StateError(
                f"{self._folder}: holds an export; choose another --out, or replace it (--force)"
            )
        self._open()

    def _open(self) -> SummaryWriter:
        """Begin an empty file in place of all others."""
        self.close()
        with self._disk():
            for file in self._folder.glob(_FILES):
                file.unlink()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._writer = SummaryWriter(str(self._folder))
        return self._writer

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(
                f"{self._folder}: cannot be written ({error.strerror}); check the folder"
            ) from None

    def _writing(self) -> SummaryWriter:
        return self._open() if self._writer is None else self._writer

    def begin(self, started: RunStarted, parameters: Mapping[str, str]) -> None:
        """Begin an empty file with the parameters as a text."""
        writer = self._open()
        listed = "\n".join(f"    {name} = {value}" for name, value in sorted(parameters.items()))
        self._text(writer, "run", f"    {started.run}", 0, started.time)
        self._text(writer, "parameters", listed, 0, started.time)

    def _text(self, writer: SummaryWriter, name: str, text: str, step: int, time: float) -> None:
        with self._disk():
            writer.add_text(name, text, step, walltime=time)

    def scalars(self, values: Mapping[str, float], step: int, time: float) -> None:
        """Write numbers, so that they can be seen at once."""
        writer = self._writing()
        with self._disk():
            for name, value in values.items():
                writer.add_scalar(name, value, step, walltime=time)
            writer.flush()

    def distribution(self, name: str, values: npt.NDArray[np.float64], step: int, time: float) -> None:
        """Write a histogram."""
        writer = self._writing()
        with self._disk():
            writer.add_histogram(name, values, step, walltime=time)

    def note(self, text: str, step: int, time: float) -> None:
        """Write a text; it is shown as it stands, not as Markdown."""
        self._text(self._writing(), "notes", "    " + " ".join(text.split()), step, time)

    def end(self, finished: RunFinished) -> None:
        """Write why the run ended."""
        self._text(self._writing(), "end", f"    {finished.reason}", finished.best_sweep or 0, finished.time)
        self.close()

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        if self._writer is not None:
            with self._disk():
                self._writer.close()
            self._writer = None
