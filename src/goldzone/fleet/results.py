"""What a fleet came to: results, failures, means."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from goldzone.errors import StateError
from goldzone.fleet.jobs import Done, Failed, LanguageJob, LanguageResult, Report
from goldzone.storage.files import write_atomically

__all__ = ["SUMMARY_FILE", "FleetRecord", "FleetSummary", "mean_of", "write_summary"]

SUMMARY_FILE: Final = "summary.json"
"""Its name in the folder of the run folders."""

_MEANS: Final = ("words", "dev_word_accuracy", "test_word_accuracy", "phoneme_error", "bytes", "seconds")
_TOTALS: Final = ("words", "test_words", "bytes", "seconds")


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """What all languages came to."""

    results: tuple[LanguageResult, ...]
    """By name."""
    failures: tuple[Failed, ...]
    """By name."""
    unfinished: tuple[str, ...]
    """Languages that were not begun or not finished, because the fleet was interrupted; by name."""
    seconds: float
    """From the first to the last, by the clock."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values: lists of languages and failures, means over languages, and totals."""
        return {
            "languages": [asdict(result) for result in self.results],
            "failures": [structs.asdict(failure) for failure in self.failures],
            "unfinished": list(self.unfinished),
            "means": {name: mean_of(self.results, name) for name in _MEANS},
            "totals": {name: sum(getattr(result, name) for result in self.results) for name in _TOTALS},
            "seconds": self.seconds,
        }


def mean_of(results: Sequence[LanguageResult], name: str) -> float | None:
    """Return the mean of a number over the languages that have it; None if none has."""
    found = [value for value in (getattr(result, name) for result in results) if value is not None]
    return statistics.fmean(found) if found else None


def write_summary(folder: Path, summary: FleetSummary) -> None:
    """Write `SUMMARY_FILE`.

    Raises
    ------
    StateError
        It cannot be written.
    """
    text = json.dumps(summary.to_json(), ensure_ascii=False, indent=1)
    write_atomically(folder / SUMMARY_FILE, text.encode() + b"\n", error=StateError)


class FleetRecord:
    """Gathers the last report of each language."""

    def __init__(self, jobs: Iterable[LanguageJob]) -> None:
        self._last: dict[str, Done | Failed | None] = {job.name: None for job in jobs}

    def report(self, report: Report) -> None:
        """Take a report."""
        if isinstance(report, Done | Failed):
            self._last[report.name] = report

    def summary(self, seconds: float) -> FleetSummary:
        """Return what has been reported so far; `seconds` are those since the beginning."""
        last = sorted(self._last.items())
        return FleetSummary(
            results=tuple(report.result for _, report in last if isinstance(report, Done)),
            failures=tuple(report for _, report in last if isinstance(report, Failed)),
            unfinished=tuple(name for name, report in last if report is None),
            seconds=seconds,
        )
