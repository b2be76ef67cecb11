from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldzone.g2p.phonemizer import Phonemizer
from tests.cli.conftest import Goldzone, complaint


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("Voda voda, mesto. Kniha!\n42 чат novinky\n", encoding="utf-8")
    return path


def phones(run: Path, word: str) -> str:
    return " ".join(Phonemizer.load(run).n_best(word, 1)[0].segments)


def test_only_words_that_the_dictionary_lacks_are_written(
    goldzone: Goldzone, run_folder: Path, text: Path
) -> None:
    Path("known.dict").write_text("kniha k ɲ i h a\n<unk> spn\n", encoding="utf-8")
    finished = goldzone("lexicon", run_folder, text, "--oov-of", "known.dict")
    assert finished.code == 0
    # The most frequent first.
    assert finished.out.splitlines() == [
        f"{word}\t{phones(run_folder, word)}" for word in ("voda", "mesto", "novinky")
    ]
    assert finished.err == (
        "5 words, 1 known, 3 written; 1 left out, whose letters the model has never seen: чат\n"
    )
    told = json.loads(goldzone("lexicon", run_folder, text, "--json", "--out", "new.dict").out)
    assert (told["words"], told["known"], told["new"], told["unsayable"]) == (5, 0, 4, ["чат"])
    assert len(Path("new.dict").read_text(encoding="utf-8").splitlines()) == 4


def test_the_phones_are_checked_against_the_tool_s_list(
    goldzone: Goldzone, run_folder: Path, text: Path
) -> None:
    used = {p for w in ("voda", "mesto", "kniha", "novinky") for p in phones(run_folder, w).split()}
    Path("tokens.txt").write_text("".join(f"{p} {n}\n" for n, p in enumerate(sorted(used))), encoding="utf-8")
    options = ("--format", "sherpa", "--tokens", "tokens.txt")
    assert goldzone("lexicon", run_folder, text, *options).code == 0
    Path("tokens.txt").write_text("v 0\n", encoding="utf-8")
    assert complaint(goldzone("lexicon", run_folder, text, *options)).startswith("tokens.txt: lacks ")


def test_pronunciations_are_listed_up_to_a_mass_with_the_best_at_one(
    goldzone: Goldzone, run_folder: Path, text: Path
) -> None:
    some = ("--n-best", "8", "--mass", "0.8", "--probabilities", "--format", "kaldi")
    rows = [line.split(" ", 2) for line in goldzone("lexicon", run_folder, text, *some).out.splitlines()]
    answers = Phonemizer.load(run_folder).answer(["voda", "kniha", "mesto", "novinky"], n_best=8)
    for answer in answers:
        listed = [float(share) for word, share, _ in rows if word == answer.word]
        assert listed[0] == 1.0
        assert listed == sorted(listed, reverse=True)
        mass = sum(said.probability for said in answer.pronunciations[: len(listed)])
        assert mass >= 0.8 or len(listed) == len(answer.pronunciations)
        assert mass - answer.pronunciations[len(listed) - 1].probability < 0.8
    plain = goldzone("lexicon", run_folder, text, "--n-best", "8", "--mass", "0").out.splitlines()
    assert len(plain) == 4


def test_a_text_that_cannot_be_read_is_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert "check the path" in complaint(goldzone("lexicon", run_folder, "none.txt"))
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    assert complaint(goldzone("lexicon", run_folder, "latin.txt")) == (
        "latin.txt: line 1 is not UTF-8 text; convert it (iconv -t UTF-8)"
    )


def test_a_text_of_old_line_ends_is_read(goldzone: Goldzone, run_folder: Path) -> None:
    Path("old.txt").write_bytes(b"voda\rmesto\r")
    finished = goldzone("lexicon", run_folder, "old.txt", "--format", "sherpa", "--n-best", "3")
    assert [line.split()[0] for line in finished.out.splitlines()] == ["mesto", "voda"]
