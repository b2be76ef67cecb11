"""The model and the sums of another run are refused by every command that reads a run folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from goldzone.training.runs.run_folder import RunFolder
from tests.cli.conftest import Goldzone, complaint


@pytest.fixture
def runs(goldzone: Goldzone, quick_toml: Path) -> tuple[Path, Path]:
    """Two runs of the same words, with models of all words; they differ by the seed."""
    for seed in ("1", "2"):
        options = ("--limit", "150", "--seed", seed, "--config", quick_toml, "--out", seed)
        assert goldzone("train", "slovak", *options).code == 0
    return Path("1"), Path("2")


@pytest.mark.parametrize(
    "command",
    [
        ("phonemize", "{}", "voda"),
        ("pack", "{}", "--out", "packed"),
        ("lexicon", "{}", "words.txt", "--out", "new.dict"),
        ("registry", "add", "models", "{}"),
    ],
)
def test_a_model_of_all_words_of_another_run_is_refused(
    goldzone: Goldzone, runs: tuple[Path, Path], command: tuple[str, ...]
) -> None:
    Path("words.txt").write_text("voda\n", encoding="utf-8")
    mine, other = (run / "final" / "model" / "model.goldzone" for run in runs)
    arguments = [part.format("1") for part in command]
    shutil.copy(other, mine)
    line = complaint(goldzone(*arguments))
    assert line.startswith(f"{mine}: is not the model of this run: its SHA-256 is ")
    assert line.endswith("copy the whole run again, or name the model file itself")
    assert goldzone("phonemize", mine, "voda").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "{}", "slovak"),
        ("evaluate", "2", "slovak", "--against", "{}"),
        ("inspect", "{}"),
        ("export", "{}", "weights.json.zlib"),
        ("compare", "slovak", "--arms", "{},2"),
        ("resume", "{}"),
    ],
)
def test_a_judged_model_of_another_run_is_refused(
    goldzone: Goldzone, runs: tuple[Path, Path], command: tuple[str, ...]
) -> None:
    mine, other = (run / "model" / "model.goldzone" for run in runs)
    shutil.rmtree(runs[0] / "final")
    shutil.copy(other, mine)
    line = complaint(goldzone(*[part.format("1") for part in command]))
    assert "is not the model of this run: its SHA-256 is " in line


def test_a_folder_of_all_words_of_another_run_is_refused(goldzone: Goldzone, runs: tuple[Path, Path]) -> None:
    mine, other = (run / "final" for run in runs)
    shutil.rmtree(mine)
    shutil.copytree(other, mine)
    line = complaint(goldzone("phonemize", "1", "voda"))
    assert line.startswith(f"{mine / 'model' / 'model.goldzone'}: follows another run: one with the model ")
    assert complaint(goldzone("resume", "1")) == line


def test_a_model_is_refused_whose_log_is_lost_or_has_no_end(
    goldzone: Goldzone, runs: tuple[Path, Path]
) -> None:
    log = RunFolder.open(runs[0]).events_path
    log.write_bytes(log.read_bytes()[:-9])
    assert complaint(goldzone("inspect", "1")) == ("1: is an unfinished run; go on with it (goldzone resume)")
    log.unlink()
    assert complaint(goldzone("phonemize", "1", "voda")) == (
        "1: has no events.jsonl, which names its model; copy the whole run again"
    )


def test_sums_of_another_run_are_refused(goldzone: Goldzone, runs: tuple[Path, Path]) -> None:
    mine, other = (RunFolder.open(run).sums_path for run in runs)
    assert goldzone("sums", "1").code == 0
    shutil.copy(other, mine)
    assert "belongs to another run" in complaint(goldzone("sums", "1"))
