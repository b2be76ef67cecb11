"""What the atoms of a template see, in plain values, straight from the table in `goldzone.data.templates`.

The kernel turns a sight into a 32-bit hash; two positions get the same hash exactly when they look the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

EDGE = "edge"
"""What stands just before the first letter or just after the last."""

NOTHING = "nothing"
"""Beyond the edges, or before anything was chosen or said."""


def naive_expand(template: str) -> list[tuple[str, int]]:
    """List (name, number) of each atom, ranges written out; names without a number have 0."""
    atoms = []
    for word in template.split():
        for name in ("same", "said", "start", "end", "L", "C", "S"):
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
) -> tuple[Hashable, ...]:
    """Say what each atom of a template sees at one position of a word."""
    said = [segment for chunk in chunks[:position] for segment in segments_of[chunk]]
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
        elif name == "start":
            seen = min(len(letters[:position]), number)
        elif name == "end":
            seen = min(len(letters[position:]), number)
        sight.append(seen)
    return tuple(sight)
