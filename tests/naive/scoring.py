"""Edit distance and bootstrap from their definitions."""

from __future__ import annotations

from collections.abc import Sequence

_MASK = 2**64 - 1


def naive_edit_distance(a: Sequence[object], b: Sequence[object]) -> int:
    """Fill the whole table of distances between beginnings (Wagner and Fischer 1974)."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
    return table[-1][-1]


def naive_resample(counts: Sequence[Sequence[int]], state: int) -> list[int]:
    """Draw words with SplitMix64 in Python's integers, and sum their counts."""
    n_words = len(counts[0])
    drawn = []
    for _ in range(n_words):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
        drawn.append((mixed >> 32) * n_words >> 32)
    return [sum(row[word] for word in drawn) for row in counts]
