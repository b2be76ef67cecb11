"""``goldzone watch``."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from goldzone.monitor.live_runs import LiveRuns, SeenRun

_SEARCH: Final = 5.0
"""Seconds between two searches of the folders for new runs."""
_RESTS: Final = 19
"""Times as long as looking and drawing took, so that no more than a twentieth of a processor is taken."""
_OTHER_LINES: Final = 8
"""Of the screen, that a table of many runs leaves free."""


def watch(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="RUN|FOLDER", help="Run folders, or folders with run folders in them."),
    ],
    once: Annotated[bool, typer.Option("--once", help="Show one picture and end.")] = False,
    every: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one picture as JSON for scripts.")] = False,
) -> None:
    """Watch runs train, in the terminal.

    Are they learning or memorising, where are they, is anything wrong?

    One run is shown in full, several as a table, worst first. It reads the runs' event logs and nothing else,
    so it cannot disturb them; it ends when they end, or with Ctrl-C. Where standard output is no terminal,
    it prints a line for each thing that happens.

    Example: goldzone watch runs/slovak
    """
    from goldzone.cli.output import screen
    from goldzone.errors import StateError
    from goldzone.monitor.live_runs import LiveRuns

    runs = LiveRuns(paths)
    seen = runs.look(time.time())
    if not seen:
        raise StateError(f"{', '.join(map(str, paths))}: no run is there; begin one (goldzone train --out)")
    _refuse_damaged(seen)
    if as_json:
        typer.echo(json.dumps([_facts(run) for run in seen], ensure_ascii=False))
    elif once:
        screen().print(_picture(seen))
    elif screen().is_terminal:
        _show_live(runs, seen, every)
    else:
        _print_news(runs, seen, every)


def _refuse_damaged(seen: Sequence[SeenRun]) -> None:
    """Fail if the only run cannot be read; one of many is told of beside the others."""
    from goldzone.errors import StateError

    if len(seen) == 1 and seen[0].problem is not None:
        raise StateError(seen[0].problem)


def _facts(run: SeenRun) -> dict[str, Any]:
    facts = {} if run.glance is None else asdict(run.glance)
    return {"path": str(run.path), "problem": run.problem} | facts


def _picture(seen: Sequence[SeenRun], height: int | None = None) -> RenderableType:
    from goldzone.cli.glance_display import run_picture, runs_picture

    if len(seen) == 1 and seen[0].glance is not None:
        return run_picture(seen[0].glance)
    return runs_picture(seen, None if height is None else max(1, height - _OTHER_LINES))


def _looks(runs: LiveRuns, seen: Sequence[SeenRun], every: float) -> Iterator[Sequence[SeenRun]]:
    """Look again and again until all runs have ended, the first time at what was seen already."""
    searched = began = time.monotonic()
    yield seen
    while not all(run.ended for run in seen):
        time.sleep(max(every, _RESTS * (time.monotonic() - began)))
        began = time.monotonic()
        find = began - searched >= _SEARCH
        if find:
            searched = began
        seen = runs.look(time.time(), find=find)
        yield seen


def _show_live(runs: LiveRuns, seen: Sequence[SeenRun], every: float) -> None:
    from rich.live import Live

    from goldzone.cli.output import screen

    console = screen()
    with Live(console=console, auto_refresh=False) as live:
        for looked in _looks(runs, seen, every):
            live.update(_picture(looked, console.height), refresh=True)
    _refuse_damaged(looked)


def _print_news(runs: LiveRuns, seen: Sequence[SeenRun], every: float) -> None:
    from goldzone.cli.glance_display import news_line

    told: set[str] = set()
    for looked in _looks(runs, seen, every):
        for run in looked:
            title = f"{run.path}: " if len(looked) > 1 else ""
            for event in run.news:
                line = None if run.glance is None else news_line(event, run.glance)
                if line is not None:
                    typer.echo(title + line)
            if run.problem is not None and run.problem not in told and len(looked) > 1:
                told.add(run.problem)
                typer.echo(f"{title}cannot be read: {run.problem}")
    _refuse_damaged(looked)
