"""``goldzone resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.all_words import ALL_WORDS, finish_all_words
from goldzone.cli.interruption import Interruption
from goldzone.cli.sources import DatasetOption, JsonOption, ThreadsOption, thread_count
from goldzone.cli.tasks import open_task
from goldzone.cli.train import show_summary


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of an unfinished run.")],
    dataset: DatasetOption = None,
    threads: ThreadsOption = None,
    deliver_alerts: Annotated[
        bool,
        typer.Option(
            "--deliver-alerts",
            help="Run the command and call the webhook that the run's config.toml names.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on with a run that was interrupted or killed.

    The model becomes the same, byte for byte, as if the run had never stopped. Configuration and data must
    be those of the run; --dataset says where the words are now, if they have moved. A run of samples with
    --pipeline forward begins again.

    A run folder may come from somebody else: the programs and addresses that its config.toml names for alerts
    are used with --deliver-alerts only.

    Example: goldzone resume runs/slovak
    """
    from goldzone.cli.display import TrainingDisplay
    from goldzone.errors import StateError
    from goldzone.monitor.alert_listener import AlertListener
    from goldzone.monitor.alert_settings import load_run_config
    from goldzone.training.runner import is_finished, resume_run
    from goldzone.training.runs.model_files import model_file
    from goldzone.training.runs.run_folder import RunFolder
    from goldzone.training.task import RunContext

    folder = RunFolder.open(run)
    if folder.source is not None and folder.source.task == ALL_WORDS:
        run, folder = run.parent, RunFolder.open(run.parent)
    config, source = folder.config, folder.source
    if source is None:
        raise StateError(f"{run}: does not say where its words come from; start again with --force")
    opened = open_task(source, dataset=dataset)
    task = opened.task(config)
    summary = None
    if not (source.final and is_finished(folder)):
        settings = load_run_config(folder.config_path).alerts
        if settings.reaches_out and not deliver_alerts:
            typer.echo(
                f"alerts: the command and webhook of {folder.config_path} are left alone; "
                "--deliver-alerts uses them",
                err=True,
            )
        alerts = AlertListener(settings, opened.name, outside=deliver_alerts)
        with TrainingDisplay(config) as display, Interruption(run) as interruption:
            context = RunContext(thread_count(threads), (display, alerts), interruption.check)
            summary = resume_run(task, run, context)
    all_words = finish_all_words(task, run, thread_count(threads)) if source.final else None
    if summary is None and all_words is None:
        model_file(run)  # one that is not its own is told of first
        raise StateError(f"{run}: this run is finished; there is nothing to resume")
    show_summary(summary, all_words, as_json=as_json)
