"""One small file a format, in ``formats/``: recognised, read, and written back in its canonical form.

In ``formats/canonical/`` stands what the writer of the same format makes of it (docs/formats.md).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from goldzone.data.formats import FORMATS, format_named
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.g2p.dictionaries import Dictionary, DictionaryWriter

SAMPLES = Path(__file__).parent / "formats"
DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"

Said = dict[str, tuple[str, ...]]


class Sample(NamedTuple):
    name: str
    """Of the format."""
    recognised: str
    said: Said
    skipped: int = 0


READ = ("R EH1 D", "R IY1 D")
IPA = {"about": ("ə b aw tʰ",), "chat": ("tʃ æ t",), "read": ("ɹ ɛ d", "ɹ iː d")}
ICE_CREAM = {"ice cream": ("a ɪ s k ɹ iː m",)}

EXPECTED = {
    "tsv.tsv": Sample("tsv", "tab-separated", {"chat": ("ʃ a", "ʃ a t"), "chien": ("ʃ j ɛ̃",), **ICE_CREAM}),
    "cmudict-0.7b.txt": Sample(
        "cmudict",
        "CMUdict",
        {
            "!EXCLAMATION-POINT": ("EH2 K S K L AH0 M EY1 SH AH0 N P OY2 N T",),
            "#HASH-MARK": ("HH AE1 M AA2 R K",),
            "'BOUT": ("B AW1 T",),
            "A": ("AH0", "EY1"),
            "ABBREVIATE": ("AH0 B R IY1 V IY0 EY2 T",),
            "READ": READ,
        },
        skipped=1,
    ),
    "cmudict.dict": Sample(
        "cmudict",
        "CMUdict",
        {
            "a": ("AH0", "EY1"),
            "abbreviate": ("AH0 B R IY1 V IY0 EY2 T",),
            "d'artagnan": ("D AH0 R T AE1 NG Y AH0 N",),
            "read": READ,
        },
    ),
    "kaldi_lexicon.txt": Sample(
        "kaldi", "Kaldi lexicon", {"A": ("AH0", "EY1"), "ABOUT": ("AH0 B AW1 T",), "READ": READ}, skipped=3
    ),
    "kaldi_lexiconp.txt": Sample(
        "kaldi",
        "Kaldi lexicon",
        {
            "A": ("AH0_S", "EY1_S"),
            "ABOUT": ("AH0_B B_I AW1_I T_E",),
            "READ": ("R_B EH1_I D_E", "R_B IY1_I D_E"),
        },
        skipped=2,
    ),
    "mfa.dict": Sample("mfa", "tab-separated", IPA, skipped=2),
    "mfa_one.dict": Sample("mfa", "MFA dictionary", IPA, skipped=1),
    "mfa_four.dict": Sample("mfa", "MFA dictionary", IPA, skipped=1),
    "mfa_blanks.dict": Sample("mfa", "Kaldi lexicon", IPA, skipped=2),
    "ipa-dict.txt": Sample(
        "ipa-dict",
        "ipa-dict",
        {
            "about": ("ə ˈb a ʊ t",),
            "chat": ("ˈt ʃ æ t",),
            "read": ("ˈɹ ɛ d", "ˈɹ i d"),
            "lead": ("ˈl ɛ d", "ˈl i d"),
            "ice cream": ("ˈa ɪ s k ɹ iː m",),
        },
    ),
    "wikipron.tsv": Sample(
        "wikipron",
        "tab-separated",
        {"about": ("ə b aʊ t",), "chat": ("t͡ʃ æ t",), "read": ("ɹ ɛ d", "ɹ iː d"), **ICE_CREAM},
    ),
    "sherpa.txt": Sample(
        "sherpa",
        "Kaldi lexicon",
        {
            "你": ("n i3",),
            "好": ("h ao3",),
            "你好": ("n i3 h ao3",),
            "啊": ("a1",),
            "中国": ("zh ong1 g uo2",),
            "阿姨": ("a1 y i2",),
        },
    ),
    "commas.csv": Sample(
        "csv", "CSV", {"chat": ("ʃ a", "ʃ a t"), **ICE_CREAM, "oui, oui": ("w i w i",)}, skipped=1
    ),
    "semicolons.csv": Sample(
        "csv",
        "CSV (semicolons)",
        {"ja": ("j aː",), "nein": ("n a ɪ̯ n",), "na; ja": ("n a ˈj aː",)},
        skipped=1,
    ),
}
WRITTEN = [name for name, sample in EXPECTED.items() if sample.name in [*Dictionary]]


def said(lexicon: Lexicon) -> Said:
    return {entry.word: tuple(map(" ".join, entry.pronunciations)) for entry in lexicon}


def written(lexicon: Lexicon, tool: Dictionary) -> bytes:
    writer = DictionaryWriter(tool)
    listed = [(entry.word, [(said, 1.0) for said in entry.pronunciations]) for entry in lexicon]
    lines = (line for word, said in listed for line in writer.entry(word, said))
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("sample", EXPECTED)
def test_a_format_is_recognised_and_read(sample: str) -> None:
    expected = EXPECTED[sample]
    lexicon = read_lexicon(SAMPLES / sample)
    assert said(lexicon) == expected.said
    assert lexicon.report.read_as == expected.recognised
    assert sum(each.count for each in lexicon.report.skipped) == expected.skipped
    assert lexicon.report.notes == ()
    spaced = expected.name in {*Dictionary, "wikipron"}
    assert lexicon.notation.form == ("spaced" if spaced else "joined")


@pytest.mark.parametrize("sample", [name for name in EXPECTED if name != "semicolons.csv"])
def test_a_format_that_is_named_is_read_alike(sample: str) -> None:
    named = read_lexicon(SAMPLES / sample, format=format_named(EXPECTED[sample].name))
    assert said(named) == EXPECTED[sample].said


@pytest.mark.parametrize("sample", WRITTEN)
def test_a_sample_is_written_back_in_its_canonical_form(sample: str) -> None:
    tool = Dictionary(EXPECTED[sample].name)
    canonical = SAMPLES / "canonical" / sample
    assert written(read_lexicon(SAMPLES / sample), tool) == canonical.read_bytes()
    assert written(read_lexicon(canonical), tool) == canonical.read_bytes()
    assert said(read_lexicon(canonical)) == EXPECTED[sample].said


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("sample", EXPECTED)
def test_line_ends_and_encodings_make_no_difference(
    tmp_path: Path, sample: str, codec: str, end: bytes
) -> None:
    text = (SAMPLES / sample).read_bytes().replace(b"\n", end).decode()
    mark = "\ufeff" if codec.startswith("utf-16") else ""
    path = tmp_path / sample
    path.write_bytes((mark + text).encode(codec))
    assert read_lexicon(path) == read_lexicon(SAMPLES / sample)


def test_every_format_has_a_sample_and_every_sample_a_line_in_the_document() -> None:
    assert {sample.name for sample in EXPECTED.values()} == set(FORMATS)
    assert {path.name for path in SAMPLES.iterdir() if path.is_file()} == set(EXPECTED)
    _, *rows = re.findall(r"^\| `(\S+)` \|(.*)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: set(re.findall(r"\(\.\./tests/data/formats/([^)]+)\)", row)) for name, row in rows}
    expected: dict[str, set[str]] = {}
    for file, sample in EXPECTED.items():
        expected.setdefault(sample.name, set()).add(file)
    assert told == expected
