"""``goldzone lexicon``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import JsonOption, ThreadsOption, thread_count
from goldzone.g2p.dictionaries import Dictionary, DictionaryWriter


def lexicon(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    text: Annotated[Path, typer.Argument(metavar="WORDS|TEXT", help="Words, or a text that holds them.")],
    oov_of: Annotated[
        Path | None,
        typer.Option(metavar="DICTIONARY", help="Leave out the words that this dictionary has."),
    ] = None,
    output: Annotated[Dictionary, typer.Option("--format", help="Whose dictionary it is.")] = Dictionary.MFA,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="File; standard output by default.",
        ),
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The tool's list of phones: the first column counts.")
    ] = None,
    n_best: Annotated[int, typer.Option("--n-best", min=1, max=64, help="Pronunciations a word.")] = 1,
    mass: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="List pronunciations until they have this probability.")
    ] = 1.0,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write them (Kaldi, MFA): 1 for the most probable.")
    ] = False,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a dictionary of the words that another one lacks.

    Takes each word of a list or a text once, the most frequent first. How many were known, and which cannot
    be said because the model has never seen their letters, is told on standard error.

    Example: goldzone lexicon runs/english corpus.txt --oov-of english.dict --format mfa --out new.dict
    """
    from goldzone.data.lexicon import read_lexicon
    from goldzone.data.text_lines import file_lines
    from goldzone.g2p.new_words import new_words, refuse_foreign_phones, words_of
    from goldzone.g2p.phonemizer import Phonemizer

    phonemizer = Phonemizer.load(model)
    settings = phonemizer.model.settings
    counts = words_of(file_lines(text), lower=settings.lower)
    known = [entry.word for entry in read_lexicon(oov_of, settings=settings)] if oov_of else []
    found = new_words(counts, known, phonemizer, n_best=n_best, mass=mass, threads=thread_count(threads))
    if tokens is not None:
        phones = [line.split()[0] for line in file_lines(tokens) if line.strip()]
        refuse_foreign_phones(found.answers, phones, str(tokens))
    writer = DictionaryWriter(output, probabilities=probabilities)
    lines = [line for answer in found.answers for line in writer.lines(answer)]
    content = "".join(f"{line}\n" for line in lines)
    if out is not None:
        from goldzone.errors import DataError
        from goldzone.storage.files import write_atomically

        write_atomically(out, content.encode(), error=DataError)
    elif not as_json:
        typer.echo(content, nl=False)
    facts = {"words": len(counts), "known": found.known, "new": len(found.answers)}
    if as_json:
        typer.echo(
            json.dumps({**facts, "unsayable": list(found.unsayable), "file": str(out) if out else None})
        )
        return
    said = f"{facts['words']:,} words, {facts['known']:,} known, {facts['new']:,} written"
    if found.unsayable:
        some = ", ".join(found.unsayable[:5])
        said += f"; {len(found.unsayable):,} left out, whose letters the model has never seen: {some}"
    typer.echo(said, err=True)
    if writer.summary:
        typer.echo(f"warning: {writer.summary}", err=True)
