"""``goldzone languages``."""

from __future__ import annotations

import json

import typer

from goldzone.cli.sources import DatasetOption, JsonOption


def languages(dataset: DatasetOption = None, as_json: JsonOption = False) -> None:
    """List what can be trained.

    The built-in samples, and the languages of a dataset folder.

    Example: goldzone languages --dataset ../dataset
    """
    from goldzone.data.builtin import builtin_names
    from goldzone.data.languages import find_languages

    found = [{"name": name, "source": "built-in"} for name in builtin_names()]
    if dataset is not None:
        found += [{"name": folder.name, "source": str(folder.path)} for folder in find_languages(dataset)]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    width = max(len(row["name"]) for row in found)
    for row in found:
        typer.echo(f"{row['name']:<{width}}  {row['source']}")
