"""Event logs of runs that never ran, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from goldzone.monitor.history import RunHistory, read_history
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import (
    Event,
    NeuronTrained,
    RunFinished,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
)
from tests.monitor.scripts import neuron, run_started, selection, sweep_finished

STARTED = replace(
    run_started((4, 1)), run="toy", samples=100, positions=50, train_examples=10, dev_examples=5
)
FINISHED = RunFinished(reason="all sweeps done", best_sweep=1, dev_score=0.4, model_digest=None, seconds=9.0)
BACK = SteppedBack(sweep=2, to_sweep=1, reason="dev fell")


def trained(
    sweep: int, layer: int, position: int, sum_: int, premodulo: int, **more: object
) -> NeuronTrained:
    event = neuron(sweep, layer, position, premodulo=premodulo)
    return replace(event, **{"sum": sum_, "samples": 100, "seconds": 0.5, **more})


def measured(sweep: int, train: float | None, dev: float | None, *, best: bool = False) -> SweepFinished:
    return replace(sweep_finished(sweep, train, dev), best=best, phase="over_pressure")


def selected(sweep: int, layer: int = 1) -> SelectionMade:
    return replace(selection(sweep, layer), neurons=4, chosen=4, gold_zone=1, reason="all")


def toy_run() -> list[Event]:
    """Two sweeps: four context neurons in the first, three of them in the second, then a step back."""
    return [
        STARTED,
        SweepStarted(sweep=1),
        trained(1, 2, 0, -100, 100, reason="phase 0"),
        selected(1),
        *(trained(1, 1, position, total, 1000) for position, total in enumerate((-90, 40, -20, 4))),
        measured(1, 0.6, 0.4, best=True),
        SweepStarted(sweep=2),
        trained(2, 2, 0, -80, 100),
        selected(2),
        trained(2, 1, 3, -50, 10_000, target=400, regime="noisy", agreement=0.25, reason="up"),
        trained(2, 1, 1, 60, 1000, target=4, regime="gold_zone", partner=0, reason="fine"),
        trained(2, 1, 0, -70, 100, target=2, regime="collapsed", partner=1, seconds=1.5, reason="down"),
        measured(2, 0.8, 0.3),
        BACK,
        FINISHED,
    ]


def write_log(path: Path, events: Iterable[Event]) -> Path:
    with EventLog(path) as log:
        for event in events:
            log.write(event)
    return path


def history_of(path: Path, *events: NeuronTrained) -> RunHistory:
    return read_history(write_log(path / "log", [STARTED, *events]))
