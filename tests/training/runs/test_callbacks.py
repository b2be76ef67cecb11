from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.errors import ConfigError
from goldzone.g2p.task import PhonemizerTask
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.callbacks import Callback, Control, Steering
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import (
    CapacityChanged,
    Event,
    NeuronTrained,
    RunFinished,
    SweepFinished,
    SweepStarted,
    Warned,
)
from goldzone.training.settings import CapacitySettings
from goldzone.training.task import RunContext, RunSummary
from tests.monitor.scripts import run_started, sweep_finished

CONFIG = TrainingConfig.model_validate(
    {
        "network": {"neurons": 6},
        "credit": {"kind": "rank"},
        "pipeline": {"sweeps": 3, "patience": 3},
        "capacity": {"premodulo": 1000},
    }
)


class Squeeze(Callback):
    """Halves the premodulo after the first sweep."""

    def on_sweep_end(self, event: SweepFinished, control: Control) -> None:
        if event.sweep == 1:
            control.change_capacity("half is enough", premodulo=500)


class StopInSecond(Callback):
    """Ends the run when it has seen a neuron of the second sweep."""

    def on_neuron_trained(self, event: NeuronTrained, control: Control) -> None:
        if event.sweep == 2:
            control.stop("it is seen enough")


class Note(Callback):
    """Remembers what ended a run."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def on_exception(self, error: BaseException) -> None:
        self.errors.append(error)


class Broken(Callback):
    """Fails at each sweep."""

    def on_sweep_start(self, event: SweepStarted, control: Control) -> None:
        raise RuntimeError("no\nmore")


class KilledError(Exception):
    """Ends a run from outside."""


def task() -> PhonemizerTask:
    return PhonemizerTask.of(load_builtin("slovak"), CONFIG, limit=60)


def train(folder: Path, *callbacks: Callback, check: Callable[[], None] = lambda: None) -> RunSummary:
    return start_run(task(), folder, RunContext(callbacks=callbacks, check_interrupt=check))


def events(folder: Path) -> list[Event]:
    return [event for _, event in read_events(folder / "events.jsonl")]


def premodulos(folder: Path) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for event in events(folder):
        if isinstance(event, NeuronTrained) and event.layer == 1:
            found.setdefault(event.sweep, set()).add(event.premodulo)
    return found


def killed_after(steps: int) -> Callable[[], None]:
    left = iter(range(steps))

    def check() -> None:
        if next(left, None) is None:
            raise KilledError

    return check


def test_a_change_holds_from_the_next_sweep_on_and_stands_in_the_log(tmp_path: Path) -> None:
    train(tmp_path / "run", Squeeze())
    assert premodulos(tmp_path / "run") == {1: {1000}, 2: {500}, 3: {500}}
    told = events(tmp_path / "run")
    (at,) = [index for index, event in enumerate(told) if isinstance(event, CapacityChanged)]
    change = told[at]
    assert isinstance(change, CapacityChanged)
    assert (change.sweep, change.values) == (1, {"premodulo": "500"})
    assert change.reason == "Squeeze: half is enough"
    assert isinstance(told[at - 1], SweepFinished)


@pytest.mark.parametrize("steps", [9, 12, 15])
@pytest.mark.parametrize("again", [(), (Squeeze(),)])
def test_a_killed_run_comes_to_the_same_model_with_its_callbacks_or_without(
    tmp_path: Path, steps: int, again: tuple[Callback, ...]
) -> None:
    whole = train(tmp_path / "whole", Squeeze())
    with pytest.raises(KilledError):
        train(tmp_path / "run", Squeeze(), check=killed_after(steps))
    resumed = resume_run(task(), tmp_path / "run", RunContext(callbacks=again))
    assert resumed.digest == whole.digest
    assert premodulos(tmp_path / "run") == premodulos(tmp_path / "whole")
    assert sum(isinstance(event, CapacityChanged) for event in events(tmp_path / "run")) == 1


def test_a_run_that_is_stopped_ends_its_sweep_and_has_a_model(tmp_path: Path) -> None:
    summary = train(tmp_path / "run", StopInSecond())
    assert summary.reason == "StopInSecond: it is seen enough"
    assert Path(summary.model).exists()
    last = [event for event in events(tmp_path / "run") if isinstance(event, SweepFinished)][-1]
    assert last.sweep == 2


def test_a_wish_to_stop_outlives_a_kill_in_the_same_sweep(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        train(tmp_path / "run", StopInSecond(), check=killed_after(10))
    summary = resume_run(task(), tmp_path / "run", RunContext(callbacks=[StopInSecond()]))
    assert summary.reason == "StopInSecond: it is seen enough"
    assert set(premodulos(tmp_path / "run")) == {1, 2}


def test_a_callback_that_fails_is_a_warning_and_the_model_stays(tmp_path: Path) -> None:
    plain = train(tmp_path / "plain")
    assert train(tmp_path / "run", Broken()).digest == plain.digest
    warnings = [event.message for event in events(tmp_path / "run") if isinstance(event, Warned)]
    assert warnings == ["Broken failed (RuntimeError: no); it hears no more of this run"]


def test_what_ends_a_run_is_told_and_goes_on_upwards(tmp_path: Path) -> None:
    note = Note()
    with pytest.raises(KilledError) as ended:
        train(tmp_path / "run", note, check=killed_after(2))
    assert note.errors == [ended.value]
    resume_run(task(), tmp_path / "run", RunContext(callbacks=[note]))
    assert len(note.errors) == 1


class Told(Callback):
    """Calls what a test gives it at the end of each sweep."""

    def __init__(self, do: Callable[[Control], None]) -> None:
        self.do = do

    def on_sweep_end(self, event: SweepFinished, control: Control) -> None:
        self.do(control)


def steered(do: Callable[[Control], None]) -> tuple[Steering, list[Event]]:
    written: list[Event] = []
    steering = Steering([Told(do)])
    steering.begin(written.append)
    steering.capacity(CapacitySettings(), 1)
    for event in (run_started((3, 1)), SweepStarted(sweep=1), sweep_finished(1)):
        steering.on_event(event)
    return steering, written


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"flor": 3}, "did you mean"),
        ({"floor": "x"}, "floor"),
        ({"floor": 10**6}, "floor"),
        ({"premodulo": 3}, "below the floor"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields: dict[str, Any], problem: str) -> None:
    steering, (warning,) = steered(lambda control: control.change_capacity("why not", **fields))
    assert isinstance(warning, Warned)
    assert problem in warning.message
    assert steering.capacity(CapacitySettings(), 2) == CapacitySettings()


def test_changes_add_up_and_each_holds_after_its_own_sweep() -> None:
    steering, written = steered(lambda control: control.change_capacity("law", controller="law"))
    steering.on_event(SweepStarted(sweep=2))
    steering.on_event(sweep_finished(2))
    steering.change("x", "y", {"noise_floor": None, "floor": 32})
    controllers = [steering.capacity(CapacitySettings(), sweep) for sweep in (1, 2, 3)]
    assert [(each.controller, each.floor) for each in controllers] == [
        ("constant", 16),
        ("law", 16),
        ("law", 32),
    ]
    again = Steering()
    again.catch_up(written)
    for sweep in (1, 2, 3):
        assert again.capacity(CapacitySettings(), sweep) == steering.capacity(CapacitySettings(), sweep)


def test_a_pipeline_that_takes_no_changes_says_so() -> None:
    steering, _ = steered(lambda control: control.change_capacity("law", controller="law"))
    with pytest.raises(ConfigError, match="cannot be changed; it follows"):
        steering.refuse_changes("it follows the samples")
    fresh = Steering()
    fresh.refuse_changes("it follows the samples")
    with pytest.raises(ConfigError, match="cannot be changed; it follows"):
        fresh.change("x", "y", {"floor": 32})


def test_what_is_logged_is_a_warning_of_the_callback() -> None:
    _, (said,) = steered(lambda control: control.log("level"))
    assert isinstance(said, Warned)
    assert said.message == "Told: level"


def test_callbacks_hear_of_events_in_their_order(tmp_path: Path) -> None:
    heard: list[str] = []

    class All(Callback):
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("on_"):
                return lambda *_: heard.append(name)
            return super().__getattribute__(name)

    train(tmp_path / "run", All())
    changes = [after for before, after in pairwise(heard) if before != after]
    assert heard[0] == "on_run_start"
    assert changes[:4] == ["on_sweep_start", "on_neuron_trained", "on_layer_trained", "on_neuron_trained"]
    assert heard[-2:] == ["on_sweep_end", "on_run_end"]
    assert isinstance(events(tmp_path / "run")[-1], RunFinished)
