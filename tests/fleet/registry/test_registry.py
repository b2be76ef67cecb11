from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.errors import ConfigError, StateError
from goldzone.fleet.registry.contents import manifest_from_json
from goldzone.fleet.registry.registry import Registry, split_reference
from goldzone.fleet.registry.state import State, collected, rolled_back, superfluous, switched
from goldzone.g2p.model import read_model

_SWITCH = """
import os, signal, sys
from goldzone.fleet.registry.registry import Registry

place, version, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
calls = 0

def counted(real):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call

for name in ("fsync", "link", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
Registry(place).switch("slovak", "champion", version, why="killed")
"""
"""Switches, and kills itself at the nth of the calls by which a file is written."""


@pytest.fixture
def registry(tmp_path: Path, models: list[Path]) -> Registry:
    opened = Registry(str(tmp_path / "models"))
    for model in models:
        opened.add(model)
    return opened


def versions(registry: Registry) -> list[str]:
    return registry.state("slovak").versions


def entry_file(tmp_path: Path, number: int) -> Path:
    return tmp_path / "models" / "slovak" / "log" / f"{number:08}.json"


def test_a_version_tells_where_it_comes_from(registry: Registry, models: list[Path]) -> None:
    manifest = registry.manifest("slovak", versions(registry)[0])
    model, digest = read_model(models[0])
    assert manifest.model == digest
    assert manifest.data == model.about["data"]
    assert manifest.metrics["dev_word_accuracy"] == model.about["metrics"]["dev_word_accuracy"]
    assert manifest.config["network"]["neurons"] == 58
    assert list(manifest.files) == ["model/model.goldzone"]


def test_aliases_move_and_come_back(registry: Registry) -> None:
    first, second, third = versions(registry)
    registry.switch("slovak", "champion", first, why="the first")
    registry.switch("slovak", "challenger", third[:6], why="on trial")
    entry = registry.switch("slovak", "champion", "challenger", why="better", plan="spring")
    assert (entry.version, entry.replaced, entry.plan) == (third, first, "spring")
    assert registry.find("slovak@champion") == ("slovak", third)
    assert registry.find(f"slovak@{second[:6]}") == ("slovak", second)
    entry = registry.roll_back("slovak", "champion", why="complaints")
    assert (entry.version, entry.replaced, entry.why) == (first, third, "complaints")
    with pytest.raises(ConfigError, match="@champion: stood for nothing else"):
        registry.roll_back("slovak", "champion", why="again")


def test_a_switch_that_is_killed_leaves_the_alias_as_it_was_or_moves_it(
    registry: Registry, tmp_path: Path
) -> None:
    first, second, _ = versions(registry)
    registry.switch("slovak", "champion", first, why="the first")
    found, killed = [], 0
    for call in range(1, 9):
        arguments = [sys.executable, "-c", _SWITCH, str(tmp_path / "models"), second, str(call)]
        code = subprocess.run(arguments, check=False, timeout=60).returncode
        found.append(registry.find("slovak@champion")[1])
        entries = list(registry.log("slovak"))  # whole, whatever happened
        assert entries[-1].state.current("champion") == found[-1]
        killed += code == -9
        if code == 0:
            break
    assert killed == 4
    assert code == 0
    assert found == [first, first, second, second, second]  # the link is the moment
    assert registry.roll_back("slovak", "champion", why="after all that").version in {first, second}


def test_many_read_while_one_writes(registry: Registry, tmp_path: Path) -> None:
    first, second, _ = versions(registry)
    code = (
        "import sys; from goldzone.fleet.registry.registry import Registry\n"
        "registry = Registry(sys.argv[1])\n"
        "for number in range(100): registry.switch('slovak', 'champion', sys.argv[2 + number % 2], why='')\n"
    )
    registry.switch("slovak", "champion", first, why="")
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "models"), first, second])
    seen = set()
    while writer.poll() is None:
        seen.add(registry.find("slovak@champion")[1])
    assert writer.returncode == 0
    assert seen <= {first, second}
    assert len(list(registry.log("slovak"))) == 104


def test_two_that_switch_at_once_do_not_both_win(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = versions(registry)
    stale = registry._last("slovak")
    registry.switch("slovak", "champion", first, why="quicker")
    monkeypatch.setattr(registry, "_last", lambda language: stale)
    with pytest.raises(StateError, match="slovak: another has changed it meanwhile"):
        registry.switch("slovak", "champion", second, why="slower")
    monkeypatch.undo()
    assert registry.find("slovak@champion")[1] == first


@pytest.mark.parametrize("number", [1, 2])
def test_a_log_that_was_changed_is_refused(registry: Registry, tmp_path: Path, number: int) -> None:
    file = entry_file(tmp_path, number)
    file.write_text(file.read_text().replace('"why": ""', '"why": "as agreed"'))
    with pytest.raises(StateError, match="does not follow the entry before"):
        list(registry.log("slovak"))


def test_a_log_that_lacks_an_entry_is_refused(registry: Registry, tmp_path: Path) -> None:
    entry_file(tmp_path, 2).unlink()
    with pytest.raises(StateError, match="does not follow the entry before"):
        list(registry.log("slovak"))


def test_a_damaged_file_is_not_pulled(registry: Registry, tmp_path: Path) -> None:
    first = versions(registry)[0]
    folder = tmp_path / "models" / "slovak" / "versions" / first
    (folder / "model/model.goldzone").write_bytes(b"else")
    with pytest.raises(StateError, match="is not what was added"):
        registry.pull(f"slovak@{first}", tmp_path / "out")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StateError, match=r"manifest.json: is not what was added"):
        registry.manifest("slovak", first)


def test_a_manifest_leads_to_no_file_outside(registry: Registry) -> None:
    manifest = registry.manifest("slovak", versions(registry)[0]).model_dump()
    manifest["files"] = {"../../mine": manifest["files"]["model/model.goldzone"]}
    with pytest.raises(StateError, match=r"'\.\./\.\./mine' is no file of a run"):
        manifest_from_json(json.dumps(manifest).encode(), "x")


def test_pins_aliases_and_rollbacks_are_not_collected(registry: Registry) -> None:
    first, second, third = versions(registry)
    registry.switch("slovak", "champion", second, why="")
    registry.pin("slovak", first, why="in the paper")
    assert registry.collect_garbage("slovak", keep=0, dry_run=True) == [third]
    assert versions(registry) == [first, second, third]
    registry.pin("slovak", first, why="withdrawn", keep=False)
    assert registry.collect_garbage("slovak", keep=0) == [first, third]
    assert versions(registry) == [second]


def test_rollback_passes_over_what_is_gone() -> None:
    state = State(versions=["a", "b", "c"])
    for version in "abc":
        state = switched(state, "champion", version)
    assert superfluous(state, 1) == ["a"]
    assert rolled_back(collected(state, ["b"]), "champion").current("champion") == "a"


@pytest.mark.parametrize("reference", ["french", "@champion", "french@", "a/log@x", "../x@y", "a//b@c"])
def test_what_names_no_version_is_refused(reference: str) -> None:
    with pytest.raises(ConfigError):
        split_reference(reference)


def test_what_is_not_there_is_refused(registry: Registry) -> None:
    with pytest.raises(ConfigError, match="has no french; it has slovak"):
        registry.find("french@champion")
    with pytest.raises(ConfigError, match="'champion': is no alias and begins 0 of 3 versions"):
        registry.find("slovak@champion")
    with pytest.raises(ConfigError, match="'@x': is no alias"):
        registry.switch("slovak", "@x", versions(registry)[0], why="")
