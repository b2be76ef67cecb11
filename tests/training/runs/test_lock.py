from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.errors import StateError
from goldzone.training.runs.lock import locked

HOLDER = """
import sys
from goldzone.training.runs.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match="another process is training this run"), locked(path):
            pass
        holder.kill()
    with locked(path):
        pass


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError), locked(path):
        raise RuntimeError
    with locked(path):
        pass


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(StateError, match="lock: cannot be locked"), locked(tmp_path / "lock"):
        pass
