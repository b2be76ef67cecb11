"""What a run's folder holds, read once, for `goldzone.monitor.verification.criteria` to judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldzone.errors import GoldzoneError, StateError
from goldzone.monitor.alert_settings import load_run_config
from goldzone.monitor.alert_summary import Alert, summarise
from goldzone.monitor.alerts import replay
from goldzone.monitor.history import HistoryBuilder
from goldzone.monitor.order import Violation, believable_events, check_order
from goldzone.monitor.summary import capacity_correlation
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import (
    NeuronTrained,
    RunFinished,
    RunResumed,
    SelectionMade,
    SweepFinished,
    SweepStarted,
)
from goldzone.training.runs.model_files import judged_model_file
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.runs.run_sums import run_sums

__all__ = ["RunFacts", "SumFacts", "read_facts"]

_FORWARD: Final = "forward"


@dataclass(frozen=True, slots=True)
class SumFacts:
    """The sums that a run left."""

    problem: str | None
    """Why they cannot be read."""
    measured: int = 0
    neurons: int = 0
    """How many of the network's neurons have a sum."""
    nbytes: int = 0
    """Memory of the cache."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run's folder holds."""

    folder: Path
    name: str
    config: TrainingConfig
    damage: str | None
    """What is wrong with the line at which the log breaks off."""
    violations: tuple[Violation, ...]
    sweeps: int
    """That began."""
    final_first: int
    """Of them, those whose first trained neuron is the final one."""
    judged: tuple[SweepFinished, ...]
    selections: tuple[SelectionMade, ...]
    r_squared: float | None
    """Of log premodulo with the law's target; None where one does not vary."""
    unmeasured: int
    """Trainings of neurons of which the log lacks S, N or the premodulo."""
    trained: int
    """Trainings of neurons."""
    finished: RunFinished | None
    resumed: int
    alerts: tuple[Alert, ...]
    sums: SumFacts
    model_problem: str | None
    """Why the model is not the one that the log tells of."""

    @property
    def is_backward(self) -> bool:
        """Whether the run was to train backward."""
        return self.config.pipeline.direction != _FORWARD


def read_facts(folder: Path) -> RunFacts:
    """Read a run folder.

    Raises
    ------
    StateError
        It is none, or its training has not begun.
    """
    run = RunFolder.open(folder)
    settings = load_run_config(run.config_path)
    lines, damage = believable_events(run.events_path)
    events = [event for _, event in lines]
    started = [event for event in events if isinstance(event, SweepStarted)]
    if not started:
        raise StateError(f"{folder}: has no sweep yet; verify it when one has begun")
    building = HistoryBuilder()
    for event in events:
        building.take(event)
    if building.started is None:
        raise StateError(f"{run.events_path}: does not tell how the run began; restore the file")
    neurons = [event for event in events if isinstance(event, NeuronTrained)]
    backward = settings.training.pipeline.direction != _FORWARD
    return RunFacts(
        folder=folder,
        name=folder.name,
        config=settings.training,
        damage=damage,
        violations=check_order(lines) if backward else (),
        sweeps=len({event.sweep for event in started}),
        final_first=_final_first(neurons, len(building.started.layers)),
        judged=tuple(event for event in events if isinstance(event, SweepFinished)),
        selections=tuple(event for event in events if isinstance(event, SelectionMade)),
        r_squared=capacity_correlation(building.history(building.started).before_final()),
        unmeasured=sum(event.samples <= 0 or event.premodulo < 0 for event in neurons),
        trained=len(neurons),
        finished=next((event for event in reversed(events) if isinstance(event, RunFinished)), None),
        resumed=sum(isinstance(event, RunResumed) for event in events),
        alerts=summarise(replay(events, settings.alerts)),
        sums=_sums(run),
        model_problem=_model_problem(folder),
    )


def _final_first(neurons: list[NeuronTrained], last: int) -> int:
    """Count the sweeps whose first trained neuron is in the last layer."""
    first: dict[int, int] = {}
    for event in neurons:
        first.setdefault(event.sweep, event.layer)
    return sum(layer == last for layer in first.values())


def _sums(run: RunFolder) -> SumFacts:
    try:
        loaded, _ = run_sums(run)
    except GoldzoneError as error:
        return SumFacts(str(error))
    if loaded.warnings:
        return SumFacts(loaded.warnings[0])
    cache = loaded.cache
    measured = sum(int((cache.layer_sums(layer)[1] > 0).sum()) for layer in range(1, len(cache.layers) + 1))
    return SumFacts(None, measured, sum(cache.layers), cache.nbytes)


def _model_problem(folder: Path) -> str | None:
    try:
        file = judged_model_file(folder)
    except GoldzoneError as error:
        return str(error)
    return None if file.is_file() else f"{file}: is missing"
