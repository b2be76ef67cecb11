"""Words of scripts that write none apart, found in a run of letters by a list of words.

Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan. The run is cut so that the fewest letters are left
outside of known words, and then into the fewest words; of cuts as good, the one with the longer first word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["TSHEG", "break_words", "is_unspaced"]

_SCRIPTS: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # iteration mark, zero
    (0x3040, 0x30FF),  # kana
    (0x3400, 0x4DBF),  # Chinese characters
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Burmese, further letters
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_LONGEST: Final = 24
"""Characters of a word at most; Thai and Khmer words have up to about twenty."""
TSHEG: Final = "\u0f0b"
"""What Tibetan writes between syllables, inside of words and between them."""


class _Way(NamedTuple):
    """A way to cut the rest of a run."""

    outside: int
    """Characters of no word."""
    pieces: int
    end: int
    """The cut at which its first piece ends."""
    is_word: bool
    """Whether its first piece is a word."""


@lru_cache(maxsize=1 << 14)
def is_unspaced(character: str) -> bool:
    """Tell whether a character is of a script that writes no blanks between words."""
    code = ord(character)
    return any(first <= code <= last for first, last in _SCRIPTS)


def break_words(run: str, is_word: Callable[[str], bool]) -> list[str]:
    """Cut a run of letters into words; the pieces, joined, are the run.

    Parameters
    ----------
    run : str
    is_word : callable
        Tells whether a text is a word.

    Returns
    -------
    list of str
        Words, and between them what belongs to none, each stretch of it in one piece.
    """
    cuts = [at for at in range(len(run)) if at == 0 or not _clings(run[at])] + [len(run)]
    last = len(cuts) - 1
    # The best way from each cut to the end.
    best = [_Way(0, 0, last, is_word=True)] * (last + 1)
    for start in reversed(range(last)):
        beyond = best[start + 1]
        outside = beyond.outside + cuts[start + 1] - cuts[start]
        ways = [_Way(outside, beyond.pieces + beyond.is_word, start + 1, is_word=False)]
        for end in range(start + 1, last + 1):
            if cuts[end] - cuts[start] > _LONGEST:
                break
            if is_word(run[cuts[start] : cuts[end]].strip(TSHEG)):
                ways.append(_Way(best[end].outside, best[end].pieces + 1, end, is_word=True))
        best[start] = min(ways, key=lambda way: (way.outside, way.pieces, -way.end))
    found: list[str] = []
    start, goes_on = 0, False
    while start < last:
        way = best[start]
        piece = run[cuts[start] : cuts[way.end]]
        if goes_on and not way.is_word:
            found[-1] += piece
        else:
            found.append(piece)
        start, goes_on = way.end, not way.is_word
    return found


def _clings(character: str) -> bool:
    """Tell whether a character belongs to the one before it: marks, and what joins syllables."""
    return unicodedata.category(character)[0] == "M" or character == TSHEG
