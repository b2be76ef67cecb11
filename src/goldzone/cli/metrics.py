"""``goldzone metrics``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.serving import HostOption, TokenOption, serve

if TYPE_CHECKING:
    from goldzone.monitor.metrics import RunCollector


def metrics(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="RUN|FOLDER", help="Run folders, or folders with run folders in them."),
    ],
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve /metrics at this port; 0: any that is free.")
    ] = None,
    host: HostOption = "127.0.0.1",
    token: TokenOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Write a file, such as the node exporter's textfile collector reads (FILE.prom).",
        ),
    ] = None,
    every: Annotated[
        float | None, typer.Option(min=0.1, max=86400, help="Write the file again each so many seconds.")
    ] = None,
) -> None:
    """Show runs as metrics for Prometheus.

    On standard output, in a file, or over HTTP. They are read from the runs' event logs, so nothing disturbs
    the runs. Needs: pip install 'goldzone[metrics]'

    Example: goldzone metrics runs --port 9109
    """
    if port is not None and out is not None:
        raise typer.BadParameter("is for a file; leave out --port", param_hint="'--out'")
    if every is not None and out is None:
        raise typer.BadParameter("is for a file; give --out", param_hint="'--every'")
    from goldzone.monitor.metrics import RunCollector

    collector = RunCollector(paths)
    if port is not None:
        _serve(collector, host, port, token)
    elif out is None:
        typer.echo(collector.text().decode(), nl=False)
    else:
        _write(collector, out)
        while every is not None:
            time.sleep(every)
            _write(collector, out)


def _serve(collector: RunCollector, host: str, port: int, token: str | None) -> None:
    from goldzone.monitor.metrics_server import metrics_server

    collector.text()  # what is wrong with the folders is told now, not to the first client
    serve(metrics_server(collector.text, port, host=host, token=token), "metrics", host, "/metrics")


def _write(collector: RunCollector, path: Path) -> None:
    """Replace the file as a whole: who reads it meanwhile gets the one before."""
    from goldzone.errors import StateError
    from goldzone.storage.files import write_atomically

    write_atomically(path, collector.text(), error=StateError)
