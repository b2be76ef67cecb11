from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.alignment import AlignedLexicon, Unalignable, align
from goldzone.data.builtin import load_builtin
from goldzone.data.candidates import build_candidates, gold_candidates

LETTERS = ("a", "b", "c")
N_CHUNKS = 6


def aligned_of(words: list[list[tuple[int, int]]]) -> AlignedLexicon:
    """Make an aligned lexicon of (letter, chunk) numbers, without an alignment."""
    positions = [position for word in words for position in word]
    used = sorted({letter for letter, _ in positions})
    return AlignedLexicon(
        tuple(LETTERS[letter] for letter in used),
        ("x",),
        tuple(("x",) * length for length in range(N_CHUNKS)),
        np.cumsum([0, *map(len, words)]),
        np.array([used.index(letter) for letter, _ in positions], np.int32),
        np.array([chunk for _, chunk in positions], np.int32),
        np.arange(len(words), dtype=np.int32),
        Unalignable(),
    )


pairs = st.tuples(st.integers(0, len(LETTERS) - 1), st.integers(0, N_CHUNKS - 1))
lexicons = st.lists(st.lists(pairs, min_size=1, max_size=8), min_size=1, max_size=8)


@given(lexicons, st.integers(1, 5), st.integers(1, 4), st.floats(0, 1))
def test_the_table_is_the_naive_count(
    words: list[list[tuple[int, int]]], max_candidates: int, min_count: int, min_share: float
) -> None:
    aligned = aligned_of(words)
    table = build_candidates(aligned, max_candidates=max_candidates, min_count=min_count, min_share=min_share)
    counted = Counter(zip(aligned.letter.tolist(), aligned.chunk.tolist(), strict=True))
    of_letter: list[list[int]] = []
    for letter in range(len(aligned.letters)):
        ordered = sorted((-count, chunk) for (of, chunk), count in counted.items() if of == letter)
        least = max(min_count, min_share * sum(-count for count, _ in ordered))
        kept = [(-count, chunk) for count, chunk in ordered if -count >= least] or [
            (-ordered[0][0], ordered[0][1])
        ]
        kept = kept[:max_candidates]
        own = slice(table.offsets[letter], table.offsets[letter + 1])
        assert table.chunk[own].tolist() == [chunk for _, chunk in kept]
        assert table.count[own].tolist() == [count for count, _ in kept]
        of_letter.append([chunk for _, chunk in kept])
    gold = [
        of_letter[letter].index(chunk) if chunk in of_letter[letter] else -1
        for letter, chunk in zip(aligned.letter.tolist(), aligned.chunk.tolist(), strict=True)
    ]
    assert gold_candidates(aligned, table).tolist() == gold


def test_a_letter_keeps_its_most_frequent_chunk_however_rare() -> None:
    aligned = aligned_of([[(0, 5)], [(1, 2), (1, 2), (1, 3)]])
    table = build_candidates(aligned, min_count=100)
    assert table.chunk.tolist() == [5, 2]
    assert gold_candidates(aligned, table).tolist() == [0, 0, 0, -1]


def test_a_chunk_at_the_least_share_stays_and_a_rarer_one_goes() -> None:
    aligned = aligned_of([[(0, 1)] * 7 + [(0, 2)] * 2 + [(0, 3)], [(1, 4)]])
    table = build_candidates(aligned, min_count=1, min_share=0.2)
    assert table.chunk.tolist() == [1, 2, 4]


def test_of_equally_frequent_chunks_the_lower_number_comes_first() -> None:
    aligned = aligned_of([[(0, 4), (0, 1), (0, 3), (0, 3)]])
    table = build_candidates(aligned, min_count=1, max_candidates=2)
    assert table.chunk.tolist() == [3, 1]
    assert gold_candidates(aligned, table).tolist() == [-1, 1, 0, 0]


def test_arrays_are_read_only_and_typed() -> None:
    aligned = aligned_of([[(0, 4)]])
    table = build_candidates(aligned)
    assert [table.offsets.dtype, table.chunk.dtype, table.count.dtype] == [np.int64, np.int32, np.int64]
    assert gold_candidates(aligned, table).dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        table.chunk[0] = 1


def test_real_words_are_mostly_covered() -> None:
    aligned = align(load_builtin("slovak").entries)
    table = build_candidates(aligned)
    assert np.mean(gold_candidates(aligned, table) >= 0) > 0.99
    assert np.diff(table.offsets).max() <= 24
    everything = build_candidates(aligned, max_candidates=10**6, min_count=1)
    assert (gold_candidates(aligned, everything) >= 0).all()
    assert everything.count.sum() == aligned.chunk.size
