"""Draw runs: accuracy, margin, premodulo and regimes by sweep, as one PNG of four panels."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from goldzone.monitor.history import REGIMES, RunHistory
from goldzone.monitor.summary import LayerSweep, Quartiles, capacity_correlation, layer_sweeps

__all__ = ["ShownRun", "draw_runs", "write_png"]

# Lines beyond the colours differ in their dashes.
_DASHES: Final[tuple[Any, ...]] = ("solid", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))
_GOLD: Final = "#E69F00"
_REGIME_COLOURS: Final = dict(zip(REGIMES, ("#56B4E9", _GOLD, "#4D4D4D"), strict=True))
_NO_SUM: Final = "#E4E4E4"
_MANY_SWEEPS: Final = 40
"""From here on sweeps are too close for a mark at each."""
_SIZE_INCHES: Final = (16.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class ShownRun:
    """A run in a picture."""

    label: str
    """What the legend calls it."""
    history: RunHistory
    """One of a layer or neuron alone draws that layer or neuron."""
    gold_zone: tuple[float, float] | None
    """The zone's edges as margins; None: not drawn."""


def write_png(path: str | os.PathLike[str], runs: Sequence[ShownRun]) -> None:
    """Draw runs into a PNG file of 1600 x 1000 points; the same runs give the same bytes.

    Raises
    ------
    GoldzoneError
        If the name does not end in ``.png``, or the file cannot be written.
    """
    check_png_name(path)
    save_png(path, draw_runs(runs))


def draw_runs(runs: Sequence[ShownRun]) -> Figure:
    """Draw one run (a colour a layer), or several over each other (a colour a run).

    The final neuron, whose premodulo is given, is left out where there are others.
    """
    with own_style():
        return _draw(runs)


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A layer of a run, as it is drawn."""

    run: int
    layer: int
    sweeps: tuple[LayerSweep, ...]
    colour: str
    dashes: Any  # one of matplotlib's line styles


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _draw(runs: Sequence[ShownRun]) -> Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15, wspace=0.03, hspace=0.04)
    figure = Figure(figsize=_SIZE_INCHES, dpi=DOTS_PER_INCH, layout=layout)
    ((accuracy, margin), (premodulo, regimes)) = figure.subplots(2, 2, sharex=True)
    lines = _lines(runs)
    _draw_accuracy(accuracy, runs)
    _draw_margin(margin, runs, lines)
    _draw_premodulo(premodulo, runs, lines)
    if len(runs) == 1:
        _draw_regimes(regimes, lines)
    else:
        _draw_gold_zone_shares(regimes, runs, lines)
    last = max(_last_sweep(run.history) for run in runs)
    accuracy.set_xlim(0.4, max(last, 3) + 0.6)
    for axes in (accuracy, margin, premodulo, regimes):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        axes.tick_params(length=0, labelbottom=True)
        axes.set_xlabel("sweep")
    if len(runs) == 1:
        figure.suptitle(_title(runs[0]), fontsize=17, parse_math=False)
    else:
        _name_runs(figure, runs)
    return figure


def _last_sweep(history: RunHistory) -> int:
    trained = int(history.neurons.sweep.max(initial=0))
    return max([trained, *(done.sweep for done in history.sweeps)])


def _title(run: ShownRun) -> str:
    sizes = " + ".join(f"{size:,}" for size in run.history.layers)
    sweeps = _last_sweep(run.history)
    state = run.history.finished.reason if run.history.finished else "not finished"
    return f"{run.label}: {sizes} neurons, {sweeps} sweep{'' if sweeps == 1 else 's'} ({state})"


def _name_runs(figure: Figure, runs: Sequence[ShownRun]) -> None:
    handles = [Line2D([], [], color=_colour(index), linewidth=4) for index in range(len(runs))]
    names = [f"{run.label} (R² {_r_squared(run)})" for run in runs]
    blank = [" "] * len(runs)  # a legend would leave out names that begin with "_"
    legend = figure.legend(handles, blank, loc="outside upper center", ncols=min(len(runs), 4), fontsize=14)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)  # a folder's name is no formula
        text.set_text(name)


def _r_squared(run: ShownRun) -> str:
    found = capacity_correlation(run.history.before_final())
    return "-" if found is None else f"{found:.2f}"


def _lines(runs: Sequence[ShownRun]) -> list[_Line]:
    lines = []
    for index, run in enumerate(runs):
        before = run.history.before_final()
        history = replace(run.history, neurons=before) if len(before) else run.history
        found = layer_sweeps(history)
        layers = sorted({row.layer for row in found})
        for number, layer in enumerate(layers):
            turn = (number // len(COLOURS)) if len(runs) == 1 else number
            lines.append(
                _Line(
                    run=index,
                    layer=layer,
                    sweeps=tuple(row for row in found if row.layer == layer),
                    colour=_colour(number if len(runs) == 1 else index),
                    dashes=_DASHES[turn % len(_DASHES)],
                )
            )
    return lines


def _draw_accuracy(axes: Axes, runs: Sequence[ShownRun]) -> None:
    axes.set_title("Accuracy")
    axes.set_ylabel("words right (%)")
    axes.yaxis.set_major_formatter(PERCENT)
    for index, run in enumerate(runs):
        done = run.history.sweeps
        sweeps = np.array([one.sweep for one in done], np.float64)
        train = _known(one.train_score for one in done)
        dev = _known(one.dev_score for one in done)
        colour, mark = _colour(index), _mark(len(done))
        axes.plot(sweeps, train, color=colour, marker=mark)
        axes.plot(sweeps, dev, color=colour, linestyle="dashed", marker=mark, markerfacecolor="white")
        shown = np.where(np.isnan(dev), train, dev)
        best = _best_sweep(run.history)
        edged: dict[str, Any] = {"color": colour, "markeredgecolor": "white"}
        for sweep, height in zip(sweeps.tolist(), shown.tolist(), strict=True):
            if sweep == best:
                axes.plot(sweep, height, marker="*", markersize=19, zorder=4, **edged)
            for step in run.history.steps_back:
                if step.sweep == sweep:
                    axes.plot(sweep, height, marker="X", markersize=13, zorder=4, **edged)
                    axes.annotate(
                        f"back to {step.to_sweep}",
                        (sweep, height),
                        xytext=(0, -20),
                        textcoords="offset points",
                        ha="center",
                        fontsize=11,
                        color=colour,
                    )
    handles = [
        Line2D([], [], color=INK, label="train"),
        Line2D([], [], color=INK, linestyle="dashed", label="dev"),
        Line2D([], [], color=INK, marker="*", markersize=14, linestyle="none", label="best on dev"),
    ]
    if any(run.history.steps_back for run in runs):
        handles.append(
            Line2D([], [], color=INK, marker="X", markersize=10, linestyle="none", label="stepped back")
        )
    _legend_above(axes, handles)
    _say_if_empty(axes, "no sweep is measured yet")


def _draw_margin(axes: Axes, runs: Sequence[ShownRun], lines: Sequence[_Line]) -> None:
    axes.set_title("Margin")
    axes.set_ylabel("margin |S| / N (median, quartiles)")
    axes.set_ylim(-0.02, 1.02)
    zones = sorted({run.gold_zone for run in runs if run.gold_zone})
    for low, high in zones:
        if len(zones) == 1:
            axes.axhspan(low, high, color=_GOLD, alpha=0.10, linewidth=0)
        for edge in (low, high):
            axes.axhline(edge, color=_GOLD, linewidth=1.3, linestyle=(0, (4, 3)))
    if zones:
        transform = axes.get_yaxis_transform()
        middle = sum(zones[0]) / 2
        axes.text(1.008, middle, "gold zone", transform=transform, rotation=270, va="center", color="#8A6000")
    for line in lines:
        _draw_quartiles(axes, line, [row.margin for row in line.sweeps])
    layers = {line.layer: line for line in reversed(lines)}
    if len(lines) > len(runs):
        _legend_above(axes, [_layer_sample(layers[layer], len(runs)) for layer in sorted(layers)])
    _say_if_empty(axes, "no neuron is trained yet", empty=not lines)


def _draw_premodulo(axes: Axes, runs: Sequence[ShownRun], lines: Sequence[_Line]) -> None:
    axes.set_title("Premodulo")
    axes.set_ylabel("cells a neuron (median, quartiles)")
    axes.set_yscale("log")
    drawn = [row.premodulo for line in lines for row in line.sweeps if row.premodulo.low > 0]
    if drawn:
        # Whole decades: a constant premodulo gets an axis that can be read, too.
        low = math.floor(math.log10(min(each.low for each in drawn)))
        high = max(low + 1, math.ceil(math.log10(max(each.high for each in drawn))))
        axes.set_ylim(0.9 * 10**low, 1.1 * 10**high)
        if high <= 7:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    for line in lines:
        # A neuron without a premodulo has 0, which a log scale cannot show.
        rows = [row.premodulo if row.premodulo.low > 0 else None for row in line.sweeps]
        _draw_quartiles(axes, line, rows)
    axes.yaxis.set_minor_formatter(NullFormatter())
    words = "R² of log premodulo with log of the law's target"
    if len(runs) == 1:
        words += f": {_r_squared(runs[0])}"
    axes.set_title(words, loc="right", fontsize=12, fontweight="normal")
    _say_if_empty(axes, "no neuron is trained with a premodulo yet", empty=not drawn)


def _draw_quartiles(axes: Axes, line: _Line, rows: Sequence[Quartiles | None]) -> None:
    sweeps = np.array([row.sweep for row in line.sweeps], np.float64)
    low, median, high = (
        _known(None if row is None else getattr(row, name) for row in rows)
        for name in ("low", "median", "high")
    )
    if len(rows) == 1:  # a band of no width
        axes.vlines(sweeps, low, high, color=line.colour, alpha=0.4)
    axes.fill_between(sweeps, low, high, color=line.colour, alpha=0.16, linewidth=0)
    axes.plot(
        *(sweeps, median),
        color=line.colour,
        linestyle=line.dashes,
        marker=_mark(len(rows)),
    )


def _draw_regimes(axes: Axes, lines: Sequence[_Line]) -> None:
    axes.set_title("Regimes")
    axes.set_ylabel("neurons trained (%)")
    axes.yaxis.set_major_formatter(PERCENT)
    axes.set_ylim(0, 1)
    sweeps, shares = _regime_shares(lines)
    bottom = np.zeros(len(sweeps))
    parts = [*(zip(REGIMES, shares.T, strict=True)), ("no sum yet", 1 - shares.sum(axis=1))]
    for name, share in parts:
        colour = _REGIME_COLOURS.get(name, _NO_SUM)
        axes.bar(sweeps, share, bottom=bottom, width=0.78, color=colour, label=name.replace("_", " "))
        bottom += share
    axes.grid(visible=False)
    _legend_above(axes, axes.containers)
    _say_if_empty(axes, "no neuron is trained yet", empty=not lines)


def _draw_gold_zone_shares(axes: Axes, runs: Sequence[ShownRun], lines: Sequence[_Line]) -> None:
    axes.set_title("Neurons in the gold zone")
    axes.set_ylabel("neurons trained (%)")
    axes.yaxis.set_major_formatter(PERCENT)
    axes.set_ylim(-0.02, 1.02)
    for index in range(len(runs)):
        sweeps, shares = _regime_shares([line for line in lines if line.run == index])
        known = shares.sum(axis=1) > 0  # in the first sweep no neuron has a sum
        share = shares[known, REGIMES.index("gold_zone")]
        axes.plot(sweeps[known], share, color=_colour(index), marker=_mark(len(sweeps)))
    _say_if_empty(axes, "no neuron had a sum before it was trained", empty=not axes.lines)


def _layer_sample(line: _Line, runs: int) -> Line2D:
    """Return a layer's line for the legend; for several runs without the colour, which tells the run."""
    colour = line.colour if runs == 1 else INK
    return Line2D([], [], color=colour, linestyle=line.dashes, label=f"layer {line.layer}")


def _legend_above(axes: Axes, handles: Sequence[Any]) -> None:
    """Put a legend beside the panel's title, where it hides no data."""
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.01, 1.0), ncols=4, columnspacing=1.2)


def _regime_shares(lines: Iterable[_Line]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return sweeps, shape (n,), and the share of all neurons trained in each regime, shape (n, 3)."""
    trained: dict[int, int] = {}
    found: dict[int, npt.NDArray[np.float64]] = {}
    for row in (row for line in lines for row in line.sweeps):
        trained[row.sweep] = trained.get(row.sweep, 0) + row.trained
        counts = row.trained * np.array(row.regimes)
        found[row.sweep] = found.get(row.sweep, np.zeros(len(REGIMES))) + counts
    sweeps = sorted(trained)
    shares = [found[sweep] / trained[sweep] for sweep in sweeps]
    return np.array(sweeps, np.float64), np.array(shares, np.float64).reshape(-1, len(REGIMES))


def _best_sweep(history: RunHistory) -> int | None:
    if history.finished:
        return history.finished.best_sweep
    return next((done.sweep for done in reversed(history.sweeps) if done.best), None)


def _known(values: Iterable[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _mark(points: int) -> str:
    return "o" if points <= _MANY_SWEEPS else ""


def _say_if_empty(axes: Axes, message: str, *, empty: bool | None = None) -> None:
    """Say why a panel is empty, in its middle."""
    shown = any(not np.isnan(np.asarray(line.get_ydata(), np.float64)).all() for line in axes.lines)
    if not shown if empty is None else empty:
        axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color="#777777")
