from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.errors import StateError
from goldzone.storage.backups import read_newest, write_rotated
from goldzone.storage.sealed import DamagedError, seal, unseal

MAGIC = b"GZTESTED"


def decode(data: bytes, name: str) -> tuple[int, str]:
    content = unseal(data, name, MAGIC, 1).content
    return content["generation"], content["text"]


def write(path: Path, text: str) -> None:
    write_rotated(
        path, lambda generation: seal(MAGIC, 1, {"generation": generation, "text": text}, {}), decode
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A file, then its backups."""
    return [tmp_path / name for name in ("file", "file.bak1", "file.bak2")]


def texts(files: list[Path]) -> list[str | None]:
    """Return what each file holds; None for one that is missing."""
    return [decode(path.read_bytes(), "file")[1] if path.exists() else None for path in files]


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_nothing_is_read_where_nothing_was_written(files: list[Path]) -> None:
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings) == (None, ())


def test_the_two_before_are_kept_in_order(files: list[Path]) -> None:
    for number, kept in enumerate((["0", None, None], ["1", "0", None], ["2", "1", "0"], ["3", "2", "1"])):
        write(files[0], str(number))
        assert texts(files) == kept
        found = read_newest(files[0], decode)
        assert (found.value, found.warnings) == (str(number), ())
    assert sorted(files[0].parent.iterdir()) == files


def test_the_newest_whole_backup_stands_in_for_a_damaged_file_with_a_warning(files: list[Path]) -> None:
    for text in "012":
        write(files[0], text)
    damage(files[0])
    damaged = "does not match its SHA-256; it is damaged"
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings) == (
        "1",
        (f"{files[0]}: {damaged}", f"{files[0]}: is damaged; the backup file.bak1 was read"),
    )
    damage(files[1])
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings[1:]) == (
        "0",
        (f"{files[1]}: {damaged}", f"{files[0]}: is damaged; the backup file.bak2 was read"),
    )
    files[2].write_bytes(b"")
    found = read_newest(files[0], decode)
    assert found.value is None
    assert len(found.warnings) == 4
    assert found.warnings[-1] == f"{files[0]}: neither it nor a backup is whole; nothing was read"


def test_a_damaged_backup_is_told_although_it_is_not_needed(files: list[Path]) -> None:
    for text in "01":
        write(files[0], text)
    damage(files[1])
    found = read_newest(files[0], decode)
    assert found.value == "1"
    assert [warning.partition(": ")[0] for warning in found.warnings] == [str(files[1])]


def test_a_missing_file_is_replaced_by_its_backup_with_a_warning(files: list[Path]) -> None:
    for text in "01":
        write(files[0], text)
    files[0].unlink()
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings) == ("0", (f"{files[0]}: is missing; the backup file.bak1 was read",))


def test_a_damaged_file_never_takes_the_place_of_a_whole_one(files: list[Path]) -> None:
    for text in "012":
        write(files[0], text)
    damage(files[0])
    write(files[0], "3")
    assert texts(files) == ["3", "1", "0"]
    damage(files[1])
    write(files[0], "4")
    assert texts(files) == ["4", "3", "0"]


def test_a_file_that_changed_places_with_its_backup_is_noticed(files: list[Path]) -> None:
    for text in "01":
        write(files[0], text)
    first, second = files[1].read_bytes(), files[0].read_bytes()
    files[0].write_bytes(first)
    files[1].write_bytes(second)
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings) == (
        "1",
        (f"{files[0]}: is older than its backup; the backup file.bak1 was read",),
    )
    write(files[0], "2")
    assert read_newest(files[0], decode).value == "2"


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_a_write_that_is_interrupted_loses_nothing(
    files: list[Path], monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    for text in "012":
        write(files[0], text)
    rename, calls = Path.replace, list[Path]()

    def fail(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) > allowed:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StateError, match="No space left on device"):
            write(files[0], "3")
    assert len(calls) == allowed + 1
    assert read_newest(files[0], decode).value == "2"
    write(files[0], "4")
    found = read_newest(files[0], decode)
    assert (found.value, found.warnings) == ("4", ())
    assert texts(files)[1:] == ["2", "1"]


def test_what_decode_refuses_is_neither_read_nor_overwritten(files: list[Path]) -> None:
    write(files[0], "0")
    foreign = seal(MAGIC, 2, {}, {})
    files[1].write_bytes(foreign)
    for action in (lambda: read_newest(files[0], decode), lambda: write(files[0], "1")):
        with pytest.raises(StateError, match="bak1: is of version 2") as caught:
            action()
        assert not isinstance(caught.value, DamagedError)
    assert files[1].read_bytes() == foreign
    assert texts(files[:1]) == ["0"]


def test_a_disk_error_is_an_error_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        write(tmp_path / "none" / "file", "0")
    with pytest.raises(StateError, match="cannot be read"):
        read_newest(tmp_path, decode)
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written"):
        write(tmp_path / "file" / "inner", "0")
