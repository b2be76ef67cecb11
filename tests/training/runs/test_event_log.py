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
from goldzone.training.runs.event_log import EventLog, cut_events, read_events, whole_events
from goldzone.training.runs.events import (
    EVENTS,
    AlertClosed,
    AlertOpened,
    AlertUpdated,
    Event,
    FlagsResolved,
    LayerSkipped,
    LayerTrained,
    LineTorn,
    NeuronTrained,
    RunFinished,
    RunResumed,
    RunStarted,
    SelectionMade,
    SteppedBack,
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
    target=9,
    sum=-30,
    samples=100,
    agreement=0.1,
    regime="gold_zone",
    reason="why é\n",
    partner=446,
    seconds=0.5,
    changed=12,
    time=2.5,
)
FLAGS = FlagsResolved(
    language="slovak",
    source="flags.toml",
    digest=None,
    values={"credit": "rank"},
    variants={},
    reasons={"credit": "DEFAULT"},
    why={"credit": "no rule fits"},
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
    "dict[str, str]": st.dictionaries(st.text(), st.text()),
    "dict[str, float]": st.dictionaries(
        st.text(max_size=3), st.floats(allow_nan=False, allow_infinity=False), max_size=2
    ),
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
        "target": 9,
        "sum": -30,
        "samples": 100,
        "agreement": 0.1,
        "regime": "gold_zone",
        "reason": "why é\n",
        "partner": 446,
        "seconds": 0.5,
        "changed": 12,
        "margin": 0.3,
    }
    assert list(json.loads(line))[:3] == ["event", "sequence", "time"]


def test_the_names_of_the_events_are_fixed() -> None:
    assert dict(EVENTS) == {
        "run_started": RunStarted,
        "run_resumed": RunResumed,
        "sweep_started": SweepStarted,
        "selection_made": SelectionMade,
        "neuron_trained": NeuronTrained,
        "layer_trained": LayerTrained,
        "sweep_finished": SweepFinished,
        "stepped_back": SteppedBack,
        "run_finished": RunFinished,
        "warned": Warned,
        "layer_skipped": LayerSkipped,
        "alert_opened": AlertOpened,
        "alert_updated": AlertUpdated,
        "alert_closed": AlertClosed,
        "flags_resolved": FlagsResolved,
    }


def test_the_time_is_stamped_unless_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1234.5)
    stamped, given_time = write(tmp_path / "log", Warned(message="a"), Warned(message="b", time=1.0))
    assert (stamped.time, given_time.time) == (1234.5, 1.0)


def test_numpy_numbers_are_written_as_numbers_and_what_is_not_finite_as_null(tmp_path: Path) -> None:
    finished = SweepFinished(
        sweep=np.int64(3),  # type: ignore[arg-type]
        train_score=np.float64(0.1),
        dev_score=float("nan"),
        metrics={"dev_phoneme_error": np.float64(0.5)},
        loss=np.float32(2),  # type: ignore[arg-type]
        best=np.bool_(True),  # type: ignore[arg-type]
        premodulo=np.uint32(4_294_967_295),  # type: ignore[arg-type]
        forecast=np.float64("nan"),
        seconds=1,
    )
    write(tmp_path / "log", finished)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"train_score": 0.1, "dev_score": null, "metrics": {"dev_phoneme_error": 0.5}, ' in text
    assert '"loss": 2.0, "best": true, "premodulo": 4294967295, ' in text
    assert '"phase": null, "forecast": null, "forecast_error": null, "seconds": 1.0' in text
    (found,) = read(tmp_path / "log")
    assert isinstance(found, SweepFinished)
    assert (found.sweep, found.dev_score, found.loss) == (3, None, 2.0)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (SweepStarted(sweep="1"), "event 1 cannot be written: field 'sweep' is '1' in place of int"),  # type: ignore[arg-type]
        (SweepStarted(sweep=True), "field 'sweep' is True in place of int"),
        (replace(TRAINED, seconds=float("nan")), "field 'seconds' is None in place of float"),
        (Warned(message="\ud800"), "cannot be written"),
        (replace(FLAGS, why={"credit": 1}), "field 'why' is {'credit': 1} in place of dict"),  # type: ignore[dict-item]
        (replace(FLAGS, why=("credit",)), r"field 'why' is \('credit',\) in place of dict"),  # type: ignore[arg-type]
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


def test_a_line_from_before_a_field_was_added_is_read_and_the_field_is_null(tmp_path: Path) -> None:
    path = tmp_path / "log"
    finished = SweepFinished(
        sweep=1,
        train_score=0.5,
        dev_score=None,
        loss=None,
        best=True,
        premodulo=5,
        phase="fitting",
        forecast=0.5,
        forecast_error=0.25,
        seconds=1.0,
    )
    written = write(path, TRAINED, finished)
    text = path.read_text(encoding="utf-8")
    for later in (
        '"target": 9, ',
        '"partner": 446, ',
        '"premodulo": 5, "phase": "fitting", "forecast": 0.5, "forecast_error": 0.25, ',
    ):
        assert later in text
        text = text.replace(later, "")
    path.write_text(text, encoding="utf-8")
    assert read(path) == [
        replace(written[0], target=None, partner=None),  # type: ignore[call-arg]
        replace(written[1], premodulo=None, phase=None, forecast=None, forecast_error=None),  # type: ignore[call-arg]
    ]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_line_lacks_only_what_may_be_null_by_default(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log"
    event_class = EVENTS[name]
    optional = {field.name for field in fields(event_class) if field.default is None}
    assert not optional & {"sequence", "time"}
    known: dict[str, Any] = {"int": 1, "float": 0.5, "str": "a", "bool": True, "tuple[int, ...]": (1,)}
    known |= {"dict[str, str]": {"a": "b"}, "dict[str, float]": {"a": 0.5}}
    samples = known | {f"{kind} | None": value for kind, value in known.items()}
    write(
        path,
        event_class(**{f.name: samples[str(f.type)] for f in fields(event_class) if f.name != "sequence"}),
    )
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["event"] == name
    for key in content.keys() - {"event", "margin"}:
        path.write_text(json.dumps({k: v for k, v in content.items() if k != key}) + "\n", encoding="utf-8")
        if key in optional:
            assert getattr(read(path)[0], key) is None
        else:
            with pytest.raises(StateError, match=f"line 1: field '{key}' is missing"):
                read(path)


def damaged(line: str) -> list[tuple[str, str]]:
    return [
        (line.replace('"order": 0', '"order": 0, "order": 0'), "a field occurs twice"),
        (line.replace('"order": 0, ', ""), "field 'order' is missing"),
        (line.replace('"order": 0', '"ordre": 0'), "field 'or"),
        (line.replace('"order": 0', '"order": 0, "more": 1'), "field 'more' is unknown"),
        (line.replace('"order": 0', '"order": 0.0'), "field 'order' is 0.0 in place of int"),
        (line.replace('"order": 0', '"order": false'), "field 'order' is False in place of int"),
        (line.replace('"order": 0', '"order": null'), "field 'order' is None in place of int"),
        (line.replace('"target": 9', '"target": "9"'), "field 'target' is '9' in place of int | None"),
        (line.replace('"partner": 446', '"partner": 0.5'), "field 'partner' is 0.5 in place of int | None"),
        (line.replace('"time": 2.5, ', ""), "field 'time' is missing"),
        (line.replace('"sequence": 1, ', ""), "field 'sequence' is missing"),
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
