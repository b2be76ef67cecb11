from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from goldzone.errors import ModelFormatError, StateError
from goldzone.storage.files import read_bounded, write_atomically


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for data in (b"first and longer", b"second", b""):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_rename_leaves_no_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(ModelFormatError, match="folder: cannot be written"):
        write_atomically(target, b"data")
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_at_the_limit_is_read_and_one_beyond_is_not(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(ModelFormatError, match="f: larger than 4 bytes"):
        read_bounded(path, 4)
    with pytest.raises(ModelFormatError, match="cannot be read"):
        read_bounded(tmp_path, 4)


def test_the_caller_says_which_error_of_the_family_it_is(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        write_atomically(tmp_path, b"", error=StateError)
    with pytest.raises(StateError, match="cannot be read"):
        read_bounded(tmp_path, 1, error=StateError)


def test_a_file_in_place_of_the_folder_is_an_error_of_the_family(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with pytest.raises(ModelFormatError, match="cannot be written"):
        write_atomically(tmp_path / "f" / "g", b"")


def test_a_small_file_is_read_with_little_memory_whatever_may_be_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    tracemalloc.start()
    try:
        assert read_bounded(path, 1 << 32) == b"12345"
        assert tracemalloc.get_traced_memory()[1] < 1 << 21
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_read_to_its_end_or_to_the_limit(tmp_path: Path) -> None:
    path, data = tmp_path / "pipe", bytes(range(256)) * 8192
    os.mkfifo(path)
    for most in (len(data), len(data) - 1):
        writer = subprocess.Popen(
            [sys.executable, "-c", f"open({str(path)!r}, 'wb').write(bytes(range(256)) * 8192)"],
            stderr=subprocess.DEVNULL,
        )
        if most == len(data):
            assert read_bounded(path, most) == data
        else:
            with pytest.raises(ModelFormatError, match="pipe: larger than"):
                read_bounded(path, most)
        writer.wait()
