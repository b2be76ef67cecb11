"""``goldzone dashboard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.serving import HostOption, TokenOption, serve

__all__ = ["dashboard"]


def dashboard(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN|FOLDER]...", help="Run folders, or folders of them."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8642,
    host: HostOption = "127.0.0.1",
    token: TokenOption = None,
) -> None:
    """Show runs in a browser, live and finished ones.

    Curves, the network with each neuron's history, margins, capacity, alerts, configuration, and a box to
    type words into. It reads the folders of the runs and nothing else, so it cannot disturb them; begun late,
    it shows everything. /metrics is for Prometheus, where its client is installed.

    Example: goldzone dashboard runs
    """
    import importlib.util

    from goldzone.monitor.dashboard.app import Dashboard, dashboard_server

    given = paths or [Path("runs")]
    metrics = None
    if importlib.util.find_spec("prometheus_client") is not None:
        from goldzone.monitor.metrics import RunCollector

        metrics = RunCollector(given).text
    served = Dashboard(given, _say, metrics=metrics, token=token)
    served.look()  # what is wrong with the folders is told now
    serve(dashboard_server(served, host, port, token), "dashboard", host, "/")


def _say(run: Path, text: str) -> str:
    """Say a text with a run's model, as `goldzone phonemize` does."""
    from goldzone.g2p.phonemizer import Phonemizer
    from goldzone.g2p.transcriber import Transcriber

    (line,) = Transcriber(Phonemizer.load(run)).say([text])
    return line.written(" ", punctuation=True)
