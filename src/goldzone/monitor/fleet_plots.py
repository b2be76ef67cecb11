"""Draw what a fleet came to: word accuracy by language, as one PNG."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

from goldzone.errors import GoldzoneError
from goldzone.fleet.jobs import LanguageResult
from goldzone.hashtron.files import write_atomically
from goldzone.monitor.plots import _COLOURS, _INK, _PERCENT, _own_style, check_png_name

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
except ModuleNotFoundError:
    raise GoldzoneError("drawing needs matplotlib; install it with: pip install 'goldzone[plots]'") from None

__all__ = ["draw_fleet", "write_fleet_png"]

_WIDTH_INCHES = 10.0
_EDGES_INCHES = 1.8
_ROW_INCHES = 0.24
_DOTS_PER_INCH = 100


def write_fleet_png(path: str | os.PathLike[str], results: Sequence[LanguageResult]) -> None:
    """Draw results into a PNG file, 1000 points wide; the same results give the same bytes.

    Raises
    ------
    GoldzoneError
        If the name does not end in ``.png``, or the file cannot be written.
    """
    check_png_name(path)
    figure = draw_fleet(results)
    FigureCanvasAgg(figure)  # draws without a screen
    stream = io.BytesIO()
    with _own_style():
        # Without the name and version of what drew it, which would change the bytes.
        figure.savefig(stream, format="png", metadata={"Software": None})
    write_atomically(path, stream.getvalue(), error=GoldzoneError)


def draw_fleet(results: Sequence[LanguageResult]) -> Figure:
    """Draw a row for each language with test words, the best at the top: accuracy and its 95 % interval.

    Parameters
    ----------
    results : sequence of LanguageResult
    """
    tested = [
        (result.test_word_accuracy, result) for result in results if result.test_word_accuracy is not None
    ]
    tested.sort(key=lambda pair: (pair[0], pair[1].name))
    with _own_style():
        return _draw(tested)


def _draw(tested: Sequence[tuple[float, LanguageResult]]) -> Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    height = _EDGES_INCHES + _ROW_INCHES * max(4, len(tested))
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, layout=layout)
    axes = figure.subplots()
    places = range(len(tested))
    for place, (_, result) in zip(places, tested, strict=True):
        if result.test_interval is not None:
            low, high = result.test_interval
            axes.hlines(place, low, high, color=_COLOURS[0], alpha=0.35, linewidth=4)
    axes.plot([accuracy for accuracy, _ in tested], places, "o", color=_COLOURS[0], markersize=6)
    count = f"{len(tested)} language{'' if len(tested) == 1 else 's'}"
    axes.set_title(f"Test words right, {count}")
    if tested:
        mean = sum(accuracy for accuracy, _ in tested) / len(tested)
        axes.axvline(mean, color=_INK, linewidth=1.3, linestyle=(0, (4, 3)), zorder=0)
        axes.set_title(f"mean {100 * mean:.1f} %", loc="right", fontsize=12, fontweight="normal")
    else:
        message = "no language has test words"
        axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color="#777777")
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.8, max(4, len(tested)) - 0.2)
    axes.set_yticks(places, [result.name for _, result in tested], fontsize=10, parse_math=False)
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("words right (%), with 95 % interval")
    axes.tick_params(length=0)
    axes.grid(visible=False, axis="y")
    return figure
