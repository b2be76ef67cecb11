"""Files as people have them: each is read right, or refused for its reason.

The files in cases/ are excerpts of CMUdict (NOTICE), as they are and converted; the others are made here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.errors import DataError

CASES = Path(__file__).parent / "cases"

WORDS = {
    "sablés": "sablˈe",
    "fourche": "fˈuʁʃ",
    "chat": "ʃˈa",
    "été": "etˈe",
    "l'eau": "lˈo",
    "garçon": "ɡaʁsˈɔ̃",
    "forêt": "fɔʁˈɛ",
    "nuit": "nɥˈi",
    "pain": "pˈɛ̃",
    "vin": "vˈɛ̃",
}
BASE = "".join(f"{word}\t{said}\n" for word, said in WORDS.items())


def by_word(lexicon: Lexicon) -> dict[str, tuple[str, ...]]:
    return {entry.word: tuple(map(" ".join, entry.pronunciations)) for entry in lexicon}


def read(tmp_path: Path, content: str | bytes) -> Lexicon:
    path = tmp_path / "case.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_lexicon(path)


@pytest.mark.parametrize(
    ("name", "read_as", "form", "word", "pronunciations"),
    [
        ("mfa_plain.dict", "tab-separated", "spaced", "kreger", ["K R IY1 G ER0"]),
        ("mfa_probs.dict", "MFA dictionary", "spaced", "kreger", ["K R IY1 G ER0"]),
        ("cmudict-0.7b.txt", "CMUdict", "spaced", "READ", ["R EH1 D", "R IY1 D"]),
        ("cmudict_tab_variants.tsv", "tab-separated", "spaced", "read", ["r eh1 d", "r iy1 d"]),
        ("kaldi_lexicon.txt", "Kaldi lexicon", "spaced", "KREGER", ["K R IY1 G ER0"]),
        ("ipadict_slashes.txt", "ipa-dict", "joined", "read", ["ˈɹ ɛ d", "ˈɹ i d"]),
        ("ipa_syllables.tsv", "tab-separated", "joined", "kreger", ["k ɹ ˈi ɡ ɝ"]),
        ("xsampa_joined.tsv", "tab-separated", "joined", "kreger", ["k r i g3`"]),
        ("arpabet_joined.tsv", "tab-separated", "joined", "kontras", ["K A A1 N T R A H0 S"]),
    ],
)
def test_dictionaries_of_phones(
    name: str, read_as: str, form: str, word: str, pronunciations: list[str]
) -> None:
    lexicon = read_lexicon(CASES / name)
    assert (lexicon.report.read_as, lexicon.notation.form) == (read_as, form)
    assert by_word(lexicon)[word] == tuple(pronunciations)
    passed_over = {each.reason for each in lexicon.report.skipped}
    assert passed_over <= {"comment", "silence or noise, no word"}
    assert not [entry.word for entry in lexicon if set("()<>").intersection(entry.word)]
    assert len(lexicon) >= 35


@pytest.mark.parametrize("name", ["mfa_plain.dict", "cmudict-0.7b.txt", "cmudict_tab_variants.tsv"])
def test_phones_given_with_blanks_are_written_with_blanks(name: str) -> None:
    lexicon = read_lexicon(CASES / name)
    first = lexicon.entries[0]
    entry = f"{first.word} {lexicon.notation.write(first.pronunciations[0])}"
    assert entry in " ".join((CASES / name).read_text(encoding="utf-8").split())


def test_joined_xsampa_is_warned_of_with_a_count() -> None:
    (note,) = read_lexicon(CASES / "xsampa_joined.tsv").report.notes
    assert note.startswith('signs that are no IPA were left out: " (40) ')
    assert note.endswith("separate the segments by blanks")


def test_joined_arpabet_is_warned_of_with_a_count() -> None:
    assert read_lexicon(CASES / "arpabet_joined.tsv").report.notes == (
        "40 pronunciations look like ARPAbet without blanks; separate the phones by blanks",
    )


def test_syllable_dots_are_counted() -> None:
    assert read_lexicon(CASES / "ipa_syllables.tsv").report.notes == (
        "marks between syllables left out of 40 pronunciations",
    )


SAME: dict[str, Callable[[str], str | bytes]] = {
    "header": lambda text: "word\tpronunciation\n" + text,
    "comments": lambda text: ";;; a comment\n# another\n" + text,
    "comments with tabs": lambda text: ";;; a comment\twith tab\n# another\twith tab\n" + text,
    "comma": lambda text: "word,pronunciation\n" + text.replace("\t", ","),
    "semicolon": lambda text: text.replace("\t", ";"),
    "three columns": lambda text: text.replace("\n", "\tnoun\n"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "duplicates": lambda text: text * 3,
    "trailing blanks": lambda text: text.replace("\t", " \t ").replace("\n", "  \n"),
    "empty pronunciations": lambda text: text + "vide\t\nrien\t \n",
    "empty lines": lambda text: text.replace("\n", "\n\n"),
    "no line end at the end": str.rstrip,
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_makes_no_difference(tmp_path: Path, change: Callable[[str], str | bytes]) -> None:
    expected = by_word(read(tmp_path, BASE))
    assert by_word(read(tmp_path, change(BASE))) == expected
    assert expected["garçon"] == ("ɡ a ʁ s ˈɔ̃",)


PASSES = {
    "capitals": (BASE.upper(), 10, "CHAT", ""),
    "emoji": (BASE + "chat😀\tʃˈa\n", 11, "chat😀", "ʃ ˈa"),
    "joiners": (BASE + "می\u200cروم\tmiravam\n", 11, "می\u200cروم", "m i r a v a m"),
    "several words": (BASE + "bon jour\tbɔ̃ ʒˈuʁ\n", 11, "bon jour", "b ɔ̃ ʒ ˈu ʁ"),
    "one letter": ("a\tae\nb\tbe\nc\tce\n", 3, "c", "c e"),
    "underscores in phones": ("mí\tm i_T2 m2\nga\tg a_T0\nđùng\td u_T1 ng2\n", 3, "ga", "g a_T0"),
    "pinyin": ("kan4lia1\tk an4 l ia1\nshu4\tsh u4\nguang1pou4\tg uang1 p ou4\n", 3, "shu4", "sh u4"),
    "X-SAMPA with blanks": ('bad\tb "{ d\nabout\t@ "b aU t\n', 2, "bad", 'b "{ d'),
    "IPA with blanks": ("chat\tʃ ˈa\nnuit\tn ɥ ˈi\n", 2, "nuit", "n ɥ ˈi"),
    "NFD phones come out in NFC": ("wbak\tc\u0301 a\u0303 k\nwbal\tc\u0301 a\u0303 l\n", 2, "wbak", "ć ã k"),
    "other borders": ("sing\tS IH0 N G\nring\tR IH0 NG\n", 2, "sing", "S IH0 N G"),
    "one word": ("chat\tʃˈa", 1, "chat", "ʃ ˈa"),
}


@pytest.mark.parametrize(("text", "words", "word", "pronunciation"), PASSES.values(), ids=PASSES)
def test_what_is_read_as_it_is(tmp_path: Path, text: str, words: int, word: str, pronunciation: str) -> None:
    lexicon = read(tmp_path, text)
    assert len(lexicon) == words
    assert not lexicon.report.skipped
    assert word in by_word(lexicon)
    if pronunciation:
        assert by_word(lexicon)[word] == (pronunciation,)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("chat\n" * 400, "has words only, no pronunciations (no tab in 400 lines)"),
        ("", "no usable row; give word<TAB>"),
        ("\n\n", "no usable row; give word<TAB>"),
        (bytes(range(256)) * 16, "holds NUL bytes"),
        ("chat\tʃa\n" * 60 + "chat\n" * 40, "40 of 100 rows cannot be read: no tab between word and"),
        ("chat\t-\nchien\t.\n", "no usable row: pronunciation without a sound (line 1, 2 in all)"),
    ],
)
def test_what_is_refused_names_the_reason(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, content)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path}/case.txt: ")
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize(("bad", "of"), [(19, 30), (25, 600)])
def test_few_bad_rows_are_skipped_and_counted(tmp_path: Path, bad: int, of: int) -> None:
    lexicon = read(tmp_path, "chat\tʃa\n" * (of - bad) + "chat\n" * bad)
    assert lexicon.report.skipped[0].count == bad
