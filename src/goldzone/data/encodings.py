"""Which encoding text that is not UTF-8 may have: a guess for an error message, never used to read."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["conversion_advice", "likely_encoding"]

_LATIN: Final = {
    "windows-1252": "éèàùâêîôûëïçäöüßñáíóúãõåæøìò",
    "windows-1250": "ąćęłńśźżčřšžýáíéěůťďňőűľôú",
    "windows-1254": "ğışçöüİ",
}
_OTHER: Final = {
    "windows-1251": "оеаинтсрвлкмдпу",
    "KOI8-R": "оеаинтсрвлкмдпу",
    "windows-1253": "αοιετσνηυρπκμλςάίό",
    "windows-1255": "יולהרתמבשאנדפק",
    "windows-1256": "اليمنرتبوةسدعف",
}
"""By encoding: the commonest letters beyond ASCII of what is written in it."""
_TWO_BYTES: Final = {
    "Shift_JIS": ("\u3041", "\u30ff", 1.0),
    "EUC-JP": ("\u3041", "\u30ff", 1.0),
    "EUC-KR": ("\uac00", "\ud7a3", 1.0),
    "GB18030": ("\u4e00", "\u9fff", 0.7),
}
"""By encoding: its script from first to last, and a weight, as most pairs of bytes are ideographs."""

_WITH_MARK: Final = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_RUN: Final = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_LEAST: Final = 4
"""Bytes beyond ASCII of which something can be said."""
_MOSTLY: Final = 0.75
"""Of the bytes of a word, as many are beyond ASCII where the script is not Latin."""
_ENOUGH: Final = 0.6
"""Of the characters beyond ASCII, as many must be common ones."""
_DAMAGED: Final = 0.05


def likely_encoding(text: bytes) -> str:
    """Guess the encoding of text that is not UTF-8, by the letters that it would make of it.

    Returns
    -------
    str
        As iconv takes it; empty where too little speaks for any.

    Examples
    --------
    >>> likely_encoding("καλημέρα".encode("windows-1253")), likely_encoding("déjà été".encode("latin-1"))
    ('windows-1253', 'windows-1252')
    >>> likely_encoding("café".encode("latin-1"))
    ''
    """
    for mark, name in _WITH_MARK.items():
        if text.startswith(mark):
            return name
    if (zeros := text.count(0)) and 4 * zeros >= len(text) >= _LEAST:
        # Of Latin text half of the bytes are zeros, on one side.
        for name, at in (("UTF-16LE", 1), ("UTF-16BE", 0)):
            if text[at::2].count(0) == zeros:
                return name
        return ""
    words = _RUN.findall(text)
    beyond = sum(byte > 0x7F for word in words for byte in word)
    if beyond < _LEAST:
        return ""
    joined = b"\n".join(words)
    latin = beyond <= _MOSTLY * sum(map(len, words))
    shares = {name: _share(joined, name, common) for name, common in (_LATIN if latin else _OTHER).items()}
    if not latin and max(shares.values()) < _ENOUGH:
        shares |= {name: _share_of_script(text, name) for name in _TWO_BYTES}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _ENOUGH else ""


def conversion_advice(text: bytes) -> str:
    """Say what to do with text that is not UTF-8.

    Examples
    --------
    >>> conversion_advice("здравствуйте".encode("windows-1251"))
    'it looks like windows-1251: convert it (iconv -f windows-1251 -t UTF-8)'
    """
    name = likely_encoding(text)
    looks, origin = (f"it looks like {name}: ", f"-f {name} ") if name else ("", "")
    return f"{looks}convert it (iconv {origin}-t UTF-8)"


def _share(text: bytes, encoding: str, common: str) -> float:
    """Find the share of characters beyond ASCII that are common letters; none where bytes have no meaning."""
    beyond = _beyond_ascii(text, encoding)
    return sum(character in common for character in beyond) / max(len(beyond), 1)


def _share_of_script(text: bytes, encoding: str) -> float:
    first, last, weight = _TWO_BYTES[encoding]
    beyond = _beyond_ascii(text, encoding)
    return weight * sum(first <= character <= last for character in beyond) / max(len(beyond), 1)


def _beyond_ascii(text: bytes, encoding: str) -> str:
    decoded = text.decode(encoding, errors="replace")
    beyond = "".join(character for character in decoded if not character.isascii())
    return "" if beyond.count("\ufffd") > _DAMAGED * len(beyond) else beyond
