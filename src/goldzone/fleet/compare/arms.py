"""The two arms of a comparison: a way of training, or models that are there already."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goldzone.errors import ConfigError
from goldzone.training.config import TrainingConfig, load_config
from goldzone.validation import check

__all__ = ["Arm", "parse_arms", "with_settings"]

_DIRECTIONS: Final = ("backward", "forward")
_SETTINGS: Final = re.compile(r"[a-z_][a-z_.]*:")
_NAME: Final = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a comparison: either `config` or `models`."""

    name: str
    config: TrainingConfig | None = None
    """How its models are trained; their seeds count up from this one's."""
    models: Path | None = None
    """A model file, a run folder, or a folder of run folders, one a language."""


def parse_arms(names: str | None, arms: Sequence[str], base: TrainingConfig) -> tuple[Arm, Arm]:
    """Read two arms from a command line.

    Parameters
    ----------
    names : str, optional
        ``A,B``, each as one of `arms`.
    arms : sequence of str
        ``NAME=WHAT`` or ``WHAT``: ``backward`` or ``forward``, a configuration (TOML), settings such as
        ``capacity.premodulo:2048,beam.width:16``, a model file, a run folder, or a folder of those.
    base : TrainingConfig
        What settings and directions change.

    Raises
    ------
    ConfigError
        They are not two, share a name, or one of them cannot be read.
    """
    given = [*(names.split(",") if names else ()), *arms]
    if len(given) != 2:
        raise ConfigError(f"arms: {len(given)} are given; give two, such as --arms backward,forward")
    first, second = (_parse(text, base) for text in given)
    if first.name == second.name:
        raise ConfigError(f"arms: both are called {first.name}; name one, such as --arm other={given[1]}")
    return first, second


def with_settings(config: TrainingConfig, text: str, where: str) -> TrainingConfig:
    """Change fields of a configuration: ``capacity.premodulo:2048,pipeline.direction:forward``.

    Values are written as in TOML; text needs no quotes.

    Raises
    ------
    ConfigError
        A field is not known, or its value is refused.
    """
    fields: dict[str, Any] = config.model_dump(mode="json")
    for setting in re.split(rf",(?={_SETTINGS.pattern})", text):
        path, _, value = setting.partition(":")
        *sections, field = path.split(".")
        inner = fields
        for section in sections:
            inner = inner.setdefault(section, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"{where}: {path!r} is no field; {section} has none in it")
        inner[field] = _value(value)
    return check(TrainingConfig, fields, where)


def _parse(text: str, base: TrainingConfig) -> Arm:
    name, given, what = text.partition("=")
    if not given:
        name, what = "", text
    path = Path(what)
    if what in _DIRECTIONS:
        config = with_settings(base, f"pipeline.direction:{what}", f"arm {text}")
        return Arm(_checked_name(name or what, text), config)
    if path.suffix == ".toml":
        return Arm(_checked_name(name or path.stem, text), load_config(path))
    if path.exists():
        return Arm(_checked_name(name or path.resolve().stem, text), models=path)
    if _SETTINGS.match(what):
        if not name:
            raise ConfigError(f"arm {text}: has no name; give --arm NAME={what}")
        return Arm(_checked_name(name, text), with_settings(base, what, f"arm {name}"))
    raise ConfigError(
        f"arm {text}: is neither {' nor '.join(_DIRECTIONS)}, nor a file or folder that is there, "
        "nor settings such as NAME=capacity.premodulo:2048"
    )


def _checked_name(name: str, text: str) -> str:
    """Take a name that can be that of a folder."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"arm {text}: {name!r} is no name; give NAME=... of letters, figures, '-', '_', '.'"
        )
    return name


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
