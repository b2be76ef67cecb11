"""``goldzone train --size``: the evidence by which a model has the wanted bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from goldzone.g2p.task import PhonemizerTask
    from goldzone.training.task import RunSummary, Task

__all__ = ["check_size", "fitted"]


def fitted(task: Task[Any], size: int, threads: int, *, final: bool) -> Task[Any]:
    """Choose the evidence so that the model that is delivered has a size, by trainings that are not kept.

    Parameters
    ----------
    task : Task
    size : int
        Bytes that the model may have.
    threads : int
    final : bool
        Whether a model of all words is delivered.

    Raises
    ------
    ConfigError
        The size cannot be reached, or the task has no words.
    """
    from goldzone.cli.display import TrainingDisplay
    from goldzone.errors import ConfigError
    from goldzone.g2p.prepared_data import prepare
    from goldzone.g2p.sizing import fit_size, model_bytes
    from goldzone.g2p.task import PhonemizerTask
    from goldzone.training.pipeline import Hooks

    if not isinstance(task, PhonemizerTask):
        raise ConfigError("--size: is for lexicons; not for --preset")
    delivered = task.of_all_words(task.config.pipeline.sweeps, {}) if final else task
    data = prepare(delivered.split.train, task.config, threads=threads)

    def measure(tried: PhonemizerTask) -> int:
        with TrainingDisplay(tried.config, "trying a size: ") as display:
            there = model_bytes(tried, data, Hooks(on_event=display.on_event), threads=threads)
        typer.echo(f"size: {there:,} bytes with {_evidence(tried)}", err=True)
        return there

    found = fit_size(delivered, size, measure)
    typer.echo(f"size: {_evidence(found)} is taken", err=True)
    return replace(task, config=task.config.model_copy(update={"beam": found.config.beam}))


def check_size(summary: RunSummary, size: int) -> None:
    """Tell when the model has more bytes all the same: dev words may end training in an earlier sweep."""
    if summary.bytes > size:
        typer.echo(
            f"warning: the model has {summary.bytes:,} bytes, more than the {size:,} asked for", err=True
        )


def _evidence(task: PhonemizerTask) -> str:
    return f"beam.evidence = [{', '.join(f'{each:g}' for each in task.config.beam.evidence)}]"
