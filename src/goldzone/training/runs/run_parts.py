"""What a run's folder consists of, and how a run as a whole is deleted, set aside and put back."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from goldzone.errors import StateError

__all__ = [
    "CONFIG",
    "EVENTS",
    "FINAL",
    "LOCK",
    "MODEL",
    "MODEL_FILE",
    "PARTS",
    "REPLACED",
    "SOURCE",
    "STATE",
    "SUMS_BEFORE",
    "delete_parts",
    "mend_replacing",
    "put_back",
    "refuse_links",
    "set_aside",
]

CONFIG: Final = "config.toml"
SOURCE: Final = "source.json"
EVENTS: Final = "events.jsonl"
STATE: Final = "state"
MODEL: Final = "model"
MODEL_FILE: Final = "model.goldzone"
FINAL: Final = "final"
SUMS_BEFORE: Final = "sums_before.goldzone"
"""In `STATE`: the sums of an earlier run that this one began with."""
LOCK: Final = "lock"
"""In `STATE`; it stays where it is while one run replaces another: all the time one process holds it."""
REPLACED: Final = "replaced"
"""Holds the run that another one replaces, until that one has a model."""
PARTS: Final = (SOURCE, EVENTS, STATE, MODEL, FINAL)
"""All but the configuration, which counts: a folder with one is complete."""


def refuse_links(folder: Path) -> None:
    """Refuse a run of which a part is a link, a pipe or a device.

    What is written to a link changes another file, and reading a pipe may never end: a folder that comes from
    somebody else must do neither. The run folder itself may be a link: that name is the user's.

    Raises
    ------
    StateError
        It names the part.
    """
    for name in (CONFIG, *PARTS, REPLACED):
        _refuse_link(folder / name)


def delete_parts(folder: Path) -> None:
    """Delete what a run leaves, but its configuration and its lock, and no other file; OSError."""
    for path in _movable(folder):
        _delete(path)


def set_aside(folder: Path) -> None:
    """Move a run to `REPLACED` within its folder, the configuration last; OSError.

    An unfinished run is deleted instead where a run lies there already: that one has a model.
    """
    aside = folder / REPLACED
    if (aside / CONFIG).exists() and not (folder / MODEL / MODEL_FILE).exists():
        delete_parts(folder)
        (folder / CONFIG).unlink()
        return
    _delete(aside)
    aside.mkdir()
    _move(folder, aside)


def put_back(folder: Path) -> None:
    """Move the run in `REPLACED`, if there is one, to its place, which holds no other; OSError."""
    aside = folder / REPLACED
    if aside.exists():
        _move(aside, folder)
        _delete(aside)


def mend_replacing(folder: Path) -> None:
    """Put a run back whose replacing was broken off, unless the new one had begun; OSError."""
    aside = folder / REPLACED
    if aside.exists() and not ((aside / CONFIG).exists() and (folder / CONFIG).exists()):
        put_back(folder)


def _movable(folder: Path) -> Iterator[Path]:
    """Yield the parts that there are; the state file by file, without the lock."""
    for name in PARTS:
        path = folder / name
        if name == STATE and path.is_dir():
            yield from (file for file in sorted(path.iterdir()) if file.name != LOCK)
        elif path.exists():
            yield path


def _move(source: Path, target: Path) -> None:
    (target / STATE).mkdir(exist_ok=True)
    for path in [*_movable(source), source / CONFIG]:
        place = target / path.relative_to(source)
        if path.exists():
            _delete(place)
            path.replace(place)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _refuse_link(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        inside = list(path.iterdir()) if stat.S_ISDIR(mode) else []
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StateError(f"{path}: cannot be read ({error.strerror}); check the folder") from None
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise StateError(
            f"{path}: is a {_kind(mode)}; a run holds plain files and folders only, put the file itself there"
        )
    for part in inside:
        _refuse_link(part)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    return "pipe" if stat.S_ISFIFO(mode) else "device or socket"
