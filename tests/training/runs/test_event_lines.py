from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from msgspec import NODEFAULT
from msgspec.structs import fields, replace

from goldzone.training.runs.event_lines import ADDED, MOVED, decode_line, encode_line, upgraded
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import (
    EVENTS,
    Event,
    LineTorn,
    NeuronTrained,
    RunStarted,
    SweepFinished,
    SweepStarted,
    Warned,
)
from tests.training.runs.event_samples import FLAGS, TRAINED, events

FIRST_VERSION = Path(__file__).with_name("first_version.jsonl")
LINE = encode_line(TRAINED).decode()


@given(events)
def test_what_is_written_is_read_on_one_line(event: Event) -> None:
    line = encode_line(event)
    assert decode_line(line) == event
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")


def test_all_events_of_the_first_versions_are_read() -> None:
    found = [event for _, event in read_events(FIRST_VERSION)]
    assert {type(event) for event in found} == set(EVENTS.values())
    assert {event.time for event in found} == {1767225600.25}
    started = next(event for event in found if isinstance(event, RunStarted))
    assert (started.run, started.layers, started.seed) == ("slovak", (448, 1), 7)


def test_lines_stay_as_the_first_version_wrote_them() -> None:
    for line in FIRST_VERSION.read_bytes().splitlines(keepends=True):
        name = json.loads(line)["event"]
        if name not in MOVED and name not in ADDED:
            assert encode_line(decode_line(line)) == line


def test_numpy_numbers_are_written_as_numbers_and_what_is_not_finite_as_null() -> None:
    finished = SweepFinished(
        sweep=np.int64(3),  # type: ignore[arg-type]
        train_score=np.float64(0.1),
        dev_score=float("nan"),
        metrics={"train_position_accuracy": np.float32(0.5)},  # type: ignore[dict-item]
        loss=2,
        best=np.bool_(True),  # type: ignore[arg-type]
        premodulo=np.uint32(4_294_967_295),  # type: ignore[arg-type]
        forecast=np.float64("nan"),
        seconds=1,
    )
    line = encode_line(finished)
    assert b'"train_score": 0.1, "dev_score": null, "metrics": {"train_position_accuracy": 0.5}' in line
    assert b'"loss": 2, "best": true, "premodulo": 4294967295, ' in line
    assert b'"phase": null, "forecast": null, "forecast_error": null, "seconds": 1' in line
    found = decode_line(line)
    assert isinstance(found, SweepFinished)
    assert (found.sweep, found.dev_score, found.loss) == (3, None, 2.0)
    layers = (np.int32(3), 1)
    started = decode_line(FIRST_VERSION.read_bytes().splitlines()[1])
    again = decode_line(encode_line(replace(started, layers=layers)))
    assert isinstance(again, RunStarted)
    assert again.layers == (3, 1)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (SweepStarted(sweep="1"), "Expected `int`, got `str` - at `$.sweep`"),  # type: ignore[arg-type]
        (SweepStarted(sweep=True), "Expected `int`, got `bool` - at `$.sweep`"),
        (SweepStarted(sweep=np.bool_(True)), "Expected `int`, got `bool` - at `$.sweep`"),  # type: ignore[arg-type]
        (SweepStarted(sweep=1 + 0j), "(1+0j) is no value of an event"),  # type: ignore[arg-type]
        (replace(TRAINED, seconds=float("nan")), "Expected `float`, got `null` - at `$.seconds`"),
        (Warned(message="\ud800"), "surrogates not allowed"),
        (replace(FLAGS, why={"credit": 1}), "Expected `str`, got `int` - at `$.why[...]`"),
        (replace(FLAGS, why=("credit",)), "Expected `object`, got `array` - at `$.why`"),
        (LineTorn(length=3), "Invalid value 'LineTorn' - at `$.event`"),
    ],
)
def test_an_event_that_could_not_be_read_is_not_written(event: Event, message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        encode_line(event)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"order": 0, ', "", "Object missing required field `order`"),
        ('"order": 0', '"ordre": 0', "Object contains unknown field `ordre`"),
        ('"order": 0', '"order": 0, "more": 1', "Object contains unknown field `more`"),
        ('"order": 0', '"order": 0.0', "Expected `int`, got `float` - at `$.order`"),
        ('"order": 0', '"order": false', "Expected `int`, got `bool` - at `$.order`"),
        ('"order": 0', '"order": null', "Expected `int`, got `null` - at `$.order`"),
        ('"target": 9', '"target": "9"', "Expected `int | null`, got `str` - at `$.target`"),
        ('"partner": 446', '"partner": 0.5', "Expected `int | null`, got `float` - at `$.partner`"),
        ('"margin": 0.3', '"margin": "0.3"', "Expected `float | null`, got `str` - at `$.margin`"),
        ('"seconds": 0.5', '"seconds": NaN', "JSON is malformed"),
        ('"seconds": 0.5', '"seconds": 1e999', "Number out of range"),
        ("neuron_trained", "neuron_trian", "event 'neuron_trian' is unknown, did you mean 'neuron_trained'?"),
        ("neuron_trained", "xyz", "event 'xyz' is unknown"),
        (LINE, "[]", "Expected `object`, got `array`"),
        (LINE, "{}", "event None is unknown"),
        (LINE, '{"event": ["a"]}', "event ['a'] is unknown"),
        (LINE, "", "Input data was truncated"),
        (LINE, "[" * 100_000, ""),
        (LINE, '{"event": ' + "[" * 100_000, ""),
        (LINE, LINE[:-5], "Input data was truncated"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(before: str, after: str, message: str) -> None:
    damaged = LINE.replace(before, after)
    assert damaged != LINE
    with pytest.raises((ValueError, RecursionError)) as caught:
        decode_line(damaged.encode())
    assert message in str(caught.value)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_line_lacks_only_what_has_a_default(name: str) -> None:
    line = next(e for e in FIRST_VERSION.read_bytes().splitlines() if json.loads(e)["event"] == name)
    event = decode_line(line)
    content = json.loads(encode_line(event))
    optional = {
        field.name: field.default if field.default_factory is NODEFAULT else field.default_factory()
        for field in fields(event)
        if not field.required
    }
    assert {"sequence", "time"} <= optional.keys()
    for key in content.keys() - {"event", "margin"}:
        shorter = json.dumps({k: v for k, v in content.items() if k != key}).encode()
        if key in optional:
            assert decode_line(shorter) == replace(event, **{key: optional[key]})
        else:
            with pytest.raises(ValueError, match=f"missing required field `{key}`"):
                decode_line(shorter)


@pytest.mark.parametrize("written", [', "margin": 0.3', ', "margin": 0.4', ', "margin": null', ""])
def test_the_margin_follows_from_the_sum_whatever_a_line_says(written: str) -> None:
    found = decode_line(LINE.replace(', "margin": 0.3', written).encode())
    assert found == TRAINED
    assert isinstance(found, NeuronTrained)
    assert found.margin == 0.3
    assert replace(found, sum=50).margin == 0.5
    assert replace(found, samples=0).margin is None
    assert replace(found, sum=10**400).margin is None  # beyond a float: from a damaged line


@pytest.mark.parametrize(
    ("moved", "added", "content", "expected"),
    [
        ({"a": "b"}, {}, {"a": 1, "c": None}, {"b": 1, "c": None}),
        ({"a": "b"}, {}, {"a": None}, {"b": None}),
        ({"a": "b.x", "c": "b.y"}, {}, {"a": 1, "c": 2}, {"b": {"x": 1, "y": 2}}),
        ({"a": "b.x", "c": "b.y"}, {}, {"a": None, "c": 2}, {"b": {"y": 2}}),
        ({"a": "b.x"}, {}, {"a": None}, {"b": {}}),
        ({"a": None}, {}, {"a": 1, "c": 2}, {"c": 2}),
        ({}, {"b": 3, "c": 4}, {"c": 2}, {"b": 3, "c": 2}),
        ({"a": "b"}, {}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": "b.x"}, {}, {"a": 1, "b": {"x": 2}}, {"a": 1, "b": {"x": 2}}),
    ],
)
def test_an_earlier_line_gets_the_fields_of_this_version(
    moved: dict[str, str | None], added: dict[str, Any], content: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = json.dumps(content)
    assert upgraded(content, moved, added) == expected
    assert json.dumps(content) == before


def test_earlier_lines_are_read_by_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the message had once been called text, and flags a version ago had no reasons.
    monkeypatch.setitem(MOVED, "warned", {"text": "message", "urgent": None})
    monkeypatch.setitem(MOVED, "flags_resolved", {"credit": "values.credit", "phase": "values.phase"})
    monkeypatch.setitem(ADDED, "flags_resolved", {"reasons": {}, "why": {}})
    warned = b'{"event": "warned", "sequence": 3, "time": 2.5, "text": "much", "urgent": true}'
    assert decode_line(warned) == Warned(message="much", sequence=3, time=2.5)
    flags = b'{"event": "flags_resolved", "language": "slovak", "source": "flags.toml", "digest": null, '
    assert decode_line(flags + b'"variants": {}, "credit": "rank", "phase": null}') == replace(
        FLAGS, reasons={}, why={}
    )
    with pytest.raises(ValueError, match="unknown field `text`"):
        decode_line(warned.replace(b"true", b'true, "message": "more"'))
