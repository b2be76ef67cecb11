from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from goldzone.monitor.history import read_history
from goldzone.monitor.summary import capacity_correlation, layer_sweeps
from tests.cli.conftest import Goldzone, complaint
from tests.monitor.small_logs import FINISHED, STARTED, measured, toy_run, trained, write_log


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    return write_log(tmp_path / "toy" / "events.jsonl", toy_run())


def rows(screen: str) -> list[list[str]]:
    return [line.split() for line in screen.splitlines()]


def test_the_tables_tell_each_sweep_and_each_layer(goldzone: Goldzone, log: Path) -> None:
    finished = goldzone("history", "toy/events.jsonl")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.startswith("toy/events.jsonl: toy, 4 + 1 neurons, finished: all sweeps done\n")
    told = rows(finished.out)
    for row in (
        "sweep train dev R² phase notes",
        "1 60.0% 40.0% - over pressure best so far",
        "2 80.0% 30.0% 0.85 over pressure back to sweep 1",
        "sweep layer trained margin premodulo noisy gold collapsed",
        "1 2 1 1.000 100 - - -",
        "1 1 4 0.300 (0.160-0.525) 1,000 - - -",
        "2 2 1 0.800 100 - - -",
        "2 1 3 0.600 (0.550-0.650) 1,000 (550-5,500) 33% 33% 33%",
        "R² with the law's target, all sweeps: 0.85",
    ):
        assert row.split() in told, row
    assert max(map(len, finished.out.splitlines())) <= 80


def test_a_run_folder_is_its_events(goldzone: Goldzone, run_folder: Path) -> None:
    by_folder = goldzone("history", run_folder, "--json")
    by_file = goldzone("history", run_folder / "events.jsonl", "--json")
    (one,), (other,) = json.loads(by_folder.out), json.loads(by_file.out)
    assert one.pop("path") == str(run_folder)
    assert other.pop("path") == str(run_folder / "events.jsonl")
    assert one == other
    history = read_history(run_folder / "events.jsonl")
    assert [row["trained"] for row in one["layer_sweeps"]] == [row.trained for row in layer_sweeps(history)]
    assert one["r_squared"] == capacity_correlation(history.before_final())
    screen = goldzone("history", run_folder).out.splitlines()
    assert max(map(len, screen[1:])) <= 80
    assert any(re.match(r" *1 +\d+\.\d% ±\d+\.\d +\d+\.\d%", line) for line in screen)


def test_the_thresholds_are_those_of_the_run(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    config = Path("copy/config.toml")
    text = config.read_text()
    assert re.search(r"^collapse = 0\.8$", text, re.MULTILINE)
    config.write_text(re.sub(r"^collapse = 0\.8$", "collapse = 0.7\nnoise_floor = 0.0", text, flags=re.M))
    (facts,) = json.loads(goldzone("history", "copy", "--json").out)
    assert facts["gold_zone_margins"] == [0.0, 0.7]


def test_scripts_get_the_same_keys_from_every_run(goldzone: Goldzone, log: Path) -> None:
    write_log(Path("begun.jsonl"), [STARTED])
    toy, begun = json.loads(goldzone("history", log, "begun.jsonl", "--json").out)
    assert list(toy) == list(begun)
    assert list(toy) == [
        *("path", "run", "layers", "finished", "torn_bytes", "gold_zone_margins", "r_squared"),
        *("sweeps", "layer_sweeps", "selections", "steps_back", "trainings"),
    ]
    assert begun["finished"] is begun["gold_zone_margins"] is begun["r_squared"] is None
    assert begun["sweeps"] == begun["layer_sweeps"] == begun["selections"] == begun["steps_back"] == []


def test_scripts_get_every_number(goldzone: Goldzone, log: Path) -> None:
    (toy,) = json.loads(goldzone("history", log, "--json").out)
    assert (toy["run"], toy["layers"], toy["torn_bytes"]) == ("toy", [4, 1], 0)
    assert toy["finished"]["reason"] == FINISHED.reason
    assert toy["gold_zone_margins"] == [0.1, 0.8]
    assert toy["trainings"] is None
    assert [(done["sweep"], done["dev_score"]) for done in toy["sweeps"]] == [(1, 0.4), (2, 0.3)]
    assert [done["phase"] for done in toy["sweeps"]] == ["over_pressure"] * 2
    assert toy["sweeps"][0]["r_squared"] is None
    assert toy["sweeps"][1]["r_squared"] == pytest.approx(toy["r_squared"])
    assert toy["selections"][1]["reason"] == "all"
    assert toy["steps_back"][0]["to_sweep"] == 1
    last: dict[str, Any] = toy["layer_sweeps"][-1]
    assert last == {
        "sweep": 2,
        "layer": 1,
        "trained": 3,
        "margin": {"low": pytest.approx(0.55), "median": 0.6, "high": pytest.approx(0.65)},
        "premodulo": {"low": 550.0, "median": 1000.0, "high": 5500.0},
        "regimes": {"noisy": 1 / 3, "gold_zone": 1 / 3, "collapsed": 1 / 3},
        "seconds": 2.5,
    }


def test_one_neuron_is_told_sweep_by_sweep(goldzone: Goldzone, log: Path) -> None:
    finished = goldzone("history", log, "--neuron", "1.3")
    told = rows(finished.out)
    for row in (
        "sweep S N margin premodulo regime reason",
        "1 4 100 0.040 1,000 -",
        "2 -50 100 0.500 10,000 noisy up",
    ):
        assert row.split() in told, row
    assert "layer" not in finished.out.splitlines()[5:]
    (facts,) = json.loads(goldzone("history", log, "--neuron", "1.3", "--json").out)
    assert facts["trainings"] == [
        {
            "sweep": 1,
            "layer": 1,
            "position": 3,
            "premodulo": 1000,
            "target": None,
            "sum": 4,
            "samples": 100,
            "margin": 0.04,
            "agreement": None,
            "regime": None,
            "seconds": 0.5,
            "partner": None,
            "reason": "",
        },
        {
            "sweep": 2,
            "layer": 1,
            "position": 3,
            "premodulo": 10_000,
            "target": 400,
            "sum": -50,
            "samples": 100,
            "margin": 0.5,
            "agreement": 0.25,
            "regime": "noisy",
            "seconds": 0.5,
            "partner": None,
            "reason": "up",
        },
    ]
    (facts,) = json.loads(goldzone("history", log, "--neuron", "1.1", "--json").out)
    assert facts["trainings"][1]["partner"] == 0


def test_one_layer_is_told_alone(goldzone: Goldzone, log: Path) -> None:
    (facts,) = json.loads(goldzone("history", log, "--layer", "2", "--json").out)
    assert [row["layer"] for row in facts["layer_sweeps"]] == [2, 2]
    assert len(facts["sweeps"]) == 2
    assert ["1", "1", "4", "0.300"] not in [
        row[:4] for row in rows(goldzone("history", log, "--layer", "2").out)
    ]


def test_several_runs_follow_each_other(goldzone: Goldzone, log: Path) -> None:
    write_log(Path("other.jsonl"), [STARTED, trained(1, 1, 2, 5, 1 << 31), measured(1, 0.5, None)])
    out = goldzone("history", log, "other.jsonl").out
    assert out.index(f"{log}: toy") < out.index("other.jsonl: toy, 4 + 1 neurons, not finished")
    assert ["1", "50.0%", "-", "-", "over", "pressure"] in rows(out)
    assert ["1", "1", "1", "0.050", "2,147,483,648", "-", "-", "-"] in rows(out)


def test_an_unfinished_last_line_is_told(goldzone: Goldzone, log: Path) -> None:
    log.write_bytes(log.read_bytes() + b'{"event": "swe')
    finished = goldzone("history", log)
    assert finished.code == 0
    assert "the log's last line is unfinished (14 bytes)" in finished.out
    assert json.loads(goldzone("history", log, "--json").out)[0]["torn_bytes"] == 14


def test_words_of_a_run_are_shown_as_they_are(goldzone: Goldzone) -> None:
    write_log(Path("log"), [STARTED, trained(1, 1, 0, 5, 2, reason="[bold]why[/bold]")])
    assert "[bold]why[/bold]" in goldzone("history", "log", "--neuron", "1.0").out


def test_a_picture_is_drawn_beside_the_table(goldzone: Goldzone, run_folder: Path, log: Path) -> None:
    one = goldzone("history", log, "--png", "one.png")
    two = goldzone("history", run_folder, log, "--png", "two.PNG", "--json")
    assert one.out.endswith("one.png: 1 run drawn\n")
    assert len(json.loads(two.out)) == 2
    assert Path("one.png").read_bytes() != Path("two.PNG").read_bytes()
    for name in ("one.png", "two.PNG"):
        assert Path(name).read_bytes().startswith(b"\x89PNG")


def test_a_picture_names_what_it_shows(
    goldzone: Goldzone, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[str]] = []
    monkeypatch.setattr(
        "goldzone.monitor.plots.write_png", lambda path, runs: shown.append([run.label for run in runs])
    )
    Path("a/toy").mkdir(parents=True)
    shutil.copy(log, "a/toy")
    Path("b").mkdir()
    shutil.copy(log, "b")
    goldzone("history", log, "b/events.jsonl", "--png", "x.png")
    goldzone("history", log, "a/toy/events.jsonl", "--png", "x.png", "--layer", "1")
    goldzone("history", "b/events.jsonl", "--png", "x.png", "--neuron", "1.2")
    assert shown == [
        ["toy", "b"],
        [f"{log}, layer 1", "a/toy/events.jsonl, layer 1"],
        ["b, neuron 1.2"],
    ]


def test_without_matplotlib_a_picture_is_refused_with_what_to_install(
    goldzone: Goldzone, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for module in ("pictures", "plots"):
        monkeypatch.delitem(sys.modules, f"goldzone.monitor.{module}", raising=False)
    line = complaint(goldzone("history", log, "--png", "a.png"))
    assert line == "drawing needs matplotlib; install it with: pip install 'goldzone[plots]'"
    assert goldzone("history", log).code == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["nothing"], "nothing: does not exist; give the folder of a run or its events.jsonl"),
        (["empty"], "empty: is no run folder, it has no config.toml"),
        (["void.jsonl"], "void.jsonl: has no events of training yet; try again when the run has begun"),
        (["text"], "text line 1: "),
        (["LOG", "--layer", "3"], "toy: has no layer 3; its layers are 1 to 2"),
        (["LOG", "--layer", "0"], "toy: has no layer 0; its layers are 1 to 2"),
        (["LOG", "--neuron", "1.4"], "toy: has no neuron 1.4; layer 1 has positions 0 to 3"),
        (["LOG", "--neuron", "9.0"], "toy: has no layer 9"),
        (["LOG", "--neuron", "1"], "Invalid value for '--neuron': '1' is not LAYER.POSITION, such as 1.17"),
        (["LOG", "--neuron", "1.x"], "Invalid value for '--neuron': '1.x' is not LAYER.POSITION"),
        (
            ["LOG", "--neuron", "1.0", "--layer", "1"],
            "Invalid value for '--neuron': a neuron is of one layer",
        ),
        (["LOG", "--png", "a.pdf"], "a.pdf: is no name of a picture; give one that ends in .png"),
        (["nothing", "--png", "a.pdf"], "a.pdf: is no name of a picture"),  # before a long log is read
        (["LOG", "--png", "none/a.png"], "none/a.png: cannot be written"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    goldzone: Goldzone, log: Path, options: list[str], problem: str
) -> None:
    Path("empty").mkdir()
    Path("void.jsonl").write_text("")
    Path("text").write_text("some words\n")
    assert problem in complaint(goldzone("history", *[str(log) if o == "LOG" else o for o in options]))


def test_a_run_folder_without_events_is_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    Path("copy/events.jsonl").unlink()
    line = complaint(goldzone("history", "copy"))
    assert line == "copy/events.jsonl: has no events yet; try again when the run has begun"
