from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.data.settings import LanguageSettings, read_settings
from goldzone.errors import DataError

USUAL = """{"Map":{"a":["a"],"":[]},
"SrcMulti":null,"DstMulti":null,"SrcMultiSuffix":null,"DstMultiSuffix":["ː"],
"DropLast":null,"DstMultiPrefix":["ˈ","'","ˌ"],
"PrePhonWordSteps":[{"Trim":"'"},{"Normalize":"NFC"},{"ToLower":true}],
"SplitBefore":["-"],"SplitAfter":null,"IsDuplex":false,"IsSrcSurround":false,"SrcDuplicate":[["a","b"]]}"""


def read(tmp_path: Path, text: str) -> LanguageSettings:
    path = tmp_path / "language.json"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_the_fields_that_bear_on_reading_are_taken(tmp_path: Path) -> None:
    settings = read(tmp_path, USUAL)
    assert settings == LanguageSettings(
        lower=True, trim="'", stress_marks=("ˈ", "'", "ˌ"), length_marks=("ː",)
    )


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"PrePhonWordSteps":null,"DstMultiPrefix":null,"DstMultiSuffix":null}',
        '{"PrePhonWordSteps":[{"Normalize":"NFD"},{"Normalize":"Sort"}]}',
        '{"PrePhonWordSteps":[{"ToLower":false}]}',
    ],
)
def test_what_is_missing_or_null_changes_nothing_but_capitals_stay(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == LanguageSettings(lower=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the file: Invalid JSON"),
        ("[]", "the file: "),
        ('{"DstMultiPrefix":"x"}', "DstMultiPrefix: "),
        ('{"DstMultiSuffix":["ab"]}', "DstMultiSuffix: 'ab' is not one character"),
        ('{"PrePhonWordSteps":[{"Trim":3}]}', "PrePhonWordSteps.0.Trim: "),
    ],
)
def test_an_unusable_field_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'language.json'}: {message}")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"language\.json: cannot be read"):
        read_settings(tmp_path / "language.json")


def test_a_file_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "language.json"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # takes no room on the disk
    with pytest.raises(DataError, match=r"language\.json: larger than"):
        read_settings(path)
