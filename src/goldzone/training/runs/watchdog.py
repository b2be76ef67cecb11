"""Notices a run that stands still: a thread beside training, since what hangs cannot tell of it.

Every second the listeners get the time for which no event has come, and may raise an alert. A run that stands
still after its time limit is ended: the limit itself is looked at between steps, which a step that never ends
does not reach. All of it was kept, so it can be resumed. Nothing here changes a model.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple

from goldzone.training.runs.events import Warned
from goldzone.training.runs.listeners import Audience

__all__ = ["EXIT_CODE", "Limits", "Watchdog"]

EXIT_CODE: Final = 124
"""Of a process that was ended for its time limit, as ``timeout`` has it."""
_EVERY: Final = 1.0
_PATIENCE: Final = 600.0
_TIMES: Final = 5.0


class Limits(NamedTuple):
    """How long a run, and one layer of a sweep, may take, in seconds; None: as long as they like."""

    run: float | None
    layer: float | None


def _end_process(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")
    sys.stderr.flush()
    os._exit(EXIT_CODE)  # the thread that hangs would keep the process from an orderly end


class Watchdog:
    """Watches a run while it is entered.

    Parameters
    ----------
    audience : Audience
    limits : Limits
    name : str
        The run's folder, for messages.
    every : float
        Seconds between two looks.
    patience : float
        A run is ended only after so many seconds without an event, and after 5 times the longest such time.
    end : callable
        Gets what to tell, and ends the process.
    """

    def __init__(
        self,
        audience: Audience,
        limits: Limits,
        name: str,
        *,
        every: float = _EVERY,
        patience: float = _PATIENCE,
        end: Callable[[str], None] = _end_process,
    ) -> None:
        self._audience = audience
        self._limits = limits
        self._name = name
        self._every = every
        self._patience = patience
        self._end = end
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def look(self, now: float) -> None:
        """Tell the listeners how long no event has come; end the run if it hangs beyond its time."""
        quiet, longest = self._audience.tick(now)
        if quiet <= max(self._patience, _TIMES * longest):
            return
        limit = _passed(self._limits, now - self._began, quiet)
        if limit is not None:
            message = (
                f"{self._name}: no event for {quiet:,.0f} s and {limit}: the run is ended; "
                f"go on with it (goldzone resume {self._name})"
            )
            self._audience.emit_last(Warned(message=message))
            self._stop.set()
            self._end(message)

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            self.look(time.monotonic())


def _passed(limits: Limits, seconds: float, quiet: float) -> str | None:
    """Name the time limit that is passed."""
    if limits.run is not None and seconds > limits.run:
        return f"the time limit of {limits.run:g} s is over"
    if limits.layer is not None and quiet > limits.layer:
        return f"the time limit of a layer, {limits.layer:g} s, is over"
    return None
