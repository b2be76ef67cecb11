"""``goldzone history``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.output import screen
from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.monitor.history import NeuronColumns, RunHistory
    from goldzone.monitor.summary import LayerSweep, Quartiles
    from goldzone.training.runs.events import SweepFinished


def history(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders, or their events.jsonl files.")
    ],
    layer: Annotated[int | None, typer.Option(help="This layer alone, from 1.")] = None,
    neuron: Annotated[
        str | None, typer.Option(metavar="LAYER.POSITION", help="This neuron alone, sweep by sweep.")
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Draw the runs, over each other.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how runs went, by sweep, layer and neuron.

    Margins, premodulos, regimes and accuracies, also while a run goes on. R² tells how closely the premodulos
    follow the capacity law. A picture needs matplotlib: pip install 'goldzone[plots]'

    Example: goldzone history runs/slovak --png slovak.png
    """
    part = _part(layer, neuron)
    if png is not None:
        from goldzone.monitor.pictures import check_png_name

        check_png_name(png)
    found = [_read(run, part) for run in runs]
    if png is not None:
        from goldzone.monitor.plots import ShownRun, write_png

        labels = _labels(runs, part)
        write_png(
            png, list(map(ShownRun, labels, (one.history for one in found), (one.gold_zone for one in found)))
        )
    if as_json:
        typer.echo(json.dumps([_facts(one, neuron is not None) for one in found], ensure_ascii=False))
        return
    for one in found:
        _show(one, neuron is not None)
    if png is not None:
        typer.echo(f"{png}: {len(found)} run{'' if len(found) == 1 else 's'} drawn")


@dataclass(frozen=True)
class _Run:
    """A run that was asked for; its history holds what was asked for of it."""

    path: Path
    history: RunHistory
    gold_zone: tuple[float, float] | None


def _part(layer: int | None, neuron: str | None) -> tuple[int, ...]:
    """Return nothing, a layer, or a layer and a position."""
    if neuron is None:
        return () if layer is None else (layer,)
    if layer is not None:
        raise typer.BadParameter("a neuron is of one layer: leave out --layer", param_hint="'--neuron'")
    return parse_neuron(neuron)


def parse_neuron(text: str) -> tuple[int, int]:
    """Return layer and position of an option ``--neuron``."""
    if not re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", text):
        raise typer.BadParameter(f"{text!r} is not LAYER.POSITION, such as 1.17", param_hint="'--neuron'")
    layer, position = map(int, text.split("."))
    return layer, position


def _read(path: Path, part: tuple[int, ...]) -> _Run:
    from goldzone.errors import StateError
    from goldzone.monitor.history import read_history
    from goldzone.monitor.summary import gold_zone_margins
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.settings import CapacitySettings

    if not path.exists():
        raise StateError(f"{path}: does not exist; give the folder of a run or its events.jsonl")
    events, capacity = path, CapacitySettings()
    if path.is_dir():
        run = RunFolder.open(path)
        events, capacity = run.events_path, run.config.capacity
    found = read_history(events)
    if len(part) == 2:
        found = found.of_neuron(*part)
    elif part:
        found = found.of_layer(*part)
    return _Run(path, found, gold_zone_margins(found, capacity.gold_zone))


def _labels(runs: Sequence[Path], part: tuple[int, ...]) -> list[str]:
    """Call runs by the names of their folders or, where two have the same, by what was given."""
    names = [(run if run.is_dir() else run.parent).resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = list(map(str, runs))
    suffix = ("", ", layer {}", ", neuron {}.{}")[len(part)].format(*part)
    return [name + suffix for name in names]


def _facts(run: _Run, of_neuron: bool) -> dict[str, Any]:
    """Collect what scripts get; no key depends on what a run has."""
    from msgspec.structs import asdict as event_fields

    from goldzone.monitor.history import REGIMES
    from goldzone.monitor.summary import capacity_correlation, layer_sweeps

    told = run.history
    return {
        "path": str(run.path),
        "run": told.run,
        "layers": list(told.layers),
        "finished": None if told.finished is None else event_fields(told.finished),
        "torn_bytes": told.torn,
        "gold_zone_margins": None if run.gold_zone is None else list(run.gold_zone),
        "r_squared": capacity_correlation(told.before_final()),
        "sweeps": [event_fields(done) | {"r_squared": _r_squared(told, done.sweep)} for done in told.sweeps],
        "layer_sweeps": [
            asdict(row) | {"regimes": dict(zip(REGIMES, row.regimes, strict=True))}
            for row in layer_sweeps(told)
        ],
        "selections": [event_fields(made) for made in told.selections],
        "steps_back": [event_fields(step) for step in told.steps_back],
        "trainings": _trainings(told.neurons) if of_neuron else None,
    }


def _r_squared(told: RunHistory, sweep: int) -> float | None:
    from goldzone.monitor.summary import capacity_correlation

    neurons = told.before_final()
    return capacity_correlation(neurons.where(neurons.sweep == sweep))


def _trainings(neurons: NeuronColumns) -> list[dict[str, Any]]:
    """Turn columns into rows, with null for what is not known."""
    from dataclasses import fields

    from goldzone.monitor.history import NOT_KNOWN, REGIMES

    columns = {field.name: getattr(neurons, field.name).tolist() for field in fields(neurons)}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    for row in rows:
        for name in ("target", "partner"):
            row[name] = None if row[name] == NOT_KNOWN else row[name]
        for name in ("margin", "agreement"):
            row[name] = None if math.isnan(row[name]) else row[name]
        row["regime"] = None if row["regime"] == NOT_KNOWN else REGIMES[row["regime"]]
    return rows


def _show(run: _Run, of_neuron: bool) -> None:
    """Print a run for people."""
    from goldzone.cli.display import percent
    from goldzone.monitor.history import REGIMES
    from goldzone.monitor.summary import capacity_correlation, layer_sweeps

    told = run.history
    finished = told.finished
    state = "not finished" if finished is None else f"finished: {finished.reason}"
    if told.torn:
        state += f"; the log's last line is unfinished ({told.torn:,} bytes), its writer may be at work"
    typer.echo(f"{run.path}: {told.run}, {' + '.join(f'{size:,}' for size in told.layers)} neurons, {state}")
    back = {step.sweep: f"back to sweep {step.to_sweep}" for step in told.steps_back}
    rows = [
        [
            str(done.sweep),
            _train(done),
            percent(done.dev_score),
            _number(_r_squared(told, done.sweep)),
            (done.phase or "-").replace("_", " "),
            ", ".join(note for note in (done.best * "best so far", back.get(done.sweep)) if note),
        ]
        for done in told.sweeps
    ]
    _print(["sweep", "train", "dev", "R²", "phase", "notes"], rows, folded=("phase", "notes"))
    if of_neuron:
        _print(
            ["sweep", "S", "N", "margin", "premodulo", "regime", "reason"],
            [_training_row(row) for row in _trainings(told.neurons)],
            folded=("regime", "reason"),
        )
    else:
        names = [name.partition("_")[0] for name in REGIMES]
        _print(
            ["sweep", "layer", "trained", "margin", "premodulo", *names],
            [_layer_row(row) for row in layer_sweeps(told)],
            folded=("premodulo",),
            gap=1,
        )
    typer.echo(
        f"R² with the law's target, all sweeps: {_number(capacity_correlation(told.before_final()))}\n"
    )


def _train(done: SweepFinished) -> str:
    """Format train accuracy, and half of its 95 % interval where that is known."""
    from goldzone.cli.display import percent

    low, high = (done.metrics.get(f"train_{end}") for end in ("low", "high"))
    doubt = "" if low is None or high is None else f" ±{50 * (high - low):.1f}"
    return percent(done.train_score) + doubt


def _layer_row(row: LayerSweep) -> list[str]:
    margin = "-" if row.margin is None else _spread(row.margin, ".3f")
    known = any(row.regimes)
    return [
        *(str(row.sweep), str(row.layer), f"{row.trained:,}", margin, _spread(row.premodulo, ",.0f")),
        *(f"{share:.0%}" if known else "-" for share in row.regimes),
    ]


def _training_row(row: dict[str, Any]) -> list[str]:
    margin = "-" if row["margin"] is None else f"{row['margin']:.3f}"
    regime = (row["regime"] or "-").replace("_", " ")
    numbers = [str(row["sweep"]), f"{row['sum']:,}", f"{row['samples']:,}", margin, f"{row['premodulo']:,}"]
    return [*numbers, regime, row["reason"]]


def _spread(quartiles: Quartiles, form: str) -> str:
    """Write a median with its quartiles, once if they are one."""
    low, median, high = (format(value, form) for value in (quartiles.low, quartiles.median, quartiles.high))
    return median if low == high else f"{median} ({low}-{high})"


def _number(r_squared: float | None) -> str:
    return "-" if r_squared is None else f"{r_squared:.2f}"


def _print(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, folded: Sequence[str], gap: int = 2
) -> None:
    """Print rows under a head; where the screen is narrow, the columns named are folded, no other."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    for name in names:
        if name in folded:
            table.add_column(name, overflow="fold", justify="right" if name == "premodulo" else "left")
        else:
            table.add_column(name, no_wrap=True, justify="right")
    for row in rows:
        table.add_row(*map(escape, row))
    console = screen()
    console.print(table)
    console.print()
