"""The commands of docs/rollout.md, and the three ways back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldzone.fleet.rollout.plan import TEMPLATE
from tests.cli.conftest import Goldzone, complaint
from tests.fleet.small_dataset import add_language

PLAN = """
name = "wider"
registry = "models"
dataset = "dataset"
stable = "network.neurons:12,pipeline.sweeps:1"
canary = "network.neurons:20,pipeline.sweeps:2"
[staging]
count = 1
[gates]
margin = 0.5
most_bytes = 9.0
most_seconds = 1000.0
[[steps]]
set_weight = 50
[[steps]]
pause = {}
[[steps]]
set_weight = 100
[[steps]]
analysis = {}
"""


@pytest.fixture
def plan() -> Path:
    for name in ("one", "two"):
        add_language(Path("dataset"), name)
    Path("plan.toml").write_text(PLAN, encoding="utf-8")
    return Path("plan.toml")


def test_a_rollout_from_nothing_to_all_and_back(goldzone: Goldzone, plan: Path) -> None:
    begun = json.loads(goldzone("rollout", "start", plan, "--out", "ro", "--json").out)
    assert (begun["status"], begun["step"], len(begun["languages"])) == ("Paused", 1, 1)
    assert "1 waiting, 1 promoted" in " ".join(goldzone("rollout", "get", "ro").out.split())
    assert goldzone("rollout", "watch", "ro").code == 0  # it waits for somebody
    done = json.loads(goldzone("rollout", "promote", "ro", "--json").out)
    assert done["status"] == "Healthy"
    assert {found["stage"] for found in done["languages"].values()} == {"promoted"}
    said = goldzone("phonemize", "models/one@champion", "bam").out
    assert said == "bam\tbam\n"

    undone = json.loads(goldzone("rollout", "undo", "ro", "one", "--why", "try", "--json").out)
    assert undone["languages"]["one"]["stage"] == "rolled back"
    listed = goldzone("registry", "log", "models", "one").out
    assert "try  plan wider" in listed
    aborted = goldzone("rollout", "abort", "ro", "--json")
    assert (aborted.code, json.loads(aborted.out)["status"]) == (1, "Degraded")
    again = json.loads(goldzone("rollout", "retry", "ro", "--json").out)
    assert (again["status"], again["step"]) == ("Paused", 1)
    goldzone("rollout", "pause", "ro")
    assert json.loads(goldzone("rollout", "promote", "ro", "--json").out)["message"] == "paused by hand"


def test_the_shipped_plan_is_printed(goldzone: Goldzone) -> None:
    assert goldzone("rollout", "plan").out == TEMPLATE


def test_what_cannot_be_rolled_out_is_one_line(goldzone: Goldzone, plan: Path) -> None:
    assert complaint(goldzone("rollout", "get", "nothing")).startswith("nothing: is no rollout")
    text = plan.read_text().replace("[gates]", '[gates]\ncriteria = ["alert"]')
    plan.write_text(text, encoding="utf-8")
    line = complaint(goldzone("rollout", "start", plan, "--out", "ro"))
    assert line == "plan.toml: gates.criteria: 'alert' is no criterion; did you mean 'alerts'?"


FLAGS = """# ours
sum_cache = true

[direction]
default = "backward"
[[direction.rules]]
percent = 50.0
value = "forward"
"""


@pytest.mark.parametrize(
    ("tier", "flag", "value"), [("soft", "direction", "forward"), ("medium", "sum_cache", "false")]
)
def test_soft_and_medium_are_flags_and_can_be_undone(
    goldzone: Goldzone, tier: str, flag: str, value: str
) -> None:
    add_language(Path("dataset"), "one")
    add_language(Path("dataset"), "two")
    Path("flags.toml").write_text(FLAGS, encoding="utf-8")

    def values() -> dict[str, str]:
        found = json.loads(goldzone("flags", "flags.toml", "--dataset", "dataset", "--json").out)
        return {name: str(each[flag]["value"]).lower() for name, each in found["languages"].items()}

    before = values()
    assert goldzone("rollback", tier, "flags.toml", "one").code == 0
    assert values() == before | {"one": value}
    assert "--undo first" in complaint(goldzone("rollback", tier, "flags.toml"))
    assert goldzone("rollback", tier, "flags.toml", "--undo").code == 0
    assert Path("flags.toml").read_text(encoding="utf-8") == FLAGS
    assert goldzone("rollback", tier, "flags.toml").code == 0
    assert set(values().values()) == {value}
    run = goldzone("train", "slovak", "--limit", "60", "--flags", "flags.toml", "--out", "r", "--no-final")
    assert f"{flag} {value}" in run.err


def test_each_tier_undoes_its_own_flag_alone(goldzone: Goldzone) -> None:
    for step in (("soft",), ("medium",), ("soft", "--undo")):
        assert goldzone("rollback", step[0], "new.toml", *step[1:]).code == 0
    text = Path("new.toml").read_text(encoding="utf-8")
    assert "sum_cache" in text
    assert "direction" not in text
    assert goldzone("rollback", "medium", "new.toml", "--undo").code == 0
    assert Path("new.toml").read_text(encoding="utf-8").strip() == ""


def test_a_flags_file_is_made(goldzone: Goldzone) -> None:
    assert goldzone("rollback", "soft", "new.toml").out == (
        "new.toml: soft rollback of all languages; it holds for runs that begin now\n"
    )
    assert 'default = "forward"' in Path("new.toml").read_text()
    assert "nothing was rolled back" in complaint(goldzone("rollback", "medium", "new.toml", "--undo"))
