from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from goldzone.training.runs.event_log import EventLog
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.run_folders import recorded
from tests.monitor.scripts import run_finished


def dev(folder: Path) -> list[float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # slow to load

    found = EventAccumulator(str(folder))
    found.Reload()
    return [round(point.value, 3) for point in found.Scalars("accuracy/dev")]


def test_a_run_is_exported_and_told(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "r", 0.6, 0.5)
    shown = goldzone("track", "r", "--to", "tensorboard", "--out", "logs")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == "r: 2 sweeps written to logs for tensorboard; the run is finished\n"
    assert dev(tmp_path / "logs" / "r") == [0.6, 0.5]
    again = complaint(goldzone("track", "r", "--to", "tensorboard", "--out", "logs"))
    assert "logs/r: holds an export" in again
    assert goldzone("track", "r", "--to", "tensorboard", "--out", "logs", "--force").code == 0


def test_mlflow_is_a_folder_with_a_database(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "r", 0.6)
    shown = goldzone("track", "r", "--to", "mlflow", "--out", "ml", "--name", "mine")
    assert (shown.code, shown.err) == (0, "")
    assert (tmp_path / "ml" / "mlflow.db").exists()


def test_a_run_is_followed_to_its_end(goldzone: Goldzone, tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.6, finished=False)

    def finish() -> None:
        with EventLog(run / "events.jsonl") as log:
            log.write(run_finished())

    ending = threading.Timer(0.3, finish)
    ending.start()
    shown = goldzone("track", "r", "--to", "tensorboard", "--out", "logs", "--follow", "--every", "0.1")
    ending.join()
    assert shown.out.endswith("the run is finished\n")
    assert dev(tmp_path / "logs" / "r") == [0.6]


@pytest.mark.parametrize(("to", "library"), [("mlflow", "mlflow.entities"), ("tensorboard", "tensorboardX")])
def test_without_the_extra_it_says_how_to_install_it(
    goldzone: Goldzone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, library: str
) -> None:
    recorded(tmp_path / "r", 0.5)
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"goldzone.monitor.tracking.{to}", raising=False)
    line = complaint(goldzone("track", "r", "--to", to, "--out", "x"))
    assert line.endswith("install it with: pip install 'goldzone[tracking]'")


def test_what_cannot_be_exported_is_one_line(goldzone: Goldzone, tmp_path: Path) -> None:
    waiting = recorded(tmp_path / "r")
    (waiting / "events.jsonl").write_bytes(b"")
    common = ("--to", "tensorboard", "--out", "logs")
    assert "r: has not begun" in complaint(goldzone("track", "r", *common))
    assert "nowhere: does not exist" in complaint(goldzone("track", "nowhere", *common))
    assert "choose another --name" in complaint(goldzone("track", "r", *common, "--name", "../x"))
