"""``goldzone train-all``."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.fleet_runs import FleetInterrupted, carry_out, make_folder
from goldzone.cli.given_paths import given_path
from goldzone.cli.interruption import Interrupted
from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.fleet.flag_file import FlagFile
    from goldzone.fleet.results import FleetSummary

_SOME_FAILED = 1


def train_all(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", envvar="GOLDZONE_DATASET", help="Folder with one folder a language."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Folder of the run folders.",
        ),
    ] = Path("runs"),
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", "--languages", metavar="PATTERN", help="Languages such as 'english*'; again for more."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file; every field is optional.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 32) - 1, help="Overrides the configuration's.")
    ] = None,
    flags: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Flags file (TOML); overrides the configuration by language."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Train on this many words of each only.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Languages at a time; by default one a processor."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace runs that are there.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Draw word accuracy by language (PNG).",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train and test a phonemizer for every language.

    A language that fails is reported, and the others go on; the exit code is then 1. Given again, the command
    keeps what is finished, resumes what was interrupted, and trains the rest.

    Example: goldzone train-all ../dataset --out runs
    """
    from goldzone.cli.fleet_display import print_fleet
    from goldzone.cli.train import configuration
    from goldzone.fleet.plan import plan_jobs
    from goldzone.fleet.results import SUMMARY_FILE, FleetRecord

    if plot is not None:
        from goldzone.monitor.pictures import check_png_name

        check_png_name(plot)
    configured = configuration(config, seed)
    alerts = configured.alerts.to_toml("alerts")
    planned = [
        replace(job, alerts=alerts)
        for job in plan_jobs(
            dataset,
            out,
            configured.training,
            only=only or (),
            flags=_flags(flags),
            limit=limit,
            force=force,
        )
    ]
    make_folder(out)
    record, started = FleetRecord(planned), time.monotonic()
    try:
        carry_out(planned, jobs, record)
    except Interrupted as signal:
        raise FleetInterrupted(signal, record.summary(0.0), force=force) from None
    finally:
        summary = record.summary(time.monotonic() - started)
        written = _written(out, plot, summary)
    if as_json:
        typer.echo(json.dumps(summary.to_json(), ensure_ascii=False))
    else:
        print_fleet(summary, [out / SUMMARY_FILE, *([plot] if plot else [])])
    if summary.failures or not written:
        raise typer.Exit(_SOME_FAILED)


def _flags(path: Path | None) -> FlagFile | None:
    """Read a flags file here, so that one that cannot be used is one error and not one a language."""
    if path is None:
        return None
    from goldzone.fleet.flag_file import load_flags
    from goldzone.fleet.flags import flag_client

    known = load_flags(path)
    flag_client(known)
    return known


def _written(out: Path, plot: Path | None, summary: FleetSummary) -> bool:
    """Write the summary and the picture, or say what is in the way: the models are there all the same."""
    from goldzone.errors import GoldzoneError
    from goldzone.fleet.results import write_summary

    try:
        write_summary(out, summary)
        if plot is not None:
            from goldzone.monitor.fleet_plots import write_fleet_png

            write_fleet_png(plot, summary.results)
    except GoldzoneError as error:
        typer.echo(f"error: {error}", err=True)
        return False
    return True
