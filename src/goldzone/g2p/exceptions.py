"""Words that are not left to a network: each with its pronunciations, looked up as it is written.

On file they are lines of a word, a tab, and its pronunciations, with tabs between these and blanks between
the segments of each; sorted by word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from goldzone.data.letters import normalise_word
from goldzone.data.notation import Segments
from goldzone.errors import ModelFormatError

__all__ = ["Exceptions", "decode_exceptions", "encode_exceptions"]


class Exceptions:
    """Looks words up: as they are written, else in small letters.

    Parameters
    ----------
    words : mapping of str to tuple of Segments
        By word, as `normalise_word` leaves it.
    lower : bool
        Whether a word that is not found is looked for in small letters.
    """

    def __init__(self, words: Mapping[str, tuple[Segments, ...]], *, lower: bool) -> None:
        self._words = words
        self._lower = lower

    def __iter__(self) -> Iterator[str]:
        """Go through the words."""
        return iter(self._words)

    def find(self, word: str) -> tuple[Segments, ...]:
        """Return the pronunciations of a word, none if it is not among the exceptions."""
        if not self._words:
            return ()
        normal = normalise_word(word)
        found = self._words.get(normal)
        if found is None and self._lower:
            found = self._words.get(normal.lower())
        return found or ()


def encode_exceptions(words: Mapping[str, tuple[Segments, ...]]) -> bytes:
    """Write exceptions as the text of a file."""
    lines = ("\t".join((word, *map(" ".join, words[word]))) for word in sorted(words))
    return "".join(f"{line}\n" for line in lines).encode()


def decode_exceptions(data: bytes, name: str) -> Mapping[str, tuple[Segments, ...]]:
    """Read what `encode_exceptions` wrote.

    Raises
    ------
    ModelFormatError
        It is something else; the message begins with `name`.
    """
    found: dict[str, tuple[Segments, ...]] = {}
    try:
        lines = data.decode().split("\n")[:-1]
    except UnicodeDecodeError:
        raise ModelFormatError(f"{name}: is not UTF-8 text; copy the file again") from None
    for number, line in enumerate(lines, 1):
        word, *said = line.split("\t")
        if not word or not said or word in found:
            raise ModelFormatError(f"{name}: line {number} is no word with pronunciations; copy it again")
        found[word] = tuple(tuple(text.split(" ")) if text else () for text in said)
    return MappingProxyType(found)
