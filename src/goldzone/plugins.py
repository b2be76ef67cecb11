"""Parts that other packages bring: found by their entry points, named ``plugin/NAME`` where they are used.

A package offers a part in its ``pyproject.toml``::

    [project.entry-points."goldzone.controllers"]
    halving = "acme.capacity:halving"

What each group holds is said in `GROUPS` (docs/plugins.md). Only what is installed can be named: no text of a
configuration or a model is run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Final

from goldzone.errors import ConfigError, GoldzoneError

__all__ = ["GROUPS", "PREFIX", "PluginError", "is_plugin", "plugin", "plugin_source"]

PREFIX: Final = "plugin/"
GROUPS: Final = MappingProxyType(
    {
        "goldzone.architectures": "returns an Architecture, also one with combiners of its own",
        "goldzone.controllers": "returns the premodulo of a neuron, and why",
        "goldzone.credits": "returns the votes of right and wrong candidates by their score",
        "goldzone.selectors": "returns the positions of the neurons that a sweep trains",
        "goldzone.templates": "returns templates, or is a sequence of them",
    }
)
"""What a part is, by group of entry points."""


class PluginError(GoldzoneError):
    """A plug-in failed, or gave what cannot be used."""


def is_plugin(name: str) -> bool:
    """Tell whether a name is one of a plug-in."""
    return name.startswith(PREFIX)


@cache
def plugin(group: str, name: str) -> Any:
    """Return a part; a function tells its failures as `PluginError`.

    Parameters
    ----------
    group : str
        Of `GROUPS`.
    name : str
        With ``plugin/``.

    Raises
    ------
    ConfigError
        None of this name is installed, or two are.
    PluginError
        It cannot be imported.
    """
    entry = _entry(group, name)
    try:
        part = entry.load()
    except Exception as error:
        raise PluginError(f"{name}: cannot be imported ({_line(error)}); mend {entry.value}") from error
    return _guarded(name, part) if callable(part) else part


def plugin_source(group: str, name: str) -> str:
    """Return the package that brings a part, and its version: models depend on it. Raises as `plugin`."""
    package = _entry(group, name).dist
    return "a package without a name" if package is None else f"{package.name} {package.version}"


def _entry(group: str, name: str) -> EntryPoint:
    wanted = name.removeprefix(PREFIX)
    installed = entry_points(group=group)
    found = [entry for entry in installed if entry.name == wanted]
    if not found:
        known = ", ".join(sorted({PREFIX + entry.name for entry in installed})) or "none"
        raise ConfigError(f"{name}: no package installed has it for {group} ({known}); install it")
    if len({entry.value for entry in found}) > 1:
        raise ConfigError(f"{name}: several packages have it for {group}; remove all but one")
    return found[0]


def _guarded(name: str, part: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return part(*arguments)
        except GoldzoneError:
            raise
        except Exception as error:
            raise PluginError(f"{name}: failed ({_line(error)}); mend it, or choose another") from error

    return call


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
