"""All languages: what is lost between the trainings, and the memory of the workers.

A sample of the dataset's languages, from small to big, some hundred words of each; without a dataset, parts
of the built-in samples. The peer is the trainings themselves, as the workers measured them: a ratio of 1
means that starting workers, reading words, waiting and writing cost nothing.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.command import peak_bytes
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.words import write_words
from goldzone.data.builtin import load_builtin
from goldzone.fleet.jobs import Begun, Done, Failed, LanguageJob, Report
from goldzone.fleet.plan import plan_jobs
from goldzone.fleet.processes import ProcessExecutor
from goldzone.fleet.results import FleetRecord
from goldzone.training.config import TrainingConfig

__all__ = ["figures"]

_WORKER: Final = "goldzone.cli.fleet_worker"
_QUICK: Final = TrainingConfig.model_validate({"network": {"neurons": 30}, "pipeline": {"sweeps": 2}})
_MOST_BYTES: Final = 3e9
_LEAST_AT_WORK: Final = 0.8  # of a run of seconds; the start of the workers takes a tenth of it


def figures(setting: Setting) -> list[Figure]:
    """Measure a fleet of some languages."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = setting.dataset or _made_up(Path(folder) / "dataset")
        config = _QUICK if setting.quick else TrainingConfig()
        limit = 100 if setting.quick else 500
        everything = plan_jobs(dataset, Path(folder) / "runs", config, limit=limit)
        languages = 4 if setting.quick else 12
        jobs = everything[:: -(-len(everything) // languages)]
        # The first training of a worker loads compiled code, or makes it.
        before = [replace(job, run=f"{job.run}-before") for job in jobs[-setting.threads :]]
        _carry_out(before, setting.threads)
        return _carry_out(jobs, setting.threads)


def _carry_out(jobs: list[LanguageJob], workers: int) -> list[Figure]:
    record = FleetRecord(jobs)
    began: dict[str, float] = {}
    at_work = 0.0  # seconds, of all workers together

    def on_report(report: Report) -> None:
        nonlocal at_work
        record.report(report)
        if isinstance(report, Begun):
            began[report.name] = time.perf_counter()
        elif isinstance(report, Done | Failed):
            at_work += time.perf_counter() - began.get(report.name, time.perf_counter())

    before, start = _processor_seconds(), time.perf_counter()
    ProcessExecutor(workers, _WORKER).run(jobs, on_report=on_report)
    seconds = time.perf_counter() - start
    busy = (_processor_seconds() - before) / (seconds * workers)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the largest worker so far
    results = record.summary(seconds).results
    trained = sum(result.seconds for result in results) / workers
    words = sum(result.train_words for result in results)
    peer = "the trainings alone, shared evenly"
    return [
        Figure("fleet.seconds", seconds, "s", peer=peer, ratio=seconds / trained if trained else None),
        Figure("fleet.words_per_second", words / seconds, "words/s", "higher"),
        Figure(
            "fleet.at_work_share",
            at_work / (seconds * workers),
            "of the workers' time",
            "higher",
            bound=_LEAST_AT_WORK,
        ),
        # Without a bound: what other programs take is missing here.
        Figure("fleet.busy_share", busy, "of the processors' time", "higher"),
        Figure("fleet.peak_memory", workers * peak_bytes(used), "bytes", bound=_MOST_BYTES),
        Figure("fleet.failures", len(jobs) - len(results), "languages", bound=0),
    ]


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _made_up(dataset: Path) -> Path:
    """Write parts of the built-in samples as languages."""
    for name in ("slovak", "hebrew"):
        entries = load_builtin(name).entries
        for part, size in enumerate((150, 300, 600)):
            write_words(dataset / f"{name}{part}" / "lexicon.tsv", entries[:size])
    return dataset
