"""One language of a fleet: what its run folder holds decides whether it is kept, resumed or trained."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from goldzone import __version__
from goldzone.errors import ConfigError, GoldzoneError, StateError
from goldzone.fleet.jobs import LanguageJob, LanguageResult, Report
from goldzone.fleet.peak_memory import begin_peak, peak_memory
from goldzone.fleet.progress import ProgressPoster
from goldzone.fleet.word_source import WordSource
from goldzone.g2p.model import read_model
from goldzone.g2p.task import PhonemizerTask
from goldzone.storage.container import read_container
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.training.config import TrainingConfig, config_from_toml
from goldzone.training.runner import is_finished, resume_run, start_run
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, RunFinished, RunStarted
from goldzone.training.runs.listeners import Listener
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.runs.run_parts import refuse_links
from goldzone.training.task import PartResult, RunContext, RunSummary
from goldzone.validation import Checked

__all__ = ["MakeListener", "train_language"]

MakeListener = Callable[[LanguageJob], Listener]
"""Makes what raises the alerts of a language's run."""

_RESULT: Final = "result.json"
_MAX_RESULT_BYTES: Final = 1 << 16


def train_language(
    job: LanguageJob,
    *,
    post: Callable[[Report], None],
    check_interrupt: Callable[[], None],
    alerts: MakeListener | None = None,
) -> LanguageResult:
    """Train and test a language, or as much of that as is still to be done.

    A finished run of the same configuration, words and flags is kept, an unfinished one resumed. `force`
    replaces whatever is there.

    Parameters
    ----------
    job : LanguageJob
    post : callable
        Gets `Progressed` reports.
    check_interrupt : callable
        Called between neurons; what it raises ends the run, which can then be resumed.
    alerts : callable, optional
        Makes what raises the run's alerts.

    Raises
    ------
    DataError
        The lexicon or its settings cannot be used.
    ConfigError
        The flags cannot be resolved, or the flags file is no longer the one that the fleet began with.
    StateError
        The run folder holds a run of another configuration or other words, is in use, or cannot be written.
    """
    config = config_from_toml(job.config, f"configuration of {job.name}")
    inputs = _inputs_digest(job, config)
    run = RunFolder(Path(job.run), config)
    refuse_links(run.path)
    earlier = None if job.force else _kept_result(run, inputs)
    if earlier is not None:
        return earlier
    measured = begin_peak()
    result = _Language(job, config).finish(post, check_interrupt, alerts)
    if measured and result.status != "kept":
        result = replace(result, peak_memory=peak_memory())
    kept = _Kept(format="goldzone fleet result 1", inputs=inputs, result=result)
    content = kept.model_dump_json(indent=1).encode()
    write_atomically(run.state_path / _RESULT, content, error=StateError)
    return result


class _Kept(Checked):
    """What `_RESULT` holds: a result, and a digest of all that it depends on."""

    format: Literal["goldzone fleet result 1"]
    inputs: str
    result: LanguageResult


class _Language:
    """A language's words and configuration."""

    def __init__(self, job: LanguageJob, config: TrainingConfig) -> None:
        self._source = _source(job)
        self._job = job
        self._folder = Path(job.run)
        self._lexicon = self._source.read()
        self._config, self._initial_events = _flagged(job, config, len(self._lexicon))
        self._task = PhonemizerTask.of(
            self._lexicon, self._config, settings=self._source.settings, limit=job.limit
        )

    def finish(
        self,
        post: Callable[[Report], None],
        check_interrupt: Callable[[], None],
        alerts: MakeListener | None,
    ) -> LanguageResult:
        """Bring the run to its end from where it is."""
        job, run = self._job, self._existing()
        if run is not None and is_finished(run):
            return self._rescored(run)
        listeners: list[Listener] = [ProgressPoster(job.name, self._config, post)]
        if alerts is not None:
            listeners.append(alerts(job))
        context = RunContext(job.threads, listeners, check_interrupt)
        if run is not None:
            self._check_resumable(run)
            return self._result(resume_run(self._task, self._folder, context), "resumed")
        name = job.name if job.dataset else job.folder or job.name
        source = RunSource(name=name, dataset=job.dataset, limit=job.limit)
        summary = start_run(
            self._task,
            self._folder,
            context,
            source=source,
            force=job.force,
            initial_events=self._initial_events,
            other_sections=job.alerts,
        )
        return self._result(summary, "trained")

    def _existing(self) -> RunFolder | None:
        """Open the run that the folder holds, unless it is to be replaced."""
        if self._job.force or not RunFolder(self._folder, self._config).config_path.exists():
            return None
        return RunFolder.open(self._folder)

    def _check_resumable(self, run: RunFolder) -> None:
        limit = run.source.limit if run.source else None
        if run.config.digest() != self._config.digest() or limit != self._job.limit:
            raise StateError(
                f"{self._folder}: holds an unfinished run of another configuration or limit; "
                "choose another folder (--out), or replace it (--force)"
            )

    def _result(self, summary: RunSummary, status: str) -> LanguageResult:
        """Take what a fleet tells out of a run's summary."""
        dev = summary.dev
        return LanguageResult(
            name=self._job.name,
            status=status,
            words=len(self._lexicon),
            train_words=summary.train.examples,
            dev_words=dev.examples if dev else 0,
            dev_word_accuracy=dev.score if dev else None,
            **_test_fields(summary.test),
            bytes=summary.bytes,
            digest=summary.digest,
            sweep=summary.sweep,
            reason=summary.reason,
            seconds=summary.seconds,
            run=summary.run,
        )

    def _rescored(self, run: RunFolder) -> LanguageResult:
        """Test a finished model again: its run was not a fleet's, or its result is lost."""
        task = self._task
        started, finished = _ends(run)
        model, digest = read_model(run.model_path)
        now = (task.name, self._config.digest(), task.data_fingerprint, task.settings)
        if (started.run, started.config_digest, started.data_fingerprint, model.settings) != now:
            raise StateError(
                f"{self._folder}: holds a finished run of another configuration or other words; "
                "choose another folder (--out), or replace it (--force)"
            )
        if digest != finished.model_digest:
            raise StateError(f"{run.model_path}: is not the model that the run made; train again (--force)")
        if started.identity != task.identity:
            raise StateError(
                f"{self._folder}: holds a run of another version of goldzone; "
                "choose another folder (--out), or replace it (--force)"
            )
        return LanguageResult(
            name=self._job.name,
            status="kept",
            words=len(self._lexicon),
            train_words=started.train_examples,
            dev_words=started.dev_examples,
            dev_word_accuracy=finished.dev_score,
            **_test_fields(task.test_model(model, threads=self._job.threads)),
            bytes=run.model_path.stat().st_size,
            digest=digest,
            sweep=finished.best_sweep,
            reason=finished.reason,
            seconds=finished.seconds,
            run=str(run.path),
        )


def _source(job: LanguageJob) -> WordSource:
    return WordSource(job.name, job.folder, job.dataset)


def _inputs_digest(job: LanguageJob, config: TrainingConfig) -> str:
    """Identify all that a result depends on, without reading the words: SHA-256 in hex."""
    files = list(map(_file_digest, _source(job).files))
    inputs = [__version__, job.name, config.digest(), job.flags_digest, job.limit, *files]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _file_digest(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:  # missing, or one that reading the words will complain of
        return None


def _kept_result(run: RunFolder, inputs: str) -> LanguageResult | None:
    """Return the result of an earlier fleet, if it holds for these inputs and its model is there, whole."""
    path = run.state_path / _RESULT
    with contextlib.suppress(GoldzoneError, ValidationError):
        kept = _Kept.model_validate_json(read_bounded(path, _MAX_RESULT_BYTES, error=StateError))
        if kept.inputs == inputs and read_container(run.model_path).digest == kept.result.digest:
            return replace(kept.result, status="kept", run=str(run.path))
    return None


def _flagged(job: LanguageJob, config: TrainingConfig, words: int) -> tuple[TrainingConfig, Sequence[Event]]:
    """Apply the flags file; return the event that tells of it too."""
    if job.flags is None:
        return config, ()
    from goldzone.fleet.flag_file import load_flags
    from goldzone.fleet.flags import flag_client, resolve_flags

    flags = load_flags(job.flags)
    if flags.digest != job.flags_digest:
        raise ConfigError(f"{job.flags}: has changed since the first language; run again")
    flagged, event = resolve_flags(config, job.name, flag_client(flags), words=words)
    return flagged, (event,)


def _ends(run: RunFolder) -> tuple[RunStarted, RunFinished]:
    """Return what a finished run says of its beginning and its end."""
    events = (event for _, event in read_events(run.events_path))
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    last = deque(events, maxlen=1)
    if started is None or not last or not isinstance(last[0], RunFinished):
        raise StateError(f"{run.events_path}: does not tell how the run began; train again (--force)")
    return started, last[0]


def _test_fields(test: PartResult | None) -> dict[str, Any]:
    if test is None:
        return {"test_words": 0, "test_word_accuracy": None, "test_interval": None, "phoneme_error": None}
    return {
        "test_words": test.examples,
        "test_word_accuracy": test.score,
        "test_interval": list(test.interval) if test.interval else None,
        "phoneme_error": test.metrics["phoneme_error"],
    }
