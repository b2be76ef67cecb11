from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from goldzone.errors import GoldzoneError
from goldzone.fleet.jobs import Begun, Done, Failed, LanguageJob, Progressed, Report
from goldzone.fleet.processes import ProcessExecutor
from tests.fleet.toy_worker import job

TOY = "tests.fleet.toy_worker"


class Halt(BaseException):
    pass


def carry_out(
    jobs: Sequence[LanguageJob], workers: int, check_interrupt: Callable[[], None] = lambda: None
) -> list[Report]:
    heard: list[Report] = []
    ProcessExecutor(workers, TOY).run(jobs, on_report=heard.append, check_interrupt=check_interrupt)
    return heard


def failures(heard: Sequence[Report]) -> dict[str, Failed]:
    return {report.name: report for report in heard if isinstance(report, Failed)}


def workers_of(heard: Sequence[Report]) -> dict[str, str]:
    """Return the process of each language that is done."""
    return {report.name: report.result.reason for report in heard if isinstance(report, Done)}


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_one_worker_takes_one_job_after_the_other_in_order() -> None:
    heard = carry_out([job(f"fine/{number}") for number in range(5)], 1)
    assert [report.name for report in heard if isinstance(report, Begun)] == [f"fine/{n}" for n in range(5)]
    (process,) = set(workers_of(heard).values())
    assert gone(int(process))


def test_several_workers_share_the_jobs() -> None:
    heard = carry_out([job("fine/1"), job("refuse"), job("fine/2"), job("fine/3")], 3)
    assert set(workers_of(heard)) == {"fine/1", "fine/2", "fine/3"}
    assert list(failures(heard)) == ["refuse"]


def test_no_more_workers_are_started_than_there_are_jobs() -> None:
    heard = carry_out([job("fine")], 50)
    assert set(workers_of(heard)) == {"fine"}
    assert carry_out([], 2) == []


def test_a_worker_that_is_killed_harms_its_own_language_alone() -> None:
    heard = carry_out([job("fine/1"), job("die"), job("fine/2"), job("exit"), job("fine/3")], 1)
    done = workers_of(heard)
    assert len(set(done.values())) == 3  # each death makes a new worker
    assert set(done) == {"fine/1", "fine/2", "fine/3"}
    failed = failures(heard)
    assert failed["die"].message == (
        "its process was killed by SIGKILL, perhaps for want of memory (see --jobs); "
        "run again to go on where it was"
    )
    assert failed["exit"].message == (
        "its process ended unasked (exit code 3: last words); run again to go on where it was"
    )
    assert failed["exit"].details == "last words"


def test_a_program_that_cannot_even_start_fails_each_job_and_ends() -> None:
    heard: list[Report] = []
    ProcessExecutor(2, "tests.fleet.no_such_module").run([job("a"), job("b")], on_report=heard.append)
    assert set(failures(heard)) == {"a", "b"}
    assert all("No module named" in failed.message for failed in failures(heard).values())


def test_a_report_that_was_cut_off_is_left_out() -> None:
    heard: list[Report] = []
    ProcessExecutor(1, "tests.fleet.torn_worker").run([job("a")], on_report=heard.append)
    assert list(failures(heard)) == ["a"]
    assert len(heard) == 1


def test_a_system_without_room_for_a_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(
        GoldzoneError, match=r"cannot be started \(Resource temporarily unavailable\); .*--jobs"
    ):
        carry_out([job("fine")], 1)


def test_what_libraries_print_is_no_report_and_signals_are_left_to_the_parent() -> None:
    heard = carry_out([job("print"), job("ignore")], 1)
    assert set(workers_of(heard)) == {"print", "ignore"}
    assert len(set(workers_of(heard).values())) == 1


def test_what_pause_raises_stops_the_workers_and_is_raised_again(tmp_path: Path) -> None:
    heard: list[Report] = []

    def check_interrupt() -> None:
        if {report.name for report in heard if isinstance(report, Progressed)} == {"wait/1", "wait/2"}:
            raise Halt

    with pytest.raises(Halt):
        ProcessExecutor(2, TOY).run(
            [*(job(f"wait/{n}", run=str(tmp_path / str(n))) for n in (1, 2)), job("fine")],
            on_report=heard.append,
            check_interrupt=check_interrupt,
        )
    assert {type(report) for report in heard} == {Begun, Progressed}  # no last report, nothing else begun
    assert {report.name for report in heard if isinstance(report, Begun)} == {"wait/1", "wait/2"}
    assert all(gone(report.sweep) for report in heard if isinstance(report, Progressed))
    assert [(tmp_path / name).read_text() for name in "12"] == ["tidied up"] * 2


def test_a_second_interruption_ends_workers_that_do_not_stop() -> None:
    processes_seen: set[int] = set()
    halted = False

    def on_report(report: Report) -> None:
        if isinstance(report, Progressed):
            processes_seen.add(report.sweep)
            if halted:
                raise KeyboardInterrupt

    def check_interrupt() -> None:
        nonlocal halted
        if processes_seen:
            halted = True
            raise Halt

    with pytest.raises(KeyboardInterrupt):
        ProcessExecutor(1, TOY).run([job("stay")], on_report=on_report, check_interrupt=check_interrupt)
    (process,) = processes_seen
    assert gone(process)


def test_an_observer_that_fails_leaves_no_worker_behind() -> None:
    seen: set[int] = set()

    def on_report(report: Report) -> None:
        if isinstance(report, Progressed):
            seen.add(report.sweep)
            raise Halt

    with pytest.raises(Halt):
        ProcessExecutor(2, TOY).run([job("wait/1"), job("stay/2")], on_report=on_report)
    assert seen
    assert all(gone(process) for process in seen)
