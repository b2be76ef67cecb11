"""What ``goldzone compare`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table

from goldzone.cli.display import percent, print_table
from goldzone.cli.output import screen
from goldzone.fleet.compare.results import ArmFigures, Difference, LanguageComparison, OneArm, Report
from goldzone.fleet.compare.verdict import Verdict

__all__ = ["print_comparison"]

_STYLE: Final = {
    Verdict.SUCCESSFUL: "green",
    Verdict.FAILED: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ERROR: "red",
}


def print_comparison(report: Report, written: Sequence[Path]) -> None:
    """Print a report on standard output; `written` are files that hold more."""
    console = screen()
    if len(report.languages) > 1:
        console.print(_languages(report))
    if report.halves:
        console.print(_halves(report.halves))
    if report.overall is not None:
        print_table(f"{report.arms[0]} beside {report.arms[1]}", _rows(report, report.overall))
    for name, message in report.failures.items():
        console.print(f"failed: {name}: {message}", markup=False, soft_wrap=True)
    console.print(f"verdict: {report.verdict}", style=f"bold {_STYLE[report.verdict]}")
    console.print(f"written: {', '.join(map(str, written))}", markup=False, soft_wrap=True)


def _rows(report: Report, found: LanguageComparison) -> list[tuple[str, str]]:
    first, second = found.arms
    margin = f", margin {report.margin:.1%}" if report.margin else ""
    trainings = f", {found.trainings} trainings of each arm" if found.trainings > 1 else ""
    rows = [
        ("words", f"{found.words:,}{trainings}"),
        ("words right", _both(first.word_accuracy, second.word_accuracy, found.word_accuracy)),
        ("phoneme errors", _both(first.phoneme_error, second.phoneme_error, found.phoneme_error)),
    ]
    if found.gap:
        rows.append(("gap", _both(first.gap, second.gap, found.gap)))
    rows += [
        ("bytes", f"{first.bytes:,.0f}; {second.bytes:,.0f}"),
        ("seconds", _pair(first.seconds, second.seconds, 1.0)),
        ("peak memory, MB", _pair(first.peak_memory, second.peak_memory, 1e6)),
        ("p", f"{found.p:.2g}{margin}"),
    ]
    if report.verdict is Verdict.INCONCLUSIVE:
        rows.append(("could have shown", f"a difference of {found.smallest_effect:.1%} of the words"))
    return rows


def _both(first: float | None, second: float | None, difference: Difference) -> str:
    low, high = difference.interval.low, difference.interval.high
    shares = f"{percent(first)}; {percent(second)}"
    return f"{shares}; difference {difference.value:+.1%} (95 %: {low:+.1%} to {high:+.1%})"


def _pair(first: float | None, second: float | None, unit: float) -> str:
    return "; ".join("-" if value is None else f"{value / unit:,.1f}" for value in (first, second))


def _languages(report: Report) -> Table:
    table = Table(pad_edge=False)
    table.add_column("language", overflow="fold")
    for name in (*report.arms, "points", "95 %", "p"):
        table.add_column(escape(name), justify="right", no_wrap=name not in report.arms, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    for one in report.languages:
        interval = one.word_accuracy.interval
        table.add_row(
            escape(one.name),
            *(percent(arm.word_accuracy) for arm in one.arms),
            f"{100 * one.word_accuracy.value:+.1f}",
            f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}",
            f"{one.p_adjusted:.2g}",
            f"[{_STYLE[one.verdict]}]{one.verdict}",
        )
    return table


def _halves(halves: Sequence[OneArm]) -> Table:
    table = Table("language", "arm")
    for name in ("words", "words right", "phoneme errors", "gap"):
        table.add_column(name, justify="right")
    for one in halves:
        table.add_row(escape(one.name), escape(one.arm), f"{one.words:,}", *_shares(one.figures))
    return table


def _shares(figures: ArmFigures) -> tuple[str, str, str]:
    return percent(figures.word_accuracy), percent(figures.phoneme_error), percent(figures.gap)
