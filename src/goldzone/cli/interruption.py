"""Ctrl-C and SIGTERM during a run: the neuron at work is finished and kept, then the command ends."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final

__all__ = ["Interrupted", "Interruption", "Keyboard"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal asked a run to end. Not a `KeyboardInterrupt`, which typer makes an exit code 130 of.

    Attributes
    ----------
    exit_code : int
        128 + the signal's number, as shells have it.
    """

    def __init__(self, number: int, run: Path) -> None:
        super().__init__(f"interrupted; continue with: goldzone resume {shlex.quote(str(run))}")
        self.exit_code = 128 + number


class Keyboard:
    """Ctrl-C outside of runs: a `KeyboardInterrupt`, and the memory that there was one.

    Within an import the exception may come out as any other, or only be printed.
    """

    def __init__(self) -> None:
        self.interrupted = False

    def __enter__(self) -> Keyboard:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._interrupt)
            self._unraisable, sys.unraisablehook = sys.unraisablehook, self._on_unraisable
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = self._unraisable

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        raise KeyboardInterrupt

    def _on_unraisable(self, problem: Any) -> None:
        if not self.interrupted:
            self._unraisable(problem)


class Interruption:
    """While it is entered, the first signal is left for `check`; a second one ends the process at once.

    That loses nothing either: a run is kept neuron by neuron.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._number: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def check(self) -> None:
        """Raise `Interrupted` if a signal came."""
        if self._number is not None:
            raise Interrupted(self._number, self._run)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._number = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
