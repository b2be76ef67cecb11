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
    expected = Phonemizer.load(run_folder).evaluate(words)
    assert json.loads(finished.out) == {
        "model": str(run_folder),
        "lexicon": "slovak",
        "part": part,
        "words": len(words),
        "word_error": expected.word_error,
        "word_error_interval": [expected.word_error_interval.low, expected.word_error_interval.high],
        "phoneme_error": expected.phoneme_error,
        "phoneme_error_interval": [
            *(expected.phoneme_error_interval.low, expected.phoneme_error_interval.high)
        ],
    }


def test_by_default_the_test_words_are_scored(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("evaluate", run_folder, "slovak")
    assert finished.err == ""
    assert finished.out.startswith(f"{run_folder} on slovak, test words\n")
    assert re.search(r"words +│ 290 ", finished.out)
    assert re.search(r"word error rate +│ \d+\.\d% \(95 %: \d+\.\d% to \d+\.\d%\)", finished.out)
    assert max(map(len, finished.out.splitlines()[1:])) <= 80


def test_a_part_without_words_is_refused_with_advice(goldzone: Goldzone, run_folder: Path) -> None:
    Path("one.tsv").write_text("voda\tvoda\n")
    refusals = [goldzone("evaluate", run_folder, "one.tsv", "--part", part) for part in ("test", "dev")]
    line = next(complaint(finished) for finished in refusals if finished.code)
    assert re.fullmatch(r"one\.tsv: has no words in its (test|dev) part; use --part all", line)
    assert goldzone("evaluate", run_folder, "one.tsv", "--part", "all").code == 0


def test_wrong_sources_and_models_are_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("evaluate", run_folder, "slovk")).endswith("did you mean slovak?")
    assert complaint(goldzone("evaluate", "nothing", "slovak")).startswith("nothing: ")
