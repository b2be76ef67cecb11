"""``goldzone export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from goldzone.cli.sources import JsonOption
from goldzone.cli.tasks import is_network


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file or a run folder.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .json.zlib (or .json.lzw); replaced if it exists.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Write a model's network as weights that Go programs read.

    The file holds the neurons alone, as the reference's reader wants them; of a phonemizer a context
    committee, then its final neuron. Letters, candidates and templates stay in the model.

    Example: goldzone export runs/slovak slovak.json.zlib
    """
    from goldzone.deep.classifier import NetworkClassifier
    from goldzone.g2p.phonemizer import Phonemizer
    from goldzone.hashtron.weights import write_weights

    network = (
        NetworkClassifier.load(model).model.network
        if is_network(model)
        else Phonemizer.load(model).model.committee.network(for_go=True)
    )
    write_weights(file, network)
    neurons = network.architecture.n_neurons
    size = file.stat().st_size
    if as_json:
        typer.echo(json.dumps({"model": str(model), "file": str(file), "neurons": neurons, "bytes": size}))
        return
    typer.echo(f"{file}: {neurons:,} neurons, {size:,} bytes")
