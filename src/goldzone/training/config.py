"""The configuration of a training run: one validated value, read from and written to TOML.

Every field has a default that was measured, so an empty file is a configuration. Unknown fields, wrong types
and values out of range are refused in one line that names the file and the field.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, model_validator

from goldzone.errors import ConfigError
from goldzone.hashtron.committee import MAX_CELLS
from goldzone.training.settings import (
    AlertSettings,
    CapacitySettings,
    CreditSettings,
    DataSettings,
    DecodingSettings,
    NetworkSettings,
    PipelineSettings,
    Section,
    SelectionSettings,
)

__all__ = ["TrainingConfig", "config_from_toml", "load_config"]

_MAX_FILE_BYTES: Final = 1 << 20
_SHOWN_VALUE: Final = 60
_NEVER_ABOVE_START: Final = {"constant", "annealed", "validated"}
"""Controllers that start at `capacity.premodulo` and stay or go down; a relative floor can raise them."""
_EXPECTED: Final = {
    "model_type": "should be a section with fields",
    "tuple_type": "should be a list",
    "too_long": "has too many items",
}
"""What was expected, where pydantic speaks of Python's types."""


class TrainingConfig(Section):
    """Everything that a run depends on besides its data.

    Attributes
    ----------
    seed : int
        0 to 2**32 - 1; names all random streams.
    data, network, credit, pipeline, capacity, selection, decoding, alerts
        The sections, each optional.
    """

    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1
    data: DataSettings = DataSettings()
    network: NetworkSettings = NetworkSettings()
    credit: CreditSettings = CreditSettings()
    pipeline: PipelineSettings = PipelineSettings()
    capacity: CapacitySettings = CapacitySettings()
    selection: SelectionSettings = SelectionSettings()
    decoding: DecodingSettings = DecodingSettings()
    alerts: AlertSettings = AlertSettings()

    @model_validator(mode="after")
    def _fits_a_model_file(self) -> TrainingConfig:
        capacity = self.capacity
        if capacity.controller == "none":  # takes what a model holds, divided by the neurons
            return self
        never_rises = capacity.bounds == "absolute" and capacity.controller in _NEVER_ABOVE_START
        field = "premodulo" if never_rises else "ceiling"
        cells = self.network.neurons * (capacity.premodulo if never_rises else capacity.ceiling)
        if cells > MAX_CELLS:
            raise ValueError(
                f"capacity.{field}: {self.network.neurons} neurons may reach {cells} cells; "
                f"a model holds {MAX_CELLS}, lower it or network.neurons"
            )
        return self

    def to_toml(self) -> str:
        """Write all fields, defaults too; those that are None are left out, because TOML has no null."""
        return "\n".join(_emit_section(self, ""))

    def digest(self) -> str:
        """Identify what is trained: the SHA-256, in lower-case hex, of all fields but the alerts'."""
        return hashlib.sha256(
            self.model_copy(update={"alerts": AlertSettings()}).to_toml().encode()
        ).hexdigest()


def load_config(path: str | Path) -> TrainingConfig:
    """Read a configuration file.

    Raises
    ------
    ConfigError
        The file cannot be read, or `config_from_toml` refuses it.
    """
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_FILE_BYTES} bytes; this is not a configuration")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return config_from_toml(text, str(path))


def config_from_toml(text: str, name: str) -> TrainingConfig:
    """Read a configuration from TOML.

    Parameters
    ----------
    text : str
    name : str
        What messages call it, such as the file's name.

    Raises
    ------
    ConfigError
        The text is not TOML, has a field that is not known (the message suggests one), of another type or
        out of range. The message shows the first such problem and counts the others.
    """
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: is not TOML ({error}); correct it") from None
    try:
        return TrainingConfig.model_validate(fields)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        more = f" (and {len(others)} more to correct)" if others else ""
        raise ConfigError(f"{name}: {_describe(dict(first))}{more}") from None


def _emit_section(section: Section, name: str) -> list[str]:
    """Write a section as a block of its own fields, and a block for each section in it."""
    fields = dict(section)
    inner = {field: value for field, value in fields.items() if isinstance(value, Section)}
    own = {field: value for field, value in fields.items() if field not in inner}
    blocks = [(f"[{name}]\n" if name else "") + _emit_fields(own)]
    for field, value in inner.items():
        blocks += _emit_section(value, f"{name}.{field}".lstrip("."))
    return blocks


def _emit_fields(fields: dict[str, Any]) -> str:
    return "".join(f"{name} = {_emit(value)}\n" for name, value in fields.items() if value is not None)


def _emit(value: str | float | tuple[Any, ...]) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + "".join(_emit_character(character) for character in value) + '"'
        case tuple():
            return "[" + ", ".join(_emit(item) for item in value) + "]"
        case _:
            return repr(value)  # Python and TOML write integers and finite floats alike


def _emit_character(character: str) -> str:
    if character in {'"', "\\"}:
        return "\\" + character
    if character < " " or character == "\x7f":
        return f"\\u{ord(character):04x}"
    return character


def _describe(problem: dict[str, Any]) -> str:
    """Say in one line which field is wrong and what was expected (a problem as pydantic lists them)."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(
        "."
    )
    if problem["type"] == "value_error":
        return f"{place}.{problem['ctx']['error']}".lstrip(".")
    if problem["type"] == "extra_forbidden":
        return f"{place!r} is no field; {_suggest(tuple(map(str, problem['loc'])))}"
    if problem["type"] == "missing":
        return f"{place} is missing; give a value for each place of the list"
    expected = _EXPECTED.get(problem["type"], problem["msg"].replace("Input should", "should"))
    value = repr(problem["input"])
    if len(value) > _SHOWN_VALUE:
        value = value[: _SHOWN_VALUE - 3] + "..."
    return f"{place}: {value} {expected}"


def _suggest(location: tuple[str, ...]) -> str:
    """Name the field that may be meant: one of this section first, then one of another section."""
    *above, wrong = location
    section = ".".join(above)
    known = _field_names()
    siblings = [name for name in known if name.rpartition(".")[0] == section]
    by_name = {name.rpartition(".")[2]: name for name in (*known, *siblings)}
    for names in ([name.rpartition(".")[2] for name in siblings], list(by_name)):
        if near := difflib.get_close_matches(wrong, names, n=1):
            return f"did you mean {by_name[near[0]]}?"
    return f"the fields {f'of {section} ' if section else ''}are {', '.join(siblings)}"


def _field_names(section: type[Section] | None = None, above: str = "") -> list[str]:
    names: list[str] = []
    for name, field in (section or TrainingConfig).model_fields.items():
        names.append(above + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            names += _field_names(field.annotation, f"{above}{name}.")
    return names
