"""Many runs followed at once: all run folders of some folders, those that are added later too."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from goldzone.errors import GoldzoneError
from goldzone.monitor.glance import Glance, State, badness, glance
from goldzone.monitor.live import LiveRun, find_runs
from goldzone.training.runs.events import Event

__all__ = ["LiveRuns", "SeenRun", "worst_first"]


@dataclass(slots=True)
class SeenRun:
    """One run as it was looked at last."""

    path: Path
    live: LiveRun | None = None
    """None if it could not be opened."""
    glance: Glance | None = None
    """The same."""
    problem: str | None = None
    """Why it cannot be read (any further), in a line that says what to do."""
    news: tuple[Event, ...] = ()
    """What was added since the look before."""

    def look(self, now: float) -> None:
        """Read on."""
        self.news, self.problem = (), None
        try:
            if self.live is None:
                self.live = LiveRun(self.path)
            self.news = self.live.poll()
        except GoldzoneError as error:
            self.problem = str(error)
        over = self.glance is not None and self.glance.state is State.FINISHED
        if self.live is not None and (self.news or not over):
            self.glance = glance(self.live, now)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come: it has come to its end, or cannot be read."""
        return self.problem is not None or (self.glance is not None and self.glance.state is State.FINISHED)


class LiveRuns:
    """The runs of some folders.

    Parameters
    ----------
    paths : iterable of path
        Run folders, folders with run folders in them (`goldzone.monitor.live.find_runs`), or event logs.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        self._paths = tuple(map(Path, paths))
        self._seen: dict[Path, SeenRun] = {}

    def look(self, now: float, *, find: bool = True) -> tuple[SeenRun, ...]:
        """Read all of them on, and return them by their paths; what cannot be read is told of its run.

        Parameters
        ----------
        now : float
            Seconds since 1970 (UTC).
        find : bool
            Look for runs that were added or deleted, too.

        Raises
        ------
        StateError
            One of the paths does not exist.
        """
        if find or not self._seen:
            found = [run for path in self._paths for run in ([path] if path.is_file() else find_runs(path))]
            self._seen = {run: self._seen.get(run) or SeenRun(run) for run in found}
        for seen in self._seen.values():
            seen.look(now)
        return tuple(self._seen.values())


def worst_first(runs: Iterable[SeenRun]) -> list[SeenRun]:
    """Sort runs so that those which need a person come first; those that cannot be read before all."""
    return sorted(runs, key=lambda run: (run.problem is None, badness(run.glance) if run.glance else ()))
