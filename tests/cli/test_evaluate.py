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
    assert json.loads(finished.out) == {
        "model": str(run_folder),
        "lexicon": "slovak",
        "part": part,
        "left_out": len(slovak) - len(words),
        "lacking": {str(run_folder): 0},
        **found.to_json(examples=20, confusions=100),
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


def said_by_another(path: Path, slovak: Lexicon) -> Path:
    """Write what a program that errs on every word with an o, and knows none with an x, would say."""
    rows = [
        f"{entry.word}\t{'x' if 'o' in entry.word else ''.join(entry.pronunciations[0])}\n"
        for entry in slovak
        if "z" not in entry.word
    ]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def test_another_program_s_output_is_judged_by_the_same_command(
    goldzone: Goldzone, slovak: Lexicon, tmp_path: Path
) -> None:
    path = said_by_another(tmp_path / "said.tsv", slovak)
    finished = goldzone("evaluate", path, "slovak", "--json")
    assert finished.code == 0, finished.err
    measured = json.loads(finished.out)
    wrong = [entry.word for entry in slovak if {"o", "z"} & set(entry.word)]
    assert measured["part"] == "all"
    assert measured["word_error"] == pytest.approx(len(wrong) / len(slovak))
    assert measured["lacking"] == {str(path): sum("z" in entry.word for entry in slovak)}
    assert measured["by_letter"][0]["of"] == "o"
    screen = goldzone("evaluate", path, "slovak")
    assert "words are not in" in screen.out
    assert "out of reach" not in screen.out
    assert "is for models" in complaint(goldzone("evaluate", path, "slovak", "--part", "dev"))


def test_a_model_is_compared_on_the_same_words(
    goldzone: Goldzone, run_folder: Path, slovak: Lexicon, tmp_path: Path
) -> None:
    path = said_by_another(tmp_path / "said.tsv", slovak)
    finished = goldzone("evaluate", run_folder, "slovak", "--against", path, "--json")
    measured = json.loads(finished.out)
    against = measured["against"]
    assert against["words"] == measured["words"]
    assert against["word_error"] == measured["word_error"]
    low, high = against["difference_interval"]
    assert low <= against["difference"] <= high
    itself = goldzone("evaluate", run_folder, "slovak", "--against", run_folder)
    assert re.search(r"difference +│ \+0\.0%.*may be chance", itself.out)


def test_the_page_has_all_of_it_and_needs_nothing_else(
    goldzone: Goldzone, run_folder: Path, slovak: Lexicon, tmp_path: Path
) -> None:
    path = said_by_another(tmp_path / "<said>.tsv", slovak)
    finished = goldzone("evaluate", run_folder, "slovak", "--against", path, "--html", "page.html")
    assert finished.code == 0, finished.err
    page = Path("page.html").read_text(encoding="utf-8")
    for title in (
        "How sure",
        "By length",
        "By letter",
        "Which sounds",
        "Kinds of errors",
        "Beside",
        "surest",
    ):
        assert title in page
    assert page.count("<svg") == page.count("</svg>") == 4
    assert "<said>" not in page
    assert not re.search(r"(?:src|href)=|https?:|<script", page)
    assert "cannot be written" in complaint(
        goldzone("evaluate", run_folder, "slovak", "--html", "no/page.html")
    )
