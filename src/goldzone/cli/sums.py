"""``goldzone sums``."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.history import parse_neuron
from goldzone.cli.output import screen
from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.training.sums.cache import SumCache, SumRecord
    from goldzone.training.sums.measurement import GoldZone
    from goldzone.training.sums.queries import LayerSums, NeuronSums


def sums(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    neuron: Annotated[
        str | None, typer.Option(metavar="LAYER.POSITION", help="This neuron alone, sum by sum.")
    ] = None,
    last: Annotated[int, typer.Option(min=2, help="How many of a neuron's sums its trend is of.")] = 4,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Write all records to this file: .csv, .parquet or .feather.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last sums and margins of a run's neurons.

    How many are measured, noisy, in the gold zone and collapsed; the quartiles of their margins |S|/N; how
    many margins rise, fall and stay; and how old the sums are, in sweeps. Old ones are stale.

    Example: goldzone sums runs/slovak --neuron 1.17
    """
    from goldzone.training.sums.queries import describe_layer, describe_neuron

    chosen = None if neuron is None else parse_neuron(neuron)
    cache, now, zone = _load(run)
    if out is not None:
        from goldzone.training.sums.export import write_table

        write_table(cache, out)
        if not as_json and chosen is None:
            typer.echo(f"{len(cache):,} records written to {out}")
            return
    facts: dict[str, Any] = {"run": str(run), "records": len(cache), "sweep": now.sweep}
    if chosen is not None:
        found = describe_neuron(cache, *chosen, zone, last)
        facts |= _neuron_facts(found, now)
        typer.echo(json.dumps(facts)) if as_json else _show_neuron(f"{run}: neuron {neuron}", facts)
        return
    layers = [describe_layer(cache, layer, zone, last) for layer in range(len(cache.layers), 0, -1)]
    if as_json:
        typer.echo(json.dumps(facts | {"layers": [asdict(layer) for layer in layers]}))
    else:
        _show_layers(f"{run}: {len(cache):,} records, sweep {now.sweep}", layers)


def _load(path: Path) -> tuple[SumCache, SumRecord, GoldZone]:
    """Read a run's sums, its newest one and its thresholds; say on standard error what was damaged."""
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.runs.run_sums import run_sums

    folder = RunFolder.open(path)
    loaded, now = run_sums(folder)
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return loaded.cache, now, folder.config.capacity.gold_zone


def _neuron_facts(found: NeuronSums, now: SumRecord) -> dict[str, Any]:
    """Turn a neuron's sums into plain values, with null for what is not known."""
    from goldzone.training.sums.queries import is_stale, record_age

    facts = asdict(found) | {"regime": found.regime.value if found.regime else None, "history": []}
    for record in found.history:
        age = record_age(record, now)
        row = asdict(record) | {"margin": record.margin, "age": age, "stale": is_stale(age)}
        unknown = [name for name, value in row.items() if isinstance(value, float) and math.isnan(value)]
        facts["history"].append(row | dict.fromkeys(unknown))
    return facts


def _show_neuron(title: str, facts: dict[str, Any]) -> None:
    from goldzone.cli.display import print_table

    trend, margin = facts["trend"], facts["margin"]
    age = "-" if facts["age"] is None else f"{facts['age']} sweeps"
    print_table(
        title,
        [
            ("regime", (facts["regime"] or "-").replace("_", " ")),
            ("margin", _decimal(margin)),
            ("weighted sum of the last 3", "-" if margin is None else f"{facts['weighted_sum']:,}"),
            ("trend", "-" if trend is None else _trend(trend)),
            ("age", age + ", stale" * facts["stale"]),
        ],
    )
    names = ["sweep", "S", "N", "margin", "agreement", "premodulo", "notes"]
    _print_rows(
        names,
        [
            [
                str(row["sweep"]),
                *(f"{row['sum']:,}", f"{row['samples']:,}"),
                *(_decimal(row["margin"]), _decimal(row["agreement"])),
                f"{row['premodulo']:,}",
                ", ".join(["stale"] * row["stale"] + ["taken back"] * (not row["accepted"])),
            ]
            for row in facts["history"]
        ],
    )


def _trend(trend: dict[str, Any]) -> str:
    movement = "stagnant" if trend["stagnant"] else "rising" if trend["slope"] > 0 else "falling"
    return f"{movement}: {trend['slope']:+.4f} a training, {trend['change']:+.4f} in {trend['records']}"


def _show_layers(title: str, layers: list[LayerSums]) -> None:
    typer.echo(title)
    names = ["layer", "measured", "noisy", "gold\nzone", "col-\nlapsed", "margin: quartiles\n(least to most)"]
    _print_rows(
        [*names, "rise", "fall", "stay", "stale", "age\n(most)"],
        [
            [
                str(row.layer),
                f"{row.measured}/{row.neurons}",
                *map(str, (row.noisy, row.gold_zone, row.collapsed)),
                " ".join(map(_decimal, (row.lower_quartile, row.median, row.upper_quartile)))
                + f"\n({_decimal(row.minimum)} to {_decimal(row.maximum)})",
                *map(str, (row.rising, row.falling, row.stagnant, row.stale)),
                "-" if row.median_age is None else f"{row.median_age:g} ({row.greatest_age})",
            ]
            for row in layers
        ],
    )


def _print_rows(names: list[str], rows: list[list[str]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*row)
    screen().print(table)


def _decimal(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"
