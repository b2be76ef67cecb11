"""The configuration of a training run: one validated value, read from and written to TOML.

Every field has a default that was measured, so an empty file is a configuration. Unknown fields, wrong types
and values out of range are refused in one line that names the file and the field.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from goldzone.data.templates import parse_templates
from goldzone.errors import ConfigError
from goldzone.hashtron.committee import MAX_CELLS

__all__ = [
    "CapacitySettings",
    "CreditSettings",
    "DataSettings",
    "DecodingSettings",
    "NetworkSettings",
    "PipelineSettings",
    "SelectionSettings",
    "TrainingConfig",
    "config_from_toml",
    "load_config",
]

_MAX_PREMODULO: Final = 1 << 24  # a bit table of 2 MiB a neuron; more is no pressure at all
_MAX_FILE_BYTES: Final = 1 << 20
_SUM_TOLERANCE: Final = 1e-9
_SHOWN_VALUE: Final = 60
_EXPECTED: Final = {
    "model_type": "should be a section with fields",
    "tuple_type": "should be a list",
    "too_long": "has too many items",
}
"""What was expected, where pydantic speaks of Python's types."""

Premodulo: TypeAlias = Annotated[int, Field(ge=2, le=_MAX_PREMODULO)]


def _as_schedule(value: object) -> object:
    """Take a single number as a schedule of one."""
    return (value,) if isinstance(value, int | float) else _as_tuple(value)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class _Section(BaseModel):
    """Frozen; knows all its fields; takes no text for a number and no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# A check across fields raises ValueError with a message that begins with the field's name: `_describe` puts
# the section before it.


class DataSettings(_Section):
    """What is learnt from: candidates and the split.

    Attributes
    ----------
    max_candidates : int
        Most candidates that a letter has, the commonest first; 1 to 255.
    min_count : int
        Least number of times that a candidate occurs in training; 1 or more.
    fractions : tuple of float
        Shares of train, dev and test words; they add up to 1, and train's is not 0.
    """

    max_candidates: Annotated[int, Field(ge=1, le=255)] = 24
    min_count: Annotated[int, Field(ge=1)] = 2
    fractions: Annotated[
        tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]],
        BeforeValidator(_as_tuple),
    ] = (0.8, 0.1, 0.1)

    @model_validator(mode="after")
    def _shares_of_one(self) -> DataSettings:
        total = math.fsum(self.fractions)
        if not math.isclose(total, 1.0, abs_tol=_SUM_TOLERANCE):
            raise ValueError(f"fractions: {list(self.fractions)} add up to {total}; make it 1")
        return self


class NetworkSettings(_Section):
    """The network's shape.

    Attributes
    ----------
    neurons : int
        Context neurons (the layer before the final neuron); 1 to 65,535.
    templates : tuple of str
        What the context neurons look at (`goldzone.data.templates`), taken in turn; empty: the built-in set.
    """

    neurons: Annotated[int, Field(ge=1, le=65_535)] = 448
    templates: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()

    @model_validator(mode="after")
    def _readable_templates(self) -> NetworkSettings:
        if self.templates:
            try:
                parse_templates(self.templates)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return self


class CreditSettings(_Section):
    """How samples vote.

    Attributes
    ----------
    kind : {"rank", "margin", "hard"}
        Votes by rank within the position, by margin, or by the reference's tally.
    temperature : float
        Width, in neurons, of the band around the decision in which samples vote strongly; 0.1 to 10,000.
    evidence : tuple of float
        Summed votes, in words, that a cell needs before it answers 1, sweep by sweep; the last one stays. A
        single number is a schedule of one. Each 0 to 1,000,000. Less evidence fits more closely; the best
        sweep on dev is kept.
    """

    kind: Literal["rank", "margin", "hard"] = "rank"
    temperature: Annotated[float, Field(ge=0.1, le=10_000)] = 4.0
    evidence: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=1), BeforeValidator(_as_schedule)
    ] = (1.0, 1.0, 0.5, 0.5)


class PipelineSettings(_Section):
    """How long to train.

    Attributes
    ----------
    sweeps : int
        Most passes from the final layer to the first; 1 to 1,000.
    patience : int
        Sweeps without a better dev word accuracy before training stops; 1 or more.
    time_limit_seconds : float or None
        Seconds after which no further sweep begins; None: no limit.
    neurons_per_sweep : float
        Share of each layer that is trained in a sweep; above 0, at most 1.
    """

    sweeps: Annotated[int, Field(ge=1, le=1000)] = 4
    patience: Annotated[int, Field(ge=1)] = 2
    time_limit_seconds: Annotated[float, Field(gt=0)] | None = None
    neurons_per_sweep: Annotated[float, Field(gt=0, le=1)] = 1.0


class CapacitySettings(_Section):
    """How a neuron's premodulo follows from its sums (`goldzone.training.control.capacity`).

    Attributes
    ----------
    controller : {"constant", "law"}
        Always `premodulo`, or premodulo = capacity**2 under regimes and clamps.
    premodulo : int
        The constant, and where the law starts; from `floor` to `ceiling`.
    signal : {"output", "agreement"}
        The margin that steers the law: the imbalance of the outputs, |S|/N, or the agreement of the votes.
    noise_floor : float or None
        Largest |S|, in samples, of a noisy neuron; None: sqrt(N).
    collapse : float
        Least margin |S|/N of a collapsed neuron; above 0, at most 1.
    floor, ceiling : int
        Bounds of the premodulo; 2 to 2**24, floor <= ceiling.
    max_factor : float
        Most that the premodulo grows or shrinks in a step, as a factor; 1 or more.
    fine_tune : float
        Most that it moves in a step in the gold zone, as a share; from 0, below 1.
    exponent : float
        premodulo = capacity**exponent; above 0, at most 4.
    smoothing : int
        How many of the last sums are averaged; 1 to 32.
    """

    controller: Literal["constant", "law"] = "constant"
    premodulo: Premodulo = 65_536
    signal: Literal["output", "agreement"] = "output"
    noise_floor: Annotated[float, Field(ge=0)] | None = None
    collapse: Annotated[float, Field(gt=0, le=1)] = 0.8
    floor: Premodulo = 16
    ceiling: Premodulo = 262_144
    max_factor: Annotated[float, Field(ge=1)] = 10.0
    fine_tune: Annotated[float, Field(ge=0, lt=1)] = 0.05
    exponent: Annotated[float, Field(gt=0, le=4)] = 2.0
    smoothing: Annotated[int, Field(ge=1, le=32)] = 3

    @model_validator(mode="after")
    def _within_bounds(self) -> CapacitySettings:
        if self.floor > self.ceiling:
            raise ValueError(f"floor: {self.floor} is above the ceiling {self.ceiling}; lower it")
        if self.premodulo < self.floor:
            raise ValueError(f"premodulo: {self.premodulo} is below the floor {self.floor}; lower the floor")
        if self.premodulo > self.ceiling:
            raise ValueError(
                f"premodulo: {self.premodulo} is above the ceiling {self.ceiling}; raise the ceiling"
            )
        return self


class SelectionSettings(_Section):
    """Which neurons of a layer are trained, and in which order (`goldzone.training.control.selection`).

    Attributes
    ----------
    strategy : {"gold_zone", "fixed", "random"}
    """

    strategy: Literal["gold_zone", "fixed", "random"] = "fixed"


class DecodingSettings(_Section):
    """How words are read while they are scored.

    Attributes
    ----------
    beam : int
        Partial answers kept for each letter; 1 to 64.
    """

    beam: Annotated[int, Field(ge=1, le=64)] = 4


class TrainingConfig(_Section):
    """Everything that a run depends on besides its data.

    Attributes
    ----------
    seed : int
        0 to 2**32 - 1; names all random streams.
    data, network, credit, pipeline, capacity, selection, decoding
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

    @model_validator(mode="after")
    def _fits_a_model_file(self) -> TrainingConfig:
        constant = self.capacity.controller == "constant"
        cells = self.network.neurons * (self.capacity.premodulo if constant else self.capacity.ceiling)
        if cells > MAX_CELLS:
            field = "premodulo" if constant else "ceiling"
            raise ValueError(
                f"capacity.{field}: {self.network.neurons} neurons may reach {cells} cells; "
                f"a model holds {MAX_CELLS}, lower it or network.neurons"
            )
        return self

    def to_toml(self) -> str:
        """Write all fields, defaults too; those that are None are left out, because TOML has no null."""
        scalars: dict[str, Any] = {}
        sections: dict[str, dict[str, Any]] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, _Section):
                sections[name] = dict(value)
            else:
                scalars[name] = value
        blocks = [_emit_fields(scalars)]
        blocks += [f"[{name}]\n{_emit_fields(fields)}" for name, fields in sections.items()]
        return "\n".join(blocks)

    def digest(self) -> str:
        """Identify the configuration: the SHA-256 of `to_toml`, in lower-case hex."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


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


def _emit_fields(fields: dict[str, Any]) -> str:
    return "".join(f"{name} = {_emit(value)}\n" for name, value in fields.items() if value is not None)


def _emit(value: str | float | tuple[Any, ...]) -> str:
    match value:
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


def _field_names() -> list[str]:
    names: list[str] = []
    for name, field in TrainingConfig.model_fields.items():
        names.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section):
            names += [f"{name}.{inner}" for inner in field.annotation.model_fields]
    return names
