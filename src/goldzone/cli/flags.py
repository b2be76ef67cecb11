"""``goldzone flags``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.sources import DatasetOption, JsonOption, load_source

if TYPE_CHECKING:
    from goldzone.fleet.flag_file import FlagFile
    from goldzone.training.runs.events import FlagsResolved


def flags(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A flags file (TOML).")],
    language: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Show this language; can be given again.")
    ] = None,
    dataset: DatasetOption = None,
    config: Annotated[Path | None, typer.Option(help="TOML file that the flags are applied to.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a flags file gives each language, and why.

    A file that is wrong is refused. Without --language: all languages of --dataset, else those that the file
    names and the built-in samples. goldzone train LANGUAGE --flags FILE trains so.

    Example: goldzone flags flags.toml --language slovak
    """
    from goldzone.cli.train import configuration
    from goldzone.data.builtin import builtin_names
    from goldzone.data.languages import find_languages
    from goldzone.fleet.flag_file import load_flags
    from goldzone.fleet.flags import flag_client, resolve_flags

    known = load_flags(file)
    client = flag_client(known)
    settings = configuration(config, None).training
    there = [folder.name for folder in find_languages(dataset)] if dataset else None
    if there is not None:
        _warn_of_strangers(known, there, str(dataset))
    found = [
        resolve_flags(settings, name, client, words=_words(known, name, dataset))[1]
        for name in language or there or sorted({*known.languages, *builtin_names()})
    ]
    if as_json:
        languages = {
            one.language: {
                flag: {"value": one.values[flag], "reason": one.reasons[flag], "why": one.why[flag]}
                for flag in one.values
            }
            for one in found
        }
        facts = {"file": str(file), "sha256": known.digest, "languages": languages}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(file, found)


def _words(known: FlagFile, name: str, dataset: Path | None) -> int | None:
    """Count a language's words, if a rule asks for them: they have to be read."""
    return len(load_source(name, dataset).lexicon) if known.asks_for_words else None


def _warn_of_strangers(known: FlagFile, there: Sequence[str], dataset: str) -> None:
    """Warn of languages that rules name but the dataset does not hold: most are misspelt."""
    from goldzone.validation import nearest

    for name in known.languages:
        if name not in there:
            near = nearest(name, there)
            advice = f"; did you mean {near}?" if near else ""
            typer.echo(f"warning: {known.name}: names {name}, which is not in {dataset}{advice}", err=True)


def _show(file: Path, found: Sequence[FlagsResolved]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from goldzone.cli.display import print_titled

    table = Table("language", "flag", "value", "reason", "why")
    for one in found:
        for number, (flag, value) in enumerate(one.values.items()):
            row = ("" if number else one.language, flag, value, one.reasons[flag], one.why[flag])
            table.add_row(*map(escape, row), end_section=number == len(one.values) - 1)
    print_titled(f"{file}: {len(found)} language{'' if len(found) == 1 else 's'}", table)
