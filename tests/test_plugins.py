"""Each kind of plug-in, from a package that is installed, in a run that it changes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldzone.data.builtin import load_builtin
from goldzone.errors import ConfigError
from goldzone.g2p.task import PhonemizerTask
from goldzone.hashtron.presets import preset
from goldzone.plugins import GROUPS, PluginError, plugin, plugin_source
from goldzone.training.config import TrainingConfig, config_from_toml
from goldzone.training.control.selection import select_neurons
from goldzone.training.learners.credit import CreditInput, credit_rule
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, NeuronTrained, SelectionMade, Warned
from goldzone.training.sums.measurement import GoldZone
from goldzone.training.task import RunContext
from tests.fake_package import installed

DOCUMENT = Path(__file__).parents[1] / "docs" / "plugins.md"
(CODE,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
"""The document's own package."""
ENTRIES = {
    "goldzone.controllers": {"halving": "halving", "broken": "broken", "nonsense": "nonsense"},
    "goldzone.selectors": {"loudest": "loudest", "broken": "broken", "nonsense": "nonsense"},
    "goldzone.credits": {"near": "near", "nonsense": "nonsense", "gone": "gone", "short": "short"},
    "goldzone.templates": {"short": "SHORT", "nonsense": "nonsense"},
    "goldzone.architectures": {"parity": "parity_committee", "nonsense": "nonsense"},
}
MORE = """

def broken(*given):
    raise RuntimeError("no\\nluck")


def nonsense(*given):
    return 7


def short(given):
    return np.zeros(1, np.int64), np.zeros(1, np.int64)
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path / "site", "acme", CODE + MORE, ENTRIES):
        yield


def train(folder: Path, **sections: dict[str, Any]) -> list[Event]:
    given = {"network": {"neurons": 6}, "credit": {"kind": "rank"}, "pipeline": {"sweeps": 2}} | sections
    task = PhonemizerTask.of(load_builtin("slovak"), TrainingConfig.model_validate(given), limit=60)
    start_run(task, folder, RunContext())
    return [event for _, event in read_events(folder / "events.jsonl")]


def trained(events: list[Event]) -> list[NeuronTrained]:
    return [event for event in events if isinstance(event, NeuronTrained) and event.layer == 1]


def test_a_controller_decides_within_the_bounds_and_says_why(tmp_path: Path) -> None:
    events = train(
        tmp_path / "run", capacity={"controller": "plugin/halving", "premodulo": 1000, "floor": 600}
    )
    found = {(event.sweep, event.premodulo, event.reason) for event in trained(events)}
    assert found == {
        (1, 1000, "halving: 1000 to begin with"),
        (2, 600, "halving: 500; 600, limited by floor"),
    }
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert "plugin/halving (controllers) is of acme 1.5" in warnings


def test_a_selector_chooses_the_neurons_of_a_sweep(tmp_path: Path) -> None:
    events = train(
        tmp_path / "run",
        selection={"strategy": "plugin/loudest"},
        pipeline={"sweeps": 2, "neurons_per_sweep": 0.5},
    )
    made = [event for event in events if isinstance(event, SelectionMade)]
    assert [(event.chosen, event.reason) for event in made] == [(3, "3 by plugin/loudest")] * 2
    first = {event.position: event.sum for event in trained(events) if event.sweep == 1}
    second = [event.position for event in trained(events) if event.sweep == 2]
    assert second == sorted(first, key=lambda position: (-abs(first[position]), position))


def test_a_credit_is_another_model(tmp_path: Path) -> None:
    near = train(tmp_path / "near", credit={"kind": "plugin/near"})
    margin = train(tmp_path / "margin", credit={"kind": "margin"})
    assert [event.sum for event in trained(near)] != [event.sum for event in trained(margin)]
    assert any(event.sum for event in trained(near))


def test_templates_stand_in_the_configuration_as_if_written_there() -> None:
    config = config_from_toml('[network]\ntemplates = ["plugin/short", "L-2..2"]', "a.toml")
    assert config.network.templates == ("L0", "L-1..1", "L-2..2")
    assert "plugin/" not in config.to_toml()


def test_an_architecture_may_have_a_combiner_of_its_own() -> None:
    made = preset("plugin/parity", 4)
    assert [stage.layer.neurons for stage in made.stages] == [4, 1]
    combiner = made.stages[0].combiner
    assert combiner is not None
    rows = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], np.uint8)
    assert combiner.features_by_row(rows, 1).tolist() == [[1, 1]]


def test_a_run_with_a_plug_in_is_read_where_it_is_not_installed_and_not_trained(tmp_path: Path) -> None:
    given = {"capacity": {"controller": "plugin/elsewhere"}, "network": {"neurons": 6}}
    config = TrainingConfig.model_validate(given)
    assert config_from_toml(config.to_toml(), "a.toml") == config
    assert config.model_dump(mode="json")["capacity"]["controller"] == "plugin/elsewhere"
    task = PhonemizerTask.of(load_builtin("slovak"), config, limit=60)
    with pytest.raises(ConfigError, match=r"plugin/elsewhere: no package installed has it .*plugin/halving"):
        start_run(task, tmp_path / "run", RunContext())
    assert not (tmp_path / "run").exists()


def test_a_run_that_a_plug_in_ended_goes_on_with_a_mended_one(tmp_path: Path) -> None:
    given: dict[str, Any] = {"network": {"neurons": 6}, "credit": {"kind": "rank"}, "pipeline": {"sweeps": 1}}
    given["capacity"] = {"controller": "plugin/broken"}
    task = PhonemizerTask.of(load_builtin("slovak"), TrainingConfig.model_validate(given), limit=60)
    with pytest.raises(PluginError, match=r"plugin/broken: failed \(RuntimeError: no luck\)"):
        start_run(task, tmp_path / "run", RunContext())
    module = sys.modules["acme"]
    module.broken = lambda settings, given: (1000, "mended")  # type: ignore[attr-defined]
    plugin.cache_clear()
    assert resume_run(task, tmp_path / "run", RunContext()).reason == "all sweeps done"


@pytest.mark.parametrize("name", ["controllers", "selectors", "credits"])
def test_failures_and_nonsense_are_one_line(name: str, tmp_path: Path) -> None:
    config = {
        "controllers": {"capacity": {"controller": "plugin/nonsense"}},
        "selectors": {"selection": {"strategy": "plugin/nonsense"}},
        "credits": {"credit": {"kind": "plugin/nonsense"}},
    }[name]
    task = PhonemizerTask.of(
        load_builtin("slovak"),
        TrainingConfig.model_validate({"network": {"neurons": 6}, "credit": {"kind": "rank"}} | config),
        limit=60,
    )
    with pytest.raises(PluginError, match=r"plugin/nonsense: gave no .*; mend it"):
        start_run(task, tmp_path / "run", RunContext())


def test_what_cannot_be_used_is_told_before_compiled_code_reads_it() -> None:
    given = CreditInput(2.0, np.zeros(7, np.uint8), lambda: (np.zeros(7, np.int64), np.zeros(7, np.int64)))
    with pytest.raises(PluginError, match=r"gave votes int64\[1\]; give int64\[7\]"):
        credit_rule("plugin/short").tables(given)
    with pytest.raises(PluginError, match=r"cannot be imported .*gone"):
        credit_rule("plugin/gone").tables(given)
    with pytest.raises(PluginError, match="gave no Architecture"):
        preset("plugin/nonsense")
    with pytest.raises(ConfigError, match="plugin/nonsense: gave no templates"):
        config_from_toml('[network]\ntemplates = ["plugin/nonsense"]', "a.toml")


@pytest.mark.parametrize("positions", [[0, 0], [9], [-1], [0, 1, 2]])
def test_a_selector_cannot_choose_what_is_not_there(
    positions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldzone.training.control.selection.plugin", lambda *_: lambda given: positions)
    sums, words = np.zeros(3, np.int64), np.zeros(3, np.uint32)
    with pytest.raises(PluginError, match="give at most 2, each once, from 0 to 2"):
        select_neurons("plugin/x", sums, sums, 2, words, sweep=1, zone=GoldZone())


def test_two_packages_of_one_name_are_refused(tmp_path: Path) -> None:
    with (
        installed(tmp_path / "two", "other", CODE, {"goldzone.controllers": {"halving": "halving"}}),
        pytest.raises(ConfigError, match="several packages have it"),
    ):
        plugin("goldzone.controllers", "plugin/halving")


def test_a_plug_in_says_where_it_comes_from() -> None:
    assert plugin_source("goldzone.credits", "plugin/near") == "acme 1.5"


def test_the_document_tells_of_every_group() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(f'"{group}"' in text for group in GROUPS)
