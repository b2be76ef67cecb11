"""Memory of a whole training: of a big language, and whether it grows with the sweeps."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.speed.measure import Figure, Setting

__all__ = ["figures"]

MOST_MEGABYTES = 3000.0
MOST_GROWTH = 1.05
_BIG = "finnish"  # long words: the most samples of all languages of neurlang/dataset
_SWEEPS = (3, 24)


def figures(setting: Setting) -> list[Figure]:
    """Run ``goldzone train`` and read what the system says of its memory."""
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
        config = Path(folder) / "config.toml"
        config.write_text(f"[pipeline]\nsweeps = {sweeps}\npatience = 1000\n", encoding="utf-8")
        command = [sys.executable, "-m", "goldzone", "train", language, "--config", str(config), "--json"]
        command += ["--out", str(Path(folder) / "run"), "--threads", str(setting.threads)]
        command += [] if limit is None else ["--limit", str(limit)]
        command += [] if limit or setting.dataset is None else ["--dataset", str(setting.dataset)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None  # noqa: S101 - it was asked for
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {said.strip()}")
    return usage.ru_maxrss / 1024
