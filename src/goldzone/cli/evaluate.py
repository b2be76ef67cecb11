"""``goldzone evaluate``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from goldzone.cli.sources import (
    DatasetOption,
    FormatOption,
    JsonOption,
    ThreadsOption,
    load_source,
    thread_count,
)
from goldzone.cli.tasks import is_network

if TYPE_CHECKING:
    from goldzone.data.lexicon import Lexicon
    from goldzone.g2p.error_kinds import Errors
    from goldzone.g2p.evaluation import Diagnosis
    from goldzone.g2p.model import G2PModel

_EXAMPLES: Final = 3
_CONFUSIONS: Final = 10
"""Words out of reach, and confusions, that are shown on the screen."""

_MORE_EXAMPLES: Final = 20
_MORE_CONFUSIONS: Final = 100
"""The same in JSON."""


_LEFT_OUT: Final = {
    "new": "that the model has met, or may have (--part all scores them too)",
    **dict.fromkeys(("test", "dev", "train"), "of other parts"),
}


class Part(StrEnum):
    """Examples to score."""

    NEW = "new"
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
    written: FormatOption = None,
    part: Annotated[
        Part | None,
        typer.Option(
            help="Which words or samples: those that are new to the model, or the parts of training's split. "
            "[default: new; of samples, test]",
            show_default=False,
        ),
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score a model: words right, and what the errors are.

    With 95 % confidence intervals (bootstrap over words). By default on all words that the model has not met
    in training; of a run folder, that model is judged that has not met the held-out words.
    Words out of reach are those that no path through the model's candidates says right. Errors are counted by
    kind, as edits and as words that have no other; the most frequent are listed with an example.
    For a network of plain samples: the share of samples right.

    Example: goldzone evaluate runs/slovak slovak
    """
    from goldzone.training.runs.run_folder import judged_model_file

    file = judged_model_file(model)
    if is_network(file):
        _evaluate_network(file, Path(source), part, threads=thread_count(threads), as_json=as_json)
        return
    from goldzone.cli.display import print_table
    from goldzone.g2p.phonemizer import Phonemizer

    phonemizer = Phonemizer.load(file)
    words = load_source(source, dataset, settings=phonemizer.model.settings, written=written).lexicon
    judged = part or Part.NEW
    lexicon = _chosen(words, judged, phonemizer.model, file)
    left_out = len(words) - len(lexicon)
    found = phonemizer.diagnose(lexicon, threads=thread_count(threads))
    if as_json:
        measured = found.to_json(examples=_MORE_EXAMPLES, confusions=_MORE_CONFUSIONS)
        about = {"model": str(model), "lexicon": lexicon.name, "part": judged.value, "left_out": left_out}
        typer.echo(json.dumps({**about, **measured}))
        return
    rows = _score_rows(found)
    if left_out:
        rows.insert(1, ("left out", f"{left_out:,} {_LEFT_OUT[judged]}"))
    print_table(f"{model} on {lexicon.name}, {judged.value} words", rows)
    if found.errors.words:
        _print_errors(found.errors, found.scores.words)


def _chosen(lexicon: Lexicon, part: Part, model: G2PModel, file: Path) -> Lexicon:
    """Take the words of a part."""
    from goldzone.data.split import split_lexicon, without_known, word_keys
    from goldzone.errors import DataError
    from goldzone.g2p.known_words import read_known_words

    if part is Part.ALL:
        return lexicon
    known = read_known_words(file) if part is Part.NEW else None
    if known is not None:
        chosen = without_known(lexicon, known)
    else:
        if part is Part.NEW and "judged" in model.about:
            raise DataError(f"{file}: was trained on all words, and does not tell which; use --part all")
        split = split_lexicon(lexicon, model.trained_with().data.fractions)
        # A model file alone does not tell which words it has met: a hash tells which it cannot have.
        held_out = word_keys(split.train)
        chosen = without_known(lexicon, held_out) if part is Part.NEW else getattr(split, part.value)
    if not chosen.entries:
        wanted = "word that is new to the model" if part is Part.NEW else f"word in its {part.value} part"
        raise DataError(f"{lexicon.name}: has no {wanted}; use --part all")
    return chosen


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
        ("confidence", f"expects {found.expected:.1%} of the words to be right"),
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


def _evaluate_network(model: Path, source: Path, wanted: Part | None, *, threads: int, as_json: bool) -> None:
    from goldzone.cli.display import print_table
    from goldzone.deep.classifier import NetworkClassifier
    from goldzone.deep.samples import read_samples, split_samples
    from goldzone.deep.task import evaluate_network
    from goldzone.errors import DataError

    part = Part.TEST if wanted in {None, Part.NEW} else wanted
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
