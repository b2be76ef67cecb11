from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Goldzone, complaint

BUILT_IN = [{"name": "hebrew", "source": "built-in"}, {"name": "slovak", "source": "built-in"}]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("french", "english/british"):
        folder = tmp_path / "dataset" / name
        folder.mkdir(parents=True)
        (folder / "lexicon.tsv").write_text("a\tb\n")
    return tmp_path / "dataset"


def test_the_built_in_samples_are_listed(goldzone: Goldzone) -> None:
    assert goldzone("languages").out == "hebrew  built-in\nslovak  built-in\n"
    assert json.loads(goldzone("languages", "--json").out) == BUILT_IN


def test_a_dataset_s_languages_are_listed_too(goldzone: Goldzone, dataset: Path) -> None:
    found = json.loads(goldzone("languages", "--dataset", dataset, "--json").out)
    assert found == [
        *BUILT_IN,
        {"name": "english/british", "source": str(dataset / "english" / "british")},
        {"name": "french", "source": str(dataset / "french")},
    ]


def test_the_dataset_may_come_from_the_environment(
    goldzone: Goldzone, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDZONE_DATASET", str(dataset))
    assert "french" in goldzone("languages").out


def test_a_folder_that_is_no_dataset_is_one_line(goldzone: Goldzone) -> None:
    assert complaint(goldzone("languages", "--dataset", "nowhere")).startswith("nowhere: no such folder")
