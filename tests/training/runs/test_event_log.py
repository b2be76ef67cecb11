from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import goldzone.training.runs.event_log as module
from goldzone.errors import StateError
from goldzone.training.runs.event_log import EventLog, read_events
from goldzone.training.runs.events import (
    EVENTS,
    Event,
    LayerTrained,
    LineTorn,
    NeuronTrained,
    RunFinished,
    RunStarted,
    SweepFinished,
    SweepStarted,
    Warned,
)

TRAINED = NeuronTrained(
    sweep=1,
    layer=1,
    position=447,
    order=0,
    total=448,
    premodulo=65536,
    sum=-30,
    samples=100,
    agreement=0.1,
    regime="gold_zone",
    reason="why é\n",
    seconds=0.5,
    changed=12,
    time=2.5,
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(10**20), 10**20),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "float | None": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "int | None": st.none() | st.integers(),
    "str": st.text(),
    "str | None": st.none() | st.text(),
    "bool": st.booleans(),
    "tuple[int, ...]": st.lists(st.integers(1, 999)).map(tuple),
}


def values(event_class: type[Event]) -> st.SearchStrategy[Event]:
    kinds = {field.name: KINDS[str(field.type)] for field in fields(event_class)}
    kinds.pop("sequence")
    return st.builds(event_class, **kinds)


events = st.sampled_from(sorted(EVENTS)).flatmap(lambda name: values(EVENTS[name]))


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
    for before, after in zip(entries, written, strict=True):
        assert before.time in (after.time, 0)
        assert replace(after, sequence=0, time=before.time) == before


def test_a_line_is_complete_in_itself(tmp_path: Path) -> None:
    write(tmp_path / "log", TRAINED)
    (line,) = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "event": "neuron_trained",
        "sequence": 0,
        "time": 2.5,
        "sweep": 1,
        "layer": 1,
        "position": 447,
        "order": 0,
        "total": 448,
        "premodulo": 65536,
        "sum": -30,
        "samples": 100,
        "agreement": 0.1,
        "regime": "gold_zone",
        "reason": "why é\n",
        "seconds": 0.5,
        "changed": 12,
        "margin": 0.3,
    }
    assert list(json.loads(line))[:3] == ["event", "sequence", "time"]


def test_the_names_of_the_events_are_fixed() -> None:
    assert dict(EVENTS) == {
        "run_started": RunStarted,
        "sweep_started": SweepStarted,
        "neuron_trained": NeuronTrained,
        "layer_trained": LayerTrained,
        "sweep_finished": SweepFinished,
        "run_finished": RunFinished,
        "warned": Warned,
    }


def test_the_time_is_stamped_unless_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1234.5)
    stamped, given_time = write(tmp_path / "log", Warned(message="a"), Warned(message="b", time=1.0))
    assert (stamped.time, given_time.time) == (1234.5, 1.0)


def test_numpy_numbers_are_written_as_numbers_and_what_is_not_finite_as_null(tmp_path: Path) -> None:
    finished = SweepFinished(
        sweep=np.int64(3),  # type: ignore[arg-type]
        train_word_accuracy=np.float64(0.1),
        train_position_accuracy=np.float32(0.5),  # type: ignore[arg-type]
        dev_word_accuracy=float("nan"),
        dev_phoneme_error=float("inf"),
        loss=2,
        best=np.bool_(True),  # type: ignore[arg-type]
        seconds=1,
    )
    write(tmp_path / "log", finished)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"train_word_accuracy": 0.1, "train_position_accuracy": 0.5, "dev_word_accuracy": null' in text
    assert '"dev_phoneme_error": null, "loss": 2.0, "best": true, "seconds": 1.0' in text
    (found,) = read(tmp_path / "log")
    assert isinstance(found, SweepFinished)
    assert (found.sweep, found.dev_word_accuracy, found.loss) == (3, None, 2.0)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (SweepStarted(sweep="1"), "event 1 cannot be written: field 'sweep' is '1' in place of int"),  # type: ignore[arg-type]
        (SweepStarted(sweep=True), "field 'sweep' is True in place of int"),
        (replace(TRAINED, seconds=float("nan")), "field 'seconds' is None in place of float"),
        (Warned(message="\ud800"), "cannot be written"),
        (LineTorn(length=3), "LineTorn is not in the registry"),
    ],
)
def test_an_event_that_could_not_be_read_is_not_written(tmp_path: Path, event: Event, message: str) -> None:
    path = tmp_path / "log"
    with EventLog(path) as log:
        first = log.write(Warned(message="first"))
        with pytest.raises(StateError, match=message):
            log.write(event)
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
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
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


def damaged(line: str) -> list[tuple[str, str]]:
    return [
        (line.replace('"order": 0', '"order": 0, "order": 0'), "a field occurs twice"),
        (line.replace('"order": 0, ', ""), "field 'order' is missing"),
        (line.replace('"order": 0', '"ordre": 0'), "field 'or"),
        (line.replace('"order": 0', '"order": 0, "more": 1'), "field 'more' is unknown"),
        (line.replace('"order": 0', '"order": 0.0'), "field 'order' is 0.0 in place of int"),
        (line.replace('"order": 0', '"order": false'), "field 'order' is False in place of int"),
        (line.replace('"order": 0', '"order": null'), "field 'order' is None in place of int"),
        (line.replace('"seconds": 0.5', '"seconds": NaN'), "NaN is not a JSON number"),
        (line.replace('"seconds": 0.5', '"seconds": 1e999'), "field 'seconds' is inf in place of float"),
        (line.replace('"margin": 0.3', '"margin": 0.4'), "field 'margin' is 0.4, but follows as 0.3"),
        (line.replace(', "margin": 0.3', ""), "field 'margin' is None, but follows as 0.3"),
        (line.replace("neuron_trained", "neuron_trian"), "event 'neuron_trian' is unknown, did you mean"),
        (line.replace("neuron_trained", "xyz"), "event 'xyz' is unknown;"),
        (line.replace('"sequence": 1', '"sequence": 2'), "has sequence 2 in place of 1"),
        (line[:-5], ""),
        ("", ""),
        ("[]", "is not an object"),
        ("[" * 100_000, ""),
        ("{}", "event None is unknown"),
    ]


def test_damage_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, TRAINED, TRAINED, TRAINED)
    first, second, third = path.read_text(encoding="utf-8").splitlines()
    for line, message in damaged(second):
        assert line != second
        path.write_text(f"{first}\n{line}\n{third}\n", encoding="utf-8")
        reader = read_events(path)
        assert next(reader)[0] == 1
        with pytest.raises(StateError) as caught:
            next(reader)
        assert str(caught.value).startswith(f"{path} line 2: ")
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    path.write_bytes(first.encode() + b"\n\xff\n")
    with pytest.raises(StateError, match="line 2: "):
        read(path)


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
        whole = module._to_line
        with monkeypatch.context() as patch:
            # A line that claims to be longer than what arrives: what a short write looks like.
            patch.setattr(module, "_to_line", lambda event: _Longer(whole(event)))
            with pytest.raises(StateError, match="only a part was written"):
                log.write(TRAINED)
        second = log.write(TRAINED)
    assert read(path) == [first, second]


class _Longer(bytes):
    def __len__(self) -> int:
        return super().__len__() + 1
