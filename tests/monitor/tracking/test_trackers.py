"""What was exported is read back by MLflow and TensorBoard; they take seconds to load, so only tests do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from goldzone.data.builtin import load_builtin
from goldzone.errors import StateError
from goldzone.g2p.task import PhonemizerTask
from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.alerts import replay
from goldzone.monitor.tracking.run_tracker import RunTracker, Tracker
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, LogReplaced, RunStarted, SweepFinished, Warned
from goldzone.training.task import RunContext
from tests.monitor.scripts import Script, run_finished

DEVS = (0.6, 0.5, 0.4)
ACTIVE, DELETED = 1, 2  # as MLflow's ViewType numbers them


def events(*devs: float, finished: bool = True) -> list[Event]:
    script = Script(3, 1)
    for sweep, dev in enumerate(devs, 1):
        script.sweep(sweep, train=0.9, dev=dev, margins={1: [0.001, 0.5, 0.9]}, seconds={1: 1.0, 2: 1.0})
    if finished:
        script.add(run_finished())
    return script.events


def export(tracker: Tracker, log: list[Event]) -> None:
    listener = RunTracker(tracker, TrainingConfig())
    for event in log:
        listener.on_event(event)
    listener.close()


def mlflow_tracker(address: str, name: str, **options: Any) -> Tracker:
    from goldzone.monitor.tracking.mlflow import MlflowTracker

    return MlflowTracker(address, name, **options)


def tensorboard_tracker(folder: Path, **options: Any) -> Tracker:
    from goldzone.monitor.tracking.tensorboard import TensorBoardTracker

    return TensorBoardTracker(folder, **options)


def mlflow_runs(address: str, experiment: str, view: int = ACTIVE) -> list[Any]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=address)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id], run_view_type=view))


def tensorboard_of(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    from goldzone.monitor.tracking.mlflow import tracking_address

    return tracking_address(str(tmp_path_factory.mktemp("mlflow")))


def test_tensorboard_reads_back_figures_steps_and_times(tmp_path: Path) -> None:
    log = events(*DEVS)
    export(tensorboard_tracker(tmp_path / "r"), log)
    found = tensorboard_of(tmp_path / "r")
    dev = found.Scalars("accuracy/dev")
    assert [(point.step, round(point.value, 6)) for point in dev] == list(enumerate(DEVS, 1))
    measured = [event.time for event in log if type(event).__name__ == "SweepFinished"]
    assert [point.wall_time for point in dev] == measured
    assert [point.value for point in found.Scalars("layer_1/gold_zone_neurons")] == [1, 1, 1]
    (first, *_) = found.Histograms("layer_1/margin")
    assert first.histogram_value.num == 3
    assert first.histogram_value.max == pytest.approx(0.9)
    text = found.Tensors("parameters/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "    capacity.controller = constant" in text.splitlines()


def test_an_export_to_tensorboard_is_replaced_only_if_asked(tmp_path: Path) -> None:
    export(tensorboard_tracker(tmp_path / "r"), events(*DEVS))
    with pytest.raises(StateError, match=r"r: holds an export; choose another --out"):
        tensorboard_tracker(tmp_path / "r")
    (tmp_path / "r" / "mine.txt").write_text("mine")
    export(tensorboard_tracker(tmp_path / "r", force=True), events(0.3))
    assert len(tensorboard_of(tmp_path / "r").Scalars("accuracy/dev")) == 1
    assert (tmp_path / "r" / "mine.txt").exists()


def test_a_log_that_is_replaced_replaces_what_was_exported(tmp_path: Path) -> None:
    tracker = tensorboard_tracker(tmp_path / "r")
    export(tracker, [*events(*DEVS, finished=False), LogReplaced(), *events(0.3)])
    found = tensorboard_of(tmp_path / "r")
    assert [pytest.approx(point.value) for point in found.Scalars("accuracy/dev")] == [0.3]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be written"):
        tensorboard_tracker(tmp_path / "file" / "r")
    from goldzone.monitor.tracking.mlflow import tracking_address

    with pytest.raises(StateError, match="cannot be made"):
        tracking_address(str(tmp_path / "file" / "r"))


def test_mlflow_reads_back_figures_parameters_and_the_end(address: str) -> None:
    log = events(*DEVS)
    export(mlflow_tracker(address, "a name", experiment="whole"), log)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=address)
    (run,) = mlflow_runs(address, "whole")
    assert run.info.run_name == "a name"
    assert run.info.status == "FINISHED"
    assert (run.info.start_time, run.info.end_time) == (round(log[0].time * 1000), round(log[-1].time * 1000))
    dev = client.get_metric_history(run.info.run_id, "accuracy/dev")
    assert [(point.step, point.value) for point in dev] == list(enumerate(DEVS, 1))
    assert run.data.metrics["layer_1/collapsed_neurons"] == 1
    assert run.data.params["capacity.controller"] == "constant"
    assert run.data.params["layers"] == "[3, 1]"
    assert run.data.tags["best_sweep"] == "1"


def test_mlflow_takes_a_run_once_or_replaces_it(address: str) -> None:
    export(mlflow_tracker(address, "r", experiment="twice"), events(*DEVS, finished=False))
    with pytest.raises(StateError, match="holds this run; choose another --out"):
        export(mlflow_tracker(address, "r", experiment="twice"), events(*DEVS))
    export(mlflow_tracker(address, "r", experiment="twice", force=True), events(*DEVS))
    (run,) = mlflow_runs(address, "twice")
    assert run.info.status == "FINISHED"
    assert len(mlflow_runs(address, "twice", DELETED)) == 1


def test_what_happened_is_told_in_words(address: str, tmp_path: Path) -> None:
    log = events(*DEVS, finished=False)
    log += replay(log, AlertSettings())
    export(mlflow_tracker(address, "r", experiment="notes"), log)
    (run,) = mlflow_runs(address, "notes")
    assert run.info.status == "RUNNING"
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith("    sweep 3: alert opened (warning, dev_falling): dev 40.0% of words right")
    export(tensorboard_tracker(tmp_path / "r"), log)
    (told,) = tensorboard_of(tmp_path / "r").Tensors("notes/text_summary")
    assert told.tensor_proto.string_val[0].decode() == note.replace("sweep 3: ", "")


def test_secrets_of_an_address_are_not_shown() -> None:
    with pytest.raises(StateError) as problem:
        mlflow_tracker("nothing://name:a@secret@host/x", "r")
    assert "secret" not in str(problem.value)
    assert "MLflow refuses" in str(problem.value)


def test_a_run_is_known_by_its_start_whatever_its_name(address: str) -> None:
    started = events(0.5)[0]
    assert isinstance(started, RunStarted)
    for name in ("it's", "back\\slash", "ひ"):
        log = [replace(started, run=name), *events(0.5)[1:]]
        export(mlflow_tracker(address, "r", experiment="names"), log)
        with pytest.raises(StateError, match="holds this run"):
            export(mlflow_tracker(address, "r", experiment="names"), log)


def test_a_run_is_tracked_while_it_trains_and_when_it_is_taken_up_again(tmp_path: Path) -> None:
    given = {"network": {"neurons": 6}, "credit": {"kind": "rank"}, "pipeline": {"sweeps": 2}}
    config = TrainingConfig.model_validate(given)
    task = PhonemizerTask.of(load_builtin("slovak"), config, limit=60)

    def context(check: Callable[[], None] = lambda: None) -> RunContext:
        tracker = tensorboard_tracker(tmp_path / "logs" / "mine", force=True)
        return RunContext(listeners=[RunTracker(tracker, config)], check_interrupt=check)

    steps = iter(range(9))

    def interrupt() -> None:
        if next(steps, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start_run(task, tmp_path / "run", context(interrupt))
    assert len(tensorboard_of(tmp_path / "logs" / "mine").Scalars("accuracy/dev")) == 1
    resume_run(task, tmp_path / "run", context())
    told = [event for _, event in read_events(tmp_path / "run" / "events.jsonl")]
    expected = [(e.sweep, round(e.dev_score or 0, 6)) for e in told if isinstance(e, SweepFinished)]
    found = tensorboard_of(tmp_path / "logs" / "mine").Scalars("accuracy/dev")
    assert [(point.step, round(point.value, 6)) for point in found] == expected
    assert not any(isinstance(event, Warned) and "RunTracker" in event.message for event in told)
