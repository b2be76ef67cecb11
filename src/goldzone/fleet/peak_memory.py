"""How much memory a part of a process took, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["begin_peak", "peak_memory"]

_RESET: Final = Path("/proc/self/clear_refs")
_STATUS: Final = Path("/proc/self/status")
_PEAK: Final = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def begin_peak() -> bool:
    """Begin to look for the most memory that this process has; tell whether the system can do that."""
    try:
        _RESET.write_text("5")  # proc(5): resets the peak resident set size
    except OSError:
        return False
    return True


def peak_memory() -> int | None:
    """Return the most bytes that were resident since `begin_peak`; None where the system does not tell."""
    try:
        found = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return 1024 * int(found[1]) if found else None
