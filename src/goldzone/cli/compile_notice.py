"""What is said while kernels are compiled: one line, on standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["compile_notice"]


class _Notice(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(self.format(record), err=True)


@contextmanager
def compile_notice() -> Iterator[None]:
    """Show what the compilation has to say, also where it is no problem."""
    logger = logging.getLogger("goldzone.compilation")
    notice, level = _Notice(), logger.level
    logger.addHandler(notice)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(notice)
