from __future__ import annotations

import os
import tracemalloc
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import goldzone.training.runs.event_log as module
from goldzone.errors import StateError
from goldzone.training.runs.event_lines import encode_line
from goldzone.training.runs.event_log import EventFollower, EventLog, cut_events, read_events, whole_events
from goldzone.training.runs.events import Event, LineTorn, LogReplaced, SweepStarted, Warned
from tests.training.runs.event_samples import TRAINED, events


def write(path: Path, *written: Event) -> list[Event]:
    with EventLog(path) as log:
        return [log.write(event) for event in written]


def read(path: Path) -> list[Event]:
    return [event for _, event in read_events(path)]


@given(entries=st.lists(events, max_size=6), cut=st.integers(0, 6))
def test_what_is_written_is_read_in_order_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Event], cut: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    written = write(path, *entries[:cut]) + write(path, *entries[cut:])
    found = list(read_events(path))
    assert [event for _, event in found] == written
    assert [line for line, _ in found] == list(range(1, len(entries) + 1))
    assert [event.sequence for event in written] == list(range(len(entries)))
    assert [replace(after, sequence=0, time=0) for after in written] == [
        replace(before, time=0) for before in entries
    ]


def test_the_time_is_stamped_unless_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1234.5)
    stamped, given_time = write(tmp_path / "log", Warned(message="a"), Warned(message="b", time=1.0))
    assert (stamped.time, given_time.time) == (1234.5, 1.0)


def test_an_event_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with EventLog(path) as log:
        first = log.write(Warned(message="first"))
        for wrong in (SweepStarted(sweep="1"), SweepStarted(sweep=1j), LineTorn(length=3)):  # type: ignore[arg-type]
            with pytest.raises(StateError, match="log: event 1 cannot be written: "):
                log.write(wrong)
        second = log.write(Warned(message="second"))
    assert read(path) == [first, second]


@given(st.data())
def test_a_torn_last_line_is_reported_and_mended(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    long = Warned(message="x" * data.draw(st.integers(0, 9000)), time=1.0)
    written = write(path, TRAINED, long, TRAINED)
    whole = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    cut = data.draw(st.integers(0, len(whole)) | st.sampled_from([0, *ends, *(end - 1 for end in ends)]))
    path.write_bytes(whole[:cut])
    kept = sum(end <= cut for end in ends)
    torn = cut - max([0, *(end for end in ends if end <= cut)])
    report = [LineTorn(sequence=kept, length=torn)] if torn else []
    assert read(path) == [*written[:kept], *report]
    (again,) = write(path, Warned(message="again"))
    assert again.sequence == kept
    assert read(path) == [*written[:kept], again]


def test_a_log_that_grows_can_be_read_meanwhile(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log") as log:
        first = log.write(TRAINED)
        reader = read_events(tmp_path / "log")
        assert next(reader) == (1, first)
        log.write(TRAINED)
        assert len(read(tmp_path / "log")) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\xff", "JSON is malformed: invalid character (byte 0); restore the file"),
        (b"", "Input data was truncated; restore the file"),
        (b'{"event": "warnt"}', "event 'warnt' is unknown, did you mean 'warned'?; restore the file"),
        (b'{"event": "warned", "sequence": 1, "a\\nb": 1}', "unknown field `a b`; restore the file"),
        (b'{"event": "warned", "sequence": 2, "message": ""}', "has sequence 2 in place of 1"),
        (b'{"event": ' + b"[" * 100_000, "; restore the file"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "log"
    write(path, TRAINED, TRAINED, TRAINED)
    first, _, third = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, line, third, b""]))
    reader = read_events(path)
    assert next(reader)[0] == 1
    with pytest.raises(StateError) as caught:
        next(reader)
    assert str(caught.value).startswith(f"{path} line 2: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ended", [b"", b"\n"])
def test_a_line_far_too_long_is_refused_before_it_fills_the_memory(tmp_path: Path, ended: bytes) -> None:
    path = tmp_path / "log"
    write(path, TRAINED)
    with path.open("r+b") as file:
        file.truncate(1 << 30)  # takes no room on the disk
        file.seek(0, os.SEEK_END)
        file.write(ended)
    tracemalloc.start()
    try:
        with pytest.raises(StateError, match="line 2: is longer than 16777216 bytes; restore the file"):
            read(path)
        count, problem = whole_events(path)
        assert count == 1
        assert "line 2: is longer" in str(problem)
        assert tracemalloc.get_traced_memory()[1] < 1 << 26
    finally:
        tracemalloc.stop()


def test_a_lost_line_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, TRAINED, TRAINED, TRAINED)
    first, _, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + third)
    with pytest.raises(StateError, match="line 2: has sequence 2 in place of 1"):
        read(path)


def test_a_log_whose_last_line_is_damaged_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, TRAINED)
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(StateError, match="log last line: event None is unknown"):
        EventLog(path)


def test_a_closed_log_takes_no_more(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.close()
    log.close()
    with pytest.raises(StateError, match="log: the event log is closed; open it again"):
        log.write(TRAINED)


def test_disk_errors_are_errors_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be opened"):
        EventLog(tmp_path / "none" / "log")
    with pytest.raises(StateError, match="cannot be opened"):
        EventLog(tmp_path)
    with pytest.raises(StateError, match="cannot be read"):
        read(tmp_path / "none")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_full_disk_is_an_error_of_the_family() -> None:
    with EventLog("/dev/full") as log, pytest.raises(StateError, match="cannot be written"):
        log.write(TRAINED)


def test_a_line_written_in_part_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    with EventLog(path) as log:
        first = log.write(TRAINED)
        with monkeypatch.context() as patch:
            # A line that claims to be longer than what arrives: what a short write looks like.
            patch.setattr(module, "encode_line", lambda event: _Longer(encode_line(event)))
            with pytest.raises(StateError, match="only a part was written"):
                log.write(TRAINED)
        second = log.write(TRAINED)
    assert read(path) == [first, second]


class _Longer(bytes):
    def __len__(self) -> int:
        return super().__len__() + 1


def test_a_log_is_cut_off_after_whole_events(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for sweep in range(1, 6):
            log.write(SweepStarted(sweep=sweep))
        assert log.count == 5
        log.sync()
    with path.open("ab") as stream:
        stream.write(b'{"event": "swe')
    assert whole_events(path) == (5, None)
    cut_events(path, 7)
    assert whole_events(path) == (5, None)
    cut_events(path, 3)
    assert [line for line, _ in read_events(path)] == [1, 2, 3]
    cut_events(path, 0)
    assert path.read_bytes() == b""


def test_events_before_damage_are_counted_and_the_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for sweep in range(1, 6):
            log.write(SweepStarted(sweep=sweep))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[3], *lines[3:]]))
    count, damage = whole_events(path)
    assert count == 2
    assert damage is not None
    assert "line 3" in damage


def test_no_log_has_no_events(tmp_path: Path) -> None:
    assert whole_events(tmp_path / "none") == (0, None)
    cut_events(tmp_path / "none", 3)
    assert not (tmp_path / "none").exists()


@given(
    entries=st.lists(events, max_size=5),
    polls=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3))),
    torn=st.binary(max_size=3).filter(lambda tail: b"\n" not in tail),
)
def test_any_split_of_a_log_into_polls_gives_the_events_of_one_read(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[Event],
    polls: list[tuple[float, int]],
    torn: bytes,
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    follower = EventFollower(path)
    assert list(follower.poll()) == []
    write(path, *entries)
    expected = list(read_events(path))
    whole = path.read_bytes() + torn
    found: list[tuple[int, Event]] = []
    for share, most in sorted(polls):
        path.write_bytes(whole[: int(share * len(whole))])
        found += islice(follower.poll(), most)  # a reader may also leave off
    path.write_bytes(whole)
    assert [*found, *follower.poll()] == expected
    assert list(follower.poll()) == []


@given(before=st.lists(events, max_size=4), after=st.lists(events, max_size=4), kept=st.integers(0, 4))
def test_a_follower_tells_that_what_it_read_is_there_no_more(
    tmp_path_factory: pytest.TempPathFactory, before: Sequence[Event], after: Sequence[Event], kept: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    follower = EventFollower(path)
    write(path, *(replace(event, time=1.0) for event in before))
    first = list(follower.poll())
    cut_events(path, kept)
    write(path, *(replace(event, time=-1.0) for event in after))
    now = list(read_events(path))
    replaced = kept < len(before)
    assert list(follower.poll()) == ([(0, LogReplaced()), *now] if replaced else now[len(first) :])
    path.unlink()
    assert list(follower.poll()) == ([(0, LogReplaced())] if now else [])
    assert list(follower.poll()) == []


def test_a_follower_goes_on_where_damage_was_repaired(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written = write(path, TRAINED, TRAINED, TRAINED)
    whole = path.read_bytes()
    first, second, third = whole.splitlines(keepends=True)
    path.write_bytes(first + second[1:] + third)
    follower = EventFollower(path)
    polled = follower.poll()
    assert next(polled) == (1, written[0])
    for damaged in (polled, follower.poll()):
        with pytest.raises(StateError, match="line 2: "):
            next(damaged)
    path.write_bytes(whole)
    assert [event for _, event in follower.poll()] == written[1:]


def test_a_log_that_is_replaced_while_it_is_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "log", tmp_path / "other"
    write(path, *[TRAINED] * 3)
    written = write(other, *[Warned(message="x" * 999)] * 3)
    monkeypatch.setattr(module, "_BLOCK", 16)
    follower = EventFollower(path)
    reading = follower.poll()
    assert next(reading)[0] == 1
    path.write_bytes(other.read_bytes())
    assert list(reading) == []
    assert [event for _, event in follower.poll()] == [LogReplaced(), *written]
