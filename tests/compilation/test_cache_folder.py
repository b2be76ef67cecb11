from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from goldzone.compilation import cache_folder
from goldzone.compilation.cache_folder import CacheFolder, find_cache_folder, kernel_sources, sources_digest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are the names of folders on Linux")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give this user an empty home, and a folder for temporary files."""
    folder = tmp_path / "home"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return folder


@pytest.fixture
def someone_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all that is there already the property of somebody else."""
    monkeypatch.setattr(os, "geteuid", lambda: 987_654)


def temporary(tmp_path: Path) -> Path:
    return tmp_path / "temporary" / f"goldzone-{os.geteuid()}"


def test_the_user_s_cache_is_taken_and_only_the_user_can_read_it(home: Path) -> None:
    found = find_cache_folder()
    assert found.path is not None
    assert (found.path.parent, found.problem) == (home / ".cache" / "goldzone", "")
    assert stat.S_IMODE(found.path.parent.stat().st_mode) == 0o700
    assert find_cache_folder() == found


def test_the_name_tells_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_cache_folder().path
    assert first is not None
    assert first.name == f"kernels-{sources_digest()[:12]}"
    monkeypatch.setattr(cache_folder, "kernel_sources", lambda: iter([("kernels", b"@compiled")]))
    assert find_cache_folder().path != first


def test_a_chosen_folder_comes_first_and_is_made(tmp_path: Path) -> None:
    found = find_cache_folder(str(tmp_path / "some" / "where"))
    assert found.path is not None
    assert (found.path.parent, found.problem) == (tmp_path / "some" / "where" / "goldzone", "")


def test_an_absolute_cache_of_the_desktop_s_comes_before_the_home(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for named, expected in ((tmp_path / "caches", tmp_path / "caches"), ("relative", home / ".cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(named))
        found = find_cache_folder().path
        assert found is not None
        assert found.parent.parent == expected


@pytest.mark.parametrize("chosen", [True, False])
def test_where_nothing_can_be_made_the_temporary_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: bool
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("HOME", str(file))  # no folder can be made in a file, not even by root
    found = find_cache_folder(str(file / "chosen") if chosen else "")
    assert found.path is not None
    assert found.path.parent == temporary(tmp_path)
    assert found.problem.count("Not a directory") == 1 + chosen


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    found = find_cache_folder()
    assert found.path is not None
    assert found.path.parent == temporary(tmp_path)
    assert not (tmp_path / "missing").exists()


def test_a_user_without_a_home_gets_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.setattr(Path, "home", no_home)
    found = find_cache_folder()
    assert found.path is not None
    assert found.path.parent == temporary(tmp_path)
    assert "home" in found.problem


def test_nowhere_is_said_and_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("HOME", str(file))
    monkeypatch.setattr(tempfile, "tempdir", str(file))
    found = find_cache_folder()
    assert found.path is None
    assert found.problem.count("Not a directory") == 2
    assert "\n" not in found.problem


@pytest.mark.usefixtures("someone_else")
def test_nothing_is_written_where_another_user_is_at_home(home: Path) -> None:
    # The fake user does not own the folder that it makes in the temporary one either.
    found = find_cache_folder()
    assert found.path is None
    assert found.problem.count("belongs to another user") == 2
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("linked", [True, False])
def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path: Path, home: Path, linked: bool) -> None:
    own = home / ".cache" / "goldzone"
    own.parent.mkdir()
    shared = tmp_path / "shared" if linked else own
    shared.mkdir()
    shared.chmod(0o777)
    if linked:
        own.symlink_to(shared)
    found = find_cache_folder()
    assert found.path is not None
    assert found.path.parent == temporary(tmp_path)
    assert found.problem == f"{own}: others can write to it"
    assert list(shared.iterdir()) == []


def test_folders_of_old_sources_are_removed_but_for_the_last(home: Path) -> None:
    own = home / ".cache" / "goldzone"
    own.mkdir(parents=True, mode=0o700)
    (own / "something").mkdir()
    for age in range(6):
        old = own / f"kernels-{age}-0123456789ab"
        old.mkdir()
        (old / "code").touch()
        os.utime(old, (1000 - age, 1000 - age))
    present = find_cache_folder().path
    assert present is not None
    kept = {f"kernels-{age}-0123456789ab" for age in range(3)}
    assert {path.name for path in own.iterdir()} == kept | {present.name, "something"}


def test_nothing_is_removed_when_the_folder_is_there_already(home: Path) -> None:
    present = find_cache_folder().path
    assert present is not None
    for age in range(6):
        (present.parent / f"kernels-{age}-0123456789ab").mkdir()
    assert find_cache_folder() == CacheFolder(present)
    assert len(list(present.parent.iterdir())) == 7


def test_sources_are_those_with_kernels_and_what_they_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "goldzone"
    texts = {
        "a/kernels.py": "from goldzone.b.constants import SIZE\n@compiled\ndef loop():\n    pass\n",
        "b/constants.py": "from goldzone.c import SIZE\n",
        "c/__init__.py": "",
        "c/deep.py": "SIZE = 1\n",
        "d/other.py": "from goldzone.a.kernels import loop\n# @compiled\n",
        "a/__pycache__/kernels.py": "@compiled\n",
        "a/notes.txt": "@compiled\n",
    }
    for name, text in texts.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(cache_folder, "files", lambda _: package)
    names = [name for name, _ in kernel_sources()]
    assert names == [
        "goldzone.a.kernels",
        "goldzone.b.constants",
        "goldzone.c.__init__",
        "goldzone.c.deep",
    ]
    before = sources_digest()
    (package / "d/other.py").write_text("")
    assert sources_digest() == before
    (package / "c/deep.py").write_text("SIZE = 2\n")
    assert sources_digest() != before
