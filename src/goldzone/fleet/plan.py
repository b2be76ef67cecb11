"""Which languages a fleet trains, where, and in which order."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from goldzone.data.languages import LanguageFolder, find_languages
from goldzone.errors import DataError
from goldzone.fleet.flag_file import FlagFile
from goldzone.fleet.jobs import LanguageJob
from goldzone.training.config import TrainingConfig
from goldzone.validation import nearest

__all__ = ["biggest_first", "choose_languages", "plan_jobs", "run_folder_name"]


def plan_jobs(
    dataset: Path,
    out: Path,
    config: TrainingConfig,
    *,
    only: Sequence[str] = (),
    flags: FlagFile | None = None,
    limit: int | None = None,
    force: bool = False,
) -> list[LanguageJob]:
    """Make a job of each language of a dataset, the biggest first.

    So the end of the work is made of small jobs, and no worker waits long for the last. No lexicon is read
    but to count its lines: one that is broken is for its worker to find.

    Parameters
    ----------
    dataset : Path
        A folder of languages (`goldzone.data.languages`).
    out : Path
        The folder of the run folders.
    config : TrainingConfig
    only : sequence of str
        Patterns of names; none: all languages.
    flags : FlagFile, optional
    limit : int, optional
        Train on this many words of each only.
    force : bool
        Replace runs that are there.

    Raises
    ------
    DataError
        There is no language, a pattern fits none, or two languages would share a run folder.
    """
    folders = {folder.name: folder for folder in find_languages(dataset)}
    jobs = [
        LanguageJob(
            name=name,
            dataset=str(dataset.resolve()),
            folder=str(folders[name].path),
            run=str(out / run_folder_name(name)),
            rows=min(_count_rows(folders[name]), limit or sys.maxsize),
            config=config.to_toml(),
            flags=flags.name if flags else None,
            flags_digest=flags.digest if flags else None,
            limit=limit,
            force=force,
        )
        for name in choose_languages(list(folders), only)
    ]
    return biggest_first(jobs)


def biggest_first(jobs: Sequence[LanguageJob]) -> list[LanguageJob]:
    """Put jobs in the order in which they are begun.

    Raises
    ------
    DataError
        Two languages would share a run folder.
    """
    _refuse_shared(jobs)
    return sorted(jobs, key=lambda job: (-job.rows, job.name))


def choose_languages(names: Sequence[str], only: Sequence[str]) -> list[str]:
    """Return the names that one of the patterns fits, or all if there is no pattern.

    ``*`` stands for any letters, ``/`` too: ``english*`` fits ``english`` and ``english/american``.

    Raises
    ------
    DataError
        A pattern fits no name.
    """
    for pattern in only:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = nearest(pattern, names)
            advice = f"did you mean {near}?" if near else f"there are {len(names)}, such as {names[0]}"
            raise DataError(f"{pattern!r} fits no language; {advice}")
    return [name for name in names if not only or any(fnmatchcase(name, pattern) for pattern in only)]


def run_folder_name(language: str) -> str:
    """Return the run folder's name for a language: that of ``goldzone train``.

    Whatever the language is called, it is one name inside a folder, and no hidden one.
    """
    return re.sub(r"[^\w.-]+", "-", language).lstrip(".") or "unnamed"


def _count_rows(folder: LanguageFolder) -> int:
    try:
        return folder.count_rows()
    except DataError:  # for its worker to report
        return 0


def _refuse_shared(jobs: Sequence[LanguageJob]) -> None:
    owners: dict[str, str] = {}
    for job in jobs:
        other = owners.setdefault(job.run, job.name)
        if other != job.name:
            raise DataError(
                f"{other} and {job.name} would share the run folder {job.run}; choose one of them (--only)"
            )
