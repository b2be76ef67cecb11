from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.errors import DataError, StateError
from goldzone.g2p.model import read_model
from goldzone.g2p.task import PhonemizerTask
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import resume_run, start_run, task_checkpointer
from goldzone.training.runs.events import Event, SweepFinished, SweepStarted
from goldzone.training.runs.listeners import Listener
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.sums.cache import SumCache
from goldzone.training.task import RunContext, RunSummary

QUICK = TrainingConfig.model_validate({"network": {"neurons": 8}, "pipeline": {"sweeps": 1}})


def slovak(settings: LanguageSettings = DEFAULT_SETTINGS) -> PhonemizerTask:
    return PhonemizerTask.of(load_builtin("slovak"), QUICK, settings=settings, limit=200)


def train(folder: Path, *listeners: Listener, force: bool = False) -> RunSummary:
    source = RunSource(name="slovak", limit=200)
    return start_run(slovak(), folder, RunContext(1, listeners), source=source, force=force)


def resume(folder: Path, settings: LanguageSettings = DEFAULT_SETTINGS) -> RunSummary:
    return resume_run(slovak(settings), folder, RunContext())


def test_a_model_that_was_written_outlives_a_failed_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError("the test words cannot be used")

    monkeypatch.setattr(PhonemizerTask, "test_model", fail)
    with pytest.raises(DataError, match="the test words"):
        train(tmp_path / "run")
    assert RunFolder.open(tmp_path / "run").model_path.exists()


def test_a_run_leaves_its_sums_with_two_backups_and_a_damaged_file_is_made_good(tmp_path: Path) -> None:
    longer = QUICK.model_copy(
        update={"pipeline": QUICK.pipeline.model_copy(update={"sweeps": 4, "patience": 4})}
    )
    task = PhonemizerTask.of(load_builtin("slovak"), longer, limit=100)
    start_run(task, tmp_path / "run", RunContext())
    sums = RunFolder.open(tmp_path / "run").sums_path
    assert sorted(file.name for file in sums.parent.glob("sums*")) == [
        *("sums.goldzone", "sums.goldzone.bak1", "sums.goldzone.bak2")
    ]
    for number, sweep in enumerate((4, 3, 2)):
        loaded = SumCache.load(sums, (8, 1))
        assert loaded.cache.newest is not None
        assert loaded.cache.newest.sweep == sweep
        assert not math.isnan(loaded.cache.newest.dev_accuracy)  # judged before it was saved
        assert [warning for warning in loaded.warnings if "the backup" in warning] == (
            [f"{sums}: is damaged; the backup {sums.name}.bak{number} was read"] if number else []
        )
        file = sums.with_name(f"{sums.name}.bak{number}") if number else sums
        file.write_bytes(file.read_bytes()[:-1])
    assert len(SumCache.load(sums, (8, 1)).cache) == 0


class Intruder(Listener):
    """Tries to train in the folder of a run that is at work."""

    def __init__(self, folder: Path) -> None:
        self.refusals: list[str] = []
        self._folder = folder

    def on_event(self, event: Event) -> None:
        if isinstance(event, SweepStarted):
            for force in (False, True):
                with pytest.raises(StateError) as caught:
                    train(self._folder, force=force)
                self.refusals.append(str(caught.value))
            with pytest.raises(StateError) as caught:
                resume(self._folder)
            self.refusals.append(str(caught.value))


def test_a_folder_in_which_a_run_is_at_work_is_refused_also_with_force(tmp_path: Path) -> None:
    intruder = Intruder(tmp_path / "run")
    digest = train(tmp_path / "run", intruder).digest
    assert len(intruder.refusals) == 3
    assert all("another process is training this run" in line for line in intruder.refusals)
    assert train(tmp_path / "run", force=True).digest == digest


class Rival(Listener):
    """Wants the same folder while a run replaces another, before anything is written."""

    def __init__(self, folder: Path) -> None:
        self.refusals: list[str] = []
        self._folder = folder

    def on_stage(self, name: str) -> None:
        with pytest.raises(StateError) as caught:
            train(self._folder, force=True)
        self.refusals.append(str(caught.value))


def test_the_old_run_is_there_until_the_new_one_has_a_model(tmp_path: Path) -> None:
    digest = train(tmp_path / "run").digest
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker(), force=True)
    aside = RunFolder.open(tmp_path / "run" / "replaced")
    assert read_model(aside.model_path)[1] == digest
    rival = Rival(tmp_path / "run")
    train(tmp_path / "run", rival, force=True)
    assert rival.refusals
    assert all("another process is training this run" in line for line in rival.refusals)
    assert not aside.path.exists()


def test_words_that_cannot_be_used_leave_the_old_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = train(tmp_path / "run").digest

    def fail(*_: object, **__: object) -> None:
        raise DataError("no words")

    monkeypatch.setattr(PhonemizerTask, "prepare", fail)
    with pytest.raises(DataError, match="no words"):
        train(tmp_path / "run", force=True)
    assert read_model(tmp_path / "run" / "model" / "model.goldzone")[1] == digest
    assert not (tmp_path / "run" / "replaced").exists()


def test_a_high_number_of_a_checkpoint_hides_no_later_one(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker())
    state = tmp_path / "run" / "state"
    newest = max(state.glob("checkpoint-*.goldzone"))
    for file in (newest, newest.with_name(newest.name.replace("checkpoint", "journal"))):
        file.rename(file.with_name(re.sub("[0-9]+", "999999999", file.name)))
    checkpoints = task_checkpointer(slovak(), state)
    restored = checkpoints.load(1 << 30)
    assert restored is not None
    checkpoints.on_sweep(restored.progress, restored.network, restored.sums)
    checkpoints.close()
    again = task_checkpointer(slovak(), state)
    assert again.load(1 << 30) is not None
    again.close()
    again.discard()
    assert not list(state.glob("checkpoint-*"))


class Breaker(Listener):
    def on_event(self, event: Event) -> None:
        if isinstance(event, SweepFinished):
            raise KeyboardInterrupt


def test_words_that_are_read_in_another_way_are_other_data(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker())
    with pytest.raises(StateError, match="belongs to another configuration or other data"):
        resume(tmp_path / "run", LanguageSettings(trim="-"))
    assert resume(tmp_path / "run").digest == train(tmp_path / "whole").digest


def test_half_written_files_are_cleaned_away(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker())
    half = tmp_path / "run" / "state" / ".checkpoint-1.goldzone.7.01234567.tmp"
    half.touch()
    resume(tmp_path / "run")
    assert not half.exists()
