"""``goldzone evaluate``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from goldzone.cli.sources import DatasetOption, JsonOption, ThreadsOption, load_source, thread_count
from goldzone.cli.tasks import is_network

if TYPE_CHECKING:
    from goldzone.g2p.error_kinds import Errors
    from goldzone.g2p.evaluation import Diagnosis

_EXAMPLES: Final = 3
_CONFUSIONS: Final = 10
"""Words out of reach, and confusions, that are shown on the screen."""

_MORE_EXAMPLES: Final = 20
_MORE_CONFUSIONS: Final = 100
"""The same in JSON."""


class Part(StrEnum):
    """Examples to score."""

    TEST = "test"
    DEV = "dev"
    TRAIN = "train"
    ALL = "all"


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="LANGUAGE|FILE",
            help="A lexicon file, a language of --dataset, or a built-in sample; for a network of plain "
            "samples, a file of samples.",
        ),
    ],
    dataset: DatasetOption = None,
    part: Annotated[
        Part,
        typer.Option(help="Which words or samples; training never used those of the test part."),
    ] = Part.TEST,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score a model: words right, and what the errors are.

    With 95 % confidence intervals (bootstrap over words). By default on the words that training set aside.
    Words out of reach are those that no path through the model's candidates says right. Errors are counted by
    kind, as edits and as words that have no other; the most frequent are listed with an example.
    For a network of plain samples: the share of samples right.

    Example: goldzone evaluate runs/slovak slovak
    """
    if is_network(model):
        _evaluate_network(model, Path(source), part, threads=thread_count(threads), as_json=as_json)
        return
    from goldzone.cli.display import print_table
    from goldzone.data.split import split_lexicon
    from goldzone.errors import DataError
    from goldzone.g2p.phonemizer import Phonemizer

    phonemizer = Phonemizer.load(model)
    lexicon = load_source(source, dataset).lexicon
    if part is not Part.ALL:
        fractions = phonemizer.model.trained_with().data.fractions
        lexicon = getattr(split_lexicon(lexicon, fractions), part.value)
    if not lexicon.entries:
        raise DataError(f"{source}: has no words in its {part.value} part; use --part all")
    found = phonemizer.diagnose(lexicon, threads=thread_count(threads))
    if as_json:
        measured = found.to_json(examples=_MORE_EXAMPLES, confusions=_MORE_CONFUSIONS)
        typer.echo(json.dumps({"model": str(model), "lexicon": lexicon.name, "part": part.value, **measured}))
        return
    print_table(f"{model} on {lexicon.name}, {part.value} words", _score_rows(found))
    if found.errors.words:
        _print_errors(found.errors, found.scores.words)


def _score_rows(found: Diagnosis) -> list[tuple[str, str]]:
    scores = found.scores
    wer, per = scores.word_error_interval, scores.phoneme_error_interval
    out_of_reach = f"{len(found.out_of_reach):,}"
    if found.out_of_reach:
        some = [f"{entry.word} ({''.join(entry.pronunciations[0])})" for entry in found.out_of_reach]
        out_of_reach += f" ({found.share_out_of_reach:.1%}), such as {', '.join(some[:_EXAMPLES])}"
    return [
        ("words", f"{scores.words:,}"),
        ("words right", f"{scores.word_accuracy:.1%}"),
        ("word error rate", f"{scores.word_error:.1%} (95 %: {wer.low:.1%} to {wer.high:.1%})"),
        ("phoneme error rate", f"{scores.phoneme_error:.1%} (95 %: {per.low:.1%} to {per.high:.1%})"),
        ("out of reach", out_of_reach),
    ]


def _print_errors(errors: Errors, n_words: int) -> None:
    """Print the kinds of errors, the most frequent first, and the most frequent confusions."""
    from rich.markup import escape
    from rich.table import Table

    from goldzone.cli.display import print_titled

    kinds = Table()
    kinds.add_column("kind", no_wrap=True)
    for name in ("edits", "of edits", "words", "only this", "of all"):
        kinds.add_column(name, justify="right")
    for kind, count in sorted(errors.kinds.items(), key=lambda pair: -pair[1].edits):
        if count.edits:
            edits = (f"{count.edits:,}", f"{count.edits / errors.edits:.1%}", f"{count.words:,}")
            kinds.add_row(kind.in_words, *edits, f"{count.words_only:,}", f"{count.words_only / n_words:.1%}")
    several = errors.words_of_several_kinds
    kinds.add_row("several kinds", "", "", f"{several:,}", "", f"{several / n_words:.1%}")
    print_titled(f"{errors.words:,} of {n_words:,} words wrong, by {errors.edits:,} edits", kinds)

    confusions = Table("said", "should be")
    confusions.add_column("times", justify="right")
    confusions.add_column("for example", overflow="fold")
    for found in errors.confusions[:_CONFUSIONS]:
        said, should_be = (escape(segment) or "(nothing)" for segment in (found.said, found.should_be))
        confusions.add_row(said, should_be, f"{found.times:,}", escape(found.word))
    print_titled("most frequent", confusions)


def _evaluate_network(model: Path, source: Path, part: Part, *, threads: int, as_json: bool) -> None:
    from goldzone.cli.display import print_table
    from goldzone.deep.classifier import NetworkClassifier
    from goldzone.deep.samples import read_samples, split_samples
    from goldzone.deep.task import evaluate_network
    from goldzone.errors import DataError

    trained = NetworkClassifier.load(model).model
    samples = read_samples(source)
    if part is not Part.ALL:
        samples = getattr(split_samples(samples, trained.config.data.fractions), part.value)
    result = evaluate_network(trained.network, samples, threads)
    if result is None:
        raise DataError(f"{source}: has no samples in its {part.value} part; use --part all")
    if as_json:
        facts = {"model": str(model), "samples": result.examples, "part": part.value}
        measured = {"accuracy": result.score, "accuracy_interval": result.interval, **result.metrics}
        typer.echo(json.dumps({**facts, **measured}))
        return
    low, high = result.interval or (0.0, 1.0)
    print_table(
        f"{model} on {source}, {part.value} samples",
        [
            ("samples", f"{result.examples:,}"),
            ("samples right", f"{result.score:.1%} (95 %: {low:.1%} to {high:.1%})"),
            ("mean over the labels", f"{result.metrics['balanced_accuracy']:.1%}"),
            ("commonest label", f"{result.metrics['majority']:.1%} of the samples"),
        ],
    )
