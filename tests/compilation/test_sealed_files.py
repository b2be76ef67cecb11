from __future__ import annotations

from pathlib import Path
from typing import Any

import numba.core.caching
import pytest

from goldzone.compilation.sealed_files import DamagedCodeError, sealed

FILES: Any = numba.core.caching.IndexDataCacheFile


@pytest.fixture
def files(tmp_path: Path) -> Any:
    kept = sealed(FILES(str(tmp_path), "kernel", "stamp"))
    for key in ("integer", "float"):
        kept.save(key, ("code", key))
    return kept


def test_what_is_kept_is_loaded(files: Any) -> None:
    assert files.load("integer") == ("code", "integer")
    assert files.load("float") == ("code", "float")
    assert files.load("complex") is None


def test_every_wrong_bit_and_every_cut_is_noticed(files: Any, tmp_path: Path) -> None:
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        for place in range(len(data)):
            for bit in range(8):
                path.write_bytes(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :])
                with pytest.raises(DamagedCodeError, match="does not match its checksum"):
                    _ = files.load("integer"), files.load("float")
            path.write_bytes(data[:place])
            with pytest.raises(DamagedCodeError):
                _ = files.load("integer"), files.load("float")
        path.write_bytes(data)


def test_files_that_changed_places_are_noticed(files: Any, tmp_path: Path) -> None:
    first, second = sorted(tmp_path.glob("*.nbc"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(DamagedCodeError):
        files.load("integer")


def test_a_cache_without_files_is_empty(tmp_path: Path) -> None:
    assert sealed(FILES(str(tmp_path), "kernel", "stamp")).load("integer") is None
