"""What a finished run must be: its model, and a whole event log."""

from __future__ import annotations

import hashlib
from collections import deque
from pathlib import Path

from goldzone.errors import StateError
from goldzone.monitor.order import check_order
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished


def sha256(run: Path) -> str:
    """Return the SHA-256 of a run's model, and of that of all words where there is one."""
    files = sorted(run.rglob("model.goldzone"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def log_problem(run: Path) -> str:
    """Say what is wrong with the event log of a run that should have finished; empty: nothing."""
    try:
        problems = check_order(read_events(run / "events.jsonl"))
        last = deque((event for _, event in read_events(run / "events.jsonl")), maxlen=1)
    except StateError as error:
        return str(error)
    if problems:
        return f"line {problems[0].line}: {problems[0].problem}"
    return "" if last and isinstance(last[0], RunFinished) else "has no end"
