"""Each criterion passes on a real run, and fails on one that was doctored against it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from goldzone.monitor.verification.criteria import CRITERIA
from goldzone.training.runs.event_log import EventLog, read_events
from goldzone.training.runs.events import (
    AlertOpened,
    Event,
    NeuronTrained,
    RunFinished,
    SelectionMade,
    SweepFinished,
)
from tests.cli.conftest import Goldzone, complaint

LAW = """
[network]
neurons = 30
[pipeline]
sweeps = 4
neurons_per_sweep = 0.5
[capacity]
controller = "law"
floor = 16
premodulo = 1024
ceiling = 65536
[selection]
strategy = "gold_zone"
"""


@pytest.fixture
def run(goldzone: Goldzone) -> Path:
    """A run by which all criteria but the cap can be measured."""
    Path("law.toml").write_text(LAW, encoding="utf-8")
    options = ("--limit", "400", "--config", "law.toml", "--out", "run", "--no-final", "--json")
    assert goldzone("train", "slovak", *options).code == 0
    return Path("run")


def verdicts(goldzone: Goldzone, *arguments: str | Path) -> dict[str, tuple[str, str]]:
    found = json.loads(goldzone("verify", *arguments, "--json").out)
    return {each["criterion"]: (each["verdict"], each["measured"]) for each in found["criteria"]}


def rewrite(run: Path, change: Callable[[list[Event]], list[Event]]) -> None:
    """Write a log anew, whole and numbered, with other events."""
    path = run / "events.jsonl"
    events = [event for _, event in read_events(path)]
    path.unlink()
    with EventLog(path) as log:
        for event in change(events):
            log.write(event)


def _final_last(events: list[Event]) -> list[Event]:
    final = max(event.layer for event in events if isinstance(event, NeuronTrained))
    own = [event for event in events if isinstance(event, NeuronTrained) and event.layer == final]
    return [event for event in events if event not in own] + own


def _without_final(events: list[Event]) -> list[Event]:
    own = _final_last(events)
    final = own[-1]
    assert isinstance(final, NeuronTrained)
    return [e for e in events if not (isinstance(e, NeuronTrained) and e.layer == final.layer)]


def _without_law(events: list[Event]) -> list[Event]:
    trained = [event for event in events if isinstance(event, NeuronTrained)]
    turned = {id(event): other.premodulo for event, other in zip(trained, trained[::-1], strict=True)}
    return [replace(e, premodulo=turned[id(e)]) if isinstance(e, NeuronTrained) else e for e in events]


def _each(kind: type[Event], **fields: Any) -> Callable[[list[Event]], list[Event]]:
    def change(events: list[Event]) -> list[Event]:
        return [replace(event, **fields) if isinstance(event, kind) else event for event in events]

    return change


def _alert(rule: str) -> Callable[[list[Event]], list[Event]]:
    opened = AlertOpened(
        rule=rule, layer=None, severity="critical", sweep=2, value=9.0, threshold=5.0, message="it hangs"
    )
    return lambda events: [*events[:-1], opened, events[-1]]


def _known_by_heart(events: list[Event]) -> list[Event]:
    return _each(SweepFinished, train_score=0.99, dev_score=0.5)(events)


@pytest.mark.parametrize(
    ("criterion", "change"),
    [
        ("final neuron first", _final_last),
        ("final neuron first", _without_final),
        ("backward flow", _final_last),
        ("capacity law", _without_law),
        ("gold zone", _each(SelectionMade, reason="drawn by lot", gold_zone=5)),
        ("train cap", _each(SweepFinished, train_score=0.81)),
        ("generalisation", _known_by_heart),
        ("stability", lambda events: [e for e in events if not isinstance(e, RunFinished)]),
        ("stability", _alert("standstill")),
        ("observability", _each(NeuronTrained, samples=0)),
        ("alerts", _alert("standstill")),
        ("model", _each(RunFinished, model_digest="0" * 64)),
    ],
)
def test_a_doctored_log_fails(
    goldzone: Goldzone, run: Path, criterion: str, change: Callable[[list[Event]], list[Event]]
) -> None:
    rewrite(run, change)
    assert verdicts(goldzone, run)[criterion][0] == "fail"
    assert goldzone("verify", run).code == 1


def test_a_run_is_held_against_all_criteria(goldzone: Goldzone, run: Path) -> None:
    found = verdicts(goldzone, run)
    assert set(found) == {name for name, *_ in CRITERIA}
    assert {name for name, (verdict, _) in found.items() if verdict == "not measured"} == set()
    passed = {name for name, (verdict, _) in found.items() if verdict == "pass"}
    assert passed >= set(found) - {"train cap", "capacity law"}
    assert found["final neuron first"][1] == "4 of 4 sweeps"
    accepted = [part for name in set(found) - passed for part in ("--accept", name)]
    assert goldzone("verify", run, *accepted).code == 0


def test_damaged_files_fail(goldzone: Goldzone, run: Path) -> None:
    log = run / "events.jsonl"
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:20], lines[20][:10] + b"\n", *lines[21:]]))
    found = verdicts(goldzone, run)
    assert {found[name][0] for name in ("backward flow", "observability", "stability")} == {"fail"}
    log.write_bytes(whole)
    sums = run / "state" / "sums.goldzone"
    sums.write_bytes(sums.read_bytes()[:-7])
    assert verdicts(goldzone, run)["sums persist"][0] == "fail"
    (run / "model" / "model.goldzone").unlink()
    assert verdicts(goldzone, run)["model"][0] == "fail"


def test_a_run_is_trained_again(goldzone: Goldzone, run: Path) -> None:
    assert verdicts(goldzone, run, "--reproduce")["reproducible"][0] == "pass"
    text = (run / "config.toml").read_text(encoding="utf-8")
    (run / "config.toml").write_text(text.replace("seed = 1", "seed = 2"), encoding="utf-8")
    assert verdicts(goldzone, run, "--reproduce")["reproducible"][0] == "fail"


def test_time_is_held_against_another_run(goldzone: Goldzone, run: Path) -> None:
    shutil.copytree(run, "usual")
    assert verdicts(goldzone, run, "--against", "usual")["time"][0] == "pass"
    rewrite(run, lambda events: [*events[:-1], replace(events[-1], seconds=1e6)])
    assert verdicts(goldzone, run, "--against", "usual")["time"][0] == "fail"


def test_a_fleet_passes_if_all_do(goldzone: Goldzone, run: Path) -> None:
    Path("fleet").mkdir()
    shutil.move(run, "fleet/one")
    shutil.copytree("fleet/one", "fleet/two")
    summary = {"languages": [1, 2], "failures": [], "unfinished": []}
    Path("fleet/summary.json").write_text(json.dumps(summary), encoding="utf-8")
    found = verdicts(goldzone, "fleet")
    assert found["final neuron first"] == ("pass", "2 of 2 runs")
    assert found["languages"] == ("pass", "2 of 2 languages")
    rewrite(Path("fleet/two"), _final_last)
    Path("fleet/summary.json").write_text(json.dumps(summary | {"failures": [3]}), encoding="utf-8")
    found = verdicts(goldzone, "fleet")
    assert found["final neuron first"] == ("fail", "1 of 2 runs; two: 0 of 4 sweeps")
    assert found["languages"][0] == "fail"


def test_a_page_shows_all_as_text(goldzone: Goldzone, run: Path) -> None:
    assert goldzone("verify", run, "--html", "<b>.html").code in {0, 1}
    page = Path("<b>.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == len(CRITERIA) + 1
    assert "4 of 4 sweeps" in page


def test_what_cannot_be_verified_is_one_line(goldzone: Goldzone, run: Path) -> None:
    Path("empty").mkdir()
    assert complaint(goldzone("verify", "empty")).startswith("empty: holds no run")
    assert complaint(goldzone("verify", run, "--accept", "train cup")) == (
        "--accept: 'train cup' is no criterion; did you mean 'train cap'?"
    )
