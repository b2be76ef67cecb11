from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.lexicon import Entry, canonical, pronunciation_form, read_lexicon
from goldzone.data.notation import PronunciationForm
from goldzone.data.settings import LanguageSettings
from goldzone.errors import DataError


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lexicon.tsv"


def test_rows_of_a_word_are_merged_in_order_of_first_appearance(file: Path) -> None:
    lexicon = read_lexicon(write(file, "b\tbeː\na\taː\nb\tbɛ\nb\tbeː\nice cream\taɪskɹiːm\n"))
    assert [entry.word for entry in lexicon] == ["b", "a", "ice cream"]
    assert lexicon.entries[0].pronunciations == (("b", "eː"), ("b", "ɛ"))
    assert lexicon.entries[2].letters == tuple("ice cream")
    assert (lexicon.report.rows, lexicon.report.used, lexicon.report.duplicates) == (5, 4, 1)
    assert lexicon.name == "lexicon"
    assert len(lexicon) == 3


def test_words_that_differ_in_capitals_stay_apart_but_have_the_same_letters(file: Path) -> None:
    polish, country = read_lexicon(write(file, "polish\tpɒlɪʃ\nPolish\tpəʊlɪʃ\n")).entries
    assert (polish.word, country.word) == ("polish", "Polish")
    assert polish.letters == country.letters


def test_settings_rule_letters_and_marks(file: Path) -> None:
    settings = LanguageSettings(lower=False, trim="'", stress_marks=("ˈ",), length_marks=("=",))
    (entry,) = read_lexicon(write(file, "'Ab'\tˈa=b\n"), settings=settings, name="x").entries
    assert entry.word == "'Ab'"
    assert entry.letters == ("A", "b")
    assert entry.pronunciations == (("ˈa=", "b"),)


def test_the_third_column_is_left_alone(file: Path) -> None:
    (entry,) = read_lexicon(write(file, 'aback\təˈbæk\t["adverb"]\nx\t\n')).entries
    assert entry.pronunciations == (("ə", "ˈb", "æ", "k"),)


def test_byte_order_mark_and_carriage_returns_are_tolerated(file: Path) -> None:
    lexicon = read_lexicon(write(file, b"\xef\xbb\xbfa\ta\r\n\r\nb\tb"))
    assert [(entry.word, entry.pronunciations) for entry in lexicon] == [("a", (("a",),)), ("b", (("b",),))]
    assert lexicon.report.rows == 2
    assert read_lexicon(write(file, b"\xef\xbb\xbf\r\na\ta\n")).report.rows == 1


BAD_ROWS = {
    b"only": "no tab between word and pronunciation",
    b"\ta": "empty word",
    " \u200e\ta".encode(): "empty word",
    b"a\t": "empty pronunciation",
    b"a\t \t[]": "empty pronunciation",
    b"a\xff\ta": "not UTF-8",
    b"a\x07\ta": "control character",
    "a\tð\u0091".encode(): "control character",
    "a\ta\ufffd".encode(): "replacement character (U+FFFD)",
    b"a" * 1001 + b"\ta": "too long",
    b"a\t" + b"a" * 1001: "too long",
    b"a" * 200_000 + b"\ta": "too long",
    "a\t˥˧".encode(): "pronunciation without a sound",
    b"a\t-": "pronunciation without a sound",
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.items())
def test_an_unusable_row_is_skipped_and_counted(file: Path, row: bytes, reason: str) -> None:
    lexicon = read_lexicon(write(file, b"b\tb\n" + row + b"\nc\tc\n"))
    assert [entry.word for entry in lexicon] == ["b", "c"]
    (skipped,) = lexicon.report.skipped
    assert (skipped.reason, skipped.count, skipped.first_lines) == (reason, 1, (2,))
    assert lexicon.report.rows == 3


def test_the_report_names_the_first_lines_of_each_reason(file: Path) -> None:
    report = read_lexicon(write(file, "a\ta\n" + "x\n" * 7 + "\tb\na\ta\n")).report
    assert report.summary() == (
        "1 of 10 rows used; 1 duplicates; "
        "7 skipped: no tab between word and pronunciation (line 2, 3, 4, 5, 6, ...); "
        "1 skipped: empty word (line 9)"
    )


@pytest.mark.parametrize("content", ["", "\n\n", "a\nb\n", "a\t˥\n"])
def test_a_file_without_a_usable_row_is_an_error(file: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"lexicon\.tsv: (no usable row|has words only).*; give word<TAB>"):
        read_lexicon(write(file, content))


def test_what_is_no_text_file_is_an_error(tmp_path: Path, file: Path) -> None:
    with pytest.raises(DataError, match="no such file; check the path"):
        read_lexicon(file)
    with pytest.raises(DataError, match="is a folder"):
        read_lexicon(tmp_path)
    with pytest.raises(DataError, match="NUL bytes"):
        read_lexicon(write(file, b"a\0\ta\n"))


SPACED = "accueil\ta k œ j\nah\ta\nthe\tDH AH0\nAnh\tʔ a ŋ̟ ˧˧\nju\tt͡ɕ͈ u\n"


def test_segments_separated_by_blanks_are_recognised_and_kept_as_they_are(file: Path) -> None:
    lexicon = read_lexicon(write(file, SPACED))
    assert lexicon.entries[0].pronunciations == (("a", "k", "œ", "j"),)
    assert lexicon.entries[2].pronunciations == (("DH", "AH0"),)
    assert lexicon.entries[3].pronunciations == (("ʔ", "a", "ŋ̟", "˧˧"),)


@pytest.mark.parametrize(
    ("pronunciations", "form"),
    [
        ([], "joined"),
        (["kaˈza", "pɛn"], "joined"),
        (["tsaam˨ tʰĩã˧ i˧", "siŋ˥ koʔ˧ tioŋ˧"], "joined"),
        (["lɔŋ˥˩ kʷaː˧˨˨", "ʔaw˨˦ kʰaː˧˨˨"], "joined"),
        (["a b", "abc", "abd", "abe"], "joined"),
        (["B AW1 T", "AH0"], "spaced"),
        (["t͡ɕ͈ʷʰ aː", "i"], "spaced"),
    ],
)
def test_blanks_separate_segments_only_where_the_tokens_are_short(
    pronunciations: list[str], form: PronunciationForm
) -> None:
    assert pronunciation_form(pronunciations) == form


ROWS = st.tuples(st.text("abč", min_size=1, max_size=3), st.text("aɛ", min_size=1, max_size=2))


@given(rows=st.lists(ROWS, min_size=1, max_size=12), data=st.data())
def test_the_same_rows_are_the_same_words_in_any_order_doubled_with_any_line_ends(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    doubled = rows + data.draw(st.lists(st.sampled_from(rows), max_size=4))
    other, end = data.draw(st.permutations(doubled)), data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    path = tmp_path_factory.mktemp("rows") / "words.tsv"

    def read(rows: list[tuple[str, str]], end: str) -> tuple[Entry, ...]:
        path.write_bytes(end.join(map("\t".join, rows)).encode())
        return canonical(read_lexicon(path).entries)

    found = read(other, end)
    assert found == read(rows, "\n")
    assert [entry.word for entry in found] == sorted({word for word, _ in rows})
    assert {(entry.word, "".join(said)) for entry in found for said in entry.pronunciations} == set(rows)
