from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.data import language_tags
from goldzone.data.languages import find_languages, load_language
from goldzone.data.settings import DEFAULT_SETTINGS
from goldzone.errors import DataError


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("french", "finnish", "english", "english/american", "thai2"):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lexicon.tsv").write_text("Aa\tˈaa\n", encoding="utf-8")
        if name != "thai2":
            (folder / "language.json").write_text('{"PrePhonWordSteps":null}', encoding="utf-8")
    (tmp_path / "notes").mkdir()
    (tmp_path / "languages.tsv").write_text("language\n", encoding="utf-8")
    return tmp_path


def test_folders_with_a_lexicon_are_languages_by_their_place(dataset: Path) -> None:
    languages = find_languages(dataset)
    assert [language.name for language in languages] == [
        "english", "english/american", "finnish", "french", "thai2",
    ]  # fmt: skip
    assert languages[1].path == dataset / "english" / "american"
    assert not languages[0].settings.lower
    assert languages[4].settings == DEFAULT_SETTINGS


def test_a_language_is_read_with_its_own_settings(dataset: Path) -> None:
    american = load_language(dataset, "english/american")
    assert american.name == "english/american"
    assert american.entries[0].letters == ("A", "a")
    assert load_language(dataset, "thai2").entries[0].letters == ("a", "a")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("frensh", "did you mean french, finnish, english?"),
        ("American", "did you mean english/american?"),
        ("xyzzy", "it holds 5 languages, such as english, english/american, finnish, french, thai2"),
        ("../french", "did you mean french"),
        ("", "it holds 5 languages"),
    ],
)
def test_an_unknown_language_gets_advice(dataset: Path, name: str, advice: str) -> None:
    with pytest.raises(DataError) as caught:
        load_language(dataset, name)
    assert str(caught.value).startswith(f"{dataset}: no language {name!r}; {advice}")


def test_one_damaged_language_does_not_keep_others_from_being_used(dataset: Path) -> None:
    (dataset / "french" / "language.json").write_text("{", encoding="utf-8")
    (dataset / "thai2" / "lexicon.tsv").write_bytes(b"no tab\n")
    languages = {language.name: language for language in find_languages(dataset)}
    assert len(languages) == 5
    assert len(load_language(dataset, "finnish")) == len(languages["finnish"].read()) == 1
    with pytest.raises(DataError, match=r"french.language\.json: the file: Invalid JSON"):
        load_language(dataset, "french")
    with pytest.raises(DataError, match=r"french.language\.json: the file: Invalid JSON"):
        _ = languages["french"].settings
    with pytest.raises(DataError, match=r"thai2.lexicon\.tsv: no usable row"):
        languages["thai2"].read()


@pytest.mark.parametrize(
    ("content", "rows"), [(b"", 0), (b"a\ta\n", 1), (b"a\ta\nb", 2), (b"\n" * 300_000, 300_000)]
)
def test_rows_are_counted_without_being_read(dataset: Path, content: bytes, rows: int) -> None:
    (dataset / "french" / "lexicon.tsv").write_bytes(content)
    assert find_languages(dataset)[3].count_rows() == rows


def test_rows_of_a_lexicon_that_is_gone_cannot_be_counted(dataset: Path) -> None:
    language = find_languages(dataset)[3]
    (language.path / "lexicon.tsv").unlink()
    with pytest.raises(DataError, match=r"french.lexicon\.tsv: cannot be read \(No such file"):
        language.count_rows()


def test_a_place_without_languages_is_an_error(dataset: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        find_languages(dataset / "nowhere")
    with pytest.raises(DataError, match=r"no language/lexicon\.tsv in it"):
        find_languages(dataset / "notes")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("fr", "french"),
        ("fra", "french"),
        ("fr-CA", "french"),
        ("yue", "cantonese"),
        ("cmn", "chinese/mandarin"),
    ],
)
def test_languages_by_tag(tmp_path: Path, tag: str, language: str) -> None:
    for name in ("french", "cantonese", "chinese/mandarin", "thai2", "english", "english/british"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "lexicon.tsv").write_text("a\ta\nb\tb\n", encoding="utf-8")
    assert load_language(tmp_path, tag).name == language
    assert load_language(tmp_path, "th").name == "thai2"
    assert load_language(tmp_path, "en").name == "english"
    with pytest.raises(DataError, match="did you mean english, english/british"):
        load_language(tmp_path, "en-GB")
    with pytest.raises(DataError, match="no language 'sk'; it holds"):
        load_language(tmp_path, "sk")


def test_without_langcodes_tags_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "french").mkdir()
    (tmp_path / "french" / "lexicon.tsv").write_text("a\ta\n", encoding="utf-8")
    monkeypatch.setattr(language_tags, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'goldzone\[names\]'"):
        load_language(tmp_path, "fr")
