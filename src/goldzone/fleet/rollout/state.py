"""Where a rollout stands: a value that is written as a whole after each operation, so that it can go on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.validation import Checked, problem_line

__all__ = ["PAUSE", "PLAN", "STATE", "Language", "Stage", "State", "Status", "read_state", "write_state"]

PLAN: Final = "plan.toml"
STATE: Final = "state.json"
PAUSE: Final = "pause"
"""Files in a rollout's folder: the plan, where it stands, and the wish that it pause before its next step."""
_MOST_BYTES: Final = 1 << 26


class Status(StrEnum):
    """Of a rollout, in Argo's words."""

    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    DEGRADED = "Degraded"
    """An analysis failed, or somebody aborted: all is as it was."""
    HEALTHY = "Healthy"
    """All steps are done."""
    UNDONE = "Undone"


class Stage(StrEnum):
    """Of a language."""

    WAITING = "waiting"
    HELD = "held"
    """It failed a gate and stays as it was."""
    JUDGED = "judged"
    """It passed and is to be taken over."""
    PROMOTED = "promoted"
    BACK = "rolled back"


class Language(Checked):
    """Where a language stands."""

    stage: Stage = Field(default=Stage.WAITING, strict=False)
    before: str | None = None
    """The version that users had."""
    version: str | None = None
    """The new one."""
    difference: float | None = None
    """Share of words right, less the champion's."""
    reasons: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """The gates that it failed."""


class State(Checked):
    """Where a rollout stands."""

    plan: str
    """`Plan.digest`."""
    status: Status = Field(default=Status.PROGRESSING, strict=False)
    step: int = 0
    """The step at work, from 0."""
    until: float | None = None
    """When the pause at work is over, in seconds since 1970."""
    message: str = ""
    """Why it stands where it stands."""
    order: Annotated[tuple[str, ...], Field(strict=False)] = ()
    languages: Mapping[str, Language] = {}

    def of(self, name: str) -> Language:
        """Return where a language stands."""
        return self.languages.get(name, Language())

    def having(self, name: str, language: Language) -> State:
        """Return the same with a language elsewhere."""
        return self.model_copy(update={"languages": {**self.languages, name: language}})

    def count(self, stage: Stage) -> int:
        """Count the languages of a stage."""
        return sum(self.of(name).stage is stage for name in self.order)


def read_state(path: Path) -> State:
    """Read a state.

    Raises
    ------
    StateError
        There is none, or it is damaged.
    """
    data = read_bounded(path, _MOST_BYTES, error=StateError)
    try:
        return State.model_validate_json(data)
    except ValidationError as error:
        raise StateError(f"{path}: is no rollout ({problem_line(error, State)}); restore it") from None


def write_state(path: Path, state: State) -> None:
    """Write a state in one go."""
    write_atomically(path, state.model_dump_json(indent=1).encode() + b"\n", error=StateError)
