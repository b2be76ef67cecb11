"""The folder of a run: ``config.toml``, ``source.json``, ``events.jsonl``, ``state/`` and ``model/``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded, write_atomically
from goldzone.training.config import TrainingConfig, load_config
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event
from goldzone.training.runs.run_parts import (
    CONFIG,
    EVENTS,
    FINAL,
    LOCK,
    MODEL,
    MODEL_FILE,
    PARTS,
    REPLACED,
    SOURCE,
    STATE,
    SUMS_BEFORE,
    delete_parts,
    put_back,
    refuse_links,
    set_aside,
)
from goldzone.training.sums.cache import SumCache
from goldzone.validation import Checked

__all__ = ["RunFolder", "RunSource", "check_room"]

_MAX_SOURCE_BYTES = 1 << 16


class RunSource(Checked):
    """What a run trains and where its data come from, so that it can be resumed."""

    name: str
    """A file, a language of the dataset, or a built-in sample."""
    dataset: str | None = None
    """The dataset's folder."""
    limit: int | None = None
    """Examples that are trained on; None: all."""
    dev: str | None = None
    """A file of dev words; None: some of the others."""
    test: str | None = None
    """A file of test words."""
    format: str | None = None
    """How the files are written; None: as is recognised."""
    sums_from: str | None = None
    """The folder of an earlier run, with whose sums this one begins."""
    final: bool = False
    """Whether a model of all words follows, in a run folder of its own."""
    task: str = "phonemizer"
    """The kind of task; a folder that does not say is a phonemizer's."""
    options: dict[str, str] = Field(default_factory=dict)
    """What else the kind of task asks for."""

    def encoded(self) -> bytes:
        """Return it as JSON.

        Raises
        ------
        StateError
            A name is not UTF-8.
        """
        try:
            return self.model_dump_json().encode()
        except ValueError:
            raise StateError(f"{self.name}: it, or a folder above it, is not UTF-8; rename it") from None


@dataclass(frozen=True)
class RunFolder:
    """One run on disk; `create` or `open` it."""

    path: Path
    config: TrainingConfig
    """As `config.toml` says."""
    source: RunSource | None = None
    """As `source.json` says; None where the caller keeps the data itself."""

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        config: TrainingConfig,
        *,
        source: RunSource | None = None,
        force: bool = False,
        initial_events: Sequence[Event] = (),
        other_sections: str = "",
        sums_before: SumCache | None = None,
    ) -> RunFolder:
        """Make a folder for a new run; one that exists is taken if it holds none of a run's files.

        Parameters
        ----------
        path : path
        config : TrainingConfig
        source : RunSource, optional
        force : bool
            Set the run that the folder holds aside, configuration, events, state and model, no other file;
            `forget_replaced` deletes it, `discard` puts it back.
        initial_events : sequence of Event
            What the event log begins with.
        other_sections : str
            TOML that `config.toml` holds besides the configuration: what training does not read.
        sums_before : SumCache, optional
            Of the earlier run that it begins with, kept: that one may be trained further, moved or replaced.

        Raises
        ------
        StateError
            If the folder holds a run (without `force`) or parts of one, or cannot be made or written.
        """
        folder = Path(path)
        refuse_links(folder)
        about = None if source is None else source.encoded()
        try:
            check_room(folder, force=force)
            _make_room(folder)
            for name in (STATE, MODEL):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"{folder}: cannot be a run folder ({error.strerror}); choose another path"
            ) from None
        if about is not None:
            write_atomically(folder / SOURCE, about, error=StateError)
        if sums_before is not None:
            write_atomically(folder / STATE / SUMS_BEFORE, sums_before.snapshot(), error=StateError)
        if initial_events:
            with EventLog(folder / EVENTS) as log:
                for event in initial_events:
                    log.write(event)
                log.sync()
        # Written last: a folder with a configuration is complete.
        text = "\n".join(filter(None, (config.to_toml(), other_sections)))
        write_atomically(folder / CONFIG, text.encode(), error=StateError)
        return cls(folder, config, source)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Open the folder of an earlier run.

        Raises
        ------
        StateError
            If it is not the folder of a run, or holds links.
        ConfigError
            If its configuration cannot be used.
        """
        folder = Path(path)
        refuse_links(folder)
        for name, exists in ((CONFIG, Path.is_file), (STATE, Path.is_dir), (MODEL, Path.is_dir)):
            if not exists(folder / name):
                raise StateError(f"{folder}: is no run folder, it has no {name}; give the folder of a run")
        return cls(folder, load_config(folder / CONFIG), _source_of(folder))

    @property
    def config_path(self) -> Path:
        """The configuration."""
        return self.path / CONFIG

    @property
    def events_path(self) -> Path:
        """The event log."""
        return self.path / EVENTS

    @property
    def state_path(self) -> Path:
        """The folder of checkpoints and sums."""
        return self.path / STATE

    @property
    def lock_path(self) -> Path:
        """The lock that a trainer holds."""
        return self.path / STATE / LOCK

    @property
    def sums_path(self) -> Path:
        """The sum cache's snapshot."""
        return self.path / STATE / "sums.goldzone"

    @property
    def sums_before_path(self) -> Path:
        """The sums of an earlier run that this one began with, where it did."""
        return self.path / STATE / SUMS_BEFORE

    @property
    def model_path(self) -> Path:
        """The model, judged on words that it has not met."""
        return self.path / MODEL / MODEL_FILE

    @property
    def final_path(self) -> Path:
        """The run folder of the model of all words, where there is one."""
        return self.path / FINAL

    def delete_temporaries(self) -> None:
        """Delete the files that writers which were killed have left half written.

        Raises
        ------
        StateError
            If one cannot be deleted.
        """
        ours = [f".{name}.*.tmp" for name in (CONFIG, SOURCE)]
        ours += [f"{name}/.*.tmp" for name in (STATE, MODEL)]
        for file in (file for pattern in ours for file in self.path.glob(pattern)):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise StateError(f"{file}: cannot be deleted ({error.strerror}); delete it by hand") from None

    def forget_replaced(self) -> None:
        """Delete the run that this one replaced, if there was one.

        Raises
        ------
        StateError
            A file cannot be deleted.
        """
        with _deleting(self.path / REPLACED):
            if (self.path / REPLACED).exists():
                shutil.rmtree(self.path / REPLACED)

    def discard(self) -> None:
        """Delete the run, and put back the one that it replaced; without one delete an empty folder too.

        Raises
        ------
        StateError
            If a file cannot be deleted.
        """
        with _deleting(self.path):
            delete_parts(self.path)
            self.config_path.unlink(missing_ok=True)
            if (self.path / REPLACED).exists():
                put_back(self.path)
                return
            shutil.rmtree(self.state_path, ignore_errors=True)  # where locks that are held cannot be deleted
            if not any(self.path.iterdir()):
                self.path.rmdir()


def _read_source(path: Path) -> RunSource | None:
    if not path.exists():
        return None
    try:
        return RunSource.model_validate_json(read_bounded(path, _MAX_SOURCE_BYTES, error=StateError))
    except ValidationError:
        raise StateError(f"{path}: does not name the words' source; start again with --force") from None


def _source_of(folder: Path) -> RunSource | None:
    """Return the source of a run, whose earlier sums are now those that it keeps."""
    source = _read_source(folder / SOURCE)
    if source is None or source.sums_from is None:
        return source
    return source.model_copy(update={"sums_from": str(folder / STATE / SUMS_BEFORE)})


def _is_half_made(folder: Path) -> bool:
    """Tell whether the making of a run folder was broken off: it begins with the source."""
    try:
        return _read_source(folder / SOURCE) is not None
    except StateError:
        return False


def _first_files(folder: Path) -> Iterator[Path]:
    """Name the files that are written before the configuration."""
    for name in (EVENTS, SOURCE, f"{STATE}/{SUMS_BEFORE}"):
        yield folder / name
    yield from (folder / STATE).glob(f".{SUMS_BEFORE}.*.tmp")


def check_room(folder: Path, *, force: bool) -> None:
    """See to it that a folder may become that of a new run; nothing is changed.

    Raises
    ------
    StateError
        It holds a run (without `force`), or files of the same names that belong to none.
    """
    if folder.exists() and not folder.is_dir():
        raise StateError(f"{folder}: is a file; choose another path for the run folder")
    if (folder / CONFIG).exists():
        if not force:
            raise StateError(
                f"{folder}: already holds a run; choose another folder (--out), or replace it (--force)"
            )
        return
    ours = {file.name for file in _first_files(folder)} if _is_half_made(folder) else set()
    for name in PARTS:
        part = folder / name
        inside = {path.name for path in part.iterdir()} - {LOCK, *ours} if part.is_dir() else {name}
        if name not in ours and part.exists() and inside:
            raise StateError(
                f"{part}: belongs to no run that goldzone knows; choose another folder, or move it"
            )


def _make_room(folder: Path) -> None:
    """Take a run, or what is left of making one, out of the way."""
    if (folder / CONFIG).exists():
        set_aside(folder)
    elif folder.exists():
        for file in _first_files(folder):
            file.unlink(missing_ok=True)


@contextmanager
def _deleting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(f"{path}: cannot be deleted ({error.strerror}); delete it by hand") from None
