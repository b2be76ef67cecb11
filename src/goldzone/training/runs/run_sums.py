"""The sums that a run has left in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded
from goldzone.storage.sealed import DamagedError
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunStarted
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.sums.cache import LoadedSums, SumCache, SumRecord

__all__ = ["read_kept_sums", "run_sums"]

_MAX_BYTES: Final = 1 << 32


def run_sums(run: RunFolder) -> tuple[LoadedSums, SumRecord]:
    """Read the sums of a run, which must be its own, and the newest of them.

    Raises
    ------
    StateError
        Its training has not begun, there are none, or they are those of another run.
    """
    events = read_events(run.events_path)
    started = next((event for _, event in events if isinstance(event, RunStarted)), None)
    if started is None:
        raise StateError(f"{run.path}: its training has not begun; wait for the first sweep")
    loaded = SumCache.load(run.sums_path, started.layers, identity=started.identity)
    if (newest := loaded.cache.newest) is None:
        raise StateError(f"{run.sums_path}: holds no sums; wait for the first sweep, or train again")
    return loaded, newest


def read_kept_sums(path: Path) -> SumCache:
    """Read the sums of an earlier run that a run has kept, to begin with them again.

    Raises
    ------
    StateError
        The file cannot be read, or is damaged.
    """
    try:
        return SumCache.from_snapshot(read_bounded(path, _MAX_BYTES, error=StateError), str(path))
    except DamagedError as problem:
        raise StateError(f"{problem}; train again (--force)") from None
