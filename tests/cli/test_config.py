from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from goldzone.cli.config import FIRST
from goldzone.monitor.alert_settings import load_run_config, run_config_from_toml
from tests.cli.conftest import Goldzone, complaint

MINE = """
[pipeline]
time_limit_seconds = 3
[capacity]
premodulo = 1024
[network]
templates = ["L0", "L-1..1", "L-1..0 C1", "L0..1 S1", "L-2..2", "L\\u0030..3"]
[alerts.collapse]
threshold = 0.5
"""


@pytest.fixture
def mine() -> Path:
    Path("mine.toml").write_text(MINE)
    return Path("mine.toml")


def fields(finished_out: str) -> dict[str, dict[str, Any]]:
    return {field.pop("name"): field for field in json.loads(finished_out)["fields"]}


def leaves(tables: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tables.items():
        inside = isinstance(value, dict) and set(value) != {"severity", "threshold", "window"}
        found |= leaves(value, f"{above}{name}.") if inside else {above + name: value}
    return found


def test_a_newcomer_sees_the_eight_fields_that_matter_first(goldzone: Goldzone) -> None:
    finished = goldzone("config")
    assert (finished.code, finished.err) == (0, "")
    names = [line.split(" = ")[0] for line in finished.out.splitlines() if not line.startswith(" ")]
    assert sorted(names) == sorted(FIRST)
    assert len(names) == 8
    assert "pipeline.sweeps = 8  " in finished.out
    assert "  1 to 1,000\n    Most passes over all layers.\n" in finished.out


def test_every_field_says_what_it_does_and_what_it_takes(goldzone: Goldzone) -> None:
    default = run_config_from_toml("", "defaults")
    found = fields(goldzone("config", "--all", "--json").out)
    expected = leaves(default.training.model_dump(mode="json"))
    expected |= leaves(default.alerts.model_dump(mode="json"), "alerts.")
    assert {name: field["value"] for name, field in found.items()} == expected
    for field in found.values():
        assert field["default"] == field["value"]
        assert field["description"].endswith(".")
        assert field["allowed"]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("seed", "0 to below 4,294,967,296"),
        ("data.min_count", "1 or more"),
        ("data.fractions", "[above 0; 0 or more; 0 or more]"),
        ("network.templates", "list of text"),
        ("credit.vote_threshold", "list of 0 to 1,000,000"),
        ("pipeline.direction", "backward, forward"),
        ("pipeline.time_limit_seconds", "above 0, or left out"),
        ("pipeline.step_back", "true or false"),
        ("capacity.decay", "above 0, at most 1"),
        ("credit.temperature", "0.1 to 10,000"),
        (
            "alerts.collapse",
            "severity: off, info, warning, critical; threshold: 0 or more; window: 1 to 1,000",
        ),
    ],
)
def test_the_range_is_that_of_the_check(goldzone: Goldzone, name: str, allowed: str) -> None:
    assert fields(goldzone("config", "--all", "--json").out)[name]["allowed"] == allowed


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_what_is_written_to_start_from_is_the_default(goldzone: Goldzone, options: list[str]) -> None:
    Path("new.toml").write_text(goldzone("config", "--toml", *options).out)
    assert load_run_config("new.toml") == run_config_from_toml("", "defaults")
    given = leaves(tomllib.loads(Path("new.toml").read_text()))
    assert set(FIRST) <= set(given)
    assert (len(given) == len(FIRST)) is not bool(options)


def test_a_file_is_checked_and_shows_what_differs(goldzone: Goldzone, mine: Path) -> None:
    finished = goldzone("config", mine)
    assert (finished.code, finished.err) == (0, "")
    total = len(fields(goldzone("config", "--all", "--json").out))
    assert finished.out.startswith(f"mine.toml: 4 of {total} fields differ from the defaults\n")
    assert "capacity.premodulo = 1024  " in finished.out
    assert "    default: 4096\n" in finished.out
    assert "    default: left out\n" in finished.out
    found = fields(goldzone("config", mine, "--json").out)
    assert list(found) == [
        "network.templates",
        "pipeline.time_limit_seconds",
        "capacity.premodulo",
        "alerts.collapse",
    ]
    assert found["alerts.collapse"]["value"] == {"severity": "warning", "threshold": 0.5, "window": 2}
    assert found["pipeline.time_limit_seconds"]["default"] is None


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_a_file_can_be_written_anew_with_comments(goldzone: Goldzone, mine: Path, options: list[str]) -> None:
    Path("again.toml").write_text(goldzone("config", mine, "--toml", *options).out)
    assert load_run_config("again.toml") == load_run_config(mine)


def test_it_fits_a_terminal(goldzone: Goldzone, mine: Path) -> None:
    for arguments in (["config", "--all"], ["config", mine], ["config", "--help"]):
        assert max(map(len, goldzone(*arguments).out.splitlines())) <= 80


def test_what_a_run_was_trained_with(goldzone: Goldzone, run_folder: Path, quick_toml: Path) -> None:
    run, given = (goldzone("config", file, "--json").out for file in (run_folder / "config.toml", quick_toml))
    assert fields(run) == fields(given)


def test_what_cannot_be_used_is_one_line(goldzone: Goldzone) -> None:
    Path("bad.toml").write_text("[capacity]\nceling = 9")
    assert complaint(goldzone("config", "bad.toml")) == (
        "bad.toml: 'capacity.celing' is no field; did you mean capacity.ceiling?"
    )
    assert complaint(goldzone("config", "nothing.toml")).startswith("nothing.toml: cannot be read")
    assert complaint(goldzone("config", "--toml", "--json")) == "--toml, --json: give one of them"
