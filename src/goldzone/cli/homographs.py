"""``goldzone homographs``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.output import screen
from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldzone.data.homographs import HomographSample
    from goldzone.g2p.homograph_model import HomographModel

_SHOWN = 10


def homographs(
    sentences: Annotated[
        Path,
        typer.Argument(
            metavar="SENTENCES",
            help="Rows of a sentence, a tab, and a field for each word: its pronunciation, or _.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Model; NAME.homographs by default.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 32) - 1, help="Another seed, another model.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Learn which reading of a word its sentence asks for.

    A tenth of the sentences is set aside (by hash, another tenth is left for choices of your own): on it the
    model is compared with always taking a word's commonest reading. In the end all sentences are learnt.

    Example: goldzone homographs english.tsv --out english.homographs

    Example: goldzone phonemize runs/english --homographs english.homographs "I read it"
    """
    from goldzone.cli.display import print_table
    from goldzone.data.homographs import homograph_samples, homograph_table, read_sentences, split_sentences
    from goldzone.g2p.homograph_model import write_homographs
    from goldzone.g2p.homographs_judged import judge_homographs

    file = read_sentences(sentences)
    typer.echo(f"{sentences}: {file.report.summary()}", err=True)
    split = split_sentences(file.sentences)
    table = homograph_table(split.train)
    judged = judge_homographs(
        _trained(homograph_samples(split.train, table), seed, "1 of 2"), homograph_samples(split.test, table)
    )
    everything = homograph_samples(file.sentences, homograph_table(file.sentences))
    model = _trained(everything, seed, "2 of 2")
    model.about["held_out"] = judged.to_json()
    path = out or Path(f"{file.name}.homographs")
    digest = write_homographs(path, model)
    facts = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "sentences": len(file.sentences),
        "words": len(model.readings),
        "held_out": judged.to_json(),
        "sha256": digest,
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    rows = [("words with several readings", f"{len(model.readings):,} in {len(file.sentences):,} sentences")]
    if judged.samples:
        rows += [
            ("held-out readings right", f"{judged.right:.1%} of {judged.samples:,}"),
            ("commonest reading right", f"{judged.majority:.1%}"),
            ("better by", f"{100 * judged.gain:.1f} ± {100 * judged.gain_error:.1f} points (95 %)"),
            ("most often wrong", ", ".join(f"{word} ({n})" for word, n in judged.wrong[:_SHOWN]) or "none"),
        ]
    else:
        rows.append(("held-out readings", "none: too few sentences to judge"))
    rows += [("model", f"{path} ({facts['bytes']:,} bytes)"), ("SHA-256", f"{digest[:16]}...")]
    print_table(file.name, rows)


def _trained(samples: Sequence[HomographSample], seed: int, title: str) -> HomographModel:
    """Train with a progress bar."""
    from rich.progress import Progress

    from goldzone.g2p.homograph_trainer import train_homographs

    console = screen(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task(f"learning, {title}", total=None)
        return train_homographs(
            samples,
            seed=seed,
            on_sweep=lambda done, total: progress.update(bar, completed=done, total=total),
        )
