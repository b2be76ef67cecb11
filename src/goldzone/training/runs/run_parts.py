"""What a run's folder consists of: the names of its files, and what may not be among them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from goldzone.errors import StateError

__all__ = ["CONFIG", "EVENTS", "FINAL", "MODEL", "MODEL_FILE", "SOURCE", "STATE", "refuse_links"]

CONFIG: Final = "config.toml"
SOURCE: Final = "source.json"
EVENTS: Final = "events.jsonl"
STATE: Final = "state"
MODEL: Final = "model"
MODEL_FILE: Final = "model.goldzone"
FINAL: Final = "final"


def refuse_links(folder: Path) -> None:
    """Refuse a run of which a part is a link, a pipe or a device.

    What is written to a link changes another file, and reading a pipe may never end: a folder that comes from
    somebody else must do neither. The run folder itself may be a link: that name is the user's.

    Raises
    ------
    StateError
        It names the part.
    """
    for name in (CONFIG, SOURCE, EVENTS, STATE, MODEL, FINAL):
        _refuse_link(folder / name)


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
