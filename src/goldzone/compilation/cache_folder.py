"""Where compiled kernels are kept: a folder of this user's, named for the sources they were compiled from.

Numba keeps compiled code beside the source, and compiles again when the function's own file changes. That is
too little here. A kernel holds the code of the kernels that it calls, from other files too, and would go on
with what they were; a package may be installed where nobody can write; and cached code is unpickled, so that
it must come from a folder that only this user can write to. Hence one folder for each state of all kernels.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["CacheFolder", "find_cache_folder", "kernel_sources", "sources_digest"]

_KERNEL = re.compile(rb"^@compiled(_part)?\b", re.MULTILINE)
_IMPORT = re.compile(rb"^from (goldzone\.[\w.]+) import", re.MULTILINE)
_PREFIX = "kernels-"
_KEPT = 4


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """Where compiled code is kept."""

    path: Path | None
    """A folder that can be written, or None where there is none."""
    problem: str = ""
    """Why the user's own folder was not taken, in words; empty if it was."""


def find_cache_folder(chosen: str = "") -> CacheFolder:
    """Find, and make, the folder for kernels compiled from the present sources.

    The first that can be used of: `chosen`, the user's folder for caches, the folder for temporary files. In
    each only a folder of goldzone's own is written, which belongs to this user and to nobody else; folders of
    the sources before the last few are removed.

    Parameters
    ----------
    chosen : str
        What the user asked for (``NUMBA_CACHE_DIR``); empty for nothing.
    """
    name = f"{_PREFIX}{sources_digest()[:12]}"
    problems: list[str] = []
    finders: list[Callable[[], Path | None]] = [lambda: _chosen(chosen), _user_cache, _temporary]
    for find in finders:
        try:
            if (own := find()) is not None:
                return CacheFolder(_open(own, name), "; ".join(problems))
        except (OSError, RuntimeError) as error:  # RuntimeError: this user has no home
            problems.append(_in_words(error))
    return CacheFolder(None, "; ".join(problems))


def kernel_sources() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the text of each module with kernels, and of all that they import of goldzone.

    These are imported for the constants that compiled code holds, and for other kernels.
    """
    texts = dict(_sources(files("goldzone"), "goldzone."))
    todo = [name for name, text in texts.items() if _KERNEL.search(text)]
    found = set(todo)
    while todo:
        for imported in _IMPORT.findall(texts[todo.pop()]):
            inside = imported.decode() + "."  # a package stands for all that is in it
            new = {name for name in texts if f"{name}.".startswith(inside)} - found
            found |= new
            todo += new
    for name in sorted(found):
        yield name, texts[name]


def sources_digest() -> str:
    """Return the SHA-256 of all that kernels are compiled from, in hexadecimal."""
    digest = hashlib.sha256()
    for name, text in kernel_sources():
        digest.update(f"{name} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def _sources(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.name.endswith(".py"):
            yield prefix + item.name.removesuffix(".py"), item.read_bytes()
        elif item.is_dir() and item.name != "__pycache__":
            yield from _sources(item, f"{prefix}{item.name}.")


def _chosen(chosen: str) -> Path | None:
    if not chosen:
        return None
    folder = Path(chosen).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "goldzone"


def _user_cache() -> Path:
    """Return goldzone's folder among the user's caches; the home itself is never made."""
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        # The specification of these folders has relative names ignored.
        caches = named if named.is_absolute() else Path.home() / ".cache"
    # `sudo` may leave the home of another user, where files of this one would be in the way.
    _require_own(caches if caches.exists() else caches.parent)
    caches.mkdir(mode=0o700, exist_ok=True)
    return caches / "goldzone"


def _temporary() -> Path:
    user = os.geteuid() if hasattr(os, "geteuid") else "user"
    return Path(tempfile.gettempdir()) / f"goldzone-{user}"


def _open(own: Path, name: str) -> Path:
    """Make goldzone's own folder and, in it, the one for the present sources."""
    own.mkdir(mode=0o700, exist_ok=True)
    _require_own(own)
    if hasattr(os, "geteuid") and own.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{own}: others can write to it")
    folder = own / name
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        _remove_old(own, folder)
    tempfile.TemporaryFile(dir=folder).close()
    return folder


def _require_own(folder: Path) -> None:
    """Refuse a folder, or a link to one, of another user's."""
    if hasattr(os, "geteuid") and {folder.stat().st_uid, folder.lstat().st_uid} != {os.geteuid()}:
        raise PermissionError(f"{folder}: belongs to another user")


def _remove_old(own: Path, present: Path) -> None:
    """Remove all but the newest folders; a process that still uses one compiles what it then misses."""
    try:
        old = [path for path in own.glob(f"{_PREFIX}*") if path != present]
        old.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:  # another process removes them at this moment
        return
    for path in old[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _in_words(error: OSError | RuntimeError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
