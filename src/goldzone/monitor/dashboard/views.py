"""What the pages of the dashboard show, as JSON values: pure functions of runs that were looked at."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from goldzone.monitor.history import REGIMES, NeuronColumns, RunHistory
from goldzone.monitor.live import LiveRun
from goldzone.monitor.live_runs import SeenRun, worst_first
from goldzone.monitor.summary import layer_sweeps
from goldzone.training.config import TrainingConfig

__all__ = ["differences", "neuron_view", "run_id", "run_view", "runs_view"]

_CAP: Final = 0.8


def run_id(path: Path) -> str:
    """Return the name of a run in addresses: the beginning of its path's SHA-256."""
    return hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def runs_view(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """Sum up each run in a line, those first that need a person."""
    return [_plain(_line(run)) for run in worst_first(runs)]


def run_view(run: SeenRun, live: LiveRun | None) -> dict[str, Any]:
    """Tell all of a run but the histories of its neurons; `live` has its events, None if it is damaged."""
    view: dict[str, Any] = _line(run)
    if run.glance is not None:
        view |= {"glance": asdict(run.glance), "cap": _CAP}
    if live is not None:
        view["changed"] = differences(live.config)
        history = live.history
        if history is not None:
            view["neurons"] = _present(history)
            view["sweeps"] = [asdict(each) for each in layer_sweeps(history)]
    plain: dict[str, Any] = _plain(view)
    return plain


def neuron_view(history: RunHistory, layer: int, position: int) -> list[dict[str, Any]]:
    """Return the trainings of one neuron, oldest first.

    Raises
    ------
    StateError
        There is no such neuron, or it was not trained yet.
    """
    found: list[dict[str, Any]] = _plain(_rows(history.of_neuron(layer, position).neurons))
    return found


def differences(config: TrainingConfig) -> list[dict[str, str]]:
    """Return the fields of a configuration that differ from the defaults, with both values."""
    return list(_different(config.model_dump(mode="json"), TrainingConfig().model_dump(mode="json"), ""))


def _different(own: Mapping[str, Any], usual: Mapping[str, Any], where: str) -> Iterable[dict[str, str]]:
    for name, value in own.items():
        field = f"{where}{name}"
        if isinstance(value, Mapping):
            yield from _different(value, usual.get(name, {}), f"{field}.")
        elif value != usual.get(name):
            yield {"field": field, "value": str(value), "default": str(usual.get(name))}


def _line(run: SeenRun) -> dict[str, Any]:
    seen = run.glance
    line: dict[str, Any] = {"id": run_id(run.path), "path": str(run.path), "problem": run.problem}
    if seen is not None:
        line |= {
            "name": seen.run,
            "state": seen.state.value,
            "verdict": seen.verdict.value,
            "why": seen.why,
            "train": next((point.train for point in reversed(seen.curve) if point.train is not None), None),
            "dev": seen.best_dev,
            "gap": seen.gap,
            "done": seen.share_done,
            "seconds_left": seen.seconds_left,
            "alerts": len(seen.open_alerts),
        }
    return line


def _present(history: RunHistory) -> list[dict[str, Any]]:
    """Return each neuron as its last training left it."""
    last: dict[tuple[int, int], int] = {}
    neurons = history.neurons
    for row, key in enumerate(zip(neurons.layer.tolist(), neurons.position.tolist(), strict=True)):
        last[key] = row
    chosen = np.zeros(len(neurons), np.bool_)
    chosen[list(last.values())] = True
    return sorted(_rows(neurons.where(chosen)), key=lambda row: (-row["layer"], row["position"]))


def _rows(neurons: NeuronColumns) -> list[dict[str, Any]]:
    names = ("sweep", "layer", "position", "sum", "samples", "margin", "premodulo", "target", "seconds")
    columns = [getattr(neurons, name).tolist() for name in names]
    regimes = [REGIMES[code] if code >= 0 else None for code in neurons.regime.tolist()]
    rows = zip(*columns, strict=True)
    return [
        dict(zip(names, row, strict=True)) | {"regime": regime, "reason": reason}
        for row, regime, reason in zip(rows, regimes, neurons.reason.tolist(), strict=True)
    ]


def _plain(value: Any) -> Any:
    """Replace what JSON cannot hold: numbers that are none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
