from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Goldzone, complaint

BEFORE = {"ˈpaːra": ("biela", "horúca", "vodná", "hustá"), "paˈraː": ("jeho", "tvoj", "starý", "nový")}


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    path = tmp_path / "words.tsv"
    rows = [
        f"{first} {before} para {last}\t_ _ {reading} _"
        for reading, befores in BEFORE.items()
        for before in befores
        for first in ("to", "je", "tam", "bola", "mal")
        for last in ("tu", "dnes", "vždy", "raz")
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_homographs_are_learnt_judged_and_used(goldzone: Goldzone, run_folder: Path, sentences: Path) -> None:
    learnt = goldzone("homographs", sentences, "--json")
    assert learnt.code == 0, learnt.err
    facts = json.loads(learnt.out)
    assert (facts["file"], facts["words"], facts["sentences"]) == ("words.homographs", 1, 160)
    assert facts["held_out"]["right"] == 1
    assert facts["held_out"]["commonest_right"] < 0.9
    lines = ("je biela para dnes", "je jeho para dnes")
    options = ("--homographs", "words.homographs", "--json")
    said = [json.loads(row) for row in goldzone("phonemize", run_folder, *options, *lines).out.splitlines()]
    chosen = {(row["line"], row["word"]): row for row in said}
    first, second = chosen[1, "para"], chosen[2, "para"]
    assert first["source"] == second["source"] == "homograph"
    assert chosen[1, "dnes"]["source"] == "model"
    assert "ˈpaːra" in json.dumps(first, ensure_ascii=False)
    assert "paˈraː" in json.dumps(second, ensure_ascii=False)
    Path("own.tsv").write_text("para\tpara\n", encoding="utf-8")
    own = goldzone("phonemize", run_folder, *options, "--overrides", "own.tsv", "jeho para")
    assert json.loads(own.out.splitlines()[1])["source"] == "override"


def test_the_screen_tells_how_good_they_are(goldzone: Goldzone, sentences: Path) -> None:
    learnt = goldzone("homographs", sentences, "--out", "para")
    assert learnt.code == 0
    assert "commonest reading right" in learnt.out
    assert "better by" in learnt.out
    assert learnt.err == f"{sentences}: 160 of 160 rows used\n"


def test_readings_in_another_notation_are_told(goldzone: Goldzone, run_folder: Path, sentences: Path) -> None:
    text = sentences.read_text(encoding="utf-8").replace("ˈpaːra", "P-AH1").replace("paˈraː", "P-AH2")
    sentences.write_text(text, encoding="utf-8")
    assert goldzone("homographs", sentences, "--out", "other").code == 0
    said = goldzone("phonemize", run_folder, "--homographs", "other", "biela para")
    assert "sounds that the model never says" in said.err


def test_files_that_are_none_are_one_line(goldzone: Goldzone, run_folder: Path, tmp_path: Path) -> None:
    assert "no usable row" in complaint(goldzone("homographs", Path(__file__)))
    model = run_folder / "model" / "model.goldzone"
    line = complaint(goldzone("phonemize", run_folder, "--homographs", model, "para"))
    assert "holds no homographs" in line
