"""What is told of very small lexicons, and of sounds that are cut otherwise, is no more than is known."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Goldzone, complaint

TEN = (
    *("sablés sable", "chat ʃa", "été ete", "pain pɛ̃", "vin vɛ̃"),
    *("nuit nɥi", "eau o", "bal bal", "sel sɛl", "mal mal"),
)


def lexicon(path: Path, rows: tuple[str, ...]) -> Path:
    path.write_text("".join(row.replace(" ", "\t", 1) + "\n" for row in rows), encoding="utf-8")
    return path


def test_one_word_is_too_few(goldzone: Goldzone, tmp_path: Path, quick_toml: Path) -> None:
    line = complaint(goldzone("train", lexicon(tmp_path / "one.tsv", TEN[1:2]), "--config", quick_toml))
    assert line.startswith("one: 1 word, none of them to be trained on; give at least 50, or ")


def test_of_a_handful_of_words_no_interval_is_told(
    goldzone: Goldzone, tmp_path: Path, quick_toml: Path
) -> None:
    finished = goldzone("train", lexicon(tmp_path / "ten.tsv", TEN), "--config", quick_toml, "--no-final")
    assert finished.code == 0
    assert "95 %" not in finished.out
    assert "too few to judge" in finished.out


def test_sounds_cut_at_other_borders_are_wrong(goldzone: Goldzone, tmp_path: Path, quick_toml: Path) -> None:
    finals = {"ing": "IH0 NG", "ang": "AE0 NG", "ung": "AH0 NG"}
    rows = {a + b: f"{a.upper()} {said}" for a in "srkptdmlbw" for b, said in finals.items()}
    path = lexicon(tmp_path / "ng.tsv", tuple(f"{word} {said}" for word, said in rows.items()))
    assert goldzone("train", path, "--config", quick_toml, "--out", "run").code == 0
    errors = []
    for listed in (rows, {word: said.replace("NG", "N G") for word, said in rows.items()}):
        path = lexicon(tmp_path / "other.tsv", tuple(f"{word} {said}" for word, said in listed.items()))
        found = goldzone("evaluate", "run", path, "--part", "all", "--json")
        errors.append(json.loads(found.out)["word_error"])
    assert errors[0] < 0.5
    assert errors[1] == 1.0
