"""Alignment by listing all ways to align a word, and by exact fractions where there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod

from goldzone.data.alignment import AlignedLexicon
from goldzone.data.notation import Segments

Row = tuple[str, ...]
Pair = tuple[Row, Row]
Word = tuple[Row, Row]
Step = tuple[int, int]


def naive_paths(letters: Row, segments: Row, steps: Sequence[Step]) -> Iterator[tuple[Pair, ...]]:
    """List all alignments of a word, each as its pairs."""
    if not letters:
        if not segments:
            yield ()
        return
    for a, b in steps:
        if a <= len(letters) and b <= len(segments):
            for rest in naive_paths(letters[a:], segments[b:], steps):
                yield ((letters[:a], segments[:b]), *rest)


def naive_chunks(path: Sequence[Pair]) -> tuple[Row, ...]:
    """List what each letter says: of several letters, the first says it all."""
    return tuple(said if index == 0 else () for letters, said in path for index in range(len(letters)))


def naive_counts(
    words: Sequence[Word], steps: Sequence[Step], probability: Mapping[Pair, float]
) -> dict[Pair, float]:
    """Expect how often each pair is used."""
    counts: Counter[Pair] = Counter()
    for letters, segments in words:
        weights = {
            path: prod(probability[pair] for pair in path) for path in naive_paths(letters, segments, steps)
        }
        total = sum(weights.values())
        for path, weight in weights.items():
            for pair in path:
                counts[pair] += weight / total if total else 0  # type: ignore[assignment]
    return dict(counts)


def naive_shares(words: Sequence[Word], steps: Sequence[Step], iterations: int) -> dict[Pair, float]:
    """Estimate each pair's share among the steps; while estimating, to the power of its size."""
    shares = {
        pair: 0.0625
        for letters, segments in words
        for path in naive_paths(letters, segments, steps)
        for pair in path
    }
    for _ in range(iterations):
        powers = {pair: share ** max(map(len, pair)) for pair, share in shares.items()}
        counts = naive_counts(words, steps, powers)
        shares = {pair: count / sum(counts.values()) for pair, count in counts.items()}
    return shares


def exact_counts(
    letters: Row, segments: Row, steps: Sequence[Step], probability: Mapping[Pair, Fraction]
) -> dict[Pair, Fraction]:
    """Do the same for one long word: sums over the cells of its lattice, in fractions.

    Pairs that have no probability are on no alignment.
    """
    end = (len(letters), len(segments))
    edges = [
        ((i, j), (i + a, j + b), (letters[i : i + a], segments[j : j + b]))
        for i in range(end[0])
        for j in range(end[1] + 1)
        for a, b in steps
        if i + a <= end[0] and j + b <= end[1] and (letters[i : i + a], segments[j : j + b]) in probability
    ]
    before: dict[tuple[int, int], Fraction] = {(0, 0): Fraction(1)}
    after: dict[tuple[int, int], Fraction] = {end: Fraction(1)}
    for source, target, pair in edges:
        before[target] = before.get(target, Fraction(0)) + before.get(source, 0) * probability[pair]
    for source, target, pair in reversed(edges):
        after[source] = after.get(source, Fraction(0)) + after.get(target, 0) * probability[pair]
    counts: dict[Pair, Fraction] = {}
    for source, target, pair in edges:
        weight = before.get(source, Fraction(0)) * probability[pair] * after.get(target, 0)
        counts[pair] = counts.get(pair, Fraction(0)) + weight
    return {pair: count / before[end] for pair, count in counts.items()}


def naive_edges(n_letters: int, n_segments: int, steps: Sequence[Step]) -> list[tuple[int, int, int]]:
    """List (number of the cell, letters, segments) of all edges that lie on some path, in order."""
    letters, segments = tuple(map(str, range(n_letters))), tuple(map(str, range(n_segments)))
    found = set()
    for path in naive_paths(letters, segments, steps):
        i = j = 0
        for said_by, said in path:
            a, b = len(said_by), len(said)
            found.add((i * (n_segments + 1) + j, steps.index((a, b))))
            i, j = i + a, j + b
    return [(cell, *steps[step]) for cell, step in sorted(found)]


def naive_renumbering(parts: Sequence[Sequence[int]]) -> tuple[dict[int, int], list[bool]]:
    """Number pairs anew, those of several parts first: (new numbers, whether each old one is in several)."""
    pairs = sorted({pair for part in parts for pair in part})
    several = [sum(pair in part for part in parts) > 1 for pair in pairs]
    ordered = sorted(pairs, key=lambda pair: not several[pairs.index(pair)])
    return {pair: number for number, pair in enumerate(ordered)}, several


def said_chunks(aligned: AlignedLexicon, sequence: int) -> tuple[Segments, ...]:
    """List the chunks of one sequence, letter by letter."""
    chunks = aligned.chunk[aligned.offsets[sequence] : aligned.offsets[sequence + 1]]
    return tuple(aligned.chunks[chunk] for chunk in chunks.tolist())
