"""A worker whose jobs do what their names say: ``python -m tests.fleet.toy_worker``."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from goldzone.errors import DataError
from goldzone.fleet.jobs import LanguageJob, LanguageResult, Progressed, Report
from goldzone.fleet.worker import work_for_parent


def job(name: str, rows: int = 1, run: str = "no/such/folder") -> LanguageJob:
    """Make a job for `do`; the part of the name up to "/" says what."""
    return LanguageJob(name=name, dataset="data", folder="data/x", run=run, rows=rows, config="")


def result(
    name: str, *, status: str = "trained", reason: str = "", test: float | None = 0.5
) -> LanguageResult:
    """Make a result like any other."""
    return LanguageResult(
        name=name,
        status=status,
        words=100,
        train_words=80,
        dev_words=10,
        test_words=0 if test is None else 10,
        dev_word_accuracy=0.25,
        test_word_accuracy=test,
        test_interval=None if test is None else [test / 2, (1 + test) / 2],
        phoneme_error=None if test is None else 0.125,
        bytes=1000,
        digest="d" * 64,
        sweep=1,
        reason=reason,
        seconds=1.5,
        run=f"runs/{name}",
    )


def do(
    job: LanguageJob, *, post: Callable[[Report], None], check_interrupt: Callable[[], None]
) -> LanguageResult:
    """Do what the name says; the result's reason is this process's number."""
    match job.name.partition("/")[0]:
        case "refuse":
            raise DataError(f"{job.folder}: holds nothing; put something in")
        case "err":
            raise ZeroDivisionError("first line\nsecond line")
        case "starve":
            raise MemoryError
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.stderr.write("last words\n")
            sys.stderr.flush()
            os._exit(3)
        case "print":
            sys.stdout.write("not a report\n")
            sys.stdout.flush()
        case "ignore":
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
        case "wait":
            try:
                while True:
                    post(Progressed(job.name, "", os.getpid(), 0, 0.0, None))
                    check_interrupt()
            finally:
                with contextlib.suppress(OSError):
                    Path(job.run).write_text("tidied up")
        case "stay":
            while True:
                post(Progressed(job.name, "", os.getpid(), 0, 0.0, None))
    return result(job.name, reason=str(os.getpid()))


if __name__ == "__main__":
    work_for_parent(do)
