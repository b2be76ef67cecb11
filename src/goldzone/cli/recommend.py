"""``goldzone recommend``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import JsonOption


def recommend(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Write the run's configuration, changed as recommended, as TOML.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what to change in the next run, by how one went.

    Each recommendation says what is seen, and which fields to change from what to what. Follow them with
    goldzone train LANGUAGE --config FILE.

    Example: goldzone recommend runs/slovak --out better.toml
    """
    from goldzone.monitor.alert_settings import load_run_config
    from goldzone.monitor.history import read_history
    from goldzone.monitor.recommend import apply_changes
    from goldzone.monitor.recommend import recommend as find_recommendations
    from goldzone.training.runs.run_folder import RunFolder

    folder = RunFolder.open(run)
    history = read_history(folder.events_path)
    if history.torn:
        typer.echo(
            f"warning: {folder.events_path}: its last line is unfinished ({history.torn} bytes); "
            "the run is at work or was killed, so this is about the lines before",
            err=True,
        )
    found = find_recommendations(history, folder.config)
    if out is not None:
        changed = apply_changes(folder.config, *(one.changes for one in found))
        alerts = load_run_config(folder.config_path).alerts
        _write(out, f"{changed.to_toml()}\n{alerts.to_toml('alerts')}", force=force)
    if as_json:
        facts = {
            "run": str(run),
            "sweeps": len(history.sweeps),
            "finished": history.finished is not None,
            "recommendations": [
                {"message": one.message, "figures": one.figures, "changes": one.changes} for one in found
            ],
            "config": None if out is None else str(out),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for one in found:
        typer.echo(f"- {one.message}")
    if not found:
        typer.echo(f"{run}: nothing to change; no rule found fault with its {len(history.sweeps)} sweeps")
    if out is not None:
        typer.echo(f"written: {out}")


def _write(path: Path, text: str, *, force: bool) -> None:
    from goldzone.errors import StateError
    from goldzone.storage.files import write_atomically

    if path.exists() and not force:
        raise StateError(f"{path}: exists; choose another file (--out), or replace it (--force)")
    write_atomically(path, text.encode(), error=StateError)
