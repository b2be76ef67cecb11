from __future__ import annotations

import pytest

from goldzone.fleet.jobs import (
    Begun,
    Done,
    Failed,
    LanguageJob,
    Noted,
    Progressed,
    Report,
    job_from_line,
    job_to_line,
    report_from_line,
    report_to_line,
)
from tests.fleet.toy_worker import result

NAME = 'minnan/台\n"x"'
REPORTS: list[Report] = [
    Begun(NAME),
    Progressed(NAME, "", 2, 4, 0.1 + 0.2, None),
    Done(NAME, result(NAME)),
    Done(NAME, result(NAME, test=None)),
    Failed(NAME, "a\nb"),
    Failed(NAME, "a", "Traceback\n..."),
    Noted("compiling\n"),
]


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_one_line_and_comes_back_as_it_was(report: Report) -> None:
    line = report_to_line(report)
    assert line.index(b"\n") == len(line) - 1
    assert report_from_line(line) == report


def test_a_job_is_one_line_and_comes_back_as_it_was() -> None:
    job = LanguageJob(
        name=NAME,
        dataset="/d",
        folder="d/x",
        run="r\n/x",
        rows=3,
        config="seed = 1\n",
        flags="f.toml",
        flags_digest="00",
        limit=None,
        force=True,
        threads=2,
    )
    line = job_to_line(job)
    assert line.index(b"\n") == len(line) - 1
    assert job_from_line(line) == job
