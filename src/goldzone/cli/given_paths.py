"""Paths that are written to, as a command line gives them."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["given_path"]


def given_path(text: str | Path) -> Path:
    """Return a path. An empty text is refused: mostly a variable was not set, and ``.`` was not meant."""
    if text == "":
        raise typer.BadParameter("is empty; give a path")
    return Path(text)
