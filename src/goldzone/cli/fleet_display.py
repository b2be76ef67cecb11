"""What people see of a fleet: a bar over all languages, a line for each at work, and a table at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from goldzone.cli.display import duration, percent
from goldzone.cli.output import screen
from goldzone.fleet.jobs import Done, Failed, LanguageJob, LanguageResult, Noted, Progressed, Report
from goldzone.fleet.progress import FleetProgress
from goldzone.fleet.results import FleetSummary, mean_of

__all__ = ["FleetDisplay", "print_fleet"]

_REFRESHES_PER_SECOND = 4
"""Each takes time from the training."""


class FleetDisplay:
    """Shows a fleet on standard error: a line for each language that ends and, on a terminal, live bars."""

    def __init__(self, jobs: Sequence[LanguageJob]) -> None:
        self._progress = FleetProgress(jobs)
        self._notes: set[str] = set()
        self._console = screen(stderr=True, soft_wrap=True)
        self._live = Live(
            get_renderable=lambda: _bars(self._progress),
            console=self._console,
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> FleetDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def report(self, report: Report) -> None:
        """Show a report."""
        self._progress.report(report)
        count = f"[{self._progress.ended}/{self._progress.languages}]"
        match report:
            case Done(result=result):
                self._say(f"{count} {_in_words(result)}")
            case Failed(name=name, message=message):
                self._say(f"{count} {name}: failed: {message}", style="red")
            case Noted(message=message) if message not in self._notes:  # every worker says it
                self._notes.add(message)
                self._say(message)
            case _:
                pass

    def stopping(self) -> None:
        """Say that the end is awaited."""
        self._say("stopping: the neurons at work are finished and kept")

    def _say(self, line: str, style: str | None = None) -> None:
        self._console.print(line, style=style, markup=False)


def print_fleet(summary: FleetSummary, written: Sequence[Path]) -> None:
    """Print results, means and failures on standard output; `written` are files that hold more."""
    console = screen()
    parts = [f"{len(summary.results)} done", f"{len(summary.failures)} failed"]
    if summary.unfinished:
        parts.append(f"{len(summary.unfinished)} unfinished")
    console.print(
        f"{', '.join(parts)}, in {duration(summary.seconds)}", style="bold", markup=False, soft_wrap=True
    )
    if summary.results:
        console.print(_table(summary.results))
    for failure in summary.failures:
        console.print(f"failed: {failure.name}: {failure.message}", markup=False, soft_wrap=True)
    console.print(f"written: {', '.join(map(str, written))}", markup=False, soft_wrap=True)


def _table(results: Sequence[LanguageResult]) -> Table:
    table = Table(pad_edge=False)
    table.add_column("language", overflow="fold")
    for name in ("words", "dev", "test", "phoneme\nerrors", "bytes", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        table.add_row(escape(result.name), *_cells(partial(getattr, result)))
    table.add_section()
    table.add_row(f"mean of {len(results)}", *_cells(lambda name: mean_of(results, name)))
    return table


def _cells(value: Callable[[str], float | None]) -> list[str]:
    return [
        *(f"{value('words') or 0:,.0f}", percent(value("dev_word_accuracy"))),
        *(percent(value("test_word_accuracy")), percent(value("phoneme_error"))),
        *(f"{value('bytes') or 0:,.0f}", f"{value('seconds') or 0:.1f}"),
    ]


def _in_words(result: LanguageResult) -> str:
    how = {"kept": ", trained before", "resumed": ", resumed"}.get(result.status, "")
    if result.test_word_accuracy is None:
        right = "no test words"
    else:
        right = f"{percent(result.test_word_accuracy)} of {result.test_words:,} test words right"
    return f"{result.name}: {right}, {result.seconds:.1f} s{how}"


def _bars(progress: FleetProgress) -> RenderableType:
    overall = Table.grid(expand=True, padding=(0, 1))
    for ratio in (None, 1, None):
        overall.add_column(ratio=ratio, no_wrap=True)
    left = progress.seconds_left
    facts = f"{progress.share:4.0%}  {progress.words_per_second:,.0f} words/s  "
    facts += "" if left is None else f"{duration(left)} left"
    overall.add_row(
        f"{progress.ended} of {progress.languages} languages",
        ProgressBar(total=1.0, completed=progress.share),
        facts,
    )
    lines = [Text(f"  {_at_work(each)}", no_wrap=True, overflow="ellipsis") for each in progress.at_work]
    return Group(*lines, overall)


def _at_work(one: Progressed) -> str:
    if one.stage:
        return f"{one.name}: {one.stage}"
    dev = "" if one.dev_word_accuracy is None else f", dev words right {percent(one.dev_word_accuracy)}"
    return f"{one.name}: sweep {one.sweep}/{one.sweeps}, {one.share:.0%}{dev}"
