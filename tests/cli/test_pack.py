from __future__ import annotations

import json
from pathlib import Path

from goldzone.data.lexicon import Lexicon
from goldzone.g2p.model import read_model
from goldzone.g2p.phonemizer import Phonemizer
from tests.cli.conftest import Goldzone, complaint


def test_every_word_of_a_packed_lexicon_comes_out_as_listed(
    goldzone: Goldzone, run_folder: Path, slovak: Lexicon
) -> None:
    facts = json.loads(goldzone("pack", run_folder, "--json").out)
    packed = Phonemizer.load("slovak.goldzone")
    words = [entry.word for entry in slovak]
    assert [packed(word) for word in words] == ["".join(entry.pronunciations[0]) for entry in slovak]
    assert facts["words"] == len(words)
    assert facts["sha256"] == read_model("slovak.goldzone")[1]
    plain = Phonemizer.load(run_folder)
    wrong = sum(plain(entry.word) != "".join(entry.pronunciations[0]) for entry in slovak)
    assert facts["exceptions"] == wrong > 0
    # Other words are said as before.
    assert packed("vodorovnejší") == plain("vodorovnejší")


def test_an_answer_tells_where_it_comes_from(goldzone: Goldzone, run_folder: Path, slovak: Lexicon) -> None:
    goldzone("pack", run_folder, "--out", "p.goldzone")
    packed = Phonemizer.load("p.goldzone")
    listed = next(iter(packed.model.exceptions))
    exception, said = packed.answer([listed, "vodorovnejší"])
    assert (exception.source, said.source) == ("exception", "model")
    assert exception.pronunciations[0].segments == packed.model.exceptions[listed][0]


def test_capitals_find_exceptions_only_where_none_of_their_own_is_right(
    goldzone: Goldzone, run_folder: Path
) -> None:
    said = Phonemizer.load(run_folder)("voda")
    Path("two.tsv").write_text(f"Voda\t{said}\nvoda\txyz\n", encoding="utf-8")
    goldzone("pack", run_folder, "two.tsv", "--out", "p.goldzone")
    packed = Phonemizer.load("p.goldzone")
    assert [packed(word) for word in ("Voda", "voda", "VODA")] == [said, "xyz", "xyz"]


def test_a_model_file_alone_does_not_know_its_words(goldzone: Goldzone, run_folder: Path) -> None:
    line = complaint(goldzone("pack", run_folder / "model" / "model.goldzone"))
    assert line.endswith("does not say where its words come from; name the lexicon")
