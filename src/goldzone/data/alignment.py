"""Which letters say which segments: words aligned with their pronunciations.

Many-to-many alignment by expectation maximisation, after Jiampojamarn, Kondrak and Sherif (2007), "Applying
many-to-many alignments and hidden Markov models to letter-to-phoneme conversion". An alignment is a row of
steps; a step takes one letter and up to `max_segments` segments, or up to `max_letters` letters and one
segment. Its pair (letters, segments) has a *share*: how often it is expected among all steps. During
estimation the share counts to the power of the pair's size, the larger of its two lengths: by the bare
shares, alignments of few steps win, and long, rare pairs swallow what common ones explain. The one
best alignment of each word is then chosen by the bare shares.

Both are done with the *bases* of the segments, without their marks (`goldzone.data.segmentation.base_of`),
and what a base is said by then says the full segment. A mark often shows what stands beside its sound (a
vowel before a nasal is nasal), so that full segments would go to the letters that bring their marks, away
from those that say them.

The result is the same to the last bit for any number of threads and on any machine: words are cut into a
fixed number of parts, sums are added up in a fixed order, and all arithmetic is additions, multiplications
and divisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment_kernels import (
    LEAST_PROBABILITY,
    add_up,
    best_paths,
    expected_counts,
    put_shared_first,
    to_probabilities,
)
from goldzone.data.lattice_kernels import Lattices, list_shapes, number_grams, number_pairs
from goldzone.data.lexicon import Entry
from goldzone.data.notation import Segments
from goldzone.data.segmentation import base_of
from goldzone.errors import ConfigError, DataError

__all__ = [
    "DEFAULT_ALIGNMENT",
    "AlignedLexicon",
    "AlignmentConfig",
    "Unalignable",
    "align",
    "number_symbols",
]

_PARTS: Final = 8
"""Parts that the words are cut into: fixed, because the last bits of the sums depend on it."""

_FIRST_SHARE: Final = 0.0625
"""Share of every pair in the first iteration. Its value hardly matters; the power of the size does."""

_NAMED: Final = 5
_GRAM_MASK: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class AlignmentConfig:
    """How to align."""

    iterations: int = 10
    """Rounds of expectation maximisation."""
    max_letters: int = 2
    """Letters that may say one segment together (``ch``)."""
    max_segments: int = 5
    """Segments that one letter may say. An alphabet needs 3, Chinese characters need 5."""
    max_cells: int = 65_536
    """Words with more than this many (letters + 1) * (segments + 1) are left out, which bounds the memory."""


DEFAULT_ALIGNMENT: Final = AlignmentConfig()
"""Chosen by held-out figures on Danish, Korean, English, Hungarian, French and Cantonese."""


@dataclass(frozen=True, slots=True)
class Unalignable:
    """Pronunciations left out: how many, and (word, reason) of the first few."""

    count: int = 0
    first: tuple[tuple[str, str], ...] = ()

    def summary(self) -> str:
        """Say it in one line."""
        named = ", ".join(f"{word!r} ({reason})" for word, reason in self.first)
        more = ", ..." if self.count > len(self.first) else ""
        return f"{self.count} pronunciations cannot be aligned" + (f": {named}{more}" if named else "")


@dataclass(frozen=True, eq=False)
class AlignedLexicon:
    """Words with the segments said at each letter; one *sequence* for each pronunciation of each word.

    A *chunk* is what is said at one letter: a row of segments, often of one, maybe of none. A sequence's
    chunks, joined, are the pronunciation. All arrays are read-only.
    """

    letters: tuple[str, ...]
    """The alphabet, sorted."""
    segments: tuple[str, ...]
    """The distinct segments, sorted."""
    chunks: tuple[Segments, ...]
    """The distinct chunks, the most frequent first, equally frequent ones sorted."""
    offsets: NDArray[np.int64]
    """int64[n_sequences + 1]: sequence s has the positions ``offsets[s]`` to before ``offsets[s + 1]``, one
    for each letter."""
    letter: NDArray[np.int32]
    """int32[n_positions]: index into `letters`."""
    chunk: NDArray[np.int32]
    """int32[n_positions]: index into `chunks`."""
    entry: NDArray[np.int32]
    """int32[n_sequences]: the word, as index into the entries that were aligned; it ascends."""
    unalignable: Unalignable
    """What was left out."""

    @property
    def n_sequences(self) -> int:
        """Number of pronunciations."""
        return self.entry.size


def align(
    entries: Sequence[Entry], config: AlignmentConfig = DEFAULT_ALIGNMENT, *, threads: int = 1
) -> AlignedLexicon:
    """Align each word with each of its pronunciations.

    Parameters
    ----------
    entries : sequence of Entry
        The words to learn the alignment from.
    config : AlignmentConfig
    threads : int
        Threads to work with; the result does not depend on it.

    Returns
    -------
    AlignedLexicon
        Pronunciations with more than `max_segments` segments a letter, and words that are too long, are left
        out and reported. All others are aligned, because no pair's probability ever becomes 0.

    Raises
    ------
    ConfigError
        The number of threads is below 1.
    DataError
        No word can be aligned.
    """
    if threads < 1:
        raise ConfigError(f"threads: {threads} is below 1; give the number of threads to align with")
    sequences, unalignable = _alignable(entries, config)
    if not sequences:
        raise DataError(
            f"alignment: no word is left; {unalignable.summary()}; check the lexicon's two columns"
        )
    words = [entries[index].letters for index, _ in sequences]
    letters, letter, letter_offsets = number_symbols(words)
    segments, segment, segment_offsets = number_symbols([pronunciation for _, pronunciation in sequences])

    letter_grams, letter_keys = number_grams(letter, letter_offsets, config.max_letters)
    segment_grams, segment_keys = number_grams(segment, segment_offsets, config.max_segments)
    base_grams, base_keys = segment_grams, segment_keys
    bases = _number_bases(segments)
    if bases.max() + 1 < bases.size:  # else the bases would only be other names
        base_grams, base_keys = number_grams(bases[segment], segment_offsets, config.max_segments)
    lattices = _lattices(config, letter_offsets, segment_offsets)
    keys = number_pairs(letter_grams, base_grams, lattices)
    sizes = np.maximum(_gram_lengths(letter_keys)[keys >> 32], _gram_lengths(base_keys)[keys & _GRAM_MASK])
    with ThreadPoolExecutor(threads) as executor:
        shares = _estimate(lattices, sizes, config.iterations, executor)
        said = _best_alignment(lattices, shares, segment_grams, executor)
    chunks, chunk = _chunks(said, segment_keys, segments)
    entry = np.array([index for index, _ in sequences], np.int32)
    for array in (letter_offsets, letter, chunk, entry):
        array.setflags(write=False)
    return AlignedLexicon(letters, segments, chunks, letter_offsets, letter, chunk, entry, unalignable)


def number_symbols(
    rows: Sequence[tuple[str, ...]],
) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.int64]]:
    """Replace symbols by numbers: (the distinct ones, sorted; the numbers row by row; offsets of rows)."""
    symbols = tuple(sorted(set().union(*rows)))
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    encoded = np.fromiter(
        map(numbers.__getitem__, chain.from_iterable(rows)), np.int32, count=int(offsets[-1])
    )
    return symbols, encoded, offsets


def _alignable(
    entries: Sequence[Entry], config: AlignmentConfig
) -> tuple[list[tuple[int, Segments]], Unalignable]:
    """List (index of the word, pronunciation) of those that can be aligned, and report the others."""
    sequences: list[tuple[int, Segments]] = []
    count = 0
    first: list[tuple[str, str]] = []
    for index, entry in enumerate(entries):
        n_letters = len(entry.letters)
        for pronunciation in entry.pronunciations:
            n_segments = len(pronunciation)
            if n_segments > n_letters * config.max_segments:
                reason = f"{n_segments} segments for {n_letters} letters"
            elif (n_letters + 1) * (n_segments + 1) > config.max_cells:
                reason = f"{n_letters} letters and {n_segments} segments are too long"
            else:
                sequences.append((index, pronunciation))
                continue
            count += 1
            if len(first) < _NAMED:
                first.append((entry.word, reason))
    return sequences, Unalignable(count, tuple(first))


def _number_bases(segments: Sequence[str]) -> NDArray[np.int32]:
    """Give the distinct bases of segments numbers, from 0: int32[n_segments], that of each segment's base."""
    bases = list(map(base_of, segments))
    number = {base: index for index, base in enumerate(dict.fromkeys(bases))}
    return np.array([number[base] for base in bases], np.int32)


def _steps(config: AlignmentConfig) -> NDArray[np.int64]:
    """List (letters, segments) of each step; among equally good alignments, earlier steps win."""
    said_by_one = [(1, 1), (1, 0), *((1, segments) for segments in range(2, config.max_segments + 1))]
    said_by_many = [(letters, 1) for letters in range(2, config.max_letters + 1)]
    return np.array(said_by_one + said_by_many, np.int64)


def _lattices(
    config: AlignmentConfig, letter_offsets: NDArray[np.int64], segment_offsets: NDArray[np.int64]
) -> Lattices:
    """Lay the lattices out; the pairs of their edges are still to be written."""
    n_letters, n_segments = np.diff(letter_offsets), np.diff(segment_offsets)
    width = int(n_segments.max()) + 1
    sizes, shape = np.unique(n_letters * width + n_segments, return_inverse=True)
    shapes = list_shapes(sizes // width, sizes % width, _steps(config), config.max_segments)
    n_edges = np.diff(shapes.edge_offsets)
    first_edge = np.concatenate(([0], np.cumsum(n_edges[shape])))
    pairs = np.empty(int(first_edge[-1]), np.int32)
    return Lattices(letter_offsets, segment_offsets, shape, first_edge, pairs, shapes)


def _parts(first_edge: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """Cut the words into parts of about as many edges each: (first word, word after the last)."""
    ends, n_edges = first_edge[1:], int(first_edge[-1])
    cuts = np.searchsorted(ends, [n_edges * part // _PARTS for part in range(1, _PARTS)], side="right")
    return tuple(pairwise([0, *cuts.tolist(), ends.size]))


def _gram_lengths(keys: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Count the symbols of each gram."""
    lengths = np.zeros(keys.size, np.uint8)
    parents = keys >> 32
    unfinished = np.arange(1, keys.size)
    ancestors = unfinished
    while unfinished.size:
        lengths[unfinished] += 1
        ancestors = parents[ancestors]
        unfinished, ancestors = unfinished[ancestors > 0], ancestors[ancestors > 0]
    return lengths


def _estimate(
    lattices: Lattices, sizes: NDArray[np.uint8], iterations: int, executor: ThreadPoolExecutor
) -> NDArray[np.float64]:
    """Give the pairs new numbers, and find the share of each among the steps: float64[n_pairs]."""
    parts = _parts(lattices.first_edge)
    part_ends = lattices.first_edge[[last for _, last in parts]]
    shared = put_shared_first(lattices.pairs, part_ends, sizes.size)
    sizes = np.concatenate((sizes[shared], sizes[~shared]))
    n_shared = int(np.count_nonzero(shared))
    counts = np.zeros((_PARTS - 1) * n_shared + sizes.size)
    sums = counts[(_PARTS - 1) * n_shared :]
    total = 0.0
    probability = np.cumprod(np.full(int(sizes.max()), _FIRST_SHARE))[sizes - 1]

    def expect(part: int) -> None:
        expected_counts(parts[part], lattices, probability, n_shared, part, counts)

    for _ in range(iterations):
        counts.fill(0.0)
        list(executor.map(expect, range(_PARTS)))
        total = add_up(counts, shared, n_shared)
        to_probabilities(sums, total, sizes, probability)
    return sums / total


def _best_alignment(
    lattices: Lattices,
    shares: NDArray[np.float64],
    segment_grams: NDArray[np.int32],
    executor: ThreadPoolExecutor,
) -> NDArray[np.int32]:
    """Find the gram of segments that is said at each letter: int32[n_positions]."""
    probability = np.maximum(shares, LEAST_PROBABILITY)
    starts = np.zeros(int(lattices.letter_offsets[-1]), np.int64)
    lengths = np.zeros_like(starts)

    def trace(part: tuple[int, int]) -> None:
        best_paths(part, lattices, probability, starts, lengths)

    list(executor.map(trace, _parts(lattices.first_edge)))
    first_segment = np.repeat(lattices.segment_offsets[:-1], np.diff(lattices.letter_offsets))
    said = np.zeros(lengths.size, np.int32)  # the empty gram is number 0
    speaking = np.flatnonzero(lengths)
    said[speaking] = segment_grams[(first_segment + starts)[speaking], lengths[speaking]]
    return said


def _chunks(
    said: NDArray[np.int32], keys: NDArray[np.int64], segments: tuple[str, ...]
) -> tuple[tuple[Segments, ...], NDArray[np.int32]]:
    """Rank the grams that are said somewhere by frequency: (the chunks, chunk of each position)."""
    counts = np.bincount(said, minlength=keys.size)
    used = np.flatnonzero(counts).tolist()
    spelled = {gram: _spell(gram, keys, segments) for gram in used}
    ordered = sorted(used, key=lambda gram: (-counts[gram], spelled[gram]))
    number = np.zeros(keys.size, np.int32)
    number[ordered] = np.arange(len(ordered), dtype=np.int32)
    return tuple(spelled[gram] for gram in ordered), number[said]


def _spell(gram: int, keys: NDArray[np.int64], segments: tuple[str, ...]) -> Segments:
    """Write a gram out, from its last symbol to its first."""
    reversed_segments = []
    while gram:
        reversed_segments.append(segments[int(keys[gram]) & _GRAM_MASK])
        gram = int(keys[gram]) >> 32
    return tuple(reversed(reversed_segments))
