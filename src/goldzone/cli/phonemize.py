"""``goldzone phonemize``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.sources import JsonOption, ThreadsOption, thread_count

_BATCH = 1000


def phonemize(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    words: Annotated[
        list[str] | None, typer.Argument(help="Words; standard input, one a line, when none.")
    ] = None,
    n_best: Annotated[int, typer.Option("--n-best", min=1, max=64, help="Pronunciations a word.")] = 1,
    beam: Annotated[
        int | None, typer.Option(min=1, max=64, help="Partial pronunciations kept by the search.")
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say words with a model.

    Prints a word, its pronunciation and (with --n-best) the log2 of its probability, separated by tabs.

    Example: goldzone phonemize runs/slovak voda mesto
    """
    from goldzone.g2p.phonemizer import Phonemizer

    phonemizer = Phonemizer.load(model)
    typed = not words and sys.stdin.isatty()  # then every line is answered at once
    for batch in _batches(words or _lines(typer.get_binary_stream("stdin")), 1 if typed else _BATCH):
        found = phonemizer.phonemize(batch, n_best=n_best, beam=beam, threads=thread_count(threads))
        for word, pronunciations in zip(batch, found, strict=True):
            if as_json:
                ranked = [
                    {"ipa": p.text, "segments": list(p.segments), "log2_probability": p.log2_probability}
                    for p in pronunciations
                ]
                typer.echo(json.dumps({"word": word, "pronunciations": ranked}, ensure_ascii=False))
                continue
            for pronunciation in pronunciations:
                probability = f"\t{pronunciation.log2_probability:.3f}" if n_best > 1 else ""
                typer.echo(f"{word}\t{pronunciation.text}{probability}")


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Read words; a byte that is not UTF-8 is a letter that no model knows."""
    for line in stream:
        if word := line.decode("utf-8", "replace").strip("\ufeff \t\r\n"):
            yield word


def _batches(words: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(words)
    while batch := list(islice(iterator, size)):
        yield batch
