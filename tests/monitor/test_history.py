from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from goldzone.errors import StateError
from goldzone.monitor.history import NOT_KNOWN, REGIMES, RunHistory, read_history
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import LayerTrained, NeuronTrained, SweepFinished, SweepStarted, Warned
from goldzone.training.sums.measurement import Regime
from tests.monitor.small_logs import (
    BACK,
    FINISHED,
    STARTED,
    history_of,
    measured,
    selected,
    toy_run,
    trained,
    write_log,
)


def test_neurons_are_columns_in_the_order_of_the_log(toy: RunHistory) -> None:
    columns = toy.neurons
    assert len(columns) == 9
    expected: dict[str, list[object]] = {
        "sweep": [1, 1, 1, 1, 1, 2, 2, 2, 2],
        "layer": [2, 1, 1, 1, 1, 2, 1, 1, 1],
        "position": [0, 0, 1, 2, 3, 0, 3, 1, 0],
        "premodulo": [100, 1000, 1000, 1000, 1000, 100, 10_000, 1000, 100],
        "target": [*([NOT_KNOWN] * 6), 400, 4, 2],
        "sum": [-100, -90, 40, -20, 4, -80, -50, 60, -70],
        "samples": [100] * 9,
        "margin": [1.0, 0.9, 0.4, 0.2, 0.04, 0.8, 0.5, 0.6, 0.7],
        "regime": [*([NOT_KNOWN] * 6), 0, 1, 2],
        "seconds": [*([0.5] * 8), 1.5],
        "partner": [*([NOT_KNOWN] * 7), 0, 1],
        "reason": ["phase 0", *([""] * 5), "up", "fine", "down"],
    }
    for name, values in expected.items():
        assert getattr(columns, name).tolist() == values, name
    assert columns.agreement[6] == 0.25
    assert np.isnan(np.delete(columns.agreement, 6)).all()
    assert {field.name for field in fields(columns)} == expected.keys() | {"agreement"}
    assert columns.sum.dtype == np.int64


def test_regimes_rise_with_the_sum() -> None:
    assert REGIMES == ("noisy", "gold_zone", "collapsed")
    assert set(REGIMES) == {regime.value for regime in Regime}


def test_the_rest_of_a_run_is_kept_as_its_events(toy: RunHistory) -> None:
    assert (toy.run, toy.layers, toy.torn) == ("toy", (4, 1), 0)
    assert [(done.sweep, done.dev_score) for done in toy.sweeps] == [(1, 0.4), (2, 0.3)]
    assert [made.sweep for made in toy.selections] == [1, 2]
    assert [(step.sweep, step.to_sweep) for step in toy.steps_back] == [(2, 1)]
    assert toy.finished is not None
    assert toy.finished.best_sweep == 1


def test_a_neuron_without_samples_has_no_margin(tmp_path: Path) -> None:
    history = history_of(tmp_path, trained(1, 1, 0, 0, 2, samples=0))
    assert math.isnan(history.neurons.margin[0])


def test_a_run_that_goes_on_is_read_at_every_byte(tmp_path: Path) -> None:
    whole = write_log(tmp_path / "whole", toy_run()).read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    path = tmp_path / "events.jsonl"
    for cut in range(ends[0], len(whole), 37):
        path.write_bytes(whole[:cut])
        history = read_history(path)
        last = max(end for end in ends if end <= cut)
        assert history.torn == cut - last
        lines = [json.loads(line) for line in whole[:last].splitlines()]
        assert len(history.neurons) == sum(line["event"] == "neuron_trained" for line in lines)
        assert history.finished is None


def test_a_sweep_that_begins_again_replaces_itself_and_what_followed(tmp_path: Path) -> None:
    again = [STARTED, SweepStarted(sweep=2), trained(2, 1, 2, 10, 50), selected(2), measured(2, 0.7, 0.5)]
    history = read_history(write_log(tmp_path / "log", [*toy_run(), SweepStarted(sweep=3), *again]))
    assert history.neurons.sweep.tolist() == [1] * 5 + [2]
    assert history.neurons.sum.tolist() == [-100, -90, 40, -20, 4, 10]
    assert history.neurons.margin.tolist() == [1.0, 0.9, 0.4, 0.2, 0.04, 0.1]
    assert history.neurons.reason.tolist() == ["phase 0", "", "", "", "", ""]
    assert [done.dev_score for done in history.sweeps] == [0.4, 0.5]
    assert [made.sweep for made in history.selections] == [1, 2]
    assert history.steps_back == ()  # it followed the first try of sweep 2
    assert history.finished is None


@pytest.mark.parametrize(("sweep", "done"), [(2, [1]), (3, [1, 2])])
def test_a_run_that_is_taken_up_again_is_not_finished(tmp_path: Path, sweep: int, done: list[int]) -> None:
    history = read_history(write_log(tmp_path / "log", [*toy_run(), SweepStarted(sweep=sweep)]))
    assert history.finished is None
    assert [one.sweep for one in history.sweeps] == done


def test_of_what_was_done_twice_the_last_time_counts(tmp_path: Path) -> None:
    begun = [*toy_run()[:-1], trained(2, 1, 1, 7, 8), trained(2, 1, 2, 9, 10)]
    begun += [selected(2), measured(2, 0.9, 0.5), measured(3, 0.9, 0.5), BACK]
    history = read_history(write_log(tmp_path / "log", begun))
    assert history.neurons.sum.tolist() == [-100, -90, 40, -20, 4, -80, -50, -70, 7, 9]
    assert history.neurons.reason.tolist()[-3:] == ["down", "", ""]
    assert [(done.sweep, done.dev_score) for done in history.sweeps] == [(1, 0.4), (2, 0.5), (3, 0.5)]
    assert [made.sequence for made in history.selections] == [3, 19]
    assert [step.sequence for step in history.steps_back] == [22]


def test_a_step_back_stays_when_the_next_sweep_begins(tmp_path: Path) -> None:
    events = [*toy_run()[:-1], SweepStarted(sweep=3), SweepStarted(sweep=3)]
    history = read_history(write_log(tmp_path / "log", events))
    assert [step.sweep for step in history.steps_back] == [BACK.sweep]
    assert len(history.neurons) == 9


def test_one_layer_and_one_neuron(toy: RunHistory) -> None:
    assert toy.of_layer(2).neurons.sum.tolist() == [-100, -80]
    assert toy.of_layer(2).selections == ()
    assert len(toy.of_layer(1).selections) == 2
    assert toy.of_neuron(1, 3).neurons.premodulo.tolist() == [1000, 10_000]
    assert toy.of_neuron(1, 2).neurons.sweep.tolist() == [1]
    assert toy.of_neuron(1, 3).sweeps == toy.sweeps
    assert toy.before_final().layer.tolist() == [1] * 7


@pytest.mark.parametrize(
    ("layer", "position", "message"),
    [
        (0, 0, "toy: has no layer 0; its layers are 1 to 2"),
        (3, 0, "toy: has no layer 3; its layers are 1 to 2"),
        (1, 4, "toy: has no neuron 1.4; layer 1 has positions 0 to 3"),
        (1, -1, "toy: has no neuron 1.-1; layer 1 has positions 0 to 3"),
    ],
)
def test_a_neuron_that_is_not_there_is_named(
    toy: RunHistory, layer: int, position: int, message: str
) -> None:
    with pytest.raises(StateError) as caught:
        toy.of_neuron(layer, position)
    assert str(caught.value) == message


def test_a_neuron_that_was_not_trained_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"^toy: neuron 1\.1 was not trained yet; choose another$"):
        history_of(tmp_path, trained(1, 1, 0, 0, 2)).of_neuron(1, 1)


def test_what_has_no_events_yet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with pytest.raises(StateError, match=r"events\.jsonl: has no events yet; try again"):
        read_history(path)
    for events in ((), (Warned(message="a row was skipped"),)):
        write_log(path, events)
        with pytest.raises(StateError, match=r"events\.jsonl: has no events of training yet; try again"):
            read_history(path)


def test_other_events_are_passed_over(tmp_path: Path) -> None:
    events = [Warned(message="early"), STARTED, LayerTrained(sweep=1, layer=1, neurons=4), FINISHED]
    history = read_history(write_log(tmp_path / "log", events))
    assert len(history.neurons) == 0
    assert history.finished is not None


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (trained(1, 3, 0, 0, 2), "line 2: the run has no neuron 3.0; restore the file"),
        (trained(1, 0, 0, 0, 2), "line 2: the run has no neuron 0.0; restore the file"),
        (trained(1, 1, 4, 0, 2), "line 2: the run has no neuron 1.4; restore the file"),
        (trained(1, 1, 0, 0, 2, regime="golden"), "line 2: regime 'golden' is unknown; restore the file"),
        (trained(1, 1, 0, 0, 1 << 63), "line 2: a number is beyond 64 bits; restore the file"),
    ],
)
def test_events_that_do_not_fit_the_run_are_named_with_their_line(
    tmp_path: Path, event: NeuronTrained, message: str
) -> None:
    with pytest.raises(StateError) as caught:
        history_of(tmp_path, event)
    assert str(caught.value) == f"{tmp_path / 'log'} {message}"


def test_damage_is_named_with_its_line(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log", toy_run())
    path.write_bytes(path.read_bytes().replace(b'"sum": 40', b'"sum": "40"'))
    with pytest.raises(StateError, match=r"log line 6: Expected `int`, got `str` - at `\$\.sum`"):
        read_history(path)


def test_reading_leaves_the_log_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with EventLog(path) as log:
        for event in toy_run():
            log.write(event)
            before = path.read_bytes()
            read_history(path)
            assert path.read_bytes() == before
    assert isinstance(read_history(path).sweeps[0], SweepFinished)
