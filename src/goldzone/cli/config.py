"""``goldzone config``."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from goldzone.cli.sources import JsonOption

if TYPE_CHECKING:
    from goldzone.training.settings import Section

FIRST: Final = (
    "seed",
    "data.fractions",
    "beam.evidence",
    "beam.margin",
    "pipeline.sweeps",
    "capacity.controller",
    "capacity.premodulo",
    "decoding.beam",
)
"""The fields that matter first."""

_WIDTH: Final = 80


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of the configuration: values as JSON has them, null where it is left out."""

    name: str
    value: Any
    default: Any
    allowed: str
    description: str


def config(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A configuration to check, such as a run's config.toml."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show every field.")] = False,
    as_toml: Annotated[bool, typer.Option("--toml", help="Write a commented file to start from.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what can be configured, or what a file configures.

    Without FILE, the eight fields that matter first; with it, those that differ from the defaults. A file
    that is wrong is refused. goldzone train LANGUAGE --config FILE trains so.

    Example: goldzone config --toml > my.toml
    """
    from goldzone.errors import ConfigError
    from goldzone.monitor.alert_settings import load_run_config, run_config_from_toml

    if as_toml and as_json:
        raise ConfigError("--toml, --json: give one of them")
    default = run_config_from_toml("", "defaults")
    given = load_run_config(file) if file else default
    known = [
        *_fields(given.training, default.training),
        *_fields(given.alerts.shown(), default.alerts, "alerts."),
    ]
    differing = [field for field in known if field.value != field.default]
    shown = differing if file else [field for field in known if field.name in FIRST]
    if show_all:
        shown = known
    if as_json:
        facts = {"file": str(file) if file else None, "fields": list(map(asdict, shown))}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    elif as_toml:
        typer.echo("\n\n".join(_tables(shown)))
    else:
        if file:
            typer.echo(f"{file}: {len(differing)} of {len(known)} fields differ from the defaults")
        for field in shown:
            typer.echo(_entry(field))


def _fields(given: Section, default: Section, above: str = "") -> Iterator[_Field]:
    """List the fields of a section and of the sections in it."""
    from goldzone.training.settings import Section

    schema, described = type(default).model_json_schema(), _descriptions(type(default))
    values, usual = given.model_dump(mode="json"), default.model_dump(mode="json")
    for name, field in schema["properties"].items():
        value = getattr(given, name)
        if isinstance(value, Section) and name not in described:  # its fields speak for themselves
            yield from _fields(value, getattr(default, name), f"{above}{name}.")
        else:
            allowed = _allowed(field, schema.get("$defs", {}))
            yield _Field(above + name, values[name], usual[name], allowed, described[name])


def _descriptions(section: type[Section]) -> dict[str, str]:
    """Return the text under each field, from the source: pydantic would read it at every start."""
    (definition,) = ast.parse(inspect.getsource(section)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - what the source of a class is
    found = {}
    for statement, after in pairwise(definition.body):
        match statement, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def _allowed(schema: dict[str, Any], types: dict[str, Any]) -> str:
    """Say in words which values a JSON schema allows."""
    match schema:
        case {"enum": names}:
            return ", ".join(names)
        case {"anyOf": [inner, {"type": "null"}]}:
            return f"{_allowed(inner, types)}, or left out"
        case {"prefixItems": items}:
            return f"[{'; '.join(_allowed(item, types) for item in items)}]"
        case {"items": item}:
            return f"list of {_allowed(item, types)}"
        case {"$ref": name}:
            fields = types[name.rpartition("/")[2]]["properties"].items()
            return "; ".join(f"{field}: {_allowed(inner, types)}" for field, inner in fields)
        case _:
            return {"boolean": "true or false", "string": "text"}.get(schema["type"]) or _range(schema)


def _range(schema: dict[str, Any]) -> str:
    bounds = {
        name: f"{int(value):,}" if value == int(value) else str(value)
        for name, value in schema.items()
        if name in {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}
    }
    match bounds:
        case {"minimum": least, "maximum": most}:
            return f"{least} to {most}"
        case {"minimum": least, "exclusiveMaximum": end}:
            return f"{least} to below {end}"
        case {"minimum": least}:
            return f"{least} or more"
        case {"exclusiveMinimum": start, "maximum": most}:
            return f"above {start}, at most {most}"
        case _:
            return f"above {bounds['exclusiveMinimum']}"


def _entry(field: _Field) -> str:
    """Write a field for people: value and range on a line, if there is room, and under it what it does."""
    first = f"{field.name} is left out" if field.value is None else f"{field.name} = {_toml(field.value)}"
    under = [field.description]
    if field.value != field.default:
        under.insert(0, f"default: {'left out' if field.default is None else _toml(field.default)}")
    room = _WIDTH - len(first) - 2
    if len(field.allowed) <= room:
        first += f"  {field.allowed:>{room}}"
    else:
        under.insert(0, field.allowed)
    return "\n".join([_wrapped(first, "    ", first=""), *(_wrapped(text, "    ") for text in under)])


def _tables(fields: Sequence[_Field]) -> Iterator[str]:
    """Write fields as the tables of a TOML file, each under a comment."""
    for table, members in groupby(fields, lambda field: field.name.rpartition(".")[0]):
        if table:
            yield f"[{table}]"
        for field in members:
            name = field.name.rpartition(".")[2]
            comment = [_wrapped(text, "# ") for text in (field.description, field.allowed)]
            line = f"# {name} =" if field.value is None else f"{name} = {_toml(field.value)}"
            yield "\n".join([*comment, line])


def _toml(value: Any) -> str:
    from goldzone.training.settings import toml

    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {toml(inner)}' for name, inner in value.items())} }}"
    return toml(value)


def _wrapped(text: str, indent: str, first: str | None = None) -> str:
    first = indent if first is None else first
    return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=indent)
