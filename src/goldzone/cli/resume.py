"""``goldzone resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.interruption import Interruption
from goldzone.cli.sources import DatasetOption, JsonOption, ThreadsOption, thread_count
from goldzone.cli.tasks import open_task
from goldzone.cli.train import show_summary


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of an unfinished run.")],
    dataset: DatasetOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a run that was interrupted or killed.

    The model becomes the same, byte for byte, as if the run had never stopped. Configuration and data must
    be those of the run; --dataset says where the words are now, if they have moved. A run of samples with
    --pipeline forward begins again.

    Example: goldzone resume runs/slovak
    """
    from goldzone.cli.display import TrainingDisplay
    from goldzone.errors import StateError
    from goldzone.monitor.alert_settings import load_run_config
    from goldzone.monitor.notify import AlertListener
    from goldzone.training.runner import resume_run
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.task import RunContext

    folder = RunFolder.open(run)
    config, source = folder.config, folder.source
    if source is None:
        raise StateError(f"{run}: does not say where its words come from; start again with --force")
    opened = open_task(source, dataset=dataset)
    alerts = AlertListener(load_run_config(folder.config_path).alerts, opened.name)
    with TrainingDisplay(config) as display, Interruption(run) as interruption:
        summary = resume_run(
            opened.task(config),
            run,
            RunContext(thread_count(threads), (display, alerts), interruption.check),
        )
    show_summary(summary, as_json=as_json)
