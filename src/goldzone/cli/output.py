"""All that reaches the screen: without control characters of words, names and messages.

While a command runs, both standard streams are guarded, whoever prints. Control characters become escapes as
JSON has them, on terminals and elsewhere alike; line feeds and tabs stay. Colours and bars are control
characters of Rich: a `screen` escapes what it is given, and writes past the guard.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from goldzone.errors import GoldzoneError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["OutputError", "ReaderGoneError", "escaped", "guarded_output", "screen"]

_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and surrogates: they stand for the bytes of a file name that is not UTF-8."""


class OutputError(GoldzoneError):
    """Standard output cannot be written: it is closed, or a disk is full."""


class ReaderGoneError(OutputError):
    """Who read standard output has seen enough, as ``head`` has."""


def escaped(text: str) -> str:
    """Return a text that no terminal takes for a command."""
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


@contextlib.contextmanager
def guarded_output() -> Iterator[None]:
    """Guard standard output and standard error.

    Raises
    ------
    OutputError
        Standard output cannot be written. What standard error does not take is lost: nobody could be told.
    """
    before = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, _Guarded(before[0], needed=True))
    sys.stderr = cast(TextIO, _Guarded(before[1], needed=False))
    try:
        yield
        sys.stdout.flush()
    finally:
        sys.stdout, sys.stderr = before


def screen(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """Return what tables and bars are drawn with."""
    from rich.console import Console
    from rich.segment import Segment

    class Screen(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else escaped(text), style, control)

    stream = sys.stderr if stderr else sys.stdout
    file = stream.unescaped() if isinstance(stream, _Guarded) else stream
    return Screen(file=cast(TextIO, file), highlight=False, soft_wrap=soft_wrap)


class _Guarded:
    """A text stream whose errors are `OutputError`, or nothing where it is not needed."""

    def __init__(self, stream: TextIO, *, needed: bool, escape: Callable[[str], str] = escaped) -> None:
        self._stream = stream
        self._needed = needed
        self._escape = escape
        self._problem: OutputError | None = None

    def unescaped(self) -> _Guarded:
        """Return the same stream for what is no text of others."""
        return _Guarded(self._stream, needed=self._needed, escape=str)

    def write(self, text: str) -> int:
        """Write a text."""
        self._try(lambda: self._stream.write(self._escape(text)))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        self._try(self._stream.flush)

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            kind = ReaderGoneError if isinstance(error, BrokenPipeError) else OutputError
            why = getattr(error, "strerror", None) or error
            self._problem = kind(f"standard output: cannot be written ({why}); check where it goes")
            self._give_up()
        if self._problem and self._needed:  # each time: some callers take any error for an answer
            raise self._problem

    def _give_up(self) -> None:
        """Let the rest, which Python writes at its end, go nowhere."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
