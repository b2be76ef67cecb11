"""``goldzone registry``: versions of models, and the aliases that stand for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldzone.cli.given_paths import given_path
from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from goldzone.fleet.registry.contents import Manifest
    from goldzone.fleet.registry.log import Entry

__all__ = ["registry", "registry_path"]

registry = typer.Typer(
    help="Keep versions of models; move aliases between them.\n\n"
    "Example: goldzone registry add models runs/slovak",
    no_args_is_help=True,
    rich_markup_mode=None,
)

RegistryArgument = Annotated[
    str, typer.Argument(metavar="REGISTRY", help="A folder, or a bucket such as s3://bucket/models.")
]
LanguageArgument = Annotated[
    str, typer.Argument(metavar="LANGUAGE", help="Such as french, english/american.")
]
ReferenceArgument = Annotated[
    str, typer.Argument(metavar="LANGUAGE@NAME", help="An alias, or the beginning of a version.")
]
WhyOption = Annotated[str, typer.Option(help="The reason, for the log.")]
PlanOption = Annotated[str | None, typer.Option(help="The rollout that asks for it, for the log.")]


@registry.command()
def add(
    place: RegistryArgument,
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs, or model files.")],
    language: Annotated[
        str | None, typer.Option(metavar="NAME", help="By default, what the model is called.")
    ] = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add runs or models as versions; what is there already stays what it is.

    Example: goldzone registry add models runs/slovak
    """
    from goldzone.errors import ConfigError
    from goldzone.fleet.registry.registry import Registry

    if language is not None and len(runs) > 1:
        raise ConfigError("--language: is for one run; add several without it")
    opened = Registry(place)
    found = [opened.add(run, language=language, why=why) for run in runs]
    _tell([f"{name}@{version}" for name, version in found], as_json=as_json)


@registry.command("list")
def list_(place: RegistryArgument, as_json: JsonOption = False) -> None:
    """List languages, with the number of versions and what the aliases stand for."""
    from goldzone.fleet.registry.registry import Registry

    opened = Registry(place)
    states = {language: opened.state(language) for language in opened.languages()}
    if as_json:
        typer.echo(json.dumps({name: state.model_dump() for name, state in states.items()}))
        return
    for name, state in states.items():
        aliases = [f"@{alias} {state.current(alias)}" for alias in sorted(state.aliases)]
        count = len(state.versions)
        typer.echo("  ".join([name, f"{count} version{'' if count == 1 else 's'}", *aliases]))


@registry.command()
def show(place: RegistryArgument, reference: ReferenceArgument, as_json: JsonOption = False) -> None:
    """Show what a version holds: files, data, metrics, configuration."""
    version = _opened(place, reference)
    if as_json:
        facts = {"version": version.name, **version.manifest.model_dump()}
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    typer.echo(version.name)
    for name, value in _flat(version.manifest.model_dump()):
        typer.echo(f"{name} = {json.dumps(value, ensure_ascii=False)}")


@registry.command()
def diff(
    place: RegistryArgument, first: ReferenceArgument, second: ReferenceArgument, as_json: JsonOption = False
) -> None:
    """Show in what two versions differ.

    Example: goldzone registry diff models french@champion french@challenger
    """
    one, other = (dict(_flat(_opened(place, each).manifest.model_dump())) for each in (first, second))
    differing = {
        name: [one.get(name), other.get(name)]
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    }
    if as_json:
        typer.echo(json.dumps(differing, ensure_ascii=False))
        return
    for name, (before, after) in differing.items():
        typer.echo(f"{name}: {json.dumps(before)} -> {json.dumps(after)}")


@registry.command()
def alias(
    place: RegistryArgument,
    reference: Annotated[str, typer.Argument(metavar="LANGUAGE@ALIAS", help="Such as french@champion.")],
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="What it is to stand for: a version, or an alias.")
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="What it stood for before.")] = False,
    why: WhyOption = "",
    plan: PlanOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an alias stand for another version, at one moment.

    Example: goldzone registry alias models french@champion challenger --why "0.4 points better"

    Example: goldzone registry alias models french@champion --rollback --why "complaints"
    """
    from goldzone.errors import ConfigError
    from goldzone.fleet.registry.registry import Registry, split_reference

    language, name = split_reference(reference)
    if rollback == (version is not None):
        raise ConfigError("alias: give a version, or --rollback")
    opened = Registry(place)
    if version is None:
        entry = opened.roll_back(language, name, why=why, plan=plan)
    else:
        entry = opened.switch(language, name, version, why=why, plan=plan)
    _tell_entries([entry], as_json=as_json)


@registry.command()
def pin(
    place: RegistryArgument,
    reference: ReferenceArgument,
    off: Annotated[bool, typer.Option("--off", help="Keep it no longer.")] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep a version whatever becomes of the aliases."""
    from goldzone.fleet.registry.registry import Registry

    opened = Registry(place)
    _tell_entries([opened.pin(*opened.find(reference), why=why, keep=not off)], as_json=as_json)


@registry.command()
def gc(
    place: RegistryArgument,
    keep: Annotated[
        int, typer.Option(min=0, help="Newest versions that stay, and earlier ones of each alias.")
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be deleted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete versions that nothing needs: no alias, no rollback, no pin. Add nothing meanwhile."""
    from goldzone.fleet.registry.registry import Registry

    opened = Registry(place)
    gone = [
        f"{language}@{version}"
        for language in opened.languages()
        for version in opened.collect_garbage(language, keep=keep, dry_run=dry_run)
    ]
    _tell(gone, as_json=as_json)


@registry.command()
def pull(
    place: RegistryArgument,
    reference: ReferenceArgument,
    out: Annotated[
        Path,
        typer.Option(parser=given_path, metavar="PATH", help="The folder, which becomes that of a run."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Fetch a version, each file checked.

    Example: goldzone registry pull s3://bucket/models french@champion --out runs/french
    """
    from goldzone.fleet.registry.registry import Registry, split_reference

    version = Registry(place).pull(reference, out)
    _tell([f"{split_reference(reference)[0]}@{version}"], as_json=as_json)


@registry.command()
def log(place: RegistryArgument, language: LanguageArgument, as_json: JsonOption = False) -> None:
    """Show every move of a language: what, when, why; a log that was changed is refused."""
    from goldzone.fleet.registry.registry import Registry

    opened = Registry(place)
    opened.state(language)
    _tell_entries(list(opened.log(language)), as_json=as_json)


def registry_path(path: Path) -> Path:
    """Return the folder of a version where a path is ``REGISTRY/LANGUAGE@NAME``, else the path itself.

    Raises
    ------
    ConfigError
        The registry has no such version.
    """
    if "@" not in path.name or path.exists():
        return path
    from goldzone.fleet.registry.registry import MARK, Registry

    for place in path.parents:
        if (place / MARK).is_file():
            language, version = Registry(str(place)).find(path.relative_to(place).as_posix())
            return place / language / "versions" / version
    return path


@dataclass(frozen=True)
class _Version:
    name: str
    manifest: Manifest


def _opened(place: str, reference: str) -> _Version:
    from goldzone.fleet.registry.registry import Registry

    opened = Registry(place)
    language, version = opened.find(reference)
    return _Version(f"{language}@{version}", opened.manifest(language, version))


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{above}{name}.")
        else:
            yield above + name, inner


def _tell(references: list[str], *, as_json: bool) -> None:
    typer.echo(json.dumps(references) if as_json else "\n".join(references))


def _tell_entries(entries: list[Entry], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([entry.model_dump(exclude={"state"}) for entry in entries], ensure_ascii=False))
        return
    for entry in entries:
        moved = (
            f"@{entry.alias} {entry.replaced or 'nothing'} -> {entry.version}"
            if entry.alias
            else entry.version
        )
        what = moved or ", ".join(entry.removed)
        notes = [note for note in (entry.why, entry.plan and f"plan {entry.plan}") if note]
        typer.echo("  ".join([str(entry.sequence), entry.time, entry.action, what, *notes]))
