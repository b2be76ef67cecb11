"""``goldzone evaluate``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.sources import DatasetOption, JsonOption, ThreadsOption, load_source, thread_count
from goldzone.cli.tasks import is_network


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
    """Score a model: word and phoneme error rates.

    With 95 % confidence intervals (bootstrap over words). By default on the words that training set aside.
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
    scores = phonemizer.evaluate(lexicon, threads=thread_count(threads))
    if as_json:
        typer.echo(
            json.dumps({"model": str(model), "lexicon": lexicon.name, "part": part.value, **scores.to_json()})
        )
        return
    wer, per = scores.word_error_interval, scores.phoneme_error_interval
    print_table(
        f"{model} on {lexicon.name}, {part.value} words",
        [
            ("words", f"{scores.words:,}"),
            ("words right", f"{scores.word_accuracy:.1%}"),
            ("word error rate", f"{scores.word_error:.1%} (95 %: {wer.low:.1%} to {wer.high:.1%})"),
            ("phoneme error rate", f"{scores.phoneme_error:.1%} (95 %: {per.low:.1%} to {per.high:.1%})"),
        ],
    )


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
