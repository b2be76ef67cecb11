from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldzone.monitor.alert_settings import load_run_config
from goldzone.training.config import TrainingConfig, load_config
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import Event, SweepStarted
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.settings import CapacitySettings
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.small_logs import FINISHED, STARTED, measured, trained, write_log

LAW = TrainingConfig(capacity=CapacitySettings(controller="law", signal="agreement"))


def law_run(premodulos: tuple[int, int] = (4000, 400)) -> list[Event]:
    """Two sweeps; dev falls from 50 % to 30 %."""
    events: list[Event] = [STARTED]
    for sweep, (premodulo, dev) in enumerate(zip(premodulos, (0.5, 0.3), strict=True), 1):
        events += [SweepStarted(sweep=sweep), trained(sweep, 1, 0, 40, premodulo, agreement=0.5)]
        events.append(measured(sweep, 0.6, dev))
    return [*events, FINISHED]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "run", LAW)
    write_log(folder.events_path, law_run())
    return folder


MESSAGE = (
    "over-pressure: from sweep 1 to 2 the median premodulo fell from 4,000 to 400 and the dev words right "
    "from 50.0% to 30.0%: raise capacity.floor from 1,024 to 4,000"
)


def test_each_recommendation_is_a_line(goldzone: Goldzone, run: RunFolder) -> None:
    finished = goldzone("recommend", run.path)
    assert (finished.code, finished.out, finished.err) == (0, f"- {MESSAGE}\n", "")


def test_scripts_get_numbers(goldzone: Goldzone, run: RunFolder) -> None:
    facts = json.loads(goldzone("recommend", run.path, "--json").out)
    assert facts == {
        "run": str(run.path),
        "sweeps": 2,
        "finished": True,
        "recommendations": [
            {
                "message": MESSAGE,
                "figures": {
                    "best_sweep": 1,
                    "best_dev_accuracy": 0.5,
                    "best_premodulo": 4000,
                    "dev_accuracy": 0.3,
                    "premodulo": 400,
                },
                "changes": {"capacity.floor": 4000},
            }
        ],
        "config": None,
    }


def test_a_run_that_was_trained_gets_recommendations(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("recommend", run_folder)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out


def test_the_changed_configuration_can_be_trained_with(goldzone: Goldzone, quick_toml: Path) -> None:
    finished = goldzone("train", "slovak", "--config", quick_toml, "--out", "first", "--json")
    assert finished.code == 0
    facts = json.loads(goldzone("recommend", "first", "--out", "better.toml", "--json").out)
    assert facts["config"] == "better.toml"
    changed = load_config("better.toml").model_dump(mode="json")
    before = load_config("first/config.toml").model_dump(mode="json")
    for one in facts["recommendations"]:
        for name, value in one["changes"].items():
            section, field = name.split(".")
            assert before[section][field] != value
            before[section][field] = value
    assert changed == before
    assert load_run_config("better.toml").alerts == load_run_config(quick_toml).alerts
    assert goldzone("train", "slovak", "--config", "better.toml", "--out", "second", "--json").code == 0


def test_the_configuration_is_written_with_all_changes(goldzone: Goldzone, run: RunFolder) -> None:
    finished = goldzone("recommend", run.path, "--out", "better.toml")
    assert finished.out == f"- {MESSAGE}\nwritten: better.toml\n"
    expected = LAW.model_copy(update={"capacity": LAW.capacity.model_copy(update={"floor": 4000})})
    assert load_config("better.toml") == expected
    assert load_config(run.config_path) == LAW


def test_a_file_is_replaced_only_by_force(goldzone: Goldzone, run: RunFolder) -> None:
    Path("better.toml").write_text("mine")
    line = complaint(goldzone("recommend", run.path, "--out", "better.toml"))
    assert line == "better.toml: exists; choose another file (--out), or replace it (--force)"
    assert Path("better.toml").read_text() == "mine"
    assert goldzone("recommend", run.path, "--out", "better.toml", "--force").code == 0
    assert load_config("better.toml").capacity.floor == 4000
    assert complaint(goldzone("recommend", run.path, "--out", "nowhere/better.toml")).startswith(
        "nowhere/better.toml: cannot be written"
    )


def test_a_good_run_is_left_as_it_is(goldzone: Goldzone, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "good", LAW)
    write_log(folder.events_path, law_run(premodulos=(4000, 4000)))
    finished = goldzone("recommend", folder.path, "--out", "same.toml")
    assert finished.out == (
        f"{folder.path}: nothing to change; no rule found fault with its 2 sweeps\nwritten: same.toml\n"
    )
    assert load_config("same.toml") == LAW


def test_what_cannot_be_used_is_one_line(goldzone: Goldzone, tmp_path: Path) -> None:
    assert complaint(goldzone("recommend", "nothing")).startswith("nothing: is no run folder")
    folder = RunFolder.create(tmp_path / "run", LAW)
    assert "has no events yet" in complaint(goldzone("recommend", folder.path))
    write_log(folder.events_path, law_run()[:3])
    assert "no sweep is done yet" in complaint(goldzone("recommend", folder.path))


def test_a_damaged_line_is_named(goldzone: Goldzone, run: RunFolder) -> None:
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    run.events_path.write_bytes(b"".join([*lines[:2], lines[2][:30] + b"\n", *lines[3:]]))
    assert f"{run.events_path} line 3: " in complaint(goldzone("recommend", run.path))


def test_an_unfinished_last_line_is_a_warning(goldzone: Goldzone, run: RunFolder) -> None:
    with EventLog(run.events_path) as log:
        log.write(SweepStarted(sweep=3))
    run.events_path.write_bytes(run.events_path.read_bytes()[:-10])
    finished = goldzone("recommend", run.path)
    assert (finished.code, finished.out) == (0, f"- {MESSAGE}\n")
    assert finished.err.startswith(f"warning: {run.events_path}: its last line is unfinished (")
    assert finished.err.count("\n") == 1
