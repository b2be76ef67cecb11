from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from goldzone.data.lexicon import read_lexicon
from tests.cli.conftest import Goldzone, complaint

SAMPLES = Path(__file__).parents[1] / "data" / "formats"


@pytest.fixture
def flawed(tmp_path: Path) -> Path:
    """A lexicon whose letters are its sounds, but for two words."""
    rows = {f"{a}{b}{c}{d}": f"{a}{b}{c}{d}" for a in "bdgk" for b in "aei" for c in "mnr" for d in "ou"}
    rows |= {"bamo": "bamu", "kiru": "kiro"}
    path = tmp_path / "flawed.tsv"
    path.write_text("".join(f"{word}\t{said}\n" for word, said in rows.items()), encoding="utf-8")
    return path


def test_entries_that_are_wrong_come_first(goldzone: Goldzone, flawed: Path, quick_toml: Path) -> None:
    options = ("--config", quick_toml, "--parts", "2", "--patch", "patch.tsv", "--json")
    finished = goldzone("check-lexicon", flawed, *options)
    assert finished.code == 0, finished.err
    found = json.loads(finished.out)
    assert found["words"] == 72
    told = finished.err.splitlines()[1:]  # after how the file was read
    assert [line.partition(":")[0] for line in told] == [f"part {n} of 2" for n in (1, 1, 1, 2, 2, 2)]
    assert " words, " in told[0]
    assert told[1].startswith("part 1 of 2: sweep 1/2: words right: train ")
    assert {suspect["word"] for suspect in found["suspects"][:2]} == {"bamo", "kiru"}
    first = found["suspects"][0]
    assert "".join(first["expected"]) == first["word"]
    ranked = [each["odds"] / 4 ** (len(each["edits"]) - 1) for each in found["suspects"]]
    assert ranked == sorted(ranked, reverse=True)
    assert sorted(Path("patch.tsv").read_text(encoding="utf-8").splitlines()[:2]) == [
        "bamo\tbamu\tbamo",
        "kiru\tkiro\tkiru",
    ]
    shown = goldzone("check-lexicon", flawed, *options[:4], "--top", "2").out
    assert "the most suspicious first" in shown
    assert "bamo" in shown


def test_an_edited_patch_is_taken(goldzone: Goldzone, flawed: Path) -> None:
    Path("patch.tsv").write_text("bamo\tbamu\tbamo\n\nnone\tx\ty\n", encoding="utf-8")
    finished = goldzone("check-lexicon", flawed, "--accept", "patch.tsv", "--out", "better.tsv")
    assert finished.err.splitlines()[-1] == "1 of 2 corrections taken"
    before, after = read_lexicon(flawed), read_lexicon(Path("better.tsv"))
    assert [entry.word for entry in after] == [entry.word for entry in before]
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [(entry.word, "".join(entry.pronunciations[0])) for entry in changed] == [("bamo", "bamo")]
    Path("patch.tsv").write_text("bamo\tbamu\n", encoding="utf-8")
    assert complaint(goldzone("check-lexicon", flawed, "--accept", "patch.tsv")).startswith(
        "patch.tsv: line 1 has no three columns"
    )


def test_a_patch_of_another_encoding_is_refused(goldzone: Goldzone, flawed: Path) -> None:
    Path("patch.tsv").write_bytes("bamo\tbamu\tbamo\nкот молоко\tx\ty\n".encode("windows-1251"))
    assert complaint(goldzone("check-lexicon", flawed, "--accept", "patch.tsv")) == (
        "patch.tsv: line 2 is not UTF-8 text; it looks like windows-1251: "
        "convert it (iconv -f windows-1251 -t UTF-8)"
    )
    assert complaint(goldzone("check-lexicon", flawed, "--accept", "none.tsv")).startswith("none.tsv: ")


def test_a_line_separator_in_a_patch_ends_no_line(goldzone: Goldzone, flawed: Path) -> None:
    Path("patch.tsv").write_text("bamo\tbamu\tba\u2028mo\r", encoding="utf-8")
    assert complaint(goldzone("check-lexicon", flawed, "--accept", "patch.tsv")) == (
        "patch.tsv: line 1: 'ba\\u2028mo' is no pronunciation of this lexicon"
    )


@pytest.mark.parametrize("sample", sorted(path.name for path in (SAMPLES / "canonical").iterdir()))
def test_without_corrections_a_lexicon_is_written_as_it_was(goldzone: Goldzone, sample: str) -> None:
    Path("nothing.tsv").touch()
    options = ("--format", re.findall("[a-z]+", sample)[0], "--accept", "nothing.tsv", "--out", "same.tsv")
    assert goldzone("check-lexicon", SAMPLES / sample, *options).code == 0
    assert Path("same.tsv").read_bytes() == (SAMPLES / "canonical" / sample).read_bytes()


@pytest.mark.parametrize("sample", ["ipa-dict.txt", "commas.csv", "semicolons.csv"])
def test_what_is_written_is_read_as_before(goldzone: Goldzone, sample: str) -> None:
    Path("nothing.tsv").touch()
    finished = goldzone("check-lexicon", SAMPLES / sample, "--accept", "nothing.tsv", "--out", sample)
    assert finished.code == 0
    before, after = read_lexicon(SAMPLES / sample), read_lexicon(Path(sample))
    assert after.entries == before.entries
    assert after.report.format == before.report.format


def test_what_the_format_cannot_hold_is_written_with_tabs(goldzone: Goldzone) -> None:
    Path("nothing.tsv").touch()
    Path("words.dict").write_text("#1 W AH1 N\nONE  W AH1 N\nTWO  T UW1\n", encoding="utf-8")
    given = ("--format", "kaldi", "--accept", "nothing.tsv")
    assert goldzone("check-lexicon", "words.dict", *given).out.splitlines()[-2:] == [
        "ONE W AH1 N",
        "TWO T UW1",
    ]


def test_a_correction_that_is_no_pronunciation_is_refused(goldzone: Goldzone, flawed: Path) -> None:
    Path("patch.tsv").write_text("bamo\tbamu\t{42}\n", encoding="utf-8")
    assert complaint(goldzone("check-lexicon", flawed, "--accept", "patch.tsv")) == (
        "patch.tsv: line 1: '{42}' is no pronunciation of this lexicon"
    )


def test_too_few_words_are_refused(goldzone: Goldzone, tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("a\ta\n", encoding="utf-8")
    line = complaint(goldzone("check-lexicon", tmp_path / "one.tsv"))
    assert line == "one: words: 1, too few for 3 parts; give more"
