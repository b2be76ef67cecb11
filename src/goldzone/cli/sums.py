"""``goldzone sums``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.training.sums.cache import SumCache


def sums(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    out: Annotated[
        Path | None, typer.Option(help="Write all records to this file: .csv, .parquet or .feather.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last sums and margins of a run's neurons by layer.

    How many are measured, noisy, in the gold zone and collapsed; the quartiles of their margins |S|/N; and
    how old the sums are, in sweeps.

    Example: goldzone sums runs/slovak --out sums.csv
    """
    cache = _load(run)
    if out is not None:
        from goldzone.training.sums.export import write_table

        write_table(cache, out)
        if not as_json:
            typer.echo(f"{len(cache):,} records written to {out}")
            return
    sweep = int(cache.columns()["sweep"].max())
    layers = [_layer(cache, layer, sweep) for layer in range(len(cache.layers), 0, -1)]
    if as_json:
        typer.echo(json.dumps({"run": str(run), "records": len(cache), "sweep": sweep, "layers": layers}))
        return
    _show(f"{run}: {len(cache):,} records, sweep {sweep}", layers)


def _load(path: Path) -> SumCache:
    """Read a run's sums, and say on standard error what was damaged."""
    from goldzone.errors import StateError
    from goldzone.training.runs.event_log import read_events
    from goldzone.training.runs.events import RunStarted
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.sums.cache import SumCache

    folder = RunFolder.open(path)
    events = read_events(folder.events_path)
    started = next((event for _, event in events if isinstance(event, RunStarted)), None)
    if started is None:
        raise StateError(f"{path}: its training has not begun; wait for the first sweep")
    loaded = SumCache.load(folder.sums_path, started.layers)
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if not len(loaded.cache):
        raise StateError(f"{folder.sums_path}: holds no sums; wait for the run to save them, or train again")
    return loaded.cache


def _layer(cache: SumCache, layer: int, sweep: int) -> dict[str, Any]:
    from dataclasses import asdict

    import numpy as np

    from goldzone.training.sums.queries import DEFAULT_MAX_AGE

    staleness = cache.layer_staleness(layer, sweep)
    ages = staleness.age[staleness.age >= 0]
    return {
        "layer": layer,
        **asdict(cache.margin_distribution(layer)),
        "stale": int((ages > DEFAULT_MAX_AGE).sum()),
        "changed_below": int(staleness.changed_below.sum()),
        "median_age": float(np.median(ages)) if ages.size else None,
        "greatest_age": int(ages.max()) if ages.size else None,
    }


def _show(title: str, layers: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in ("layer", "measured", "noisy", "gold\nzone", "col-\nlapsed"):
        table.add_column(name, justify="right")
    for name in ("margin: quartiles\n(least to most)", "stale", "age\n(most)"):
        table.add_column(name, justify="right")
    for row in layers:
        quartiles = [row[name] for name in ("lower_quartile", "median", "upper_quartile")]
        table.add_row(
            str(row["layer"]),
            f"{row['measured']}/{row['neurons']}",
            *(str(row[name]) for name in ("noisy", "gold_zone", "collapsed")),
            " ".join(map(_decimal, quartiles))
            + f"\n({_decimal(row['minimum'])} to {_decimal(row['maximum'])})",
            str(row["stale"]),
            "-" if row["median_age"] is None else f"{row['median_age']:g}\n({row['greatest_age']})",
        )
    console = Console(highlight=False)
    console.print(title, style="bold", markup=False, soft_wrap=True)
    console.print(table)


def _decimal(margin: float | None) -> str:
    return "-" if margin is None else f"{margin:.3f}"
