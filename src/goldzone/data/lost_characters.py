"""Joined pronunciations that are read as other than what was meant: characters lost, phones cut by letter."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

from goldzone.data.notation import Segments

__all__ = ["LostCharacters", "joined_arpabet"]

_BOUNDARIES: Final = frozenset(" .-\u203f\u2016|\u00a0\u2040,")
"""What ends a syllable or a word; that these are left out is no sign of a mistake."""
_SHOWN: Final = 8
_FEW: Final = 0.01
"""Share of the pronunciations of which nothing is said: single slips."""
_ARPABET: Final = re.compile(
    "(?:(?:AA|AE|AH|AO|AW|AX|AY|EH|ER|EY|IH|IX|IY|OW|OY|UH|UW)[0-2]?"
    "|B|CH|D|DH|F|G|HH|JH|K|L|M|N|NG|P|R|S|SH|T|TH|V|W|Y|Z|ZH)+"
)


class LostCharacters:
    """Counts characters of joined pronunciations that no segment holds."""

    def __init__(self) -> None:
        self._rows = 0
        self._kept: set[str] = set()
        self._counts: Counter[str] = Counter()

    def note(self, text: str, segments: Segments) -> None:
        """Compare a pronunciation as it is written with its segments."""
        self._rows += 1
        written = set(unicodedata.normalize("NFC", text)) - self._kept
        if not written:
            return
        held = set("".join(segments))
        lost = written - held
        if not lost:
            self._kept |= written & held
        self._counts.update(lost)

    def notes(self) -> tuple[str, ...]:
        """Say what was lost: ends of syllables in passing, all else with what may be wrong."""
        said = []
        dots = sum(self._counts[boundary] for boundary in ".-\u203f")
        if dots > _FEW * self._rows:
            said.append(f"marks between syllables left out of {dots:,} pronunciations")
        signs = {sign: count for sign, count in self._counts.items() if sign not in _BOUNDARIES}
        if signs and sum(signs.values()) > _FEW * self._rows:
            most = sorted(signs, key=lambda sign: (-signs[sign], sign))[:_SHOWN]
            listed = " ".join(f"{sign} ({signs[sign]:,})" for sign in most)
            said.append(
                f"signs that are no IPA were left out: {listed}; if they are sounds (X-SAMPA), "
                "separate the segments by blanks"
            )
        return tuple(said)


def joined_arpabet(texts: Sequence[str]) -> tuple[str, ...]:
    """Warn of pronunciations that look like ARPAbet without blanks, which is cut by letter."""
    found = sum(_ARPABET.fullmatch(text) is not None for text in texts)
    if not texts or 2 * found <= len(texts):
        return ()
    return (f"{found:,} pronunciations look like ARPAbet without blanks; separate the phones by blanks",)
