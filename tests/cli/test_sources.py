from __future__ import annotations

import os
from pathlib import Path

import pytest

from goldzone.cli.sources import load_source, thread_count
from goldzone.data.settings import DEFAULT_SETTINGS
from goldzone.errors import DataError


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("french", "frisian"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lexicon.tsv").write_text("Ab\tcd\n")
    (tmp_path / "french" / "language.json").write_text('{"PrePhonWordSteps": []}')
    return tmp_path


def test_a_file_comes_first(tmp_path: Path) -> None:
    Path("slovak").write_text("word\tsaid\n")
    assert [entry.word for entry in load_source("slovak", None).lexicon] == ["word"]


def test_a_language_comes_with_its_settings(dataset: Path) -> None:
    french, frisian = load_source("french", dataset), load_source("frisian", dataset)
    assert french.lexicon.name == "french"
    assert not french.settings.lower
    assert french.lexicon.entries[0].letters == ("A", "b")
    assert frisian.settings == DEFAULT_SETTINGS


def test_built_in_samples_stay_at_hand_beside_a_dataset(dataset: Path) -> None:
    assert len(load_source("slovak", dataset).lexicon) == 3000
    (dataset / "slovak").mkdir()
    (dataset / "slovak" / "lexicon.tsv").write_text("a\tb\n")
    assert len(load_source("slovak", dataset).lexicon) == 1  # the dataset's own comes first


@pytest.mark.parametrize(
    ("name", "with_dataset", "advice"),
    [
        ("slovk", False, "did you mean slovak?"),
        ("SLOVAK", False, "did you mean slovak?"),
        ("klingon", False, "give a file, or --dataset DIR for a language of it"),
        ("frensh", True, "did you mean french"),
        ("f", True, "did you mean french, frisian?"),
    ],
)
def test_an_unknown_name_is_refused_with_near_ones(
    dataset: Path, name: str, with_dataset: bool, advice: str
) -> None:
    with pytest.raises(DataError) as error:
        load_source(name, dataset if with_dataset else None)
    assert name in str(error.value)
    assert advice in str(error.value)
    assert "\n" not in str(error.value)


def test_threads_are_those_asked_for_or_one_a_processor_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert thread_count(7) == 7
    assert thread_count(None) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert thread_count(None) == 1
    assert thread_count(2) == 2


def test_a_language_with_broken_settings_does_not_stand_in_another_s_way(tmp_path: Path) -> None:
    for name in ("french", "broken"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lexicon.tsv").write_text("a\tb\n")
    (tmp_path / "broken" / "language.json").write_text("{")
    assert load_source("french", tmp_path).lexicon.name == "french"
    with pytest.raises(DataError, match=r"broken/language\.json"):
        load_source("broken", tmp_path)
