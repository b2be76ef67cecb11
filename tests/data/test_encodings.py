from __future__ import annotations

import pytest

from goldzone.data.encodings import conversion_advice, likely_encoding

TEXTS = {
    "windows-1252": "été déjà garçon forêt mère hôtel noël",
    "windows-1250": "žluťoučký kůň příliš ďábelské ódy řeší",
    "windows-1254": "değişmiş ağaç şoför ışık sığır açık",
    "windows-1251": "здравствуйте кот молоко",
    "KOI8-R": "здравствуйте кот молоко",
    "windows-1253": "καλημέρα γειά θάλασσα",
    "windows-1255": "שלום ילדה מים הלילה",
    "windows-1256": "السلام عليكم مدرسة البيت",
    "Shift_JIS": "猫です いぬ これはペンです",
    "EUC-JP": "猫です いぬ これはペンです",
    "EUC-KR": "안녕하세요 고양이 사람",
    "GB18030": "你好 中国 我们都是学生",
    "UTF-16": "voda mesto",
    "UTF-32": "voda mesto",
    "UTF-16LE": "voda mesto",
    "UTF-16BE": "voda mesto",
}


@pytest.mark.parametrize("name", TEXTS)
def test_an_encoding_is_told_by_its_letters(name: str) -> None:
    assert likely_encoding(TEXTS[name].encode(name)) == name
    assert conversion_advice(TEXTS[name].encode(name)) == (
        f"it looks like {name}: convert it (iconv -f {name} -t UTF-8)"
    )


@pytest.mark.parametrize(
    "text", [b"", b"abc", b"caf\xe9", b"\xfd\xfe\xff\x80\x81", bytes(range(256)), b"\0", b"\0" * 9]
)
def test_nothing_is_said_where_little_speaks_for_it(text: bytes) -> None:
    assert likely_encoding(text) == ""
    assert conversion_advice(text) == "convert it (iconv -t UTF-8)"
