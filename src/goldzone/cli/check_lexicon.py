"""``goldzone check-lexicon``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import (
    DatasetOption,
    FormatOption,
    JsonOption,
    ThreadsOption,
    load_source,
    thread_count,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldzone.data.lexicon import Lexicon
    from goldzone.data.notation import Notation, Segments
    from goldzone.data.settings import LanguageSettings
    from goldzone.g2p.lexicon_check import Suspect, Watched
    from goldzone.hashtron.committee import Committee
    from goldzone.training.config import TrainingConfig
    from goldzone.training.pipeline import Hooks


def check_lexicon(
    source: Annotated[
        str,
        typer.Argument(
            metavar="LANGUAGE|FILE", help="A lexicon file, a language of --dataset, or a built-in sample."
        ),
    ],
    dataset: DatasetOption = None,
    written: FormatOption = None,
    parts: Annotated[int, typer.Option(min=2, max=20, help="Each is judged by a model of the others.")] = 3,
    top: Annotated[int, typer.Option(min=1, help="Entries that are shown.")] = 20,
    patch: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all of them: word, listed, expected, with tabs between."),
    ] = None,
    accept: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take the expected pronunciations of this edited patch instead."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="With --accept: the corrected lexicon; standard output by default.",
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file; every field is optional.")] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find entries of a lexicon that look wrong.

    Each word is judged by a model that has not learnt it. Words of which it expects another pronunciation are
    ranked by how much more probable that one is. Delete from the patch what is right as it stands, and take
    the rest with --accept.

    Example: goldzone check-lexicon slovak --patch patch.tsv

    Example: goldzone check-lexicon slovak --accept patch.tsv --out better.tsv
    """
    words = load_source(source, dataset, written=written)
    if accept is not None:
        _accept(words.lexicon, words.settings, accept, out)
        return
    from goldzone.cli.train import configuration
    from goldzone.g2p.lexicon_check import check_lexicon as find_suspects

    settings = configuration(config, None).training
    found = find_suspects(
        words.lexicon,
        settings,
        parts=parts,
        settings=words.settings,
        threads=thread_count(threads),
        watched=_watching(settings, parts),
    )
    write = words.lexicon.notation.write
    if patch is not None:
        from goldzone.errors import DataError
        from goldzone.storage.files import write_atomically

        lines = (f"{s.word}\t{write(s.listed[0])}\t{write(s.expected)}\n" for s in found)
        write_atomically(patch, "".join(lines).encode(), error=DataError)
    if as_json:
        facts = {"words": len(words.lexicon), "suspects": [suspect.to_json() for suspect in found]}
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    _show(found[:top], len(found), len(words.lexicon), words.lexicon.notation)


def _watching(config: TrainingConfig, parts: int) -> Callable[[int], Watched]:
    """Show each training as `goldzone train` does."""
    from goldzone.cli.display import TrainingDisplay
    from goldzone.training.pipeline import Hooks

    @contextmanager
    def watched(number: int) -> Iterator[Hooks[Committee]]:
        with TrainingDisplay(config, f"part {number + 1} of {parts}: ") as display:
            yield Hooks(on_event=display.on_event)

    return watched


def _show(found: Sequence[Suspect], of: int, words: int, notation: Notation) -> None:
    from rich.markup import escape
    from rich.table import Table

    from goldzone.cli.display import print_titled

    table = Table("word", "listed", "expected", "why")
    table.add_column("odds", justify="right")
    for suspect in found:
        why = ", ".join(f"{e.said or 'nothing'} for {e.should_be or 'nothing'}" for e in suspect.edits)
        listed = " / ".join(map(notation.write, suspect.listed))
        cells = (suspect.word, listed, notation.write(suspect.expected), why)
        table.add_row(*map(escape, cells), f"{suspect.odds:,.0f} : 1")
    print_titled(f"{of:,} of {words:,} words are expected otherwise; the most suspicious first", table)


def _accept(lexicon: Lexicon, settings: LanguageSettings, patch: Path, out: Path | None) -> None:
    """Write a lexicon in which the listed pronunciations of a patch are replaced by the expected ones."""
    from dataclasses import replace
    from unicodedata import normalize

    from goldzone.data.text_lines import file_lines
    from goldzone.errors import DataError
    from goldzone.g2p.dictionaries import written_back
    from goldzone.storage.files import write_atomically

    notation = lexicon.notation
    corrected: dict[tuple[str, str], Segments] = {}
    for number, line in enumerate(file_lines(patch), 1):
        columns = line.split("\t")
        if not line.strip():
            continue
        if len(columns) != 3:
            raise DataError(f"{patch}: line {number} has no three columns; word, listed and expected")
        better = notation.read(columns[2], settings)
        if not better or notation.write(better) != normalize("NFC", columns[2].strip()):
            raise DataError(f"{patch}: line {number}: {columns[2]!r} is no pronunciation of this lexicon")
        corrected[columns[0], columns[1]] = better
    entries, taken = [], 0
    for entry in lexicon.entries:
        said = entry.pronunciations
        now = [corrected.get((entry.word, notation.write(each)), each) for each in said]
        taken += sum(old != new for old, new in zip(said, now, strict=True))
        entries.append(replace(entry, pronunciations=tuple(dict.fromkeys(now))))
    lines = (f"{line}\n" for line in written_back(replace(lexicon, entries=tuple(entries))))
    if out is not None:
        write_atomically(out, "".join(lines).encode(), error=DataError)
    else:
        typer.echo("".join(lines), nl=False)
    typer.echo(f"{taken:,} of {len(corrected):,} corrections taken", err=True)
