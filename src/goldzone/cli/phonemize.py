"""``goldzone phonemize``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from goldzone.cli.sources import JsonOption, ThreadsOption, thread_count
from goldzone.data.text_lines import text_lines
from goldzone.g2p.dictionaries import Dictionary, DictionaryWriter

if TYPE_CHECKING:
    from goldzone.data.notation import Segments
    from goldzone.data.settings import LanguageSettings
    from goldzone.g2p.homograph_model import HomographModel
    from goldzone.g2p.model import G2PModel
    from goldzone.g2p.transcriber import SaidLine

_BLOCK = 1 << 16  # bytes read at most before words are said


_FORMATS = ("pairs", "text", "tsv", "json", *Dictionary)


def _known_format(name: str) -> str:
    if name not in _FORMATS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(_FORMATS)}")
    return name


class UnknownLetters(StrEnum):
    """What becomes of letters that the model has never seen."""

    KEEP = "keep"
    DROP = "drop"
    FAIL = "fail"


class Punctuation(StrEnum):
    """What becomes of the signs between words."""

    KEEP = "keep"
    DROP = "drop"


def phonemize(
    model: Annotated[Path, typer.Argument(help="A model file, a run folder, or REGISTRY/LANGUAGE@ALIAS.")],
    words: Annotated[
        list[str] | None, typer.Argument(help="Words or texts; standard input, line by line, when none.")
    ] = None,
    n_best: Annotated[int, typer.Option("--n-best", min=1, max=64, help="Pronunciations a word.")] = 1,
    output: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(_FORMATS),
            callback=_known_format,
            help="pairs: each line and how it is said; text: only how; tsv, json: all that is known of each "
            "word; or a dictionary for Kaldi, MFA, sherpa-onnx, CMUdict.",
        ),
    ] = "pairs",
    unknown: Annotated[
        UnknownLetters,
        typer.Option(help="Letters that the model has never seen: leave them out, keep them, or fail."),
    ] = UnknownLetters.DROP,
    overrides: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Lexicon that counts more than the model.")
    ] = None,
    homographs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Readings chosen by their line, as goldzone homographs made it."),
    ] = None,
    numbers: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGE", help="Read digits as numbers of this language, such as sk or pt_BR."
        ),
    ] = None,
    word_separator: Annotated[str, typer.Option(help="What is written between words.")] = " ",
    separator: Annotated[
        str | None, typer.Option(help="What is written between sounds; the lexicon's way by default.")
    ] = None,
    punctuation: Annotated[
        Punctuation, typer.Option(help="Signs between words, with --format text.")
    ] = Punctuation.DROP,
    whole_lines: Annotated[
        bool, typer.Option("--whole-lines", help="A line is one entry, with its blanks and signs.")
    ] = False,
    beam: Annotated[
        int | None, typer.Option(min=1, max=64, help="Partial pronunciations kept by the search.")
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say words and sentences with a model.

    Writes a line for each line: the text, a tab, and how it is said. With --n-best a word with each of its
    pronunciations and the log2 of their probability. Signs around a word never change its sound. Of an input
    line with tabs the first column is read. In a text, [word](/sounds/) says a word as you like.

    Of --overrides, abbreviations and phrases (z.B., New York) are found in a text too.

    Letters that the model has never seen (digits, signs, other scripts) are counted on standard error.

    Example: goldzone phonemize runs/slovak voda mesto

    Example: goldzone phonemize runs/slovak --format mfa < words.txt > dictionary.dict
    """
    from goldzone.cli.registry import registry_path
    from goldzone.g2p.expansions import numbers_in
    from goldzone.g2p.known_words import keys_to_cut_by
    from goldzone.g2p.model import read_model
    from goldzone.g2p.phonemizer import Phonemizer
    from goldzone.g2p.transcriber import Transcriber
    from goldzone.training.runs.model_files import model_file

    file = model_file(registry_path(model))
    loaded, _ = read_model(file)
    transcriber = Transcriber(
        Phonemizer(
            loaded,
            overrides=_listed(overrides, loaded.settings) if overrides else None,
            word_keys=keys_to_cut_by(file, loaded),
        ),
        n_best=n_best,
        beam=beam,
        separator=separator,
        whole_lines=whole_lines,
        unknown=unknown.value,
        homographs=_homographs(homographs, loaded) if homographs else None,
        expansions=[numbers_in(numbers)] if numbers else [],
        threads=thread_count(threads),
    )
    chosen = "json" if as_json else output
    dictionary = DictionaryWriter(Dictionary(chosen)) if chosen in [*Dictionary] else None
    write = _writer(dictionary or chosen, n_best, word_separator, keep=punctuation is Punctuation.KEEP)
    stdin = _FirstColumns(cast("io.BufferedReader", typer.get_binary_stream("stdin")))
    for batch in [words] if words else stdin:
        lines = [line for said in transcriber.say(batch) for line in write(said)]
        if lines:
            typer.echo("\n".join(lines))  # at once: each call flushes
    for told in (transcriber.summary, stdin.summary, dictionary.summary if dictionary else ""):
        if told:
            typer.echo(f"warning: {told}", err=True)


def _homographs(path: Path, model: G2PModel) -> HomographModel:
    """Read homographs; tell of readings that the model could never say."""
    from goldzone.g2p.homograph_model import read_homographs

    found = read_homographs(path)
    never = {
        segment
        for readings in found.readings.values()
        for reading in readings
        for segment in reading
        if segment not in model.segments
    }
    if never:
        some = ", ".join(sorted(never)[:5])
        typer.echo(
            f"warning: {path}: has {len(never)} sounds that the model never says ({some}); "
            "write its readings as the model's lexicon does",
            err=True,
        )
    return found


def _listed(path: Path, settings: LanguageSettings) -> dict[str, tuple[Segments, ...]]:
    from goldzone.data.lexicon import read_lexicon

    return {entry.word: entry.pronunciations for entry in read_lexicon(path, settings=settings)}


def _writer(
    output: str | DictionaryWriter, n_best: int, between_words: str, *, keep: bool
) -> Callable[[SaidLine], Iterable[str]]:
    from goldzone.g2p.writers import as_json, as_rows, dumps

    if isinstance(output, DictionaryWriter):
        return lambda said: [line for answer in said.answers for line in output.lines(answer)]
    if output == "json":
        return lambda said: [dumps(as_json(answer, said.number)) for answer in said.answers]
    if output == "tsv":
        return lambda said: [row for answer in said.answers for row in as_rows(answer)]
    if output == "text":
        return lambda said: [said.written(between_words, punctuation=keep)]
    if n_best > 1:
        return lambda said: [
            f"{answer.word}\t{found.text}\t{found.log2_probability:.3f}"
            for answer in said.answers
            for found in answer.pronunciations
        ]
    return lambda said: [
        f"{said.text}\t{said.written(between_words, punctuation=False)}" if said.text else ""
    ]


class _FirstColumns:
    """Lines as they arrive, a file by blocks, a line typed at a terminal at once; columns are counted."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._columns = 0

    def __iter__(self) -> Iterator[list[str]]:
        blocks = iter(lambda: self._stream.read1(_BLOCK), b"")
        for lines in text_lines(blocks, "standard input"):
            yield list(map(self._first, lines))

    @property
    def summary(self) -> str:
        """What was passed over; empty: nothing."""
        n = self._columns
        lines = "1 line has" if n == 1 else f"{n:,} lines have"
        return f"{lines} further columns, which are not read" if n else ""

    def _first(self, line: str) -> str:
        text, tab, _ = line.strip(" \t").partition("\t")
        self._columns += bool(tab)
        return text.strip()
