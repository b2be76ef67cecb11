"""What a rollout is to do, in the words of Argo Rollouts: steps ``set_weight``, ``pause``, ``analysis``."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from goldzone.errors import ConfigError
from goldzone.storage.files import read_bounded
from goldzone.validation import Checked, check, parse_toml

__all__ = ["TEMPLATE", "Gates", "Pause", "Plan", "Staging", "Step", "in_order", "read_plan", "taken"]

_MOST_BYTES: Final = 1 << 20

TEMPLATE: Final = """\
# A plan for `goldzone rollout start`: from one configuration to another, language by language.
name = "backward"
registry = "models"                        # what users load: models/LANGUAGE@champion
dataset = "dataset"                        # a folder of languages; leave it out for built-in samples
languages = ["*"]                          # patterns
stable = "pipeline.direction:forward"      # as it is now: fields that differ from the defaults
canary = "pipeline.direction:backward"     # as it shall be

[staging]
count = 3                                  # or: languages = ["slovak", "thai", "english/american"]

[gates]
margin = 0.02                              # so much of the words right may be lost, beyond doubt
most_bytes = 1.5                           # times the champion's
most_seconds = 2.0                         # times the champion's training, where that is known
most_held = 0.2                            # share of languages that may stay as they were
criteria = ["final neuron first", "backward flow", "stability", "alerts", "model"]

[[steps]]
set_weight = 2                             # per cent of the languages; at least those of staging
[[steps]]
analysis = {}
[[steps]]
pause = {}                                 # until `goldzone rollout promote`
[[steps]]
set_weight = 10
[[steps]]
analysis = {}
[[steps]]
set_weight = 50
[[steps]]
analysis = {}
[[steps]]
set_weight = 100
[[steps]]
pause = { seconds = 86400 }                # a day of watching; then the last look
[[steps]]
analysis = {}
"""
"""What ``goldzone rollout plan`` prints."""


class Staging(Checked):
    """The languages that come first."""

    languages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """By name; none: `count` of them, from the smallest lexicon to the largest."""
    count: Annotated[int, Field(ge=1, le=100)] = 3


class Gates(Checked):
    """What a language must pass to be taken over."""

    margin: Annotated[float, Field(ge=0, le=1)] = 0.02
    """By how much the share of words right may be below the champion's; more than that beyond doubt fails."""
    most_bytes: Annotated[float, Field(gt=0)] = 1.5
    most_seconds: Annotated[float, Field(gt=0)] = 2.0
    """As a factor of the champion's."""
    most_held: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of the languages so far that may fail their gates, before an analysis fails."""
    criteria: Annotated[tuple[str, ...], Field(strict=False)] = (
        "final neuron first",
        "backward flow",
        "stability",
        "alerts",
        "model",
    )
    """Of `goldzone verify`, for each run."""


class Pause(Checked):
    """A time in which nothing happens."""

    seconds: Annotated[float, Field(ge=0, le=1e8)] | None = None
    """None: until somebody goes on."""


class Analysis(Checked):
    """A look at all languages so far."""


class Step(Checked):
    """One step: a share of the languages, a pause, or an analysis."""

    set_weight: Annotated[float, Field(gt=0, le=100)] | None = None
    """Per cent of the languages that have the new configuration after it."""
    pause: Pause | None = None
    analysis: Analysis | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Step:
        given = [name for name in ("set_weight", "pause", "analysis") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"set_weight: a step is one of set_weight, pause and analysis, not {len(given)}")
        return self

    @property
    def title(self) -> str:
        """The step in words."""
        if self.set_weight is not None:
            return f"{self.set_weight:g} % of the languages"
        if self.pause is not None:
            return "pause" + ("" if self.pause.seconds is None else f" of {self.pause.seconds:g} s")
        return "analysis"


class Plan(Checked):
    """A rollout."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    """In the audit log of the registry."""
    registry: str
    dataset: str | None = None
    languages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    """Train on so many words of each."""
    stable: str
    """Fields that differ from the default configuration, as ``goldzone compare --arm`` takes them."""
    canary: str
    staging: Staging = Staging()
    gates: Gates = Gates()
    steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1)]

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what it says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises
    ------
    ConfigError
        It cannot be read, or does not hold together; one line that names the field.
    """
    content = read_bounded(path, _MOST_BYTES, error=ConfigError)
    return check(Plan, parse_toml(content, str(path)), str(path))


def in_order(rows: dict[str, int], staging: Staging) -> list[str]:
    """Order languages: those of staging, then the others by a hash of the name.

    Parameters
    ----------
    rows : dict of str to int
        Lines of each language's lexicon.
    staging : Staging

    Raises
    ------
    ConfigError
        A language of staging is none of these.
    """
    for name in staging.languages:
        if name not in rows:
            raise ConfigError(f"staging: {name} is none of the plan's languages")
    by_size = sorted(rows, key=lambda name: (rows[name], name))
    count = min(staging.count, len(by_size))
    spread = [by_size[round(place * (len(by_size) - 1) / max(1, count - 1))] for place in range(count)]
    first = list(staging.languages) or list(dict.fromkeys(spread))
    rest = sorted(rows.keys() - set(first), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return [*first, *rest]


def taken(order: Sequence[str], weight: float, staging: Staging) -> Sequence[str]:
    """Return the languages that a weight takes: at least those of staging."""
    least = len(staging.languages) or staging.count
    return order[: max(min(least, len(order)), math.ceil(weight * len(order) / 100))]
