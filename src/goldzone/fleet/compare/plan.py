"""Which languages are compared, and which models that takes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from goldzone.data.languages import find_languages
from goldzone.errors import ConfigError, DataError, StateError
from goldzone.fleet.compare.arms import Arm
from goldzone.fleet.jobs import LanguageJob
from goldzone.fleet.plan import biggest_first, choose_languages, run_folder_name
from goldzone.fleet.word_source import WordSource, find_source
from goldzone.training.runs.model_files import judged_model_file

__all__ = ["Pair", "arm_jobs", "find_model", "find_sources", "pair_languages"]


def find_sources(languages: Sequence[str], dataset: Path | None) -> list[WordSource]:
    """Find the words that are compared on.

    Parameters
    ----------
    languages : sequence of str
        Lexicon files, built-in samples, or patterns of names in the dataset; none: all of the dataset.
    dataset : path, optional

    Raises
    ------
    DataError
        There is nothing of such a name, or two of the same.
    """
    if dataset is None and not languages:
        raise DataError("nothing to compare on; name a language or a lexicon, or give --dataset")
    folders = {folder.name: folder for folder in find_languages(dataset)} if dataset else {}
    found, patterns = [], []
    for name in languages:
        source = None if name in folders else find_source(name)
        if source is not None:
            found.append(source)
        elif folders:
            patterns.append(name)
        else:
            raise DataError(f"{name}: is neither a file nor a built-in sample; give a file, or --dataset DIR")
    if patterns or not languages:
        found += [
            WordSource(name, str(folders[name].path), str(Path(dataset or "").resolve()))
            for name in choose_languages(list(folders), patterns)
        ]
    names = [source.name for source in found]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{name}: is given twice; name each language once")
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """Two languages of like size, the first trained with the first arm, the second with the second."""

    first: str
    second: str


def pair_languages(rows: Mapping[str, int]) -> tuple[list[Pair], str | None]:
    """Give each arm half of the languages, alike in size: neighbours by size share a pair, by hash.

    Parameters
    ----------
    rows : mapping of str to int
        How large each language is.

    Returns
    -------
    pairs : list of Pair
    left : str or None
        The smallest language of an odd number: it has no other to be compared with.
    """
    ordered = sorted(rows, key=lambda name: (-rows[name], name))
    pairs = [
        Pair(*sorted(couple, key=lambda name: hashlib.sha256(name.encode()).digest()))
        for couple in zip(ordered[::2], ordered[1::2], strict=False)
    ]
    return pairs, ordered[-1] if len(ordered) % 2 else None


def arm_jobs(
    arm: Arm,
    sources: Sequence[WordSource],
    out: Path,
    *,
    seed: int,
    limit: int | None = None,
    force: bool = False,
) -> list[LanguageJob]:
    """Make the jobs that train an arm once, with the nth seed, in run folders below ``out/ARM/seed-N``."""
    if arm.config is None:
        return []
    config = arm.config.model_copy(update={"seed": arm.config.seed + seed}).to_toml()
    folder = out / arm.name / f"seed-{seed + 1}"
    return biggest_first(
        [
            LanguageJob(
                name=source.name,
                dataset=source.dataset,
                folder=source.place,
                run=str(folder / run_folder_name(source.name)),
                rows=min(source.count_rows(), limit or sys.maxsize),
                config=config,
                limit=limit,
                force=force,
            )
            for source in sources
        ]
    )


def find_model(arm: Arm, name: str, *, alone: bool) -> Path:
    """Return the model file of an arm that is there already.

    Parameters
    ----------
    arm : Arm
    name : str
        The language's.
    alone : bool
        Whether it is the only one; then the arm may be a model or a run folder itself.

    Raises
    ------
    ConfigError
        One model is given for several languages.
    StateError
        There is no model, or its run is unfinished.
    """
    there = arm.models or Path()
    own = there / run_folder_name(name)
    if there.is_file() or not own.is_dir():
        if not alone:
            raise ConfigError(f"arm {arm.name}: {there} has no {own.name}, the run folder of {name}")
        own = there
    file = judged_model_file(own)
    if not file.is_file():
        raise StateError(f"arm {arm.name}: {own} holds no model; give a model file or a finished run")
    return file
