from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.monitor.history import RunHistory, read_history
from tests.monitor.small_logs import toy_run, write_log


@pytest.fixture
def toy(tmp_path: Path) -> RunHistory:
    return read_history(write_log(tmp_path / "events.jsonl", toy_run()))
