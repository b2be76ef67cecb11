"""What the atoms of a template see, in plain values, straight from the table in `goldzone.data.templates`.

The kernel turns a sight into a 32-bit hash; two positions get the same hash exactly when they look the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby, takewhile

EDGE = "edge"
"""What stands just before the first letter or just after the last."""

NOTHING = "nothing"
"""Beyond the edges, or before anything was chosen or said."""


NAMES = (
    *("same", "said", "start", "end", "len", "prevv", "nextv", "lcons", "rcons", "nvl", "nvr", "suf", "rest"),
    *("nvs", "lastv", "cstr", "vowels", "acc", "L", "C", "S", "V"),
)


def naive_expand(template: str) -> list[tuple[str, int]]:
    """List (name, number) of each atom, ranges written out; names without a number have 0."""
    atoms = []
    for word in template.split():
        for name in NAMES:
            if word.startswith(name):
                break
        number = word.removeprefix(name)
        first, dots, last = number.partition("..")
        atoms += [(name, n) for n in range(int(first or 0), int((last if dots else first) or 0) + 1)]
    return atoms


def naive_sight(
    template: str,
    letters: Sequence[int],
    position: int,
    chunks: Sequence[int],
    segments_of: Sequence[Sequence[int]],
    vowel_letters: Iterable[int] = (),
    vowels: Iterable[int] = (),
    accented: Iterable[int] = (),
) -> tuple[Hashable, ...]:
    """Say what each atom of a template sees at one position of a word."""
    said = [segment for chunk in chunks[:position] for segment in segments_of[chunk]]
    of_letters = _sights_of_letters(letters, position, set(vowel_letters))
    of_said = _sights_of_said(said, set(vowels), set(accented))
    sight: list[Hashable] = []
    for name, number in naive_expand(template):
        seen: Hashable = NOTHING
        if name == "L":
            index = position + number
            if 0 <= index < len(letters):
                seen = letters[index]
            elif index in {-1, len(letters)}:
                seen = EDGE
        elif name == "C" and number <= position:
            seen = chunks[position - number]
        elif name == "S" and number <= len(said):
            seen = said[-number]
        elif name == "same":
            earlier = [index for index in range(position) if letters[index] == letters[position]]
            seen = chunks[earlier[-1]] if earlier else NOTHING
        elif name == "said":
            seen = tuple(said)
        elif name == "V":
            index = position + number
            if 0 <= index < len(letters):
                seen = letters[index] in set(vowel_letters)
            elif index in {-1, len(letters)}:
                seen = EDGE
        elif name == "suf":
            seen = tuple(letters[-number:])
        elif name == "rest":
            seen = tuple(letters[position : position + number]), position + number >= len(letters)
        elif name not in {"C", "S"}:
            counts = {"start": position, "end": len(letters) - position, "len": len(letters)}
            seen = {**counts, **of_letters, **of_said}[name if name != "acc" or number else "accent"]
            if isinstance(seen, int) and name not in {"prevv", "nextv", "lastv"} and number:
                seen = min(seen, number)
        sight.append(seen)
    return tuple(sight)


def _sights_of_letters(letters: Sequence[int], position: int, vowels: set[int]) -> dict[str, Hashable]:
    sights: dict[str, Hashable] = {}
    for side, way in (("l", letters[:position][::-1]), ("r", letters[position + 1 :])):
        consonants = list(takewhile(lambda letter: letter not in vowels, way))
        reached = way[len(consonants)] if len(consonants) < len(way) else NOTHING
        sights["prevv" if side == "l" else "nextv"] = reached
        sights[f"{side}cons"] = tuple(consonants), reached != NOTHING
        sights[f"nv{side}"] = sum(is_vowel for is_vowel, _ in groupby(letter in vowels for letter in way))
    return sights


def _sights_of_said(said: Sequence[int], vowels: set[int], accented: set[int]) -> dict[str, Hashable]:
    own = [segment for segment in said if segment in vowels]
    since_vowel = list(takewhile(lambda segment: segment not in vowels, said[::-1]))
    since_accent = list(takewhile(lambda segment: segment not in accented, said[::-1]))
    has_accent = len(since_accent) < len(said)
    return {
        "nvs": len(own),
        "lastv": own[-1] if own else NOTHING,
        "cstr": (tuple(since_vowel), bool(own)),
        "vowels": tuple(own),
        "accent": has_accent,
        "acc": sum(segment in vowels for segment in since_accent) if has_accent else NOTHING,
    }
