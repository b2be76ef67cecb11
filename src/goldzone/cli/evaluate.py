"""``goldzone evaluate``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.judged import Judged, JudgedModel, is_predictions, open_judged
from goldzone.cli.sources import (
    DatasetOption,
    FormatOption,
    JsonOption,
    ThreadsOption,
    load_source,
    thread_count,
)
from goldzone.cli.tasks import is_network
from goldzone.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldzone.data.lexicon import Lexicon
    from goldzone.g2p.comparison import Comparison
    from goldzone.g2p.error_kinds import Errors
    from goldzone.g2p.evaluation import Diagnosis

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
    model: Annotated[
        Path,
        typer.Argument(
            help="A model file, a run folder, REGISTRY/LANGUAGE@ALIAS, or a file of what any program said of "
            "the words."
        ),
    ],
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
            "[default: new; of samples, test; of a file of what was said, all]",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="OTHER", help="Compare on the same words: a model, or what any program said."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Write all of it as a page with pictures, too.",
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

    In place of a model, rows of a word, a tab and its pronunciation are judged, from whatever program.

    Example: goldzone evaluate runs/slovak slovak --html slovak.html

    Example: goldzone evaluate runs/mine test.tsv --against said_by_another.tsv
    """
    from goldzone.cli.registry import registry_path
    from goldzone.training.runs.model_files import judged_model_file

    model, against = registry_path(model), registry_path(against) if against else None
    if not is_predictions(model) and is_network(file := judged_model_file(model)):
        _evaluate_network(file, Path(source), part, threads=thread_count(threads), as_json=as_json)
        return
    from goldzone.cli.display import print_table
    from goldzone.g2p.comparison import compare

    judged, other = open_judged(model), open_judged(against) if against else None
    words = load_source(source, dataset, settings=judged.settings, written=written).lexicon
    taken = part or (Part.NEW if isinstance(judged, JudgedModel) else Part.ALL)
    lexicon = _chosen(words, taken, judged, other)
    left_out = len(words) - len(lexicon)
    found = judged.diagnose(lexicon, threads=thread_count(threads))
    rival = other.diagnose(lexicon, threads=thread_count(threads)) if other else None
    comparison = compare(found.said, rival.said) if rival else None
    title = f"{model} on {lexicon.name}, {taken.value} words"
    if html is not None:
        from goldzone.cli.evaluation_page import evaluation_page
        from goldzone.storage.files import write_atomically

        page = evaluation_page(title, found, comparison, str(against))
        write_atomically(html, page.encode(), error=DataError)
    lacking = {str(each.path): each.lacking(lexicon) for each in (judged, other) if each}
    if as_json:
        measured = found.to_json(examples=_MORE_EXAMPLES, confusions=_MORE_CONFUSIONS)
        about = {"model": str(model), "lexicon": lexicon.name, "part": taken.value, "left_out": left_out}
        more = {"against": {"model": str(against), **comparison.to_json()}} if comparison else {}
        typer.echo(json.dumps({**about, "lacking": lacking, **measured, **more}))
        return
    rows = _score_rows(found)
    if left_out:
        rows.insert(1, ("left out", f"{left_out:,} {_LEFT_OUT[taken]}"))
    rows += [
        ("not said", f"{count:,} words are not in {name}, and count as wrong")
        for name, count in lacking.items()
        if count
    ]
    print_table(title, rows)
    if found.errors.words:
        _print_errors(found.errors, found.scores.words)
    if comparison:
        print_table(f"beside {against}", _comparison_rows(comparison, str(against)))
    if html is not None:
        typer.echo(f"{html}: the same with pictures", err=True)


def _chosen(lexicon: Lexicon, part: Part, judged: Judged, other: Judged | None) -> Lexicon:
    """Take the words of a part; new ones are new to both."""
    from goldzone.data.split import without_known

    if part is Part.ALL:
        return lexicon
    chosen = lexicon
    if part is Part.NEW:
        for each in (judged, other):
            if isinstance(each, JudgedModel):
                chosen = without_known(chosen, each.met(lexicon))
    elif isinstance(judged, JudgedModel):
        chosen = judged.part(lexicon, part.value)
    else:
        raise DataError(f"--part {part.value}: is for models; {judged.path} holds what was said, not a model")
    if not chosen.entries:
        wanted = "word that is new to the model" if part is Part.NEW else f"word in its {part.value} part"
        raise DataError(f"{lexicon.name}: has no {wanted}; use --part all")
    return chosen


def _comparison_rows(found: Comparison, other: str) -> list[tuple[str, str]]:
    doubt = "" if found.beyond_doubt else "; may be chance"
    low, high = found.interval.low, found.interval.high
    return [
        ("words", f"{found.words:,}, the same for both"),
        ("word error rate", f"{found.first:.1%}; of {other} {found.second:.1%}"),
        ("difference", f"{found.difference:+.1%} (95 %: {low:+.1%} to {high:+.1%}{doubt})"),
        ("right here only", _some_words(found.only_first)),
        ("right there only", _some_words(found.only_second)),
    ]


def _some_words(words: Sequence[str]) -> str:
    return f"{len(words):,}" + (f", such as {', '.join(words[:_EXAMPLES])}" if words else "")


def _score_rows(found: Diagnosis) -> list[tuple[str, str]]:
    scores = found.scores
    wer, per = scores.word_error_interval, scores.phoneme_error_interval
    out_of_reach = f"{len(found.out_of_reach):,}"
    if found.out_of_reach:
        some = [f"{entry.word} ({''.join(entry.pronunciations[0])})" for entry in found.out_of_reach]
        out_of_reach += f" ({found.share_out_of_reach:.1%}), such as {', '.join(some[:_EXAMPLES])}"
    rows = [
        ("words", f"{scores.words:,}"),
        ("words right", f"{scores.word_accuracy:.1%}"),
        ("word error rate", f"{scores.word_error:.1%} (95 %: {wer.low:.1%} to {wer.high:.1%})"),
        ("phoneme error rate", f"{scores.phoneme_error:.1%} (95 %: {per.low:.1%} to {per.high:.1%})"),
    ]
    if found.confidence:
        rows.append(("out of reach", out_of_reach))
        rows.append(("confidence", f"expects {found.expected:.1%} of the words to be right"))
    return rows


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
