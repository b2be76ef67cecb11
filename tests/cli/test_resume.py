from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from goldzone.g2p.beam_trainer import BeamTrainer
from goldzone.g2p.model import read_model
from goldzone.training.learners.committee import CommitteeTrainer
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import RunFinished, RunResumed
from tests.cli.conftest import Goldzone, complaint
from tests.cli.test_train import toy_lexicon


class Crash(BaseException):
    """Stands for what nobody foresaw."""


def _crash(*_: object) -> None:
    raise Crash


@pytest.fixture(params=["together", "one by one"])
def toml(request: pytest.FixtureRequest, quick_toml: Path, one_by_one_toml: Path) -> Path:
    return quick_toml if request.param == "together" else one_by_one_toml


@pytest.fixture
def interrupted(
    goldzone: Goldzone, toml: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """A run of a lexicon file that ended in its second sweep."""
    real, count = CommitteeTrainer.train, iter(range(1000))
    learn, passes = BeamTrainer.train_together, iter(range(1000))

    def train(trainer: CommitteeTrainer, layer: int, position: int, premodulo: int) -> object:
        if next(count) == 30:
            raise Crash
        return real(trainer, layer, position, premodulo)

    def train_together(trainer: BeamTrainer, layer: int, premodulos: Mapping[int, int], tell: Any) -> Any:
        return learn(trainer, layer, premodulos, tell if next(passes) == 0 else _crash)

    toy_lexicon(Path("words.tsv"))
    with monkeypatch.context() as patch:
        patch.setattr(CommitteeTrainer, "train", train)
        patch.setattr(BeamTrainer, "train_together", train_together)
        with pytest.raises(Crash):
            goldzone("train", "words.tsv", "--config", toml, "--limit", "30", "--out", "run")
    capsys.readouterr()
    return Path("run")


def test_a_resumed_run_ends_as_if_it_had_never_stopped(
    goldzone: Goldzone, interrupted: Path, toml: Path
) -> None:
    finished = goldzone("resume", interrupted, "--threads", "2", "--json")
    assert finished.code == 0
    resumed = json.loads(finished.out)
    whole = goldzone("train", "words.tsv", "--config", toml, "--limit", "30", "--out", "whole", "--json")
    expected = json.loads(whole.out)
    for name in ("digest", "bytes", "sweep", "reason", "train", "dev", "test", "rows"):
        assert resumed[name] == expected[name]
    events = [event for _, event in read_events(interrupted / "events.jsonl")]
    assert [event.sequence for event in events] == list(range(len(events)))
    assert sum(isinstance(event, RunResumed) for event in events) == 1
    assert isinstance(events[-1], RunFinished)
    assert "resumed in sweep 2" in finished.err
    left = sorted(path.name for path in (interrupted / "state").iterdir())
    assert left == ["lock", "sums.goldzone", "sums.goldzone.bak1"]


def test_the_screen_is_that_of_train(goldzone: Goldzone, interrupted: Path) -> None:
    screen = goldzone("resume", interrupted).out
    assert "say a word" in screen
    assert "goldzone phonemize run " in screen


def test_training_on_an_unfinished_run_says_how_to_go_on(
    goldzone: Goldzone, interrupted: Path, toml: Path
) -> None:
    line = complaint(goldzone("train", "words.tsv", "--config", toml, "--out", interrupted))
    assert line.startswith("run: holds an unfinished run; continue it (goldzone resume)")
    assert goldzone("resume", interrupted).code == 0
    line = complaint(goldzone("train", "words.tsv", "--config", toml, "--out", interrupted))
    assert line.startswith("run: already holds a run")


def test_an_unfinished_run_can_be_replaced(goldzone: Goldzone, interrupted: Path, toml: Path) -> None:
    again = goldzone("train", "words.tsv", "--config", toml, "--out", interrupted, "--force")
    assert again.code == 0
    events = [event for _, event in read_events(interrupted / "events.jsonl")]
    assert not any(isinstance(event, RunResumed) for event in events)


def test_what_cannot_be_resumed_is_one_line(goldzone: Goldzone, run_folder: Path, interrupted: Path) -> None:
    assert complaint(goldzone("resume", run_folder)).endswith("is finished; there is nothing to resume")
    assert "is no run folder" in complaint(goldzone("resume", "nowhere"))
    words = Path("words.tsv").read_text()
    Path("words.tsv").write_text(words.replace("m\n", "\n"))
    assert "belongs to another configuration or other data" in complaint(goldzone("resume", interrupted))
    Path("words.tsv").unlink()
    assert "words.tsv: is neither a file nor" in complaint(goldzone("resume", interrupted))
    (interrupted / "source.json").unlink()
    assert "does not say where its words come from" in complaint(goldzone("resume", interrupted))


def test_a_dataset_that_has_moved_can_be_named(
    goldzone: Goldzone,
    quick_toml: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("data/toyish").mkdir(parents=True)
    toy_lexicon(Path("data/toyish/lexicon.tsv"))
    with monkeypatch.context() as patch:
        patch.setattr(BeamTrainer, "metrics", _crash)
        with pytest.raises(Crash):
            goldzone("train", "toyish", "--dataset", "data", "--config", quick_toml, "--out", "moved")
    capsys.readouterr()
    shutil.move("data", "elsewhere")
    assert "data" in complaint(goldzone("resume", "moved"))
    assert goldzone("resume", "moved", "--dataset", "elsewhere").code == 0
    assert read_model("moved/model/model.goldzone")[0].name == "toyish"


@pytest.mark.parametrize("toml", ["together"], indirect=True)
def test_the_command_of_a_run_folder_runs_only_where_that_is_asked_for(
    goldzone: Goldzone, interrupted: Path, tmp_path: Path
) -> None:
    config = (interrupted / "config.toml").read_text().partition("[alerts")[0]
    touch = [sys.executable, "-c", f"open({str(tmp_path / 'told')!r}, 'w')"]
    rules = f"[alerts]\ntell = 'info'\ncommand = {json.dumps(touch)}\n"
    always = "[alerts.stale_sums]\nthreshold = 1000\nwindow = 1\n"
    (interrupted / "config.toml").write_text(config + rules + always)
    shutil.copytree(interrupted, "trusted")
    careful = goldzone("resume", interrupted)
    assert careful.code == 0
    assert "alerts: the command and webhook of run/config.toml are left alone" in careful.err
    assert not (tmp_path / "told").exists()
    trusting = goldzone("resume", "trusted", "--deliver-alerts")
    assert trusting.code == 0
    assert "left alone" not in trusting.err
    assert (tmp_path / "told").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_linked_log_is_refused_and_its_target_stays(
    goldzone: Goldzone, run_folder: Path, tmp_path: Path
) -> None:
    run, mine = tmp_path / "given", tmp_path / "mine"
    shutil.copytree(run_folder, run)
    mine.write_text("mine\n")
    (run / "events.jsonl").unlink()
    (run / "events.jsonl").symlink_to(mine)
    before = sorted(run.rglob("*"))
    for command in ("resume", "train slovak --force --out", "history"):
        assert f"{run}/events.jsonl: is a link" in complaint(goldzone(*command.split(), run))
    assert mine.read_text() == "mine\n"
    assert sorted(run.rglob("*")) == before
