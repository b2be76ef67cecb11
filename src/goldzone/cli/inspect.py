"""``goldzone inspect``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.sources import JsonOption
from goldzone.cli.tasks import is_network

if TYPE_CHECKING:
    from goldzone.hashtron.neuron import BitTable, GradedTable


def inspect(
    path: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    as_json: JsonOption = False,
) -> None:
    """Show what is in a model, and how its run went.

    Example: goldzone inspect runs/slovak
    """
    from goldzone.cli.display import percent, print_table

    facts = _facts(path)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    print_table(str(path), _rows(facts["model"]))
    if facts["sweeps"]:
        print_table(
            f"{facts['unit']} right, by sweep",
            [
                (
                    f"sweep {row['sweep']}",
                    f"train {percent(row['train_score'])}  dev {percent(row['dev_score'])}  "
                    f"{row['seconds']:.1f} s{'  best so far' if row['best'] else ''}",
                )
                for row in facts["sweeps"]
            ],
        )


def _facts(path: Path) -> dict[str, Any]:
    from msgspec.structs import asdict

    from goldzone.training.runs.event_log import read_events
    from goldzone.training.runs.events import SweepFinished
    from goldzone.training.runs.model_files import judged_model_file
    from goldzone.training.runs.run_folder import RunFolder

    run = RunFolder.open(path) if path.is_dir() else None
    file = judged_model_file(path)
    events = read_events(run.events_path) if run else ()
    network = is_network(file)
    return {
        "model": _network_facts(file) if network else _phonemizer_facts(file),
        "unit": "samples" if network else "words",
        "sweeps": [asdict(event) for _, event in events if isinstance(event, SweepFinished)],
    }


def _phonemizer_facts(file: Path) -> dict[str, Any]:
    from goldzone.g2p.model import read_model

    model, digest = read_model(file)
    tables = model.committee.tables
    premodulos = [table.premodulo for table in tables]
    return {
        "name": model.name,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": digest,
        "letters": len(model.letters),
        "segments": len(model.segments),
        "chunks": len(model.chunks),
        "candidates": int(model.candidates.chunk.size),
        "templates": len(model.templates),
        "context_neurons": len(tables),
        "premodulo": [min(premodulos), max(premodulos)],
        "cells": sum(premodulos),
        "cells_that_answer": sum(_answering(table) for table in tables),
        "data": model.about.get("data"),
        "metrics": model.about.get("metrics"),
        "config": _of_now(model.about.get("config", {})),
    }


def _answering(table: BitTable | GradedTable) -> int:
    """Count the cells that answer 1, or with a grade."""
    from goldzone.hashtron.neuron import BitTable

    return int((table.bits() if isinstance(table, BitTable) else table.grades() != 0).sum())


def _network_facts(file: Path) -> dict[str, Any]:
    from goldzone.deep.model import read_network

    model, digest = read_network(file)
    neurons = [neuron.to_hashtron() for neuron in model.network.neurons]
    return {
        "name": model.name,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": digest,
        "preset": model.preset,
        "pipeline": model.pipeline,
        "layers": len(model.network.architecture.stages),
        "neurons": len(neurons),
        "trained_neurons": sum(bool(neuron.filter) for neuron in neurons),
        "filter_bytes": sum(len(neuron.filter) for neuron in neurons),
        "data": model.about.get("data"),
        "metrics": model.about.get("metrics"),
        "config": model.config.model_dump(mode="json"),
    }


def _of_now(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration of an earlier version as this one says it, if it can be said at all."""
    from pydantic import ValidationError

    from goldzone.training.config import TrainingConfig

    try:
        return TrainingConfig.model_validate(config).model_dump(mode="json")
    except ValidationError:
        return config


def _rows(model: dict[str, Any]) -> list[tuple[str, str]]:
    """Write the facts for people: numbers with commas, and of the configuration what is not the default."""
    from goldzone.training.config import TrainingConfig

    shown = dict(model)
    if "premodulo" in model:
        least, most = model["premodulo"]
        answering, cells = model["cells_that_answer"], model["cells"]
        shown["premodulo"] = least if least == most else f"{least:,} to {most:,}"
        shown["cells_that_answer"] = f"{answering:,} ({answering / cells:.2%})"
    rows = [
        (name.replace("_", " "), f"{value:,}" if isinstance(value, int) else value)
        for name, value in shown.items()
        if isinstance(value, int | str)
    ]
    for name in ("data", "metrics"):
        facts = model[name] if isinstance(model[name], dict) else {}
        rows += [(f"{name}: {key.replace('_', ' ')}", str(value)) for key, value in facts.items()]
    defaults = _leaves(TrainingConfig().model_dump(mode="json"))
    changed = [leaf for leaf in _leaves(model["config"]) if leaf not in defaults]
    return [*rows, ("config", "\n".join(f"{name} = {value}" for name, value in changed) or "all defaults")]


def _leaves(section: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for name, value in section.items():
        inside = isinstance(value, dict)
        leaves += _leaves(value, f"{above}{name}.") if inside else [(above + name, value)]
    return leaves
