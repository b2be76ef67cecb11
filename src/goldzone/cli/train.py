"""``goldzone train``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.interruption import Interruption
from goldzone.cli.sources import DatasetOption, JsonOption, ThreadsOption, load_source, thread_count

if TYPE_CHECKING:
    from goldzone.data.lexicon import Lexicon
    from goldzone.monitor.alert_settings import RunConfig
    from goldzone.training.config import TrainingConfig
    from goldzone.training.runs.events import Event
    from goldzone.training.task import RunSummary


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="LANGUAGE|FILE", help="A lexicon file, a language of --dataset, or a built-in sample."
        ),
    ],
    dataset: DatasetOption = None,
    config: Annotated[Path | None, typer.Option(help="TOML file; every field is optional.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 32) - 1, help="Overrides the configuration's.")
    ] = None,
    flags: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Flags file (TOML); overrides the configuration by language."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Train on this many words only, chosen by hash.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run in the folder.")] = False,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a phonemizer, and test it on words it has not seen.

    A lexicon has a word, a tab and its pronunciation on each line. It is split by word: most are learnt, some
    choose the best sweep, the rest are for the test.

    Example: goldzone train slovak --out runs/slovak
    """
    from goldzone.cli.display import TrainingDisplay
    from goldzone.fleet.plan import run_folder_name
    from goldzone.g2p.task import PhonemizerTask
    from goldzone.monitor.notify import AlertListener
    from goldzone.training.runner import start_run
    from goldzone.training.runs.run_folder import RunSource
    from goldzone.training.task import RunContext

    words = load_source(source, dataset)
    configured = configuration(config, seed)
    settings, initial_events = _flagged(configured.training, flags, words.lexicon)
    folder = out or Path("runs") / run_folder_name(words.lexicon.name)
    alerts = AlertListener(configured.alerts, words.lexicon.name)
    with TrainingDisplay(settings) as display, Interruption(folder) as interruption:
        summary = start_run(
            PhonemizerTask.of(words.lexicon, settings, settings=words.settings, limit=limit),
            folder,
            RunContext(thread_count(threads), (display, alerts), interruption.check),
            source=RunSource(name=words.name, dataset=words.dataset, limit=limit),
            force=force,
            initial_events=initial_events,
            other_sections=configured.alerts.to_toml("alerts"),
        )
    show_summary(summary, as_json=as_json)


def show_summary(summary: RunSummary, *, as_json: bool) -> None:
    """Print what a run came to."""
    from goldzone.cli.display import print_table

    if as_json:
        typer.echo(json.dumps(summary.to_json(), ensure_ascii=False))
    else:
        print_table(summary.name, _rows(summary))


def configuration(path: Path | None, seed: int | None) -> RunConfig:
    """Read a configuration file, or take the defaults, with a seed of its own where one is given."""
    from goldzone.monitor.alert_settings import load_run_config, run_config_from_toml

    config = load_run_config(path) if path else run_config_from_toml("", "defaults")
    if seed is None:
        return config
    return replace(config, training=config.training.model_copy(update={"seed": seed}))


def _flagged(
    config: TrainingConfig, path: Path | None, lexicon: Lexicon
) -> tuple[TrainingConfig, tuple[Event, ...]]:
    """Apply a flags file; return the event that tells of it too."""
    if path is None:
        return config, ()
    from goldzone.fleet.flag_file import load_flags
    from goldzone.fleet.flags import flag_client, resolve_flags

    flagged, event = resolve_flags(config, lexicon.name, flag_client(load_flags(path)), words=len(lexicon))
    values = ", ".join(f"{flag} {value} ({event.reasons[flag]})" for flag, value in event.values.items())
    typer.echo(f"flags: {values}", err=True)
    return flagged, (event,)


def _rows(summary: RunSummary) -> list[tuple[str, str]]:
    parts = [("train", summary.train), ("dev", summary.dev), ("test", summary.test)]
    unit, dev, test = summary.unit, summary.dev, summary.test
    rows = [
        (unit, ", ".join(f"{part.examples:,} {name}" for name, part in parts if part)),
        ("best sweep", f"{summary.sweep} of {summary.sweeps} ({summary.reason})"),
        (f"train {unit} right", f"{summary.train.score:.1%}, where all choices before are right"),
        (f"dev {unit} right", f"{dev.score:.1%}" if dev else f"no dev {unit}: last sweep taken"),
    ]
    if test:
        rows.append((f"test {unit} right", _with_interval(test.score, test.interval)))
        if "phoneme_error" in test.metrics:
            interval = test.metrics["phoneme_error_interval"]
            rows.append(("test phoneme errors", _with_interval(test.metrics["phoneme_error"], interval)))
    rows += [
        ("model", f"{summary.model} ({summary.bytes:,} bytes)"),
        ("SHA-256", f"{summary.digest[:16]}..."),
        ("time", f"{summary.seconds:.1f} s"),
    ]
    if "example" in summary.details:
        run, word = shlex.quote(summary.run), shlex.quote(summary.details["example"])
        rows.append(("say a word", f"goldzone phonemize {run} {'-- ' if word.startswith('-') else ''}{word}"))
    return rows


def _with_interval(share: float, interval: Sequence[float] | None) -> str:
    return f"{share:.1%}" + (f" (95 %: {interval[0]:.1%} to {interval[1]:.1%})" if interval else "")
