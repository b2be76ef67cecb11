"""Draw a comparison as a forest plot: the difference of each language with its interval, as one PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

# Before matplotlib: without it, this one says what to install.
from goldzone.monitor.pictures import (
    COLOURS,
    DOTS_PER_INCH,
    INK,
    PERCENT,
    check_png_name,
    own_style,
    save_png,
)

# isort: split
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

__all__ = ["Compared", "ComparisonReport", "draw_comparison", "write_comparison_png"]

_WIDTH_INCHES = 10.0
_EDGES_INCHES = 1.8
_ROW_INCHES = 0.26
_OF_VERDICT = {"Successful": COLOURS[2], "Failed": COLOURS[1]}
_UNDECIDED = "#777777"


class _Interval(Protocol):
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class _Difference(Protocol):
    @property
    def value(self) -> float: ...
    @property
    def interval(self) -> _Interval: ...


class Compared(Protocol):
    """What is drawn of a language: its name, the difference of word accuracy, and the verdict."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def word_accuracy(self) -> _Difference: ...  # noqa: D102
    @property
    def verdict(self) -> str: ...  # noqa: D102


class ComparisonReport(Protocol):
    """What is drawn: both arms' names, the margin, the languages, and all of them."""

    @property
    def arms(self) -> tuple[str, str]: ...  # noqa: D102
    @property
    def margin(self) -> float: ...  # noqa: D102
    @property
    def languages(self) -> Sequence[Compared]: ...  # noqa: D102
    @property
    def overall(self) -> Compared | None: ...  # noqa: D102


def write_comparison_png(path: str | os.PathLike[str], report: ComparisonReport) -> None:
    """Draw a comparison into a PNG file, 1000 points wide; the same comparison gives the same bytes.

    Raises
    ------
    GoldzoneError
        If the name does not end in ``.png``, or the file cannot be written.
    """
    check_png_name(path)
    save_png(path, draw_comparison(report))


def draw_comparison(report: ComparisonReport) -> Figure:
    """Draw a row for each language, the best for the first arm at the top, and one for all below them."""
    with own_style():
        return _draw(report)


def _draw(report: ComparisonReport) -> Figure:
    rows = sorted(report.languages, key=lambda one: (one.word_accuracy.value, one.name))
    if report.overall is not None:
        rows.insert(0, report.overall)
    height = _EDGES_INCHES + _ROW_INCHES * max(4, len(rows))
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=DOTS_PER_INCH, layout=layout)
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=1.3)
    if report.margin:
        axes.axvline(-report.margin, color=INK, linewidth=1.3, linestyle=(0, (4, 3)))
    for row, one in enumerate(rows):
        colour, interval = _OF_VERDICT.get(one.verdict, _UNDECIDED), one.word_accuracy.interval
        axes.hlines(row, interval.low, interval.high, color=colour, linewidth=2.2)
        axes.plot(one.word_accuracy.value, row, "o" if one.name else "D", color=colour, markersize=7)
    axes.set_title(f"Words right: {report.arms[0]} less {report.arms[1]}", parse_math=False)
    axes.set_ylim(-0.8, max(4, len(rows)) - 0.2)
    axes.set_yticks(range(len(rows)), [one.name or "all" for one in rows], fontsize=10, parse_math=False)
    axes.xaxis.set_major_formatter(PERCENT)
    axes.set_xlabel("difference (points of 100), with 95 % interval")
    axes.tick_params(length=0)
    axes.grid(visible=False, axis="y")
    return figure
