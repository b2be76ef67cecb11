"""Values from outside, checked by pydantic models: what is wrong is one line that names the field."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from goldzone.errors import ConfigError, GoldzoneError

__all__ = [
    "Checked",
    "check",
    "hidden_addresses",
    "nearest",
    "parse_toml",
    "problem_line",
    "without_password",
]

_SHOWN_VALUE: Final = 60
_ADDRESS: Final = re.compile(r"""(https?://)([^/\s'"]*@)?([^/?#\s'"@]*)[^\s'"]*""")
_USER: Final = re.compile(r"(\w://)[^\s/]*@")
_NEAR: Final = 0.7
"""Least similarity of a suggestion: *cieling* is 0.86 like *ceiling*, *rate* 0.53 like *temperature*."""
_EXPECTED: Final = {
    "model_type": "should be a table of fields",
    "tuple_type": "should be a list",
    "bool_type": "should be true or false",
    "too_long": "has too many items",
    "too_short": "has too few items",
    "string_too_short": "is empty",
}
"""What was expected, where pydantic speaks of Python's types or repeats the name of the field."""

Model = TypeVar("Model", bound=BaseModel)


class Checked(BaseModel):
    """Frozen; knows all its fields; takes no text for a number and no NaN.

    A check across fields raises ValueError with a message that begins with a field: ``floor: is above ...``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def check(
    model: type[Model], fields: object, where: str, *, error: type[GoldzoneError] = ConfigError
) -> Model:
    """Make a model of plain values.

    Parameters
    ----------
    model : type of pydantic model
    fields : object
        As TOML or JSON gives them.
    where : str
        What the message begins with, such as a file's name.
    error : type of GoldzoneError

    Raises
    ------
    error
        A field is unknown, missing, of another type or out of range (`problem_line`).
    """
    try:
        return model.model_validate(fields)
    except ValidationError as problem:
        raise error(f"{where}: {problem_line(problem, model)}") from None


def parse_toml(content: str | bytes, name: str) -> dict[str, Any]:
    """Read TOML; bytes are UTF-8, with or without a byte-order mark.

    Raises
    ------
    ConfigError
        If it is none; `name` is what the message calls it.
    """
    try:
        return tomllib.loads(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: is not TOML ({error}); correct it") from None


def problem_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one line which field of a model is wrong and what was expected; count the other problems."""
    first, *others = error.errors(include_url=False)
    more = f" (and {len(others)} more to correct)" if others else ""
    return _describe(first, model) + more


def nearest(wrong: str, known: Sequence[str]) -> str | None:
    """Return the name that a misspelt one is likely to mean, if there is one."""
    return next(iter(difflib.get_close_matches(wrong, known, n=1, cutoff=_NEAR)), None)


def hidden_addresses(text: str) -> str:
    """Return a text with no more of web addresses than the host: what is around it may be secret."""
    return _ADDRESS.sub(r"\1\3/...", text)


def without_password(text: str) -> str:
    """Return a text whose addresses, of databases too, have no user and password before the host."""
    return _USER.sub(r"\1", text)


def _describe(problem: ErrorDetails, model: type[BaseModel]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])[1:]
    match problem["type"]:
        case "value_error":
            return f"{path}.{problem['ctx']['error']}".lstrip(".")
        case "extra_forbidden":
            return f"{path!r} is no field; {_advice(path, problem['loc'], model)}"
        case "missing":
            return f"{path} is missing; give it"
        case kind:
            expected = _EXPECTED.get(kind, re.sub(r"^\w+ should", "should", problem["msg"]))
    value = hidden_addresses(repr(problem["input"]))
    if len(value) > _SHOWN_VALUE:
        value = value[: _SHOWN_VALUE - 3] + "..."
    return f"{path}: {value} {expected}".removeprefix(": ")


def _advice(path: str, location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Name the field that is meant: one of this section, or one of another section."""
    *above, wrong = (part for part in location if isinstance(part, str))
    section: type[BaseModel] | None = model
    for part in above:
        section = _model_in(section.model_fields[part].annotation) if section else None
    siblings = list(section.model_fields) if section else []
    if near := nearest(wrong, siblings):
        return f"did you mean {path.removesuffix(wrong)}{near}?"
    elsewhere = {name.rpartition(".")[2]: name for name in reversed(_paths(model))}
    if near := nearest(wrong, list(elsewhere)):
        return f"did you mean {elsewhere[near]}?"
    of = f"of {'.'.join(above)} " if above else ""
    return f"the fields {of}are {', '.join(siblings)}"


def _paths(model: type[BaseModel], above: str = "") -> list[str]:
    """Return the dotted names of all fields."""
    paths: list[str] = []
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        paths += [above + name, *(_paths(inner, f"{above}{name}.") if inner else ())]
    return paths


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that a field holds, on its own or as an item of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
