"""What the package logs for people, handed on line by line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["forwarded_log"]


class _Forwarder(logging.Handler):
    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(self.format(record))


@contextmanager
def forwarded_log(name: str, tell: Callable[[str], object]) -> Iterator[None]:
    """Hand on what a logger and those under it say, also where it is no problem.

    Parameters
    ----------
    name : str
        Of the logger: "goldzone" is all of the package.
    tell : callable
        Gets each message.
    """
    logger, handler = logging.getLogger(name), _Forwarder(tell)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
