"""A snapshot and its backups on disk: written atomically, rotated, and of all the newest whole one read.

Beside ``sums.goldzone`` lie ``sums.goldzone.bak1``, the one before it, then ``.bak2``. Each save counts on
from the highest generation that it finds; so files that changed places are noticed, although each is whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.training.sums.snapshot import Content, DamagedSnapshotError, decode, encode

__all__ = ["MAX_BACKUPS", "Restored", "restore", "save"]

MAX_BACKUPS: Final = 9
_MAX_BYTES: Final = 1 << 33


@dataclass(frozen=True, eq=False)
class Restored:
    """What `restore` found.

    Attributes
    ----------
    content : Content or None
        None: no file is whole.
    source : {"snapshot", "backup", "empty"}
    warnings : tuple of str
        A line for each file that is damaged, missing or in the wrong place, and for what became of it.
    """

    content: Content | None
    source: Literal["snapshot", "backup", "empty"]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Whole:
    path: Path
    data: bytes
    content: Content


def save(target: Path, content: Content, backups: int) -> int:
    """Write a snapshot; the one before becomes the first backup, if it is whole.

    At every moment at least one of the files is whole. A damaged file never takes the place of a whole one.

    Parameters
    ----------
    target : Path
    content : Content
        Its generation is raised above that of every file beside it.
    backups : int
        How many earlier snapshots are kept, 0 to 9.

    Returns
    -------
    int
        The generation that was written.

    Raises
    ------
    StateError
        If a file cannot be written, or one there belongs to other layers or to another run.
    """
    if not 0 <= backups <= MAX_BACKUPS:
        raise StateError(f"backups: {backups} cannot be kept; give 0 to {MAX_BACKUPS}")
    files, _ = _read_all(target, content.layers, content.identity)
    generation = 1 + max((content.generation, *(file.content.generation for file in files)))
    _rotate(target, {file.path: file.data for file in files}, backups)
    write_atomically(target, encode(replace(content, generation=generation)), error=StateError)
    return generation


def restore(target: Path, layers: tuple[int, ...], identity: str | None) -> Restored:
    """Read the newest whole file of a snapshot and its backups.

    Parameters
    ----------
    target : Path
    layers : tuple of int
    identity : str, optional
        None: of whatever run.

    Raises
    ------
    StateError
        If a file cannot be read, is of another version, or belongs to other layers or to another run.
    """
    files, damage = _read_all(target, layers, identity)
    if not files:
        lost = [f"{target}: neither snapshot nor backup is whole; the sum cache starts empty"]
        return Restored(None, "empty", tuple(damage + lost if damage else ()))
    best = max(files, key=lambda file: file.content.generation)  # of several, the first
    if best.path == target:
        return Restored(best.content, "snapshot", tuple(damage))
    if files[0].path == target:
        what = "is older than its backup"
    else:
        what = "is damaged" if target.exists() else "is missing"
    return Restored(
        best.content, "backup", (*damage, f"{target}: {what}; the backup {best.path.name} was read")
    )


def _paths(target: Path, backups: int) -> list[Path]:
    """Return the paths of a snapshot and its backups, newest first."""
    return [target, *(target.with_name(f"{target.name}.bak{n}") for n in range(1, backups + 1))]


def _read_all(target: Path, layers: tuple[int, ...], identity: str | None) -> tuple[list[_Whole], list[str]]:
    """Return the whole files, newest first by name, and a line for each damaged one."""
    files: list[_Whole] = []
    damage: list[str] = []
    for path in _paths(target, MAX_BACKUPS):
        if not path.exists():
            continue
        data = read_bounded(path, _MAX_BYTES, error=StateError)
        try:
            content = decode(data, str(path))
        except DamagedSnapshotError as problem:
            damage.append(str(problem))
            continue
        if content.layers != layers:
            raise StateError(
                f"{path}: holds layers {content.layers}, the network has {layers}; "
                "use the run folder of this network"
            )
        if identity is not None and content.identity != identity:
            raise StateError(
                f"{path}: belongs to another run ({content.identity or 'without identity'}, not {identity}); "
                "put this run's file back, or delete it"
            )
        files.append(_Whole(path, data, content))
    return files, damage


def _rotate(target: Path, whole: Mapping[Path, bytes], backups: int) -> None:
    """Move the snapshot and its backups on by one, up to the first that is not worth keeping."""
    paths = _paths(target, backups)
    # A save that was interrupted after this step has left its copy.
    if target not in whole or (backups and whole.get(paths[1]) == whole[target]):
        return
    end = next((number for number, path in enumerate(paths) if path not in whole), backups)
    for newer, older in reversed(list(itertools.pairwise(paths[: end + 1]))):
        if newer == target:  # copied, so that the snapshot stays until the new one replaces it
            write_atomically(older, whole[target], error=StateError)
            return
        try:
            newer.replace(older)
        except OSError as problem:
            raise StateError(f"{older}: cannot be written ({problem.strerror}); check the folder") from None
