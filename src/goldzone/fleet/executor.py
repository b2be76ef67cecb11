"""Who carries out jobs: one protocol, so that processes here can become machines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from goldzone.fleet.jobs import LanguageJob, Report

__all__ = ["Executor"]


class Executor(Protocol):
    """Carries out jobs, several at a time."""

    def run(
        self,
        jobs: Sequence[LanguageJob],
        *,
        on_report: Callable[[Report], None],
        check_interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        """Carry out all jobs, beginning them in the order given.

        Parameters
        ----------
        jobs : sequence of LanguageJob
        on_report : callable
            Gets every report, in the calling thread. Each job ends in one `Done` or one `Failed`, whatever
            happens to the one who works at it, and no job harms another.
        check_interrupt : callable
            Called several times a second. What it raises is raised again once the jobs at work have stopped,
            each where it can be resumed; reports that come until then are observed. A job that was stopped
            has no last report.
        """
