"""What a homograph's readings are told apart by: the words around it, and what the readings are like.

A *feature* is the hash of something in the sentence plus the key of a reading, 32 bits, wrapping, as
elsewhere in goldzone. There are three kinds of key: the word with this reading, the syllable that is
stressed, and how the reading ends; the last two are what nouns and verbs of one spelling share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.notation import Segments
from goldzone.hashtron.hashing import hash_values, string_hash

__all__ = ["NEURON_OF", "N_NEURONS", "contexts_of", "keys_of"]

_EDGE: Final = "<>"
_REACH: Final = 8
"""Words on each side that are seen at all."""
_STRESS: Final = ("ˈ", "'")
_NAMES: Final = (
    "any",
    "-1",
    "+1",
    "-2",
    "+2",
    "-3",
    "+3",
    "-2-1",
    "-1+1",
    "+1+2",
    "-3-2-1",
    "+1+2+3",
    "-1...",
    "+1...",
    "-1.. +1..",
    "-2.. -1..",
    "-1, +1...",
    "first",
    "last",
)
_VOWELS: Final = frozenset("aeiouyæɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵøœʉʊʌ")
N_KINDS: Final = 3
N_NEURONS: Final = N_KINDS * (len(_NAMES) + 2)
"""One for each thing that is seen and kind of key; the words on one side are one thing."""
NEURON_OF: Final = tuple(
    kind * (len(_NAMES) + 2) + thing
    for kind in range(N_KINDS)
    for thing in (*range(len(_NAMES)), *(len(_NAMES) + side for side in (0, 1) for _ in range(_REACH)))
)
"""The neuron that reads each slot of a sample: all slots by the first kind of key, then by the next."""


def contexts_of(words: Sequence[str], position: int) -> NDArray[np.uint32]:
    """Hash what is seen around a word: uint32[n_slots], the same for each kind of key.

    Parameters
    ----------
    words : sequence of str
        The sentence, in small letters.
    position : int
        Index of the word.
    """

    def at(offset: int) -> str:
        index = position + offset
        return words[index] if 0 <= index < len(words) else _EDGE

    before, after = at(-1), at(1)
    seen = (
        "",
        before,
        after,
        at(-2),
        at(2),
        at(-3),
        at(3),
        f"{at(-2)} {before}",
        f"{before} {after}",
        f"{after} {at(2)}",
        f"{at(-3)} {at(-2)} {before}",
        f"{after} {at(2)} {at(3)}",
        before[-3:],
        after[-3:],
        f"{before[-2:]} {after[-2:]}",
        f"{at(-2)[-2:]} {before[-2:]}",
        f"{before} {after[-3:]}",
        words[0],
        words[-1],
    )
    hashes = [string_hash(number, text) for number, text in enumerate(seen)]
    for side in (-1, 1):
        hashes += [string_hash(len(seen) + (side > 0), at(side * offset)) for offset in range(1, _REACH + 1)]
    return np.array(hashes * N_KINDS, dtype=np.uint32)


def keys_of(word: str, reading: Segments) -> tuple[int, int, int]:
    """Return the keys of a reading, one of each kind.

    Parameters
    ----------
    word : str
        In small letters.
    reading : Segments
    """
    marked = [number for number, segment in enumerate(reading) if segment.startswith(_STRESS)]
    before = sum(segment.lstrip("ˈˌ'")[:1] in _VOWELS for segment in reading[: marked[0]]) if marked else "-"
    return (
        string_hash(1, f"{word}\t{' '.join(reading)}"),
        string_hash(2, f"{before}"),
        string_hash(3, " ".join(reading[-2:])),
    )


def cells_of(
    context: NDArray[np.uint32], keys: NDArray[np.uint32], tables: Sequence[tuple[int, int]]
) -> NDArray[np.int64]:
    """Return the cell that each neuron reads of each reading, among the cells of all neurons end to end.

    Parameters
    ----------
    context : uint32[n_slots] or uint32[n_readings, n_slots]
        As `contexts_of` gives it.
    keys : uint32[n_readings, N_KINDS]
    tables : sequence of (int, int)
        Salt and premodulo of each neuron.

    Returns
    -------
    int64[n_readings, n_slots]
    """
    features = context + np.repeat(keys, len(NEURON_OF) // N_KINDS, axis=1)
    starts = np.cumsum([0, *(premodulo for _, premodulo in tables)])
    cells = np.empty(features.shape, dtype=np.int64)
    for slot, neuron in enumerate(NEURON_OF):
        cells[:, slot] = starts[neuron] + hash_values(features[:, slot], *tables[neuron])
    return cells
