"""``goldzone alerts``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.monitor.alert_settings import AlertSettings
    from goldzone.monitor.alert_summary import Alert


class Severity(StrEnum):
    """How bad an alert is, from the least."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


def alerts(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or its events.jsonl.")],
    config: Annotated[
        Path | None, typer.Option(help="TOML file whose rules are used in place of the run's.")
    ] = None,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 1 if an alert of this severity or a worse one opened.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a run's events through the alert rules.

    Shows every alert that opened, with the sweeps in which it opened and closed. Other rules can be tried on
    a run that is over with --config. Finding alerts is no failure: the exit code is 0 unless --fail-on asks
    for 1.

    Example: goldzone alerts runs/slovak --fail-on warning
    """
    from goldzone.monitor.alert_summary import summarise
    from goldzone.monitor.alerts import replay
    from goldzone.training.runs.event_log import read_events

    path, settings = _source(run, config)
    found = summarise(replay((event for _, event in read_events(path)), settings))
    if as_json:
        typer.echo(json.dumps({"run": str(run), "alerts": [asdict(alert) for alert in found]}))
    elif found:
        _show(run, found)
    else:
        typer.echo(f"{run}: no alerts")
    if fail_on is not None and any(_level(alert.severity) >= _level(fail_on) for alert in found):
        raise typer.Exit(1)


def _source(run: Path, config: Path | None) -> tuple[Path, AlertSettings]:
    """Return the event log, and the rules: of the file, else of the run, else the defaults."""
    from goldzone.errors import StateError
    from goldzone.monitor.alert_settings import AlertSettings, load_run_config
    from goldzone.training.runs.run_folder import RunFolder

    if not run.exists():
        raise StateError(f"{run}: does not exist; give the folder of a run or its events.jsonl")
    log, rules = run, config
    if run.is_dir():
        folder = RunFolder.open(run)
        log, rules = folder.events_path, config or folder.config_path
    return log, load_run_config(rules).alerts if rules else AlertSettings()


def _show(run: Path, found: Sequence[Alert]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from goldzone.cli.display import print_titled

    table = Table("sweeps", "layer", "severity", "rule and message")
    for alert in found:
        table.add_row(
            f"{alert.opened} to {'end' if alert.closed is None else alert.closed}",
            "all" if alert.layer is None else str(alert.layer),
            alert.severity,
            escape(f"{alert.rule}: {alert.message}"),
        )
    print_titled(f"{run}: {len(found)} alert{'' if len(found) == 1 else 's'}", table)


def _level(severity: str) -> int:
    return list(Severity).index(Severity(severity))
