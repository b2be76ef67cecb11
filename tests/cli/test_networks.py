"""Networks over plain samples, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from goldzone.deep.classifier import NetworkClassifier
from goldzone.deep.samples import read_samples, split_samples
from goldzone.deep.trainer import NetworkTrainer
from goldzone.hashtron.presets import windowed_committee
from goldzone.hashtron.weights import read_weights
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import NeuronTrained, RunFinished, RunResumed, RunStarted, Warned
from goldzone.training.runs.run_folder import RunFolder
from tests.cli.conftest import Goldzone, complaint

PRESET = ("--preset", "windowed_committee:8,4")


class Crash(BaseException):
    """Stands for what nobody foresaw."""


@pytest.fixture(autouse=True)
def thirds(plain_surroundings: None) -> Path:
    """600 samples of eight inputs; the first alone tells the label."""
    inputs = np.random.default_rng(4).integers(0, 30, (600, 8))
    rows = [",".join(map(str, [int(row[0] % 3 == 0), *row])) for row in inputs.tolist()]
    path = Path("thirds.csv")
    path.write_text("label,a,b,c,d,e,f,g,h\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def interrupt(
    goldzone: Goldzone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Path]:
    """Begins a run that ends in the training of a neuron."""
    return lambda step, *options: _interrupted(goldzone, monkeypatch, capsys, step, *options)


def _interrupted(
    goldzone: Goldzone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: int,
    *options: str,
) -> Path:
    real, count = NetworkTrainer.train, iter(range(1000))

    def train(trainer: NetworkTrainer, layer: int, position: int, premodulo: int) -> object:
        if next(count) == step:
            raise Crash
        return real(trainer, layer, position, premodulo)

    with monkeypatch.context() as patch:
        patch.setattr(NetworkTrainer, "train", train)
        with pytest.raises(Crash):
            goldzone("train", "thirds.csv", *PRESET, "--out", "run", *options)
    capsys.readouterr()
    return Path("run")


def test_a_network_is_trained_tested_and_asked(goldzone: Goldzone, thirds: Path) -> None:
    finished = goldzone("train", thirds, *PRESET, "--json")
    assert finished.code == 0
    assert finished.err.splitlines()[0].endswith(" samples, 13 neurons")
    summary = json.loads(finished.out)
    run = RunFolder.open("runs/thirds")
    classifier = NetworkClassifier.load(run.path)
    split = split_samples(read_samples(thirds), TrainingConfig().data.fractions)
    assert summary["test"]["samples"] == len(split.test)
    assert summary["test"]["accuracy"] == classifier.score(split.test.inputs, split.test.outputs)
    assert summary["dev"]["accuracy"] == classifier.score(split.dev.inputs, split.dev.outputs)
    assert (summary["preset"], summary["pipeline"]) == ("windowed_committee:8,4", "backward")
    assert run.config.credit.kind == "margin"  # what was meant by the default
    evaluated = json.loads(goldzone("evaluate", run.path, thirds, "--json").out)
    assert evaluated["accuracy"] == summary["test"]["accuracy"]
    assert evaluated["majority"] == summary["test"]["majority"]
    every = json.loads(goldzone("evaluate", run.path, thirds, "--part", "all", "--json").out)
    assert every["samples"] == 600


def test_the_screens(goldzone: Goldzone, thirds: Path) -> None:
    screen = goldzone("train", thirds, *PRESET).out
    for wanted in ("train samples right │ ", "test samples right  │ ", "commonest label     │ "):
        assert wanted in screen
    assert "choices" not in screen
    assert "samples right        │ " in goldzone("evaluate", "runs/thirds", thirds).out
    inspected = goldzone("inspect", "runs/thirds")
    assert inspected.code == 0
    for wanted in ("windowed_committee:8,4", "credit.kind = margin", "samples right, by sweep"):
        assert wanted in inspected.out
    facts = json.loads(goldzone("inspect", "runs/thirds", "--json").out)["model"]
    assert (facts["neurons"], facts["layers"], facts["preset"]) == (13, 3, "windowed_committee:8,4")
    for command in ("verify-order", "history", "sums", "alerts", "recommend"):
        assert goldzone(command, "runs/thirds").code == 0, command


def test_weights_are_those_of_the_reference(goldzone: Goldzone, thirds: Path) -> None:
    assert goldzone("train", thirds, *PRESET).code == 0
    assert goldzone("export", "runs/thirds", "out.json.zlib").out.startswith("out.json.zlib: 13 neurons, ")
    network = NetworkClassifier.load("runs/thirds").model.network
    inputs = read_samples(thirds).inputs
    exported = read_weights("out.json.zlib", windowed_committee(8, (4,)))
    assert np.array_equal(exported.infer(inputs), network.infer(inputs))


def test_files_and_threads_change_nothing_and_a_seed_does(goldzone: Goldzone, thirds: Path) -> None:
    samples = read_samples(thirds)
    np.savez("thirds.npz", inputs=samples.inputs, outputs=samples.outputs)

    def digest(*arguments: str) -> str:
        finished = goldzone("train", *arguments, *PRESET, "--force", "--json")
        return str(json.loads(finished.out)["digest"])

    assert digest("thirds.csv") == digest("thirds.npz", "--threads", "3")
    assert digest("thirds.csv") != digest("thirds.csv", "--seed", "2")
    assert digest("thirds.csv", "--limit", "100") != digest("thirds.csv")


@pytest.mark.parametrize("step", [1, 9, 20])
def test_a_run_that_was_interrupted_ends_as_if_it_had_never_stopped(
    goldzone: Goldzone, interrupt: Callable[..., Path], step: int, thirds: Path
) -> None:
    run = interrupt(step)
    assert "holds an unfinished run" in complaint(goldzone("train", thirds, *PRESET, "--out", run))
    resumed = json.loads(goldzone("resume", run, "--json").out)
    whole = json.loads(goldzone("train", thirds, *PRESET, "--json").out)
    for name in ("digest", "bytes", "sweep", "reason", "train", "dev", "test"):
        assert resumed[name] == whole[name]
    events = [event for _, event in read_events(run / "events.jsonl")]
    assert sum(isinstance(event, RunResumed) for event in events) == 1
    assert goldzone("verify-order", run).code == 0


def test_a_forward_run_begins_again_and_says_so(
    goldzone: Goldzone, interrupt: Callable[..., Path], thirds: Path
) -> None:
    run = interrupt(9, "--pipeline", "forward")
    finished = goldzone("resume", run, "--json")
    resumed = json.loads(finished.out)
    whole = json.loads(goldzone("train", thirds, *PRESET, "--pipeline", "forward", "--json").out)
    for name in ("digest", "sweep", "reason", "train", "dev", "test"):
        assert resumed[name] == whole[name]
    events = [event for _, event in read_events(run / "events.jsonl")]
    said = [event.message for event in events if isinstance(event, Warned)]
    assert said[0].endswith("holds no state that can be used; the run begins again")
    assert said[1].startswith("the forward pipeline keeps no state")
    assert f"warning: {said[0]}\n" in finished.err
    started = [event for event in events if isinstance(event, RunStarted)]
    assert [event.direction for event in started] == ["forward"]
    once = RunFolder.open("runs/thirds").events_path
    assert [e.position for e in events if isinstance(e, NeuronTrained)] == [
        e.position for _, e in read_events(once) if isinstance(e, NeuronTrained)
    ]
    assert isinstance(events[-1], RunFinished)
    assert "trained forward" in complaint(goldzone("verify-order", run))


def test_what_does_not_go_together_is_one_line(goldzone: Goldzone, thirds: Path) -> None:
    def line(*arguments: str | Path) -> str:
        said = complaint(goldzone("train", *arguments))
        assert not Path("runs").exists()
        return said

    assert line(thirds, "--pipeline", "forward").startswith("--pipeline: is for a network of plain samples")
    assert line("thirds.npz").startswith("thirds.npz: holds plain samples; name their network with --preset")
    assert line(thirds, *PRESET, "--flags", "flags.toml").startswith("--flags: are of languages")
    assert line(thirds, "--preset", "brain").startswith("preset 'brain': unknown architecture")
    assert line(thirds, "--preset", "ulevel").startswith("thirds: samples have 8 inputs; ulevel takes 24")
    assert line("slovak", *PRESET).startswith("slovak: is no file of samples")
    thirds.write_text("1,2\n1,x\n")
    assert line(thirds, *PRESET).startswith("thirds.csv:2: '1,x' is no sample")
    Path("law.toml").write_text('[capacity]\ncontroller = "law"\n')
    thirds.write_text("1,2\n0,3\n")
    forward = ("--pipeline", "forward", "--config", "law.toml")
    assert "has no 'law'" in line(thirds, "--preset", "isalnum", *forward)


def test_what_cannot_be_evaluated_or_resumed_is_one_line(
    goldzone: Goldzone, interrupt: Callable[..., Path], thirds: Path
) -> None:
    run = interrupt(5)
    text = thirds.read_text()
    thirds.write_text(text.replace("\n1,", "\n0,"))
    assert "belongs to another configuration or other data" in complaint(goldzone("resume", run))
    thirds.write_text(text)
    source = json.loads((run / "source.json").read_text())
    assert source["task"] == "network"
    (run / "source.json").write_text(json.dumps(source | {"task": "poem"}))
    assert "has the unknown task 'poem'" in complaint(goldzone("resume", run))
    (run / "source.json").write_text(json.dumps(source))
    assert goldzone("resume", run).code == 0
    Path("few.csv").write_text("1,2,3,4,5,6,7,8,9\n")
    assert "has no samples in its test part; use --part all" in complaint(
        goldzone("evaluate", run, "few.csv")
    )
    Path("few.csv").write_text("1,2\n1,2,3\n")
    assert complaint(goldzone("evaluate", run, "few.csv")).startswith("few.csv:2: has 2 inputs")
