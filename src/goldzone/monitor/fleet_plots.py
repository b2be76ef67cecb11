"""Draw what a fleet came to: word accuracy by language, as one PNG."""

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

__all__ = ["TestedLanguage", "draw_fleet", "write_fleet_png"]

_WIDTH_INCHES = 10.0
_EDGES_INCHES = 1.8
_ROW_INCHES = 0.24


class TestedLanguage(Protocol):
    """What is drawn of a language: its name, the share of test words right, and the share's interval."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def test_word_accuracy(self) -> float | None: ...  # noqa: D102
    @property
    def test_interval(self) -> Sequence[float] | None: ...  # noqa: D102


def write_fleet_png(path: str | os.PathLike[str], results: Sequence[TestedLanguage]) -> None:
    """Draw results into a PNG file, 1000 points wide; the same results give the same bytes.

    Raises
    ------
    GoldzoneError
        If the name does not end in ``.png``, or the file cannot be written.
    """
    check_png_name(path)
    save_png(path, draw_fleet(results))


def draw_fleet(results: Sequence[TestedLanguage]) -> Figure:
    """Draw a row for each language with test words, the best at the top: accuracy and its 95 % interval."""
    tested = [
        (result.test_word_accuracy, result) for result in results if result.test_word_accuracy is not None
    ]
    tested.sort(key=lambda pair: (pair[0], pair[1].name))
    with own_style():
        return _draw(tested)


def _draw(tested: Sequence[tuple[float, TestedLanguage]]) -> Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    height = _EDGES_INCHES + _ROW_INCHES * max(4, len(tested))
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=DOTS_PER_INCH, layout=layout)
    axes = figure.subplots()
    rows = range(len(tested))
    for row, (_, result) in zip(rows, tested, strict=True):
        if result.test_interval is not None:
            low, high = result.test_interval
            axes.hlines(row, low, high, color=COLOURS[0], alpha=0.35, linewidth=4)
    axes.plot([accuracy for accuracy, _ in tested], rows, "o", color=COLOURS[0], markersize=6)
    count = f"{len(tested)} language{'' if len(tested) == 1 else 's'}"
    axes.set_title(f"Test words right, {count}")
    if tested:
        mean = sum(accuracy for accuracy, _ in tested) / len(tested)
        axes.axvline(mean, color=INK, linewidth=1.3, linestyle=(0, (4, 3)), zorder=0)
        axes.set_title(f"mean {100 * mean:.1f} %", loc="right", fontsize=12, fontweight="normal")
    else:
        message = "no language has test words"
        axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color="#777777")
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.8, max(4, len(tested)) - 0.2)
    axes.set_yticks(rows, [result.name for _, result in tested], fontsize=10, parse_math=False)
    axes.xaxis.set_major_formatter(PERCENT)
    axes.set_xlabel("words right (%), with 95 % interval")
    axes.tick_params(length=0)
    axes.grid(visible=False, axis="y")
    return figure
