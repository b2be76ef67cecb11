from __future__ import annotations

from importlib.resources import files

import pytest

from goldzone.data.builtin import (
    builtin_names,
    builtin_sentence_names,
    load_builtin,
    load_builtin_sentences,
)
from goldzone.data.homographs import homograph_samples, homograph_table, split_sentences
from goldzone.data.split import split_lexicon
from goldzone.errors import DataError


@pytest.mark.parametrize("name", builtin_names())
def test_a_built_in_lexicon_is_clean_and_can_be_split(name: str) -> None:
    lexicon = load_builtin(name)
    assert lexicon.name == name
    assert len(lexicon) == 3000
    assert lexicon.report.skipped == ()
    assert lexicon.report.duplicates == 0
    split = split_lexicon(lexicon)
    assert len(split.train) == pytest.approx(2400, abs=100)
    assert min(len(split.dev), len(split.test)) > 200


def test_the_built_in_lexicons_are_of_two_scripts() -> None:
    letters = {
        name: {letter for entry in load_builtin(name) for letter in entry.letters} for name in builtin_names()
    }
    assert "č" in letters["slovak"]
    assert "\u05e9" in letters["hebrew"]


@pytest.mark.parametrize("name", builtin_sentence_names())
def test_the_built_in_homographs_can_be_learnt_from(name: str) -> None:
    file = load_builtin_sentences(name)
    assert file.report.skipped == ()
    split = split_sentences(file.sentences)
    table = homograph_table(split.train)
    assert all(len(table.candidates(word)) == 2 for word in table.counts)
    samples = homograph_samples(split.test, table)
    assert len(samples) > 50
    assert all(sample.right in sample.candidates for sample in samples)


def test_the_samples_are_small_and_all_named() -> None:
    sizes = {
        file.name.removesuffix(".tsv"): len(file.read_bytes())
        for file in (files("goldzone.data") / "builtin").iterdir()
    }
    assert sorted(sizes) == sorted((*builtin_names(), *builtin_sentence_names()))
    assert max(sizes.values()) <= 120_000


def test_an_unknown_sample_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(DataError, match="no built-in sample 'klingon'; choose one of hebrew, slovak"):
        load_builtin("klingon")
    with pytest.raises(DataError, match="choose one of english_homographs"):
        load_builtin_sentences("slovak")
