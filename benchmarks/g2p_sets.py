"""The lexicons that `benchmarks.g2p` measures on: where a folder of benchmarks keeps them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goldzone.errors import ConfigError

__all__ = ["Lexicons", "find_sets"]


@dataclass(frozen=True)
class Lexicons:
    """One language of a benchmark."""

    group: str
    """The benchmark, such as "sigmorphon2021/low"."""
    name: str
    train: Path
    dev: Path | None = None
    """Words that the benchmark itself sets aside."""


def find_sets(folder: Path, only: Sequence[str] = ()) -> list[Lexicons]:
    """Find the benchmarks of a folder.

    Known are folders of ``NAME_train.tsv`` and ``NAME_dev.tsv`` side by side or in ``train/`` and ``dev/``,
    of ``train/NAME.tsv`` and ``dev/NAME.tsv``, and lexicons alone (``NAME.tsv``).

    Parameters
    ----------
    folder : Path
    only : sequence of str
        Patterns of ``GROUP/NAME``, such as "sigmorphon2021/*"; all without.

    Raises
    ------
    ConfigError
        Nothing is found.
    """
    found = []
    for path in sorted(folder.rglob("*.tsv")):
        stem = path.stem
        if path.parent.name == "dev" or stem.endswith("_dev"):
            continue
        apart = path.parent.name == "train"
        group = (path.parent.parent if apart else path.parent).relative_to(folder).as_posix()
        name = stem.removesuffix("_train")
        dev = path.parent.parent / "dev" if apart else path.parent
        dev /= stem.replace("_train", "_dev") + ".tsv"
        found.append(Lexicons(group, name, path, dev if dev.is_file() and dev != path else None))
    wanted = [
        each
        for each in found
        if not only or any(fnmatch.fnmatch(f"{each.group}/{each.name}", pattern) for pattern in only)
    ]
    if not wanted:
        raise ConfigError(f"{folder}: has no lexicon {' '.join(only) or 'file (.tsv)'}; give another folder")
    return wanted
