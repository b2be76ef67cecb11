"""``goldzone track``."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from goldzone.monitor.tracking.run_tracker import Tracker


class To(StrEnum):
    """Where runs can be exported to."""

    MLFLOW = "mlflow"
    TENSORBOARD = "tensorboard"


def track(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    to: Annotated[To, typer.Option(help="The kind of tracker.")],
    out: Annotated[
        str,
        typer.Option(
            metavar="DIR|URI", help="TensorBoard's log directory; MLflow's folder, or its tracking URI."
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the run ends.")] = False,
    every: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds between two looks with --follow.")
    ] = 2.0,
    name: Annotated[
        str | None, typer.Option(help="What the run is called there. [default: its folder's name]")
    ] = None,
    experiment: Annotated[str, typer.Option(help="MLflow's experiment.")] = "goldzone",
    force: Annotated[bool, typer.Option("--force", help="Replace an export of the same run.")] = False,
) -> None:
    """Export a run to MLflow or TensorBoard.

    Parameters, figures by sweep, margins by layer, alerts. It reads the run's event log alone, afterwards or
    while the run trains (--follow). A step is a sweep, and times are those of the run.
    Needs: pip install 'goldzone[tracking]'

    Example: goldzone track runs/slovak --to tensorboard --out logs
    """
    from goldzone.errors import StateError
    from goldzone.monitor.live import LiveRun
    from goldzone.monitor.tracking.run_tracker import RunTracker
    from goldzone.validation import without_password

    live = LiveRun(run)
    tracker = _tracker(to, out, name or run.resolve().name, experiment, force=force)
    try:
        listener = RunTracker(tracker, live.config)
        while True:
            for event in live.poll():
                listener.on_event(event)
            if not follow or live.finished is not None:
                break
            time.sleep(every)
    finally:
        tracker.close()
    history = live.history
    if history is None:
        raise StateError(f"{run}: has not begun; try again when it has, or wait for it (--follow)")
    state = "finished" if live.finished else "not finished; --follow waits for its end"
    typer.echo(
        f"{run}: {len(history.sweeps)} sweeps written to {without_password(out)} for {to}; the run is {state}"
    )


def _tracker(to: To, out: str, name: str, experiment: str, *, force: bool) -> Tracker:
    from goldzone.errors import ConfigError

    if to is To.MLFLOW:
        from goldzone.monitor.tracking.mlflow import MlflowTracker, tracking_address

        return MlflowTracker(tracking_address(out), name, experiment=experiment, force=force)
    from goldzone.monitor.tracking.tensorboard import TensorBoardTracker

    if Path(name).name != name or name in {".", ".."}:
        raise ConfigError(f"{name}: cannot be a folder's name; choose another --name")
    return TensorBoardTracker(Path(out) / name, force=force)
