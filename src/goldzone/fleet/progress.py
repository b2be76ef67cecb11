"""Progress: of one language, as its worker tells it; of all, as numbers for whoever shows them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Final

from goldzone.fleet.jobs import Begun, Done, Failed, LanguageJob, Progressed, Report
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event, LayerProgressed, NeuronTrained, SweepFinished, SweepStarted
from goldzone.training.runs.listeners import Listener
from goldzone.training.runs.run_progress import RunProgress

__all__ = ["FleetProgress", "ProgressPoster"]

_POST_SECONDS: Final = 0.25
_PREPARED: Final = 0.1
"""Share of a language's work that is done before the first sweep: reading, alignment, samples."""
_ROWS_OF_ANY: Final = 1000
"""A language takes the time of so many rows more than it has: neurons take time whatever the words."""
_LEAST_SHARE: Final = 0.01
"""Share of all work from which on the time left is told."""


class ProgressPoster(Listener):
    """Tells where a run is, a few times a second; a listener.

    Parameters
    ----------
    name : str
        The language's.
    config : TrainingConfig
    post : callable
        Gets the reports.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        name: str,
        config: TrainingConfig,
        post: Callable[[Progressed], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._sweeps = config.pipeline.sweeps
        self._done = RunProgress(config)
        self._post = post
        self._clock = clock
        self._stage = "reading"
        self._sweep = 0
        self._dev: float | None = None
        self._posted = -math.inf

    def on_stage(self, name: str) -> None:
        """Take the name of a stage without sweeps."""
        self._stage = name
        self._tell()

    def on_event(self, event: Event) -> None:
        """Take an event of the run, of before a resumption too."""
        self._done.on_event(event)
        match event:
            case SweepStarted(sweep=sweep):
                self._stage, self._sweep = "", sweep
            case NeuronTrained() | LayerProgressed():
                if self._clock() - self._posted >= _POST_SECONDS:
                    self._tell()
            case SweepFinished(dev_score=dev, best=best):
                self._dev = dev if best else self._dev
                self._tell()
            case _:
                pass

    def _tell(self) -> None:
        self._posted = self._clock()
        share = _PREPARED if self._sweep else 0.0
        share += (1 - _PREPARED) * min(1.0, self._done.done / self._done.total)
        self._post(Progressed(self._name, self._stage, self._sweep, self._sweeps, share, self._dev))


class FleetProgress:
    """How far all languages are, by their reports.

    Work is counted in rows of lexicons, with `_ROWS_OF_ANY` more for each language. Rate and time left are
    those of the languages trained now: one that is kept, or fails, takes next to no time. The clock tells
    seconds.
    """

    def __init__(self, jobs: Iterable[LanguageJob], clock: Callable[[], float] = time.monotonic) -> None:
        self._work = {job.name: job.rows + _ROWS_OF_ANY for job in jobs}
        self._rows = {job.name: job.rows for job in jobs}
        self._clock = clock
        self._began = clock()
        self._at_work: dict[str, Progressed] = {}
        self._shares: dict[str, float] = {}
        self._ended: set[str] = set()
        self._untrained: set[str] = set()

    def report(self, report: Report) -> None:
        """Take a report."""
        match report:
            case Begun(name=name):
                self._at_work[name] = Progressed(name, "reading", 0, 0, 0.0, None)
            case Progressed(name=name, share=share):
                self._at_work[name] = report
                self._shares[name] = share
            case Done(name=name) | Failed(name=name):
                self._at_work.pop(name, None)
                self._shares[name] = 1.0
                self._ended.add(name)
                if isinstance(report, Failed) or report.result.status == "kept":
                    self._untrained.add(name)

    @property
    def languages(self) -> int:
        """All languages."""
        return len(self._work)

    @property
    def ended(self) -> int:
        """Languages that are done, or failed."""
        return len(self._ended)

    @property
    def at_work(self) -> tuple[Progressed, ...]:
        """Languages that are neither, and have begun; in the order in which they began."""
        return tuple(self._at_work.values())

    @property
    def share(self) -> float:
        """Share of the work that is done."""
        return self._done(self._work) / max(1, sum(self._work.values()))

    @property
    def words_per_second(self) -> float:
        """Rows of lexicons that were trained on, over the time since the beginning."""
        return self._done(self._rows, trained=True) / max(1e-9, self._clock() - self._began)

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None as long as too little is known."""
        done = self._done(self._work, trained=True)
        total = sum(work for name, work in self._work.items() if name not in self._untrained)
        if done < _LEAST_SHARE * total:
            return None
        return (total - done) * (self._clock() - self._began) / max(1, done)

    def _done(self, amounts: dict[str, int], *, trained: bool = False) -> float:
        left_out = self._untrained if trained else frozenset()
        return sum(share * amounts[name] for name, share in self._shares.items() if name not in left_out)
