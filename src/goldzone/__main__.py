"""``goldzone``, and ``python -m goldzone``."""

from __future__ import annotations

import os
import signal
from types import FrameType

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C is one line also while it is imported."""
    signal.signal(signal.SIGINT, _end)
    from goldzone.cli import main as command_line

    command_line()


def _end(number: int, frame: FrameType | None) -> None:
    """End at once: an exception within an import may come out as any other, and nothing is at work yet."""
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    main()
