"""How goldzone's pictures look, and how they become files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from goldzone.errors import GoldzoneError
from goldzone.storage.files import write_atomically

try:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter
except ModuleNotFoundError:
    raise GoldzoneError("drawing needs matplotlib; install it with: pip install 'goldzone[plots]'") from None

__all__ = ["COLOURS", "DOTS_PER_INCH", "INK", "PERCENT", "check_png_name", "own_style", "save_png"]

# Okabe and Ito's colours, told apart by colour-blind eyes too; without yellow, which is weak on white, and
# without the orange that marks the gold zone.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
INK: Final = "#333333"
PERCENT: Final = FuncFormatter(lambda share, _: f"{100 * share:.4g}")
DOTS_PER_INCH: Final = 100
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that the picture is the same everywhere
    "font.size": 13,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "legend.fontsize": 12,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
}


@contextmanager
def own_style() -> Iterator[None]:
    """Set matplotlib's own defaults and ours for a while, whatever the surroundings have configured."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def check_png_name(path: str | os.PathLike[str]) -> None:
    """Refuse a file name that does not end in ``.png``.

    Raises
    ------
    GoldzoneError
        If it does not.
    """
    if Path(path).suffix.lower() != ".png":
        raise GoldzoneError(f"{path}: is no name of a picture; give one that ends in .png")


def save_png(path: str | os.PathLike[str], figure: Figure) -> None:
    """Write a figure into a PNG file; the same figure gives the same bytes.

    Raises
    ------
    GoldzoneError
        If the file cannot be written.
    """
    FigureCanvasAgg(figure)  # draws without a screen
    stream = io.BytesIO()
    with own_style():
        # Without the name and version of what drew it, which would change the bytes.
        figure.savefig(stream, format="png", metadata={"Software": None})
    write_atomically(path, stream.getvalue(), error=GoldzoneError)
