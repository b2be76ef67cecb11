"""Memory of a whole training: of a big language, and whether it grows with the sweeps."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.command import train
from benchmarks.speed.measure import Figure, Setting

__all__ = ["figures"]

MOST_MEGABYTES = 3000.0
MOST_GROWTH = 1.05
_BIG = "finnish"  # long words: the most samples of all languages of neurlang/dataset
_SWEEPS = (3, 24)


def figures(setting: Setting) -> list[Figure]:
    """Run ``goldzone train`` and read what the system says of its memory."""
    _peak_megabytes("slovak", setting, sweeps=1, limit=300)  # the first one on a machine compiles
    few, many = (_peak_megabytes("slovak", setting, sweeps=sweeps, limit=300) for sweeps in _SWEEPS)
    growth = f"{_SWEEPS[0]} sweeps instead of {_SWEEPS[1]}"
    found = [Figure("memory.sweeps", many, "MB", peer=growth, ratio=many / few, bound=few * MOST_GROWTH)]
    if setting.dataset is not None and not setting.quick:
        peak = _peak_megabytes(_BIG, setting)
        found.append(Figure("memory.train", peak, "MB", bound=MOST_MEGABYTES))
    return found


def _peak_megabytes(language: str, setting: Setting, *, sweeps: int = 4, limit: int | None = None) -> float:
    """Train in a process of its own and return the most memory that it had resident."""
    with tempfile.TemporaryDirectory() as folder:
        _, finished = train(
            language,
            Path(folder) / "run",
            *("--threads", str(setting.threads)),
            dataset=None if limit else setting.dataset,
            words=limit,
            config=f"[pipeline]\nsweeps = {sweeps}\npatience = 1000",
        )
    return finished.megabytes
