"""``goldzone phonemize``."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from goldzone.cli.sources import JsonOption, ThreadsOption, thread_count

if TYPE_CHECKING:
    from goldzone.g2p.decoder import Pronunciation

_BLOCK = 1 << 16  # bytes read at most before words are said


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
    stdin = cast("io.BufferedReader", typer.get_binary_stream("stdin"))
    for batch in [words] if words else _arriving(stdin):
        found = phonemizer.phonemize(batch, n_best=n_best, beam=beam, threads=thread_count(threads))
        answers = zip(batch, found, strict=True)
        if as_json:
            lines = [_as_json(word, pronunciations) for word, pronunciations in answers]
        else:
            lines = [row for word, pronunciations in answers for row in _rows(word, pronunciations, n_best)]
        typer.echo("\n".join(lines))  # at once: each call flushes


def _rows(word: str, pronunciations: Sequence[Pronunciation], n_best: int) -> Iterator[str]:
    for pronunciation in pronunciations:
        probability = f"\t{pronunciation.log2_probability:.3f}" if n_best > 1 else ""
        yield f"{word}\t{pronunciation.text}{probability}"


def _as_json(word: str, pronunciations: Sequence[Pronunciation]) -> str:
    ranked = [
        {"ipa": p.text, "segments": list(p.segments), "log2_probability": p.log2_probability}
        for p in pronunciations
    ]
    return json.dumps({"word": word, "pronunciations": ranked}, ensure_ascii=False)


def _arriving(stream: io.BufferedReader) -> Iterator[list[str]]:
    """Read words as they arrive: a file by blocks, a line typed at a terminal at once."""
    rest = b""
    while block := stream.read1(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if words := _words(lines):
            yield words
    if words := _words([rest]):
        yield words


def _words(lines: Iterable[bytes]) -> list[str]:
    """Take words from lines; a byte that is not UTF-8 is a letter that no model knows."""
    words = (line.decode("utf-8", "replace").strip("\ufeff \t\r\n") for line in lines)
    return [word for word in words if word]
