from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Callable

from goldzone.fleet.jobs import (
    Begun,
    Done,
    Failed,
    LanguageJob,
    LanguageResult,
    Noted,
    Report,
    job_to_line,
    report_from_line,
)
from goldzone.fleet.worker import Work, serve
from tests.fleet.toy_worker import do, job, result


class Listener:
    """A worker in a thread of this process, and the two ends of its streams."""

    def __init__(self, work: Work = do) -> None:
        jobs, self._jobs = os.pipe()
        reports, self._reports = os.pipe()
        self._source, self._sink = os.fdopen(jobs, "rb"), os.fdopen(self._reports, "wb")
        self._heard = os.fdopen(reports, "rb")
        self._thread = threading.Thread(target=serve, args=(work, self._source, self._sink))
        self._thread.start()

    def give(self, *jobs: LanguageJob) -> None:
        os.write(self._jobs, b"".join(map(job_to_line, jobs)))

    def hear(self) -> Report:
        return report_from_line(self._heard.readline())

    def end(self) -> list[Report]:
        """End the stream of jobs; return what is said from then on."""
        os.close(self._jobs)
        rest: list[Report] = []
        reader = threading.Thread(target=lambda: rest.extend(map(report_from_line, self._heard)))
        reader.start()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        self._sink.close()
        reader.join()
        self._heard.close()
        self._source.close()
        return rest


def test_jobs_are_done_one_after_the_other_and_failures_stop_none() -> None:
    worker = Listener()
    worker.give(job("fine/1"), job("refuse"), job("err"), job("starve"), job("fine/2"))
    heard = [worker.hear() for _ in range(10)]
    assert worker.end() == []
    assert heard[::2] == [Begun(name) for name in ("fine/1", "refuse", "err", "starve", "fine/2")]
    first, refused, error, starved, second = heard[1::2]
    assert isinstance(first, Done)
    assert first.result == result("fine/1", reason=str(os.getpid()))
    assert isinstance(second, Done)
    assert refused == Failed("refuse", "data/x: holds nothing; put something in")
    assert isinstance(error, Failed)
    assert error.message == "an error that goldzone does not know (ZeroDivisionError: first line)"
    assert error.details.startswith("Traceback")
    assert "second line" in error.details
    assert isinstance(starved, Failed)
    assert starved.message.startswith("too little memory; ")


def test_the_end_of_the_jobs_stops_the_one_at_work_and_begins_no_other() -> None:
    worker = Listener()
    worker.give(job("wait"), job("fine"))
    assert worker.hear() == Begun("wait")
    rest = worker.end()
    assert not any(isinstance(report, Done | Failed | Begun) for report in rest)


def test_a_worker_to_which_nobody_listens_stops() -> None:
    class Deaf(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    serve(do, io.BytesIO(job_to_line(job("stay"))), Deaf())


def test_what_the_package_logs_is_noted_and_the_log_is_left_as_it_was() -> None:
    logger = logging.getLogger("goldzone")
    before = (logger.level, list(logger.handlers))

    def chat(
        job: LanguageJob, *, post: Callable[[Report], None], check_interrupt: Callable[[], None]
    ) -> LanguageResult:
        del post, check_interrupt
        logging.getLogger("goldzone.compilation").info("compiling %d kernels", 3)
        return result(job.name)

    worker = Listener(chat)
    worker.give(job("a"))
    assert [worker.hear() for _ in range(3)] == [
        Begun("a"),
        Noted("compiling 3 kernels"),
        Done("a", result("a")),
    ]
    worker.end()
    assert (logger.level, list(logger.handlers)) == before
