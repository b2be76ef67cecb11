from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.data.settings import DEFAULT_SETTINGS
from goldzone.errors import DataError
from goldzone.g2p import run
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event
from goldzone.training.runs.run_folder import RunFolder


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
