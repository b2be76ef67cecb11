"""``goldzone train``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.all_words import finish_all_words
from goldzone.cli.given_paths import given_path
from goldzone.cli.interruption import Interruption
from goldzone.cli.sizing import check_size, fitted
from goldzone.cli.sources import DatasetOption, FormatOption, JsonOption, ThreadsOption, thread_count
from goldzone.cli.tasks import Opened, open_task

if TYPE_CHECKING:
    from goldzone.monitor.alert_settings import RunConfig
    from goldzone.training.config import TrainingConfig
    from goldzone.training.runs.events import Event
    from goldzone.training.runs.run_folder import RunSource
    from goldzone.training.task import PartResult, RunSummary

_FEW = 20
"""Examples of which an interval says nothing."""


class Pipeline(StrEnum):
    """How a network of plain samples is trained."""

    BACKWARD = "backward"
    FORWARD = "forward"


PresetOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Train this network on plain samples (.csv, .tsv, .npz) instead."),
]
DevOption = Annotated[
    Path | None,
    typer.Option("--dev", metavar="FILE", help="Lexicon whose words choose the best sweep."),
]
TestOption = Annotated[
    Path | None,
    typer.Option("--test", metavar="FILE", help="Lexicon whose words are said at the end."),
]
FinalOption = Annotated[
    bool | None,
    typer.Option(
        "--final/--no-final",
        help="Learn all words in the end, those held out too. [default: unless --dev or --test is given]",
        show_default=False,
    ),
]
PipelineOption = Annotated[
    Pipeline | None,
    typer.Option(help="With --preset: goldzone's sweeps (the default), or the reference's search."),
]


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="LANGUAGE|FILE",
            help="A lexicon file, a language of --dataset, or a built-in sample; with --preset, samples.",
        ),
    ],
    dataset: DatasetOption = None,
    written: FormatOption = None,
    dev: DevOption = None,
    test: TestOption = None,
    final: FinalOption = None,
    preset: PresetOption = None,
    pipeline: PipelineOption = None,
    config: Annotated[Path | None, typer.Option(help="TOML file; every field is optional.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 32) - 1, help="Overrides the configuration's.")
    ] = None,
    flags: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Flags file (TOML); overrides the configuration by language."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Train on this many examples only, chosen by hash, and judge on fewer too."),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Most bytes of the model, such as 50KB; tried out by a few trainings more."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Run folder; runs/NAME by default.",
        ),
    ] = None,
    sums_from: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Begin with the sums of an earlier run: they steer selection and capacity."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run in the folder.")] = False,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a phonemizer, and test it on words it has not seen.

    A lexicon has a word, a tab and its pronunciation on each line; dictionaries of CMU, Kaldi, MFA and others
    are read too. It is split by word: most are learnt, some choose the best sweep, the rest are for the test.
    In the end a second model learns all of the words; it is the one that is used, and the figures of the
    first are what it can be trusted to reach. With --dev or --test those words are held out instead, and are
    not learnt in the end.

    With --preset a network learns samples that are numbers already: a label and its inputs on each line.

    Example: goldzone train slovak --out runs/slovak

    Example: goldzone train slovak --size 20KB

    Example: goldzone train samples.csv --preset windowed_committee:24,12
    """
    from goldzone.cli.display import TrainingDisplay
    from goldzone.fleet.plan import run_folder_name
    from goldzone.g2p.sizing import parse_size
    from goldzone.monitor.alert_listener import AlertListener
    from goldzone.training.runner import start_run
    from goldzone.training.task import RunContext

    own = {
        "dev": str(dev) if dev else None,
        "test": str(test) if test else None,
        "sums_from": str(sums_from) if sums_from else None,
    }
    wanted = (dev is None and test is None and preset is None) if final is None else final
    opened = open_task(
        _source(source, dataset, limit, preset, pipeline, final=wanted, written=written, **own)
    )
    configured = configuration(config, seed)
    settings, initial_events = _flagged(configured.training, flags, opened)
    folder = out or Path("runs") / run_folder_name(opened.name)
    alerts = AlertListener(configured.alerts, opened.name)
    task = opened.task(settings)
    most = None if size is None else parse_size(size)
    if most is not None:
        task = fitted(task, most, thread_count(threads), final=opened.source.final)
    with TrainingDisplay(settings) as display, Interruption(folder) as interruption:
        summary = start_run(
            task,
            folder,
            RunContext(thread_count(threads), (display, alerts), interruption.check),
            source=opened.source,
            force=force,
            initial_events=initial_events,
            other_sections=configured.alerts.to_toml("alerts"),
        )
    all_words = finish_all_words(task, folder, thread_count(threads)) if opened.source.final else None
    if most is not None:
        check_size(all_words or summary, most)
    show_summary(summary, all_words, as_json=as_json)


def show_summary(summary: RunSummary | None, all_words: RunSummary | None = None, *, as_json: bool) -> None:
    """Print what a run came to, and the model of all words where one was trained.

    Without a summary of the run, which was finished before, that of the model of all words is all there is.
    """
    from goldzone.cli.display import print_table

    shown = summary or all_words
    if shown is None:
        return
    if as_json:
        facts = shown.to_json()
        if summary and all_words:
            facts["final"] = {"words": all_words.train.examples, **_kept(all_words.to_json())}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        print_table(shown.name, _rows(shown, all_words))


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("model", "bytes", "digest", "sweeps", "seconds")}


def configuration(path: Path | None, seed: int | None) -> RunConfig:
    """Read a configuration file, or take the defaults, with a seed of its own where one is given."""
    from goldzone.monitor.alert_settings import load_run_config, run_config_from_toml

    config = load_run_config(path) if path else run_config_from_toml("", "defaults")
    if seed is None:
        return config
    return replace(config, training=config.training.model_copy(update={"seed": seed}))


def _source(
    name: str,
    dataset: Path | None,
    limit: int | None,
    preset: str | None,
    pipeline: Pipeline | None,
    *,
    dev: str | None,
    test: str | None,
    sums_from: str | None,
    final: bool,
    written: str | None,
) -> RunSource:
    """Say what is trained; options that do not go together are refused."""
    from goldzone.errors import ConfigError
    from goldzone.training.runs.run_folder import RunSource

    if preset is not None:
        if dev or test or final or written or sums_from:
            raise ConfigError(
                "--dev, --test, --final, --format, --sums-from: are for lexicons; not for --preset"
            )
        options = {"preset": preset, "pipeline": (pipeline or Pipeline.BACKWARD).value}
        return RunSource(name=name, limit=limit, task="network", options=options)
    if pipeline is not None:
        raise ConfigError("--pipeline: is for a network of plain samples; name it with --preset")
    if name.endswith(".npz"):
        raise ConfigError(f"{name}: holds plain samples; name their network with --preset")
    folder = str(dataset) if dataset else None
    return RunSource(
        name=name,
        dataset=folder,
        limit=limit,
        dev=dev,
        test=test,
        sums_from=sums_from,
        final=final,
        format=written,
    )


def _flagged(
    config: TrainingConfig, path: Path | None, opened: Opened
) -> tuple[TrainingConfig, tuple[Event, ...]]:
    """Apply a flags file; return the event that tells of it too."""
    from goldzone.errors import ConfigError

    if path is None:
        return config, ()
    if opened.source.task != "phonemizer":
        raise ConfigError("--flags: are of languages; give other tasks a --config")
    from goldzone.fleet.flag_file import load_flags
    from goldzone.fleet.flags import flag_client, resolve_flags

    flagged, event = resolve_flags(config, opened.name, flag_client(load_flags(path)), words=opened.examples)
    values = ", ".join(f"{flag} {value} ({event.reasons[flag]})" for flag, value in event.values.items())
    typer.echo(f"flags: {values}", err=True)
    return flagged, (event,)


def _rows(summary: RunSummary, all_words: RunSummary | None) -> list[tuple[str, str]]:
    parts = [("train", summary.train), ("dev", summary.dev), ("test", summary.test)]
    unit, dev, test = summary.unit, summary.dev, summary.test
    rows = [
        (unit, ", ".join(f"{part.examples:,} {name}" for name, part in parts if part)),
        ("best sweep", f"{summary.sweep} of {summary.sweeps} ({summary.reason})"),
        (f"train {unit} right", _judged(summary.train)),
        (f"dev {unit} right", f"{dev.score:.1%}" if dev else f"no dev {unit}: last sweep taken"),
    ]
    if test and test.examples < _FEW:
        rows.append((f"test {unit} right", f"{test.score:.1%} of {test.examples}: too few to judge"))
    elif test:
        rows.append((f"test {unit} right", _with_interval(test.score, test.interval)))
        if "phoneme_error" in test.metrics:
            interval = test.metrics["phoneme_error_interval"]
            rows.append(("test phoneme errors", _with_interval(test.metrics["phoneme_error"], interval)))
        if "majority" in test.metrics:
            rows.append(("commonest label", f"{test.metrics['majority']:.1%} of the test {unit}"))
    delivered, seconds = all_words or summary, summary.seconds
    if all_words and all_words is not summary:
        seconds += all_words.seconds
        rows.append(("after that", f"all {all_words.train.examples:,} {unit} learnt, held-out ones too"))
    rows += [
        ("model", f"{delivered.model} ({delivered.bytes:,} bytes)"),
        ("SHA-256", f"{delivered.digest[:16]}..."),
        ("time", f"{seconds:.1f} s"),
    ]
    if "example" in summary.details:
        run, word = shlex.quote(summary.run), shlex.quote(summary.details["example"])
        rows.append(("say a word", f"goldzone phonemize {run} {'-- ' if word.startswith('-') else ''}{word}"))
    return rows


def _judged(train: PartResult) -> str:
    """Tell of a sample of the train part how many were judged, and how far that can be trusted."""
    told = train.metrics
    if not 0 < told.get("judged", 0) < train.examples:
        return f"{train.score:.1%}"
    return f"{_with_interval(train.score, (told['low'], told['high']))}, of {told['judged']:,.0f}"


def _with_interval(share: float, interval: Sequence[float] | None) -> str:
    return f"{share:.1%}" + (f" (95 %: {interval[0]:.1%} to {interval[1]:.1%})" if interval else "")
