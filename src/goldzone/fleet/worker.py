"""A worker: takes jobs from one stream, one after the other, and reports on another, line by line.

A worker lives as long as there are jobs: what it has imported and compiled serves the next language too. The
end of the stream of jobs means: stop, where the run can be resumed. So a worker never outlives the one that
it works for, even if that one is killed.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import BinaryIO, Protocol

from goldzone.errors import GoldzoneError
from goldzone.fleet.jobs import (
    Begun,
    Done,
    Failed,
    LanguageJob,
    LanguageResult,
    Noted,
    Report,
    job_from_line,
    report_to_line,
)
from goldzone.log_lines import forwarded_log

__all__ = ["Work", "serve", "work_for_parent"]


class Work(Protocol):
    """Does one job."""

    def __call__(
        self, job: LanguageJob, *, post: Callable[[Report], None], check_interrupt: Callable[[], None]
    ) -> LanguageResult:
        """Do the job, posting progress; what `check_interrupt`, called often, raises ends it."""


class _Stopped(BaseException):
    """There are no more jobs, and the one at work is to stop. No handler of errors catches it."""


def work_for_parent(work: Work) -> None:
    """Serve the process that started this one, on standard input and output.

    Ctrl-C reaches all processes of a terminal, and SIGTERM often all of a service; here both are left to the
    parent, which closes standard input.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        # A function, because what a process ignores, the programs that it starts ignore too.
        signal.signal(number, lambda number, frame: None)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what some library prints is no report
    # Unbuffered: the thread that reads must hold no lock when the process ends.
    with os.fdopen(os.dup(0), "rb", buffering=0) as jobs, reports:
        serve(work, jobs, reports)


def serve(work: Work, jobs: BinaryIO, reports: BinaryIO) -> None:
    """Do jobs until their stream ends; a job at work is then stopped.

    Parameters
    ----------
    work : Work
    jobs : binary stream
        A `LanguageJob` a line.
    reports : binary stream
        A `goldzone.fleet.jobs.Report` a line: `Begun`, any number of `Progressed`, `Done` or `Failed`. A job
        that is stopped has no last report. What goldzone logs meanwhile is `Noted`.
    """
    waiting: SimpleQueue[LanguageJob | None] = SimpleQueue()
    ended = threading.Event()

    def read() -> None:
        try:
            for line in jobs:
                waiting.put(job_from_line(line))
        finally:
            ended.set()
            waiting.put(None)

    def check_interrupt() -> None:
        if ended.is_set():
            raise _Stopped

    def post(report: Report) -> None:
        try:
            reports.write(report_to_line(report))
            reports.flush()
        except BrokenPipeError:  # nobody listens: the end of the jobs is near
            raise _Stopped from None

    threading.Thread(target=read, name="goldzone-jobs", daemon=True).start()
    try:
        with forwarded_log("goldzone", lambda line: post(Noted(line))):
            while (job := waiting.get()) is not None:
                check_interrupt()
                post(Begun(job.name))
                post(_outcome(work, job, post, check_interrupt))
    except _Stopped:
        return


def _outcome(
    work: Work, job: LanguageJob, post: Callable[[Report], None], check_interrupt: Callable[[], None]
) -> Done | Failed:
    try:
        return Done(job.name, work(job, post=post, check_interrupt=check_interrupt))
    except GoldzoneError as error:
        return Failed(job.name, str(error))
    except MemoryError:
        return Failed(job.name, "too little memory; take fewer languages at a time (--jobs), and run again")
    except Exception as error:
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        return Failed(
            job.name, f"an error that goldzone does not know ({message})", details=traceback.format_exc()
        )
