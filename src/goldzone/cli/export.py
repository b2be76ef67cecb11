"""``goldzone export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.sources import JsonOption


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file or a run folder.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .json.zlib (or .json.lzw); replaced if it exists.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Write a model's network as weights that Go programs read.

    The file holds the neurons alone, as the reference's reader wants them: a context committee, then its
    final neuron. Letters, candidates and templates stay in the model.

    Example: goldzone export runs/slovak slovak.json.zlib
    """
    from goldzone.g2p.phonemizer import Phonemizer

    phonemizer = Phonemizer.load(model)
    phonemizer.export_weights(file)
    neurons = len(phonemizer.model.committee.tables) + 1
    size = file.stat().st_size
    if as_json:
        typer.echo(json.dumps({"model": str(model), "file": str(file), "neurons": neurons, "bytes": size}))
        return
    typer.echo(f"{file}: {neurons:,} neurons, {size:,} bytes")
