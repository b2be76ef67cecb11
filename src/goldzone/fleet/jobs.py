"""A language to train and what is told of it: plain values, which travel as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

__all__ = [
    "Begun",
    "Done",
    "Failed",
    "LanguageJob",
    "LanguageResult",
    "Noted",
    "Progressed",
    "Report",
    "job_from_line",
    "job_to_line",
    "report_from_line",
    "report_to_line",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageJob:
    """A language, and how it is to be trained."""

    name: str
    """Its path in the dataset: ``french``, ``english/american``."""
    dataset: str | None
    """The dataset's folder, absolute; None of a lexicon that is in none."""
    folder: str
    """The language's folder, which holds its lexicon; without a dataset, the lexicon's file, or empty for a
    built-in sample."""
    run: str
    """The run folder."""
    rows: int
    """Lines of the lexicon, or `limit` where that is less: how much work it is."""
    config: str
    """The configuration as TOML, before flags."""
    alerts: str = ""
    """The section ``[alerts]`` as TOML, for what looks after the run."""
    flags: str | None = None
    """A flags file."""
    flags_digest: str | None = None
    """SHA-256 of that file in hex when the fleet began."""
    limit: int | None = None
    """Train on this many words only."""
    force: bool = False
    """Replace a run that is there."""
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageResult:
    """What a language came to."""

    name: str
    status: str
    """Trained now: "trained"; interrupted before and finished now: "resumed"; finished before: "kept"."""
    words: int
    """Of the whole lexicon."""
    train_words: int
    dev_words: int
    test_words: int
    """Of the parts of the lexicon, as far as they were used."""
    dev_word_accuracy: float | None
    """Share of dev words right; None without dev words."""
    test_word_accuracy: float | None
    """Share of test words right; None, as are the next two, without test words."""
    test_interval: list[float] | None
    """95 % interval of `test_word_accuracy`: low and high."""
    phoneme_error: float | None
    """Share, of the test words."""
    bytes: int
    """Of the model."""
    digest: str
    """SHA-256 of the model in hex."""
    sweep: int | None
    """The sweep whose state the model is."""
    reason: str
    """Why training ended."""
    seconds: float
    """What training and testing took; for a resumed run, from the resumption on."""
    run: str
    """The run folder."""
    peak_memory: int | None = None
    """Bytes that the process had at most while it trained and tested; None where the system does not tell."""


class Begun(msgspec.Struct, frozen=True, tag=True, tag_field="report"):
    """A worker took up a language."""

    name: str


class Progressed(msgspec.Struct, frozen=True, tag=True, tag_field="report"):
    """Where a language is."""

    name: str
    stage: str
    """What is done outside the sweeps; empty within one."""
    sweep: int
    """The sweep at work, 0 before the first."""
    sweeps: int
    """How many there may be."""
    share: float
    """Of the work, in [0, 1]; training may end early."""
    dev_word_accuracy: float | None
    """The best so far."""


class Done(msgspec.Struct, frozen=True, tag=True, tag_field="report"):
    """A language is trained and tested, or was before."""

    name: str
    result: LanguageResult


class Failed(msgspec.Struct, frozen=True, tag=True, tag_field="report"):
    """A language came to nothing."""

    name: str
    message: str
    """One line: what, where, what to do."""
    details: str = ""
    """For those who look for the cause: a traceback, or what a worker that died wrote last; mostly empty."""


class Noted(msgspec.Struct, frozen=True, tag=True, tag_field="report"):
    """A line for people, about no language: that code is being compiled, say."""

    message: str


Report: TypeAlias = Begun | Progressed | Done | Failed | Noted

_JOBS: Final = msgspec.json.Decoder(LanguageJob)
_REPORTS: Final[msgspec.json.Decoder[Report]] = msgspec.json.Decoder(Report)


def job_to_line(job: LanguageJob) -> bytes:
    """Write a job as one line of JSON."""
    return msgspec.json.encode(job) + b"\n"


def job_from_line(line: bytes) -> LanguageJob:
    """Read what `job_to_line` wrote."""
    return _JOBS.decode(line)


def report_to_line(report: Report) -> bytes:
    """Write a report as one line of JSON."""
    return msgspec.json.encode(report) + b"\n"


def report_from_line(line: bytes) -> Report:
    """Read what `report_to_line` wrote."""
    return _REPORTS.decode(line)
