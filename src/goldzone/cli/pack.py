"""``goldzone pack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

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


def pack(
    model: Annotated[Path, typer.Argument(help="A run folder, or a model file.")],
    lexicon: Annotated[
        str | None,
        typer.Argument(
            metavar="[LANGUAGE|FILE]",
            help="Words that must come out as they are listed; those of the run by default.",
        ),
    ] = None,
    dataset: DatasetOption = None,
    written: FormatOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="FILE",
            help="Packed model; NAME.goldzone by default.",
        ),
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pack a model with the words that it says wrong.

    One file is both: every word of the lexicon comes out as the lexicon has it, and new words as the model
    says them. `goldzone phonemize` takes the file like any model, and tells where each answer comes from.

    Example: goldzone pack runs/slovak --out slovak.goldzone
    """
    from goldzone.cli.display import print_table
    from goldzone.errors import StateError
    from goldzone.fleet.plan import run_folder_name
    from goldzone.g2p.model import read_model, write_model
    from goldzone.g2p.packing import pack_model
    from goldzone.training.runs.model_files import model_file
    from goldzone.training.runs.run_folder import RunFolder

    source = RunFolder.open(model).source if model.is_dir() else None
    name = lexicon or (source.name if source else None)
    if name is None:
        raise StateError(f"{model}: does not say where its words come from; name the lexicon")
    if dataset is None and source is not None and source.dataset:
        dataset = Path(source.dataset)
    loaded, _ = read_model(model_file(model))
    names, written = [name], written or (source.format if source else None)
    if lexicon is None and source is not None:
        names += [part for part in (source.dev, source.test) if part]
    listed = {
        entry.word: entry
        for each in reversed(names)
        for entry in load_source(each, dataset, settings=loaded.settings, written=written).lexicon
    }
    packed = pack_model(loaded, list(listed.values()), threads=thread_count(threads))
    path = out or Path(f"{run_folder_name(loaded.name)}.goldzone")
    digest = write_model(path, packed)
    facts = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "model_bytes": model_file(model).stat().st_size,
        "words": len(listed),
        "exceptions": len(packed.exceptions),
        "sha256": digest,
    }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    print_table(
        loaded.name,
        [
            ("words", f"{len(listed):,}, each as the lexicon has it"),
            ("exceptions", f"{len(packed.exceptions):,} that the model says otherwise"),
            ("file", f"{path} ({facts['bytes']:,} bytes; the model alone {facts['model_bytes']:,})"),
            ("SHA-256", f"{digest[:16]}..."),
        ],
    )
