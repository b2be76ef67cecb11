"""A package with plug-ins, installed in a folder for one test."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from goldzone.plugins import plugin


@contextmanager
def installed(folder: Path, name: str, code: str, entries: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """Install a package of one module: entry points by group, each a name and what it names in the module."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    about = folder / f"{name}-1.5.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n", encoding="utf-8")
    lines = [
        line
        for group, parts in entries.items()
        for line in (f"[{group}]", *(f"{part} = {name}:{where}" for part, where in parts.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    plugin.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        plugin.cache_clear()
