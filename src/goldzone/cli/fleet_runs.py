"""Jobs of a fleet carried out on this machine, with a display, until they are done or a signal comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldzone.cli.interruption import Interrupted, Interruption
from goldzone.cli.sources import thread_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldzone.fleet.jobs import LanguageJob, Report
    from goldzone.fleet.results import FleetRecord, FleetSummary

__all__ = ["FleetInterrupted", "carry_out", "make_folder"]

_WORKER = "goldzone.cli.fleet_worker"


class FleetInterrupted(Interrupted):
    """A signal asked a fleet to end."""

    def __init__(self, signal: Interrupted, summary: FleetSummary, *, force: bool) -> None:
        ended = len(summary.results) + len(summary.failures)
        how = ", without --force," if force else ""
        BaseException.__init__(
            self,
            f"interrupted; {ended} of {ended + len(summary.unfinished)} languages are done; "
            f"give the same command again{how} to go on",
        )
        self.exit_code = signal.exit_code


def make_folder(out: Path) -> None:
    """Make the folder of the run folders; StateError if that cannot be done."""
    from goldzone.errors import StateError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{out}: cannot be made ({error.strerror}); choose another folder (--out)") from None


def carry_out(planned: Sequence[LanguageJob], jobs: int | None, record: FleetRecord) -> None:
    """Train on all processors, and show how it goes."""
    from goldzone.cli.fleet_display import FleetDisplay
    from goldzone.fleet.processes import ProcessExecutor

    processors = thread_count(None)
    workers = min(jobs or processors, len(planned))
    shared = [replace(job, threads=max(1, processors // workers)) for job in planned]
    with FleetDisplay(shared) as display, Interruption(Path()) as interruption:

        def on_report(report: Report) -> None:
            record.report(report)
            display.report(report)

        def check_interrupt() -> None:
            try:
                interruption.check()
            except Interrupted:
                display.stopping()
                raise

        ProcessExecutor(workers, _WORKER).run(shared, on_report=on_report, check_interrupt=check_interrupt)
