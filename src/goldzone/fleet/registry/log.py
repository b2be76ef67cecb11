"""The log of a language: numbered entries, each with the SHA-256 of the one before; the newest is the state.

An entry is written in one go, if no other of its number is there. So a switch happens at one moment or not at
all, two writers cannot both win, and what was written can be taken away or changed only so that it shows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import Field, ValidationError

from goldzone.errors import StateError
from goldzone.fleet.registry.state import State
from goldzone.fleet.registry.stores import Store
from goldzone.validation import Checked, problem_line

__all__ = ["Action", "Entry", "append", "logged_languages", "newest", "read_log"]

Action = Literal["add", "alias", "rollback", "pin", "unpin", "gc"]

_KEY: Final = re.compile(r"(.+)/log/(\d{8})\.json")
_NOTHING: Final = "0" * 64


class Entry(Checked):
    """One move."""

    format: Literal["goldzone registry entry 1"] = "goldzone registry entry 1"
    sequence: int
    """From 1."""
    previous: str
    """SHA-256 of the entry before, in hex; zeros for the first."""
    time: str
    """ISO 8601, UTC."""
    language: str
    action: Action
    alias: str | None = None
    version: str | None = None
    replaced: str | None = None
    """What the alias stood for."""
    removed: list[str] = Field(default_factory=list)
    """Versions that were collected."""
    why: str
    plan: str | None = None
    """Of the rollout that asked for it."""
    state: State
    """After the move."""


def logged_languages(store: Store) -> list[str]:
    """List the languages that have a log."""
    found = (_KEY.fullmatch(key) for key in store.keys(""))
    return sorted({match[1] for match in found if match})


def newest(store: Store, language: str) -> tuple[Entry | None, str]:
    """Return the newest entry and its SHA-256.

    Raises
    ------
    StateError
        It cannot be read.
    """
    keys = _keys(store, language)
    if not keys:
        return None, _NOTHING
    return _read(store, keys[-1])


def read_log(store: Store, language: str) -> Iterator[Entry]:
    """Read all entries, the first one first, and see to it that they are as they were written.

    Raises
    ------
    StateError
        One is missing, changed, or out of its place.
    """
    link = _NOTHING
    for number, key in enumerate(_keys(store, language), 1):
        entry, digest = _read(store, key)
        if (entry.sequence, entry.previous, entry.language) != (number, link, language):
            raise StateError(f"{key}: does not follow the entry before; one was changed or taken away")
        link = digest
        yield entry


def append(
    store: Store,
    language: str,
    state: State,
    action: Action,
    *,
    after: tuple[Entry | None, str],
    why: str,
    alias: str | None = None,
    version: str | None = None,
    replaced: str | None = None,
    removed: list[str] | None = None,
    plan: str | None = None,
) -> Entry:
    """Write the next entry; from then on its state holds.

    Parameters
    ----------
    store : Store
    language : str
    state : State
        After the move.
    action : Action
    after : tuple
        What `newest` returned when the move was decided.
    why, alias, version, replaced, removed, plan
        As in `Entry`.

    Raises
    ------
    StateError
        Another has written meanwhile, or it cannot be written.
    """
    last, link = after
    entry = Entry(
        sequence=last.sequence + 1 if last else 1,
        previous=link,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        language=language,
        action=action,
        alias=alias,
        version=version,
        replaced=replaced,
        removed=removed or [],
        why=why,
        plan=plan,
        state=state,
    )
    key = f"{language}/log/{entry.sequence:08}.json"
    if not store.create(key, entry.model_dump_json(indent=1).encode() + b"\n"):
        raise StateError(f"{language}: another has changed it meanwhile; look at it, then try again")
    return entry


def _keys(store: Store, language: str) -> list[str]:
    return [key for key in store.keys(f"{language}/log") if _KEY.fullmatch(key)]


def _read(store: Store, key: str) -> tuple[Entry, str]:
    data = store.read(key)
    try:
        entry = Entry.model_validate_json(data)
    except ValidationError as error:
        raise StateError(f"{key}: is no entry of a log ({problem_line(error, Entry)}); restore it") from None
    return entry, hashlib.sha256(data).hexdigest()
