"""Files of the kinds that people have are read right, or refused for the true reason."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldzone.data.formats import FORMATS, format_named, recognise
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.rows import UnusableRowError
from goldzone.errors import ConfigError, DataError

WORDS = {"cat": "K AE1 T", "dog": "D AO1 G", "sing": "S IH1 NG", "a": "AH0"}


def rows(*more: str, row: str = "{word}\t{phones}", upper: bool = False) -> str:
    lines = [row.format(word=w.upper() if upper else w, phones=p) for w, p in WORDS.items()]
    return "\n".join([*more, *lines]) + "\n"


def read(path: Path, content: str | bytes, name: str | None = None) -> Lexicon:
    path = path / "lexicon.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_lexicon(path, format=format_named(name) if name else None)


def said(lexicon: Lexicon) -> dict[str, list[str]]:
    return {entry.word.lower(): [" ".join(p) for p in entry.pronunciations] for entry in lexicon}


EXPECTED = {word: [phones] for word, phones in WORDS.items()}


@pytest.mark.parametrize(
    ("content", "read_as", "skipped"),
    [
        (rows(), "tab-separated", {}),
        (rows(";;; note", row="{word}  {phones}", upper=True), "CMUdict", {"comment": 1}),
        (rows(row="{word}  {phones} # abbrev"), "CMUdict", {}),
        (rows("<SIL> SIL", "!SIL SIL", "<UNK> SPN", row="{word} {phones}"), "Kaldi lexicon", {"silence": 3}),
        (rows(row="{word} 0.5 {phones}"), "Kaldi lexicon", {}),
        (rows("<unk>\tspn"), "tab-separated", {"silence": 1}),
        (rows(row="{word}\t0.99\t{phones}"), "MFA dictionary", {}),
        (rows(row="{word}\t0.99\t0.2\t1.0\t1.0\t{phones}"), "MFA dictionary", {}),
        (rows("word\tpronunciation"), "tab-separated", {"header": 1}),
        (rows("# a", "# b\tc", ";;; c"), "tab-separated", {"comment": 3}),
        (rows("word,ipa", row="{word},{phones}"), "CSV", {"header": 1}),
        (rows(row='"{word}"; "{phones}"'), "CSV (semicolons)", {}),
        ("\ufeff" + rows(), "tab-separated", {}),
        (rows().replace("\n", "\r\n"), "tab-separated", {}),
        (rows().replace("\n", "\r"), "tab-separated", {}),
    ],
)
def test_a_format_is_recognised_by_its_lines(
    tmp_path: Path, content: str, read_as: str, skipped: dict[str, int]
) -> None:
    lexicon = read(tmp_path, content)
    assert said(lexicon) == EXPECTED
    assert lexicon.report.read_as == read_as
    assert lexicon.notation.form == "spaced"
    found = {each.reason.partition(" ")[0]: each.count for each in lexicon.report.skipped}
    assert found == skipped


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        (";;; # CMUdict", True),
        ("# another\twith tab", True),
        ("#comment without a blank", True),
        ("#", True),
        ("#  ", True),
        ("#!/bin/sh  -e", True),
        ("## more  here", True),
        ("#HASH-MARK  HH AE1 M AA2 R K", False),
        ("#tag\ttæɡ", False),
        ("#\thæʃ", False),
    ],
)
def test_comments_are_told_from_words(line: str, comment: bool) -> None:
    name = "tsv" if "\t" in line else "cmudict"
    if not comment:
        assert FORMATS[name].parse(line).word.startswith("#")
        return
    with pytest.raises(UnusableRowError, match="comment"):
        FORMATS[name].parse(line)


def test_a_header_behind_a_hash_is_no_word(tmp_path: Path) -> None:
    assert said(read(tmp_path, rows("#word\tipa"))) == EXPECTED


def test_a_digit_that_all_words_begin_with_is_a_phone(tmp_path: Path) -> None:
    sampa = {f"ö{end}": f"9 {end}" for end in "bdfgklmnprst"}
    lines = "".join(f"{word} {phones}\n" for word, phones in sampa.items())
    assert said(read(tmp_path, lines, "kaldi")) == {word: [phones] for word, phones in sampa.items()}


def test_rows_with_and_without_figures_may_be_mixed(tmp_path: Path) -> None:
    mixed = rows(row="{word}\t0.5\t{phones}") + "dogs\tD AO1 G Z\ncats\t0.9\t0.2\t1.1\t0.8\tK AE1 T S\n"
    assert said(read(tmp_path, mixed)) == {**EXPECTED, "dogs": ["D AO1 G Z"], "cats": ["K AE1 T S"]}


@pytest.mark.parametrize("name", [None, "kaldi", "sherpa", "mfa"])
def test_phones_that_are_digits_are_no_figures(tmp_path: Path, name: str | None) -> None:
    sampa = {"Öffnung": "9 f n U N", "Öl": "2: l", "eins": "aI n s", "Uhr": "U 6", "ist": "I s t"}
    for row in ("{} {}", "{} 1.0 {}", "{} 0.5 {}"):
        lines = "".join(row.format(word, phones) + "\n" for word, phones in sampa.items())
        assert said(read(tmp_path, lines, name)) == {word.lower(): [p] for word, p in sampa.items()}


@pytest.mark.parametrize("between", ["\t", ",", ";"])
def test_a_column_of_parts_of_speech_is_refused(tmp_path: Path, between: str) -> None:
    lines = [between.join((f"w{n:b}", ("noun", "verb", "adj.")[n % 3], f"w{n:b}")) for n in range(60)]
    with pytest.raises(DataError, match=r"second column says the same .*noun, verb, adj\..* cut -f 1,3"):
        read(tmp_path, "\n".join(lines) + "\n")


@pytest.mark.parametrize("between", ["\t", ",", ";"])
def test_a_column_that_numbers_the_rows_is_refused(tmp_path: Path, between: str) -> None:
    numbered = [f"{n}{between}{word}{between}ka" for n, word in enumerate(WORDS, 1)]
    for lines in (numbered, [f"id{between}word{between}ipa", *numbered]):
        with pytest.raises(DataError, match="its first column numbers the rows; leave it out"):
            read(tmp_path, "\n".join(lines))
    assert len(read(tmp_path, "".join(f"{'9' * 5000}\ta\ta\n" for _ in range(5)) + "a\ta\ta\n")) == 1
    assert len(read(tmp_path, "1\twan\n2\ttu\n3\tθri\n4\tfɔ\n")) == 4  # words themselves


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_read(tmp_path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    assert said(read(tmp_path, (mark + rows()).encode(encoding))) == EXPECTED
    with pytest.raises(DataError, match="is damaged UTF-16 text"):
        read(tmp_path, (mark + rows()).encode(encoding)[:-1])


def test_slashes_hold_pronunciations_of_one_word(tmp_path: Path) -> None:
    lexicon = read(tmp_path, "read\t/ɹɛd/, /ɹid/\nlead\t/lid/\nwind\t[wɪnd] /waɪnd/\n")
    assert [len(entry.pronunciations) for entry in lexicon] == [2, 1, 2]
    assert "".join(lexicon.entries[0].pronunciations[1]) == "ɹid"
    assert lexicon.report.read_as == "ipa-dict"


def test_a_number_in_brackets_is_a_further_pronunciation(tmp_path: Path) -> None:
    for row in ("{} {}", "{}\t{}"):
        lines = [("read", "R EH D"), ("read(2)", "R IY D"), ("a", "AH")]
        (entry, _) = read(tmp_path, "".join(row.format(*line) + "\n" for line in lines)).entries
        assert entry.word == "read"
        assert [" ".join(p) for p in entry.pronunciations] == ["R EH D", "R IY D"]


def test_further_columns_are_counted(tmp_path: Path) -> None:
    assert read(tmp_path, rows(row="{word}\t{phones}\tnoun")).report.more_columns == len(WORDS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("cat\ndog\nbird\n", "has words only, no pronunciations (no tab in 3 lines)"),
        ("good morning\nI read books.\nwhat did you say\n", "does not look like sounds"),
        (b"caf\xe9\tkafe\n" * 40 + b"a\ta\n", "40 of 41 rows cannot be read: not UTF-8 (line 1, 40 in all)"),
        ("a\rb,c\nd,\x01\n", "does not look like sounds"),
        ("a\t\nb\t\n", "no usable row: empty pronunciation (line 1, 2 in all)"),
        ("a\0b\tc", "holds NUL bytes, so it is no UTF-8 text; give a tab-separated text file"),
    ],
)
def test_what_cannot_be_read_is_refused_for_its_reason(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


RUSSIAN = "здравствуйте\tzdrastvujte\nкот\tkot\nмолоко\tmolako\n"


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (RUSSIAN.encode("windows-1251"), "it looks like windows-1251: convert it (iconv -f windows-1251 -t"),
        (RUSSIAN.encode("koi8-r"), "it looks like KOI8-R: convert it"),
        (b"\xe9t\xe9\tete\n" * 30 + b"chat\tSa\n" * 500, "30 in all); it looks like windows-1252: convert"),
        (b"\xe9t\xe9\tete\n" * 2 + b"chat\tSa\n", "2 of 3 rows cannot be read: not UTF-8 (line 1, 2 in all)"),
        (b"\x81\x8d\ta\n", "not UTF-8 (line 1, 1 in all); convert it (iconv -t UTF-8)"),
        (rows().encode("utf-16-le"), "it looks like UTF-16LE: convert it (iconv -f UTF-16LE -t UTF-8)"),
        (rows().encode("utf-16-be"), "it looks like UTF-16BE: convert it"),
        (rows().encode("utf-32"), "it looks like UTF-32: convert it"),
    ],
)
def test_the_advice_for_another_encoding_is_to_convert_it(
    tmp_path: Path, content: bytes, advice: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert advice in str(caught.value)


def test_signs_that_joined_ipa_does_not_know_are_told(tmp_path: Path) -> None:
    (note,) = read(tmp_path, 'battle\tb{t@l\nbird\tb3:d\ntrap\tt"r{p\n').report.notes
    assert note.startswith('signs that are no IPA were left out: { (2) " (1) @ (1); ')
    (note,) = read(tmp_path, "chat\tCHAE1T\ncat\tKAE1T\n").report.notes
    assert note == "2 pronunciations look like ARPAbet without blanks; separate the phones by blanks"
    (note,) = read(tmp_path, "a.b\ta.b\nc\tc\n").report.notes
    assert note == "marks between syllables left out of 1 pronunciations"
    assert read(tmp_path, "chat\tʃa\nvoilà\tvwala\n").report.notes == ()


def test_a_format_that_is_named_is_taken(tmp_path: Path) -> None:
    lexicon = read(tmp_path, "good morning\nread books\n", "kaldi")
    assert said(lexicon) == {"good": ["morning"], "read": ["books"]}
    with pytest.raises(ConfigError, match="did you mean kaldi"):
        format_named("kaldy")
    with pytest.raises(ConfigError, match="give one of tsv, csv, cmudict"):
        format_named("?")


@pytest.mark.parametrize("name", FORMATS)
@given(line=st.text(max_size=40).filter(lambda text: "\n" not in text and "\r" not in text))
def test_any_line_is_a_row_or_is_refused(name: str, line: str) -> None:
    with contextlib.suppress(UnusableRowError):
        row = FORMATS[name].parse(line)
        assert row.word
        assert all(row.pronunciations)


def bytes_of_a_file() -> st.SearchStrategy[bytes]:
    field = st.text(alphabet="aɪ1(2)<>/ ,;\t\"'#.\r\x01\ufeff\u0301", max_size=12)
    lines = st.lists(st.one_of(field, st.just("cat\tkæt"), st.just(";;; c")), max_size=8)
    encoded = st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "utf-16-le"])
    ends = st.sampled_from(["\n", "\r\n", "\r"])
    text = st.builds(lambda rows, end, code: end.join(rows).encode(code), lines, ends, encoded)
    return st.one_of(st.binary(max_size=60), text)


@given(content=bytes_of_a_file())
@settings(max_examples=300)
def test_any_file_is_a_lexicon_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.txt"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert len(read_lexicon(path)) > 0


@pytest.mark.slow
@given(content=bytes_of_a_file())
@settings(max_examples=100_000, deadline=None)
def test_a_hundred_thousand_files_are_lexicons_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.txt"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert len(read_lexicon(path)) > 0


def test_a_file_of_comments_alone_is_no_lexicon(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no usable row: comment"):
        read(tmp_path, ";;; a\n# b\n")
    assert recognise([], "x").name == "tsv"
