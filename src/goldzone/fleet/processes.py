"""Jobs in processes of this machine."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from goldzone.errors import GoldzoneError
from goldzone.fleet.jobs import Done, Failed, LanguageJob, Report, job_to_line, report_from_line

__all__ = ["ProcessExecutor"]

_TICK_SECONDS: Final = 0.1
_LAST_WORDS: Final = 2000
"""Bytes of a worker's standard error that are kept for `Failed.details`."""
_START: Final = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "runpy.run_module(sys.argv[2], run_name='__main__', alter_sys=True)"
)
"""A worker's program: it finds modules where they are found here, and nowhere else."""
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Libraries start a thread a processor when they are imported; a worker of many needs none of them."""


class ProcessExecutor:
    """Carries out jobs in workers that take one job after the other; a `goldzone.fleet.executor.Executor`.

    A worker that dies takes its job with it and is replaced. Jobs and reports are lines on its standard input
    and output (`goldzone.fleet.worker`).

    Parameters
    ----------
    workers : int
        Processes at a time.
    module : str
        What a worker runs, as ``python -m module`` does.
    """

    def __init__(self, workers: int, module: str) -> None:
        self._most = workers
        found = json.dumps(sys.path)
        self._command = (sys.executable, "-c", _START, found, module)

    def run(
        self,
        jobs: Sequence[LanguageJob],
        *,
        on_report: Callable[[Report], None],
        check_interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        """Carry out all jobs; see `Executor.run`."""
        waiting = deque(jobs)
        inbox: _Inbox = SimpleQueue()
        workers: set[_Worker] = set()
        try:
            try:
                while waiting or any(worker.job for worker in workers):
                    while waiting and len(workers) < self._most:
                        worker = _Worker(self._command, inbox)
                        workers.add(worker)
                        worker.take(waiting.popleft())
                    check_interrupt()
                    self._attend(inbox, workers, waiting, on_report)
            finally:
                # A second interruption may come here; it finds the workers below.
                self._dismiss(inbox, workers, on_report)
        finally:
            for worker in workers:
                worker.kill()

    def _attend(
        self,
        inbox: _Inbox,
        workers: set[_Worker],
        waiting: deque[LanguageJob],
        on_report: Callable[[Report], None],
    ) -> None:
        """Hear one worker, if one speaks up within a moment, and give it what to do."""
        try:
            worker, report = inbox.get(timeout=_TICK_SECONDS)
        except Empty:
            return
        if report is None:
            workers.discard(worker)
            job, message, details = worker.job, *worker.end()
            if job is not None:
                on_report(Failed(job.name, message, details))
            return
        if isinstance(report, Done | Failed):
            worker.job = None
            if waiting:
                worker.take(waiting.popleft())
            else:
                worker.dismiss()
        on_report(report)

    @staticmethod
    def _dismiss(inbox: _Inbox, workers: set[_Worker], on_report: Callable[[Report], None]) -> None:
        """Ask all workers to stop, and wait until they have; what they still report is observed."""
        for worker in workers:
            worker.dismiss()
        while workers:
            worker, report = inbox.get()
            if report is None:
                workers.discard(worker)
                worker.end()
            else:
                on_report(report)


class _Worker:
    """A process; `job` is what it is at."""

    def __init__(self, command: Sequence[str], inbox: _Inbox) -> None:
        self.job: LanguageJob | None = None
        # A file and not a pipe, which nobody would empty.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, one of our modules
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**dict.fromkeys(_ONE_THREAD, "1"), **os.environ},
            )
        except OSError as error:
            self._errors.close()
            raise GoldzoneError(
                f"a worker cannot be started ({error.strerror}); take fewer languages at a time (--jobs)"
            ) from None
        self._thread = threading.Thread(target=self._listen, args=(inbox,), daemon=True)
        self._thread.start()

    def take(self, job: LanguageJob) -> None:
        """Give it a job; if it is dead, `inbox` tells soon."""
        self.job = job
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        with contextlib.suppress(OSError):
            self._process.stdin.write(job_to_line(job))
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """Tell it that no more jobs come; one that it is at, it stops."""
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self) -> tuple[str, str]:
        """Wait for its end and return how it came about, in one line, and what it wrote last."""
        self.dismiss()
        code = self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._process.stdout.close()
        with self._errors as errors:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LAST_WORDS))
            details = errors.read().decode(errors="replace").strip()
        return _cause(code, details), details

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self.end()

    def _listen(self, inbox: _Inbox) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        for line in self._process.stdout:
            if line.endswith(b"\n"):  # else it was killed as it wrote
                inbox.put((self, report_from_line(line)))
        inbox.put((self, None))


_Inbox: TypeAlias = "SimpleQueue[tuple[_Worker, Report | None]]"
"""Reports of all workers; None is the end of one."""


def _cause(code: int, details: str) -> str:
    if code >= 0:
        last = f": {details.splitlines()[-1]}" if details else ""
        return f"its process ended unasked (exit code {code}{last}); run again to go on where it was"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = ", perhaps for want of memory (see --jobs)" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{memory}; run again to go on where it was"
