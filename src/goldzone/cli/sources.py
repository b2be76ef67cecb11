"""Where a command's words come from: a file, a language of a dataset folder, or a built-in sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from goldzone.data.lexicon import Lexicon
    from goldzone.data.settings import LanguageSettings

__all__ = [
    "DatasetOption",
    "FormatOption",
    "JsonOption",
    "Source",
    "ThreadsOption",
    "load_source",
    "thread_count",
]

DatasetOption = Annotated[
    Path | None,
    typer.Option(
        "--dataset", envvar="GOLDZONE_DATASET", help="Folder with one folder a language (lexicon.tsv)."
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="How a lexicon file is written: tsv, csv, cmudict, kaldi, mfa, sherpa, ipa-dict or wikipron. "
        "[default: recognised]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
ThreadsOption = Annotated[
    int | None,
    typer.Option(min=1, max=256, help="Threads; all processors by default. Never changes a result."),
]


@dataclass(frozen=True)
class Source:
    """A lexicon, how its words are spelled, and where it is: what `load_source` takes to find it again."""

    lexicon: Lexicon
    settings: LanguageSettings
    name: str
    dataset: str | None = None


def load_source(
    name: str, dataset: Path | None, *, settings: LanguageSettings | None = None, written: str | None = None
) -> Source:
    """Load a lexicon by file name, by language of a dataset folder, or by name of a built-in sample.

    A file is read with the settings that are given, such as those of the words that it belongs to, and in the
    format of that name; as what it was read is told on standard error.

    Raises
    ------
    DataError
        Nothing is known by that name, or it cannot be read.
    """
    from goldzone.data.builtin import builtin_names, load_builtin
    from goldzone.data.formats import format_named
    from goldzone.data.languages import find_languages, load_language
    from goldzone.data.lexicon import read_lexicon
    from goldzone.data.settings import DEFAULT_SETTINGS
    from goldzone.errors import DataError
    from goldzone.validation import nearest

    if Path(name).is_file():
        settings = settings or DEFAULT_SETTINGS
        lexicon = read_lexicon(
            Path(name), settings=settings, format=format_named(written) if written else None
        )
        typer.echo(_read_as(name, lexicon), err=True)
        return Source(lexicon, settings, str(Path(name).resolve()))
    folders = {folder.name: folder for folder in find_languages(dataset)} if dataset else {}
    if name in builtin_names() and name not in folders:
        return Source(load_builtin(name), DEFAULT_SETTINGS, name)
    if dataset is not None:
        lexicon = load_language(dataset, name)  # whose error names similar languages
        return Source(lexicon, folders[name].settings, name, str(dataset.resolve()))
    near = nearest(name.casefold(), builtin_names())
    advice = f"did you mean {near}?" if near else "give a file, or --dataset DIR for a language of it"
    raise DataError(
        f"{name}: is neither a file nor a built-in sample ({', '.join(builtin_names())}); {advice}"
    )


def thread_count(threads: int | None) -> int:
    """Return the threads asked for, or one a processor."""
    if threads is not None:
        return threads
    # A container or a batch system may allow fewer processors than there are.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_as(name: str, lexicon: Lexicon) -> str:
    """Say how a file was read."""
    report = lexicon.report
    said = f"{name}: read as {report.read_as}, {report.rows:,} rows, {len(lexicon):,} words"
    more = report.more_columns
    return said + (f"; further columns of {more:,} rows were left alone" if more else "")
