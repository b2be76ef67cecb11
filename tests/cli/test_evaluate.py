from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from goldzone.data.lexicon import Lexicon
from goldzone.data.split import split_lexicon
from goldzone.g2p.phonemizer import Phonemizer
from tests.cli.conftest import Goldzone, complaint


@pytest.mark.parametrize("part", ["test", "dev", "train", "all"])
def test_each_part_is_scored(goldzone: Goldzone, run_folder: Path, slovak: Lexicon, part: str) -> None:
    finished = goldzone("evaluate", run_folder, "slovak", "--part", part, "--json")
    words = slovak if part == "all" else getattr(split_lexicon(slovak), part)
    found = Phonemizer.load(run_folder).diagnose(words)
    expected = found.scores
    assert json.loads(finished.out) == {
        "model": str(run_folder),
        "lexicon": "slovak",
        "part": part,
        "left_out": len(slovak) - len(words),
        "words": len(words),
        "word_error": expected.word_error,
        "word_error_interval": [expected.word_error_interval.low, expected.word_error_interval.high],
        "phoneme_error": expected.phoneme_error,
        "phoneme_error_interval": [
            *(expected.phoneme_error_interval.low, expected.phoneme_error_interval.high)
        ],
        "out_of_reach": {
            "words": len(found.out_of_reach),
            "share": len(found.out_of_reach) / len(words),
            "examples": [
                {"word": entry.word, "should_be": ["".join(said) for said in entry.pronunciations]}
                for entry in found.out_of_reach[:20]
            ],
        },
        "confidence": {
            "expected": found.expected,
            "bins": [each._asdict() for each in found.confidence],
        },
        **found.errors.to_json(confusions=100),
    }


def test_by_default_all_words_are_scored_that_were_not_learnt(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("evaluate", run_folder, "slovak")
    assert finished.err == ""
    assert finished.out.startswith(f"{run_folder} on slovak, new words\n")
    assert re.search(r"words +│ 601 ", finished.out)
    assert re.search(r"left out +│ 2,399 that the model has met", finished.out)
    assert re.search(r"word error rate +│ \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\)", finished.out)
    assert max(map(len, finished.out.splitlines()[1:])) <= 80


def test_the_screen_tells_what_the_errors_are(goldzone: Goldzone, run_folder: Path) -> None:
    told = json.loads(goldzone("evaluate", run_folder, "slovak", "--json").out)
    out = goldzone("evaluate", run_folder, "slovak").out
    errors = told["errors"]
    assert f"\n{errors['words']} of 601 words wrong, by {errors['edits']} edits\n" in out
    vowels = errors["kinds"]["vowel_for_vowel"]
    row = next(line for line in out.splitlines() if line.startswith("│ vowel for vowel "))
    share, of_all = vowels["edits"] / errors["edits"], vowels["words_only"] / told["words"]
    counts = (vowels["edits"], f"{share:.1%}", vowels["words"], vowels["words_only"], f"{of_all:.1%}")
    assert row.replace("│", "").split() == ["vowel", "for", "vowel", *map(str, counts)]
    # The most frequent kinds and confusions come first, and kinds without an error are left out.
    shown = [int(edits) for edits in re.findall(r"│ +(\d+) │ +[\d.]+% │ +\d+ │ +\d+ │", out)]
    assert shown == sorted((k["edits"] for k in errors["kinds"].values() if k["edits"]), reverse=True)
    first = told["confusions"][0]
    head = next(line for line in out.splitlines() if line.startswith("┃ said "))
    most = out.splitlines()[out.splitlines().index(head) + 2].split("│")[1:-1]
    cells = (first["said"] or "(nothing)", first["should_be"] or "(nothing)", first["times"], first["word"])
    assert list(map(str.strip, most)) == list(map(str, cells))


def test_words_out_of_reach_are_named_with_what_they_should_be(goldzone: Goldzone, run_folder: Path) -> None:
    Path("some.tsv").write_text("voda\tvoda\nnever\tŋŋŋ\n[x]\tǃǃ\n")
    arguments = ("evaluate", run_folder, "some.tsv", "--part", "all")
    told = json.loads(goldzone(*arguments, "--json").out)
    assert told["out_of_reach"]["examples"][-2:] == [
        {"word": "never", "should_be": ["ŋŋŋ"]},
        {"word": "[x]", "should_be": ["ǃǃ"]},
    ]
    n_words = told["out_of_reach"]["words"]
    assert f"{n_words} ({n_words / 3:.1%}), such as " in goldzone(*arguments).out
    assert "never (ŋŋŋ), [x] (ǃǃ)" in " ".join(goldzone(*arguments).out.split())


def test_where_all_words_are_right_no_error_is_told(goldzone: Goldzone, run_folder: Path) -> None:
    said = Phonemizer.load(run_folder)("voda")
    Path("right.tsv").write_text(f"voda\t{said}\n")
    out = goldzone("evaluate", run_folder, "right.tsv", "--part", "all").out
    assert re.search(r"words right +│ 100\.0%", out)
    assert re.search(r"out of reach +│ 0 ", out)
    assert "wrong" not in out


def test_a_part_without_words_is_refused_with_advice(goldzone: Goldzone, run_folder: Path) -> None:
    Path("one.tsv").write_text("voda\tvoda\n")
    refusals = [goldzone("evaluate", run_folder, "one.tsv", "--part", part) for part in ("test", "dev")]
    line = next(complaint(finished) for finished in refusals if finished.code)
    assert re.fullmatch(r"one: has no word in its (test|dev) part; use --part all", line)
    assert goldzone("evaluate", run_folder, "one.tsv", "--part", "all").code == 0


def test_wrong_sources_and_models_are_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("evaluate", run_folder, "slovk")).endswith("did you mean slovak?")
    assert complaint(goldzone("evaluate", "nothing", "slovak")).startswith("nothing: ")
