from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.storage.journal import Journal, read_journal

NAME = bytes(range(32))
RECORDS = [({"step": n, "sum": -n}, bytes([n]) * n) for n in range(6)]


def written(path: Path) -> bytes:
    journal = Journal(path, NAME)
    for content, part in RECORDS:
        journal.append(content, part)
    journal.close()
    return path.read_bytes()


def read(path: Path) -> list[tuple[object, bytes]]:
    return [(entry.content, entry.part) for entry in read_journal(path, NAME)]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path / "journal")
    assert read(tmp_path / "journal") == RECORDS


def test_no_journal_and_one_of_another_checkpoint_are_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none", NAME) == ()
    written(tmp_path / "journal")
    assert read_journal(tmp_path / "journal", bytes(32)) == ()


def test_a_torn_journal_ends_with_its_last_whole_record_wherever_it_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    whole = written(path)
    ends = [entry.end for entry in read_journal(path, NAME)]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read(path) == RECORDS[: sum(end <= length for end in ends)]


@given(offset=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_changed_byte_ends_the_reading_before_its_record(
    tmp_path_factory: pytest.TempPathFactory, offset: int, change: int
) -> None:
    path = tmp_path_factory.mktemp("journals") / "journal"
    data = bytearray(written(path))
    ends = [entry.end for entry in read_journal(path, NAME)]
    offset %= len(data)
    data[offset] ^= change
    path.write_bytes(data)
    before = sum(end <= offset for end in ends) if offset >= 40 else 0
    assert read(path) == RECORDS[:before]


def test_swapped_records_of_equal_length_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, NAME)
    for n in range(4):
        journal.append({"step": n})
    journal.close()
    data, ends = path.read_bytes(), [40, *(entry.end for entry in read_journal(path, NAME))]
    pieces = [data[start:end] for start, end in pairwise(ends)]
    path.write_bytes(data[:40] + pieces[0] + pieces[2] + pieces[1] + pieces[3])
    assert [entry.content for entry in read_journal(path, NAME)] == [{"step": 0}]


def test_writing_goes_on_after_any_record_as_if_nothing_had_happened(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    whole = written(path)
    for kept, entry in enumerate(read_journal(path, NAME), 1):
        path.write_bytes(whole + b"torn")
        journal = Journal(path, NAME, after=entry)
        for content, part in RECORDS[kept:]:
            journal.append(content, part)
        journal.close()
        assert path.read_bytes() == whole


def test_a_full_disk_is_one_line_and_leaves_the_records_before() -> None:
    with pytest.raises(StateError, match="cannot be written"):
        Journal("/dev/full/journal", NAME)


def test_a_write_that_the_disk_refuses_keeps_the_journal_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, NAME)
    journal.append(*RECORDS[1])
    real = journal._stream

    class Full:
        """Writes a part, as a full disk does."""

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def write(self, data: bytes) -> int:
            return real.write(data[:7])

    monkeypatch.setattr(journal, "_stream", Full())
    with pytest.raises(StateError, match=r"journal: cannot be written \(only a part"):
        journal.append(*RECORDS[2])
    monkeypatch.undo()
    journal.append(*RECORDS[3])
    journal.close()
    assert read(path) == [RECORDS[1], RECORDS[3]]
