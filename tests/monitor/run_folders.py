"""Run folders of runs that never ran."""

from __future__ import annotations

from pathlib import Path

from goldzone.training.config import TrainingConfig
from goldzone.training.runs.run_folder import RunFolder
from tests.monitor.scripts import Script, run_finished


def recorded(folder: Path, *devs: float, finished: bool = True) -> Path:
    """Make a run folder of three neurons and a final one, whose sweeps came to these dev accuracies."""
    script = Script(3, 1)
    for sweep, dev in enumerate(devs, 1):
        script.sweep(sweep, train=0.9, dev=dev, margins={1: [0.001, 0.5, 0.9]}, seconds={1: 1.0, 2: 1.0})
    if finished:
        script.add(run_finished())
    RunFolder.create(folder, TrainingConfig(), initial_events=script.events)
    return folder
