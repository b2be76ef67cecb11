from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.errors import DataError, StateError
from goldzone.g2p import run
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event, SweepFinished, SweepStarted
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.sums.cache import SumCache


class Silent:
    def stage(self, name: str) -> None:
        pass

    def event(self, event: Event) -> None:
        pass


def test_a_model_that_was_written_outlives_a_failed_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError("the test words cannot be used")

    monkeypatch.setattr(run, "evaluate_model", fail)
    quick = TrainingConfig.model_validate({"network": {"neurons": 8}, "pipeline": {"sweeps": 1}})
    with pytest.raises(DataError, match="the test words"):
        run.run_training(
            load_builtin("slovak"),
            quick,
            tmp_path / "run",
            settings=DEFAULT_SETTINGS,
            limit=200,
            force=False,
            threads=1,
            display=Silent(),
        )
    assert RunFolder.open(tmp_path / "run").model_path.exists()


def test_a_run_leaves_its_sums_with_two_backups_and_a_damaged_file_is_made_good(tmp_path: Path) -> None:
    config = TrainingConfig.model_validate({"network": {"neurons": 8}, "pipeline": {"sweeps": 4}})
    train(tmp_path / "run", config=config, limit=100)
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


class Intruder(Silent):
    """Tries to train in the folder of a run that is at work."""

    def __init__(self, folder: Path) -> None:
        self.refusals: list[str] = []
        self._folder = folder

    def event(self, event: Event) -> None:
        if isinstance(event, SweepStarted):
            for force in (False, True):
                with pytest.raises(StateError) as caught:
                    train(self._folder, force=force)
                self.refusals.append(str(caught.value))
            with pytest.raises(StateError) as caught:
                resume(self._folder)
            self.refusals.append(str(caught.value))


QUICK = TrainingConfig.model_validate({"network": {"neurons": 8}, "pipeline": {"sweeps": 1}})


def train(
    folder: Path,
    display: run.Display | None = None,
    *,
    force: bool = False,
    config: TrainingConfig = QUICK,
    limit: int = 200,
) -> dict[str, Any]:
    return run.run_training(
        load_builtin("slovak"),
        config,
        folder,
        settings=DEFAULT_SETTINGS,
        limit=limit,
        force=force,
        threads=1,
        display=display or Silent(),
        source=RunSource(name="slovak", limit=limit),
    )


def resume(folder: Path, settings: LanguageSettings = DEFAULT_SETTINGS) -> dict[str, Any]:
    return run.resume_training(load_builtin("slovak"), folder, settings=settings, threads=1, display=Silent())


def test_a_folder_in_which_a_run_is_at_work_is_refused_also_with_force(tmp_path: Path) -> None:
    intruder = Intruder(tmp_path / "run")
    digest = train(tmp_path / "run", intruder)["digest"]
    assert len(intruder.refusals) == 3
    assert all("another process is training this run" in line for line in intruder.refusals)
    assert train(tmp_path / "run", force=True)["digest"] == digest


class Breaker(Silent):
    def event(self, event: Event) -> None:
        if isinstance(event, SweepFinished):
            raise KeyboardInterrupt


def test_words_that_are_read_in_another_way_are_other_data(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker())
    with pytest.raises(StateError, match="belongs to another configuration or other data"):
        resume(tmp_path / "run", LanguageSettings(trim="-"))
    assert resume(tmp_path / "run")["digest"] == train(tmp_path / "whole")["digest"]


def test_half_written_files_are_cleaned_away(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", Breaker())
    half = tmp_path / "run" / "state" / ".checkpoint-1.goldzone.7.01234567.tmp"
    half.touch()
    resume(tmp_path / "run")
    assert not half.exists()
