"""``goldzone compare``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import DatasetOption, JsonOption, thread_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldzone.fleet.compare.results import WordChange
    from goldzone.fleet.compare.study import Study

_EXIT_CODES: Final = {"Successful": 0, "Failed": 1, "Inconclusive": 3, "Error": 4}
_REPORT: Final = "comparison.json"


class Judged(StrEnum):
    """Words to judge on."""

    TEST = "test"
    NEW = "new"


def compare(
    languages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LANGUAGE|FILE]...",
            help="Lexicons, built-in samples, or languages of --dataset such as 'english*'; none: all of it.",
        ),
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="The two arms: is A better than B? Each as in --arm."),
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]WHAT",
            help="One arm; give it twice. WHAT: backward, forward, a configuration (TOML), settings such as "
            "beam.width:16, a model, a run, or a folder of runs.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Trainings of each arm.")] = 1,
    margin: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="A may have so much less word accuracy, as a share; 0: A has to win."
        ),
    ] = 0.0,
    stratified: Annotated[
        bool, typer.Option("--stratified", help="Half of the languages with each arm, alike in size.")
    ] = False,
    part: Annotated[
        Judged, typer.Option(help="Test words, or all words that no model has learnt.")
    ] = Judged.TEST,
    dataset: DatasetOption = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file that directions and settings change.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 32) - 101, help="The first; overrides the configuration's.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Train on this many words of each only.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Languages at a time; by default one a processor.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace runs that are there.")] = False,
    out: Annotated[
        Path, typer.Option(parser=given_path, metavar="PATH", help="Folder of the runs and the report.")
    ] = Path("comparison"),
    words: Annotated[
        Path | None,
        typer.Option(parser=given_path, metavar="FILE", help="List the words won and lost (TSV)."),
    ] = None,
    png: Annotated[
        Path | None, typer.Option(parser=given_path, metavar="FILE", help="Draw the differences.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two ways of training, or two models, by a verdict.

    Both arms are judged on the same words. The verdict is Successful (exit code 0), Failed (1) or
    Inconclusive (3); 4 tells that a language could not be compared. Given again, the command keeps the models
    that are trained and trains the rest.

    Example: goldzone compare slovak hebrew --arms backward,forward --seeds 3

    Example: goldzone compare slovak --arm new=runs/new --arm old=old.goldzone --margin 0.01
    """
    from goldzone.cli.comparison_display import print_comparison
    from goldzone.cli.fleet_runs import make_folder
    from goldzone.cli.train import configuration
    from goldzone.errors import GoldzoneError, StateError
    from goldzone.fleet.compare.arms import parse_arms
    from goldzone.fleet.compare.study import Study
    from goldzone.storage.files import write_atomically

    if png is not None:
        from goldzone.monitor.pictures import check_png_name

        check_png_name(png)
    study = Study.planned(
        parse_arms(arms, arm or (), configuration(config, seed).training),
        languages or (),
        dataset,
        out,
        seeds=seeds,
        limit=limit,
        force=force,
        stratified=stratified,
    )
    make_folder(out)
    _train(study, jobs, force=force)
    report, changes = study.judge(margin=margin, new=part is Judged.NEW, threads=thread_count(None))
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    write_atomically(out / _REPORT, text.encode() + b"\n", error=StateError)
    if words is not None:
        write_atomically(words, _word_rows(report.arms, changes).encode(), error=GoldzoneError)
    if png is not None:
        from goldzone.monitor.comparison_plots import write_comparison_png

        write_comparison_png(png, report)
    if as_json:
        typer.echo(text)
    else:
        print_comparison(report, [out / _REPORT, *filter(None, (words, png))])
    raise typer.Exit(_EXIT_CODES[report.verdict])


def _train(study: Study, jobs: int | None, *, force: bool) -> None:
    """Train what is not trained yet; each batch has its own display."""
    from goldzone.cli.fleet_runs import FleetInterrupted, carry_out
    from goldzone.cli.interruption import Interrupted
    from goldzone.fleet.results import FleetRecord

    for arm, title, planned in study.batches():
        typer.echo(f"{title}:", err=True)
        record = FleetRecord(planned)
        try:
            carry_out(planned, jobs, record)
        except Interrupted as signal:
            raise FleetInterrupted(signal, record.summary(0.0), force=force) from None
        study.take(arm, record.summary(0.0))


def _word_rows(arms: tuple[str, str], changes: Mapping[str, Sequence[WordChange]]) -> str:
    """Write won and lost words as TSV."""
    rows = [("language", "won", "word", *arms, "listed")]
    rows += [
        (language, f"{change.trainings:+}", change.word, *change.said, change.listed)
        for language, changed in changes.items()
        for change in changed
    ]
    return "".join("\t".join(row) + "\n" for row in rows)
