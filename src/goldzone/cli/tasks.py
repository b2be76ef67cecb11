"""What can be trained: each kind of task, by the name that a run folder keeps, and how its data are read.

A kind of task is its module and an entry of `TASKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldzone.cli.sources import load_source

if TYPE_CHECKING:
    from goldzone.training.config import TrainingConfig
    from goldzone.training.runs.run_folder import RunSource
    from goldzone.training.sums.cache import SumCache
    from goldzone.training.task import Task

__all__ = ["TASKS", "Opened", "is_network", "open_task"]


@dataclass(frozen=True)
class Opened:
    """Data that were read."""

    source: RunSource
    """Where they are, whatever the working folder will be."""
    name: str
    """What the run is called."""
    examples: int
    task: Callable[[TrainingConfig], Task[Any]]
    """Makes the task of a configuration."""


def open_task(source: RunSource, *, dataset: Path | None = None) -> Opened:
    """Read the data of a task of any kind.

    Parameters
    ----------
    source : RunSource
        As `goldzone train` is told, or as a run folder keeps it.
    dataset : Path, optional
        Where the dataset is now, if not where the source says.

    Raises
    ------
    StateError
        The kind of task is none that this goldzone knows.
    DataError
        The data cannot be read.
    """
    from goldzone.errors import StateError

    if source.task not in TASKS:
        known = ", ".join(TASKS)
        raise StateError(f"{source.name}: has the unknown task {source.task!r}; this goldzone knows {known}")
    if dataset is not None:
        source = source.model_copy(update={"dataset": str(dataset)})
    return TASKS[source.task](source)


def is_network(model: Path) -> bool:
    """Tell whether a model file, or that of a run folder, holds a network over plain samples."""
    from goldzone.deep.model import NETWORK_KIND
    from goldzone.storage.container import read_container
    from goldzone.training.runs.model_files import model_file

    return bool(read_container(model_file(model)).content.get("kind") == NETWORK_KIND)


def _phonemizer(source: RunSource) -> Opened:
    from goldzone.g2p.task import PhonemizerTask

    dataset = Path(source.dataset) if source.dataset else None
    words = load_source(source.name, dataset, written=source.format)
    dev, test = (
        load_source(name, dataset, settings=words.settings, written=source.format) if name else None
        for name in (source.dev, source.test)
    )
    task = partial(
        PhonemizerTask.of,
        words.lexicon,
        dev=dev.lexicon if dev else None,
        test=test.lexicon if test else None,
        settings=words.settings,
        limit=source.limit,
        sums_before=_sums(source.sums_from),
    )
    files = {"dev": dev.name if dev else None, "test": test.name if test else None}
    if source.sums_from:
        files["sums_from"] = str(Path(source.sums_from).resolve())
    found = source.model_copy(update={"name": words.name, "dataset": words.dataset, **files})
    return Opened(found, words.lexicon.name, len(words.lexicon), task)


def _sums(run: str | None) -> SumCache | None:
    """Read the sums of an earlier run: its folder's, or those that a run has kept of it."""
    if run is None:
        return None
    import typer

    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.runs.run_parts import SUMS_BEFORE
    from goldzone.training.runs.run_sums import read_kept_sums, run_sums

    if Path(run).name == SUMS_BEFORE:
        return read_kept_sums(Path(run))
    loaded, _ = run_sums(RunFolder.open(run))
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return loaded.cache


def _network(source: RunSource) -> Opened:
    from goldzone.deep.samples import read_samples
    from goldzone.deep.task import NetworkTask

    path = Path(source.name)
    samples = read_samples(path)

    def task(config: TrainingConfig) -> NetworkTask:
        return NetworkTask.of(path.stem, samples, config, limit=source.limit, **source.options)

    found = source.model_copy(update={"name": str(path.resolve()), "dataset": None})
    return Opened(found, path.stem, len(samples), task)


TASKS: Final[Mapping[str, Callable[[RunSource], Opened]]] = {"phonemizer": _phonemizer, "network": _network}
"""By kind: what reads the data of a source."""
