"""Held-out words of one's own, and the model that learns all words in the end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from goldzone.cli.train import configuration
from goldzone.g2p.model import read_model
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.training.runs.event_log import cut_events, read_events
from goldzone.training.runs.run_folder import RunFolder
from tests.cli.conftest import Goldzone, complaint


def lexicon(path: Path, vowels: str, *extra: str) -> Path:
    rows = [f"{a}{b}{c}\t{a}{b}{c}" for a in "bdgkpt" for b in vowels for c in "mnrls"]
    path.write_text("\n".join([*rows, *extra]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "train": lexicon(tmp_path / "train.tsv", "aeio", "Bum\tbum"),
        "dev": lexicon(tmp_path / "dev.tsv", "u"),
        "test": lexicon(tmp_path / "test.tsv", "y"),
    }


def test_own_dev_and_test_words_are_held_out_whole(
    goldzone: Goldzone, files: dict[str, Path], quick_toml: Path
) -> None:
    parts = ("--dev", files["dev"], "--test", files["test"])
    finished = goldzone("train", files["train"], *parts, "--config", quick_toml, "--json")
    assert finished.code == 0, finished.err
    found = json.loads(finished.out)
    assert [found[part]["words"] for part in ("train", "dev", "test")] == [120, 30, 30]
    assert "1 words are among the dev or test words and are not trained on" in finished.err
    assert "final" not in found  # who holds words out by hand wants them held out


def test_a_run_with_own_words_resumes_with_them(
    goldzone: Goldzone, files: dict[str, Path], quick_toml: Path
) -> None:
    parts = ("--dev", files["dev"], "--test", files["test"])
    whole = json.loads(
        goldzone("train", files["train"], *parts, "--config", quick_toml, "--out", "r", "--json").out
    )
    cut_events(RunFolder.open("r").events_path, 1)
    resumed = goldzone("resume", "r", "--json")
    assert json.loads(resumed.out)["digest"] == whole["digest"]
    assert json.loads(resumed.out)["test"] == whole["test"]


@pytest.fixture
def finished_run(goldzone: Goldzone, quick_toml: Path) -> dict[str, Any]:
    done = goldzone("train", "slovak", "--limit", "300", "--config", quick_toml, "--out", "r", "--json")
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


def test_all_words_are_learnt_in_the_end(goldzone: Goldzone, finished_run: dict[str, Any]) -> None:
    held_out = finished_run["dev"]["words"] + finished_run["test"]["words"]
    assert finished_run["final"]["words"] == finished_run["train"]["words"] + held_out
    model, digest = read_model(finished_run["final"]["model"])
    assert digest == finished_run["final"]["digest"] != finished_run["digest"]
    judged = model.about["judged"]
    assert judged["sha256"] == finished_run["digest"]
    assert judged["test_word_accuracy"] == round(finished_run["test"]["word_accuracy"], 6)
    assert judged["dev_word_accuracy"] == round(finished_run["dev"]["word_accuracy"], 6)
    # The folder's name stands for it.
    assert goldzone("phonemize", "r", "voda").out == goldzone("phonemize", "r/final", "voda").out


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_the_model_of_all_words_survives_an_interruption(
    goldzone: Goldzone, finished_run: dict[str, Any], damage: str
) -> None:
    run = RunFolder.open("r/final")
    if damage == "gone":
        shutil.rmtree(run.path)
    else:
        run.model_path.unlink()
        cut_events(run.events_path, sum(1 for _ in read_events(run.events_path)) - 1)
    resumed = goldzone("resume", "r" if damage == "gone" else "r/final", "--json")
    assert resumed.code == 0, resumed.err
    assert json.loads(resumed.out)["digest"] == finished_run["final"]["digest"]
    assert "there is nothing to resume" in complaint(goldzone("resume", "r"))


def test_a_new_run_replaces_both_models(
    goldzone: Goldzone, finished_run: dict[str, Any], quick_toml: Path
) -> None:
    assert Path(finished_run["final"]["model"]).exists()
    options = ("--limit", "200", "--config", quick_toml, "--out", "r", "--force", "--no-final")
    assert goldzone("train", "slovak", *options).code == 0
    assert not Path("r/final").exists()


def test_new_words_are_those_the_model_has_not_met(goldzone: Goldzone, finished_run: dict[str, Any]) -> None:
    scored = json.loads(goldzone("evaluate", "r", "slovak", "--json").out)
    assert scored["left_out"] == finished_run["train"]["words"] == 300
    assert scored["words"] == 3000 - 300
    everything = json.loads(goldzone("evaluate", "r", "slovak", "--part", "all", "--json").out)
    assert (everything["left_out"], everything["words"]) == (0, 3000)


def test_a_model_file_alone_is_judged_on_what_a_hash_held_out(
    goldzone: Goldzone, finished_run: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copy(finished_run["model"], tmp_path / "alone.goldzone")
    scored = json.loads(goldzone("evaluate", "alone.goldzone", "slovak", "--json").out)
    assert scored["words"] == 311 + 290
    shutil.copy(finished_run["final"]["model"], tmp_path / "all.goldzone")
    assert "was trained on all words" in complaint(goldzone("evaluate", "all.goldzone", "slovak"))


def test_options_for_lexicons_are_refused_for_samples(goldzone: Goldzone, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("0,1\n1,0\n")
    refused = goldzone("train", "s.csv", "--preset", "windowed_committee:24,12", "--final")
    assert "--dev, --test, --final, --format, --sums-from: are for lexicons" in complaint(refused)


def test_python_trains_what_the_command_trains(
    goldzone: Goldzone, files: dict[str, Path], quick_toml: Path
) -> None:
    done = goldzone("train", files["train"], "--config", quick_toml, "--out", "r", "--json")
    config = configuration(quick_toml, None).training
    for all_words, expected in ((True, json.loads(done.out)["final"]), (False, json.loads(done.out))):
        phonemizer = Phonemizer.train(files["train"], config=config, all_words=all_words)
        assert phonemizer.save("model.goldzone") == expected["digest"]
