"""Many runs followed at once: all run folders of some folders, those that are added later too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
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

    def look(self, now: float) -> tuple[Event, ...]:
        """Read on, and return what was added; of a run that is over only the glance is kept."""
        self.problem = None
        news: tuple[Event, ...] = ()
        try:
            if self.live is None:
                self.live = LiveRun(self.path)
            news = self.live.poll()
        except GoldzoneError as error:
            self.problem = str(error)
        over = self.glance is not None and self.glance.state is State.FINISHED
        if self.live is not None and (news or not over):
            self.glance = glance(self.live, now)
            self.live.rest()
        return news

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

    def __len__(self) -> int:
        """Count the runs that were found."""
        return len(self._seen)

    def look(
        self,
        now: float,
        *,
        find: bool = True,
        on_news: Callable[[SeenRun, tuple[Event, ...]], None] = lambda run, news: None,
    ) -> tuple[SeenRun, ...]:
        """Read all of them on, and return them by their paths; what cannot be read is told of its run.

        Parameters
        ----------
        now : float
            Seconds since 1970 (UTC).
        find : bool
            Look for runs that were added or deleted, too.
        on_news : callable
            Gets each run with what was added to its log, after it was looked at.

        Raises
        ------
        StateError
            One of the paths does not exist.
        """
        if find or not self._seen:
            found = [run for path in self._paths for run in ([path] if path.is_file() else find_runs(path))]
            self._seen = {run: self._seen.get(run) or SeenRun(run) for run in found}
        for seen in self._seen.values():
            on_news(seen, seen.look(now))
        return tuple(self._seen.values())


def worst_first(runs: Iterable[SeenRun]) -> list[SeenRun]:
    """Sort runs so that those which need a person come first; those that cannot be read before all."""
    return sorted(runs, key=lambda run: (run.problem is None, badness(run.glance) if run.glance else ()))
