"""A file and its two backups: written atomically, rotated, and of all the newest whole one read.

Beside ``sums.goldzone`` lie ``sums.goldzone.bak1``, the one before it, then ``.bak2``. Each write counts on
from the highest generation that it finds; so files that changed places are noticed, although each is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.storage.sealed import DamagedError

__all__ = ["Decode", "Newest", "read_newest", "write_rotated"]

T = TypeVar("T")

Decode: TypeAlias = Callable[[bytes, str], tuple[int, T]]
"""Takes a file's bytes and what messages call it; returns its generation and its value.

`DamagedError` says that the file is not whole; any other error ends the reading.
"""

_BACKUPS: Final = 2
_MAX_BYTES: Final = 1 << 32


@dataclass(frozen=True, eq=False)
class Newest(Generic[T]):
    """What `read_newest` found."""

    value: T | None
    """None: no file is whole."""
    warnings: tuple[str, ...]
    """A line for each file that is damaged, missing or in the wrong place, and for what was read instead."""


@dataclass(frozen=True, eq=False)
class _Whole(Generic[T]):
    path: Path
    generation: int
    value: T


def write_rotated(target: Path, encode: Callable[[int], bytes], decode: Decode[object]) -> None:
    """Write a file; the one before becomes the first backup, and that one the second.

    At every moment at least one of them is whole. A damaged file never takes the place of a whole one.

    Parameters
    ----------
    target : Path
    encode : callable
        Takes the generation, from 1; returns the file's bytes, which hold it.
    decode : Decode

    Raises
    ------
    StateError
        If a file cannot be read, moved or written, or `decode` refuses one.
    """
    whole = {file.path: file.generation for file in _read_all(target, decode)[0]}
    data = encode(1 + max(whole.values(), default=0))
    if target in whole:
        for newer, older in reversed(list(pairwise(_paths(target)))):
            if newer in whole:
                _move(newer, older)
    write_atomically(target, data, error=StateError)


def read_newest(target: Path, decode: Decode[T]) -> Newest[T]:
    """Read the newest whole file of a file and its backups.

    Raises
    ------
    StateError
        If a file cannot be read, or `decode` refuses one.
    """
    files, warnings = _read_all(target, decode)
    if not files:
        lost = [f"{target}: neither it nor a backup is whole; nothing was read"] if warnings else []
        return Newest(None, (*warnings, *lost))
    newest = max(files, key=lambda file: file.generation)  # of several, the first
    if newest.path != target:
        if files[0].path == target:
            what = "is older than its backup"
        else:
            what = "is damaged" if target.exists() else "is missing"
        warnings.append(f"{target}: {what}; the backup {newest.path.name} was read")
    return Newest(newest.value, tuple(warnings))


def _paths(target: Path) -> list[Path]:
    """Return the paths of a file and its backups, newest first."""
    return [target, *(target.with_name(f"{target.name}.bak{n}") for n in range(1, _BACKUPS + 1))]


def _read_all(target: Path, decode: Decode[T]) -> tuple[list[_Whole[T]], list[str]]:
    """Return the whole files, newest first by name, and a line for each damaged one."""
    files: list[_Whole[T]] = []
    damage: list[str] = []
    for path in filter(Path.exists, _paths(target)):
        try:
            files.append(_Whole(path, *decode(read_bounded(path, _MAX_BYTES, error=StateError), str(path))))
        except DamagedError as problem:
            damage.append(str(problem))
    return files, damage


def _move(newer: Path, older: Path) -> None:
    try:
        newer.replace(older)
    except OSError as problem:
        raise StateError(f"{older}: cannot be written ({problem.strerror}); check the folder") from None
