"""``goldzone verify-order``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.monitor.order import Violation
    from goldzone.training.runs.events import Event

_SHOWN = 20


def verify_order(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or its events.jsonl.")],
    as_json: JsonOption = False,
) -> None:
    """Prove from a run's events that it trained backward.

    In every sweep the final neuron first, then the layers from the last to the first, each whole or marked as
    skipped. Exit code 0 if the order holds, 1 if a line breaks it.

    Example: goldzone verify-order runs/slovak
    """
    from goldzone.errors import StateError
    from goldzone.monitor.order import Violation, check_order
    from goldzone.training.runs.events import NeuronTrained, SweepStarted

    events, damage = _read(run)
    violations = check_order(events)
    if damage:
        violations += (Violation(len(events) + 1, damage),)
    sweeps = sum(isinstance(event, SweepStarted) for _, event in events)
    neurons = sum(isinstance(event, NeuronTrained) for _, event in events)
    if not violations and not sweeps:
        raise StateError(f"{run}: has no sweep yet; verify it when one has begun")
    if as_json:
        facts = {"run": str(run), "sweeps": sweeps, "neurons": neurons, "holds": not violations}
        typer.echo(json.dumps({**facts, "violations": [asdict(violation) for violation in violations]}))
    elif violations:
        _show(run, violations)
    else:
        typer.echo(f"{run}: {sweeps:,} sweeps, {neurons:,} neurons: order holds")
    if violations:
        raise typer.Exit(1)


def _read(run: Path) -> tuple[list[tuple[int, Event]], str | None]:
    """Return the events up to the first line that cannot be believed, and what is wrong with that line."""
    from goldzone.errors import StateError
    from goldzone.monitor.order import believable_events
    from goldzone.training.runs.run_folder import RunFolder

    path = RunFolder.open(run).events_path if run.is_dir() else run
    if not path.is_file():
        raise StateError(f"{path}: is no event log; give the folder of a run or its events.jsonl")
    return believable_events(path)


def _show(run: Path, violations: tuple[Violation, ...]) -> None:
    for violation in violations[:_SHOWN]:
        typer.echo(f"{run} line {violation.line}: {violation.problem}")
    if len(violations) > _SHOWN:
        typer.echo(f"{run}: {len(violations) - _SHOWN:,} more lines break the order")
