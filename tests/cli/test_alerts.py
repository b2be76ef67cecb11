from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.alert_summary import summarise
from goldzone.monitor.alerts import replay
from goldzone.training.runs.event_log import EventLog
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.scripts import Script


def script() -> Script:
    """A run that memorises in its last three sweeps, and falls."""
    found = Script(3, 1)
    for sweep, (train, dev) in enumerate(((0.7, 0.6), (0.97, 0.6), (0.98, 0.55), (0.99, 0.5)), 1):
        found.sweep(sweep, train=train, dev=dev, margins={2: [sweep / 10]})
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as stream:
        for event in script().events:
            stream.write(event)
    return path


def test_alerts_are_a_table_with_sweeps_layers_and_what_to_do(goldzone: Goldzone, log: Path) -> None:
    finished = goldzone("alerts", log)
    assert (finished.code, finished.err) == (0, "")
    words = " ".join(finished.out.replace("│", " ").split())
    assert finished.out.startswith(f"{log}: 3 alerts\n")
    assert "4 to end all warning memorisation: train 99.0% of words right, dev 50.0%" in words
    assert "4 to end 1 info stagnation: layer 1: median margin moved by 0.00000" in words
    assert max(map(len, finished.out.splitlines()[1:])) <= 80


def test_json_holds_every_alert_as_a_replay_gives_it(goldzone: Goldzone, log: Path) -> None:
    expected = summarise(replay(script().events, AlertSettings()))
    assert [alert.rule for alert in expected] == ["stagnation", "memorisation", "dev_falling"]
    assert json.loads(goldzone("alerts", log, "--json").out) == {
        "run": str(log),
        "alerts": [asdict(alert) for alert in expected],
    }


def test_a_run_without_a_problem_has_no_alerts(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("alerts", run_folder, "--fail-on", "info")
    assert (finished.code, finished.out) == (0, f"{run_folder}: no alerts\n")
    assert json.loads(goldzone("alerts", run_folder, "--json").out)["alerts"] == []


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        ("info", None, 0),
        ("critical", None, 0),
        ("info", "info", 1),
        ("info", "warning", 0),
        ("warning", "warning", 1),
        ("warning", "critical", 0),
        ("critical", "warning", 1),
    ],
)
def test_the_exit_code_is_1_if_asked_for(
    goldzone: Goldzone, log: Path, severity: str, fail_on: str | None, code: int
) -> None:
    off = "".join(f'[alerts.{rule}]\nseverity = "off"\n' for rule in ("stagnation", "dev_falling"))
    Path("rules.toml").write_text(f'{off}[alerts.memorisation]\nseverity = "{severity}"\n')
    options = [] if fail_on is None else ["--fail-on", fail_on]
    finished = goldzone("alerts", log, "--config", "rules.toml", "--json", *options)
    assert finished.code == code
    assert [alert["severity"] for alert in json.loads(finished.out)["alerts"]] == [severity]


def test_the_rules_are_those_of_the_run_unless_a_file_is_given(
    goldzone: Goldzone, run_folder: Path, log: Path
) -> None:
    shutil.copytree(run_folder, "run")
    shutil.copy(log, "run/events.jsonl")
    toml = Path("run/config.toml")
    assert len(json.loads(goldzone("alerts", "run", "--json").out)["alerts"]) == 3
    text = toml.read_text(encoding="utf-8")
    section = text.index("[alerts.memorisation]")
    toml.write_text(text[:section] + text[section:].replace('"warning"', '"off"', 1), encoding="utf-8")
    rules = [alert["rule"] for alert in json.loads(goldzone("alerts", "run", "--json").out)["alerts"]]
    assert rules == ["stagnation", "dev_falling"]
    Path("rules.toml").write_text("[alerts.memorisation]\nthreshold = 0.35\n")
    finished = goldzone("alerts", "run", "--config", "rules.toml", "--json")
    opened = {alert["rule"]: alert["opened"] for alert in json.loads(finished.out)["alerts"]}
    assert opened == {"memorisation": 4, "stagnation": 4, "dev_falling": 4}


def test_what_cannot_be_replayed_is_one_line(goldzone: Goldzone, log: Path) -> None:
    assert complaint(goldzone("alerts", "nothing")).startswith("nothing: does not exist")
    Path("empty").mkdir()
    assert complaint(goldzone("alerts", "empty")).startswith("empty: is no run folder")
    Path("rules.toml").write_text("[alerts.memorisation]\nlevel = 1\n")
    assert "'alerts.memorisation.level' is no field" in complaint(
        goldzone("alerts", log, "--config", "rules.toml")
    )
    log.write_text("no event\n")
    assert complaint(goldzone("alerts", log)).startswith(f"{log} line 1: ")
