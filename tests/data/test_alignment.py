from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from goldzone.data.alignment import AlignedLexicon, AlignmentConfig, align
from goldzone.data.alignment_kernels import (
    LEAST_PROBABILITY,
    add_up,
    best_paths,
    expected_counts,
    put_shared_first,
    to_probabilities,
)
from goldzone.data.builtin import load_builtin
from goldzone.data.lattice_kernels import Lattices, list_shapes, number_grams, number_pairs
from goldzone.data.lexicon import Entry
from goldzone.data.segmentation import base_of
from goldzone.errors import ConfigError, DataError
from tests.naive.alignment import (
    Pair,
    Row,
    Word,
    exact_counts,
    naive_chunks,
    naive_counts,
    naive_edges,
    naive_paths,
    naive_renumbering,
    naive_shares,
    said_chunks,
)

STEPS = ((1, 1), (1, 0), (1, 2), (2, 1))
MAX_SEGMENTS = 2
MARKED = ("x", "xː", "ˈx", "y", "ỹ", "z", "˥")
SMALL = AlignmentConfig(iterations=4, max_letters=2, max_segments=MAX_SEGMENTS)

words_strategy = st.lists(
    st.tuples(
        st.text("abc", min_size=1, max_size=5).map(tuple), st.text("xyz", min_size=1, max_size=6).map(tuple)
    ).filter(lambda word: len(word[1]) <= MAX_SEGMENTS * len(word[0])),
    min_size=1,
    max_size=4,
)


def entry(word: str, *pronunciations: str) -> Entry:
    return Entry(word, tuple(word), tuple(tuple(pronunciation.split()) for pronunciation in pronunciations))


def entries_of(words: list[Word]) -> list[Entry]:
    return [Entry("".join(letters), letters, (segments,)) for letters, segments in words]


def said(aligned: AlignedLexicon, entries: list[Entry], word: str) -> str:
    """Write an alignment as the chunks joined by blanks, ``_`` for nothing."""
    sequence = [entries[index].word for index in aligned.entry.tolist()].index(word)
    return " ".join("".join(chunk) or "_" for chunk in said_chunks(aligned, sequence))


@dataclass
class Problem:
    """The lattices of some words, and the pair behind each number."""

    lattices: Lattices
    spelled: list[Pair]

    def counts(self, probability: ArrayLike) -> dict[Pair, float]:
        counts = np.zeros(len(self.spelled))
        words = (0, self.lattices.shape.size)
        expected_counts(words, self.lattices, np.asarray(probability, np.float64), 0, 0, counts)
        return dict(zip(self.spelled, counts.tolist(), strict=True))

    def best(self, probability: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        starts = np.zeros(self.lattices.letter_offsets[-1], np.int64)
        lengths = np.zeros_like(starts)
        words = (0, self.lattices.shape.size)
        best_paths(words, self.lattices, np.asarray(probability, np.float64), starts, lengths)
        return starts, lengths


def spell(gram: int, keys: NDArray[np.int64]) -> Row:
    return (*spell(int(keys[gram]) >> 32, keys), chr(int(keys[gram]) & 0xFFFF_FFFF)) if gram else ()


def grams_of(rows: list[Row], longest: int) -> tuple[NDArray[np.int64], NDArray[np.int32], list[Row]]:
    offsets = np.cumsum([0, *map(len, rows)])
    symbols = np.array([ord(symbol) for row in rows for symbol in row], np.int32)
    grams, keys = number_grams(symbols, offsets, longest)
    return offsets, grams, [spell(gram, keys) for gram in range(keys.size)]


def problem_of(words: list[Word], steps: Sequence[tuple[int, int]] = STEPS) -> Problem:
    letter_offsets, letter_grams, letters = grams_of([word[0] for word in words], 2)
    segment_offsets, segment_grams, segments = grams_of([word[1] for word in words], MAX_SEGMENTS)
    sizes = np.diff(letter_offsets), np.diff(segment_offsets)
    shapes = list_shapes(*sizes, np.array(steps), MAX_SEGMENTS)
    pairs = np.empty(shapes.edge_offsets[-1], np.int32)
    lattices = Lattices(
        letter_offsets, segment_offsets, np.arange(len(words)), shapes.edge_offsets, pairs, shapes
    )
    keys = number_pairs(letter_grams, segment_grams, lattices)
    return Problem(lattices, [(letters[key >> 32], segments[key & 0xFFFF_FFFF]) for key in keys.tolist()])


def probabilities(n_pairs: int, seed: int, share_of_zeros: float) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    positive = generator.random(n_pairs) >= share_of_zeros
    return np.where(positive, generator.uniform(1e-3, 1.0, n_pairs), 0.0)


def random_word(seed: int, n_letters: int, n_segments: int) -> Word:
    generator = np.random.default_rng(seed)
    letters, segments = list("abcdefghijklmnop"), list("qrstuvwxyz")
    return (
        tuple(generator.choice(letters, n_letters).tolist()),
        tuple(generator.choice(segments, n_segments).tolist()),
    )


@given(words_strategy, st.integers(0, 10**6), st.sampled_from([0.0, 0.2]))
def test_expected_counts_are_those_of_all_alignments_listed(
    words: list[Word], seed: int, share_of_zeros: float
) -> None:
    problem = problem_of(words)
    probability = probabilities(len(problem.spelled), seed, share_of_zeros)
    expected = naive_counts(words, STEPS, dict(zip(problem.spelled, probability.tolist(), strict=True)))
    counts = problem.counts(probability)
    assert counts == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(words_strategy, st.integers(0, 10**6), st.sampled_from([0.0, 0.4]))
def test_the_best_path_is_the_best_of_all_alignments_listed(
    words: list[Word], seed: int, share_of_zeros: float
) -> None:
    problem = problem_of(words)
    probability = probabilities(len(problem.spelled), seed, share_of_zeros)
    of_pair = dict(zip(problem.spelled, probability.tolist(), strict=True))
    starts, lengths = problem.best(probability)
    offsets = problem.lattices.letter_offsets
    for number, (letters, segments) in enumerate(words):
        weights = {
            path: prod(of_pair[pair] for pair in path) for path in naive_paths(letters, segments, STEPS)
        }
        best = max(weights.values())
        own = slice(offsets[number], offsets[number + 1])
        if best == 0:
            assert lengths[own].tolist() == [-1] * len(letters)
            continue
        chunks = tuple(
            segments[start : start + length]
            for start, length in zip(starts[own].tolist(), lengths[own].tolist(), strict=True)
        )
        assert max(
            weight for path, weight in weights.items() if naive_chunks(path) == chunks
        ) == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize(("n_letters", "n_segments"), [(60, 40), (30, 60), (60, 3)])
def test_nothing_is_lost_in_long_words_of_improbable_pairs(n_letters: int, n_segments: int) -> None:
    word = random_word(1, n_letters, n_segments)
    problem = problem_of([word])
    probability = [LEAST_PROBABILITY * (1 + number % 17) for number in range(len(problem.spelled))]
    exact = {pair: Fraction(p) for pair, p in zip(problem.spelled, probability, strict=True)}
    expected = {pair: float(count) for pair, count in exact_counts(*word, STEPS, exact).items()}
    assert problem.counts(probability) == pytest.approx(expected, rel=1e-9)
    assert min(problem.best(probability)[1]) >= 0


def test_pairs_of_extremely_different_probability_are_added_up_right() -> None:
    word = (tuple("ab" * 20), tuple("x" * 30))
    problem = problem_of([word])
    probability = [1.0 if pair[1] == ("x",) else LEAST_PROBABILITY for pair in problem.spelled]
    exact = {pair: Fraction(p) for pair, p in zip(problem.spelled, probability, strict=True)}
    expected = {pair: float(count) for pair, count in exact_counts(*word, STEPS, exact).items()}
    assert problem.counts(probability) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n_letters", "scale"), [(8, 64), (11, 94), (12, 86), (12, 150)])
@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 11))
def test_small_probabilities_change_no_bit(n_letters: int, scale: int, seed: int, n_segments: int) -> None:
    """Where all paths have the same number of steps, they all lose the same power of two."""
    problem = problem_of([random_word(seed, n_letters, n_segments)] * 2, STEPS[:3])
    probability = probabilities(len(problem.spelled), seed, 0.0)
    plain = problem.counts(probability)
    assert sum(plain.values()) > 0
    assert problem.counts(probability * 2.0**-scale) == plain  # a word's: from 2**-512 on


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 10)).filter(lambda n: n[1] <= 2 * n[0])))
def test_a_shape_has_the_edges_that_lie_on_some_path(sizes: list[tuple[int, int]]) -> None:
    n_letters = np.array([letters for letters, _ in sizes], np.int64)
    n_segments = np.array([segments for _, segments in sizes], np.int64)
    shapes = list_shapes(n_letters, n_segments, np.array(STEPS), MAX_SEGMENTS)
    assert shapes.leaving.all()
    sources = np.repeat(shapes.cell, shapes.leaving).tolist()
    for number, (letters, segments) in enumerate(sizes):
        edges = range(shapes.edge_offsets[number], shapes.edge_offsets[number + 1])
        listed = [(sources[edge], int(shapes.letters[edge]), int(shapes.segments[edge])) for edge in edges]
        targets = [source + a * (segments + 1) + b for source, a, b in listed]
        assert listed == naive_edges(letters, segments, STEPS)
        assert [int(shapes.target[edge]) for edge in edges] == targets
        assert targets[-1] == letters * (segments + 1) + segments


@given(st.lists(st.lists(st.integers(0, 12), min_size=1), min_size=1, max_size=5))
def test_pairs_of_several_parts_come_first(parts: list[list[int]]) -> None:
    known = sorted({pair for part in parts for pair in part})
    edges = [[known.index(pair) for pair in part] for part in parts]
    pairs = np.array([pair for part in edges for pair in part], np.int32)
    shared = put_shared_first(pairs, np.cumsum([len(part) for part in parts]), len(known))
    number, wanted = naive_renumbering(edges)
    assert pairs.tolist() == [number[pair] for part in edges for pair in part]
    assert shared.tolist() == wanted


@given(st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 10**6))
def test_counts_are_added_up_in_one_fixed_order(n_pairs: int, n_shared: int, seed: int) -> None:
    n_shared = min(n_shared, n_pairs)
    generator = np.random.default_rng(seed)
    shared = generator.permutation(n_pairs) < n_shared
    counts = generator.random(2 * n_shared + n_pairs)
    parts, others = counts[: 3 * n_shared].reshape(3, n_shared), counts[3 * n_shared :].tolist()
    sums = [(first + second) + third for first, second, third in parts.T.tolist()] + others
    total = 0.0
    numbers = iter(range(n_shared)), iter(range(n_shared, n_pairs))
    for is_shared in shared.tolist():
        total += sums[next(numbers[0 if is_shared else 1])]
    assert add_up(counts, shared, n_shared) == total
    assert counts[2 * n_shared :].tolist() == sums


@given(st.integers(1, 3000), st.integers(1, 6), st.integers(0, 10**6))
def test_a_probability_is_the_share_to_the_power_of_the_size(n_pairs: int, most: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.random(n_pairs) ** 200  # some too small
    sizes = generator.integers(1, most + 1, n_pairs).astype(np.uint8)
    probability = np.empty(n_pairs)
    to_probabilities(counts, 3.0, sizes, probability)
    for count, size, found in zip(counts.tolist(), sizes.tolist(), probability.tolist(), strict=True):
        power = count / 3.0
        for _ in range(size - 1):
            power *= count / 3.0
        assert found == max(power, LEAST_PROBABILITY)


def test_the_tables_of_grams_and_pairs_grow_with_the_data() -> None:
    words = [random_word(seed, 9, 9) for seed in range(400)]
    problem = problem_of(words)
    distinct = {
        (letters[i : i + a], segments[j : j + b])
        for letters, segments in words
        for i in range(9)
        for j in range(10)
        for a, b in STEPS
        if i + a <= 9 and j + b <= 9 and j <= 2 * i and 9 - j - b <= 2 * (9 - i - a)
    }
    assert len(distinct) > 4_000
    assert Counter(problem.spelled) == Counter(distinct)
    assert max(problem.lattices.pairs) == len(distinct) - 1


@given(words_strategy)
def test_the_alignment_is_the_best_under_naively_estimated_shares(words: list[Word]) -> None:
    aligned = align(entries_of(words), SMALL)
    shares = naive_shares(words, STEPS, SMALL.iterations)
    for sequence, (letters, segments) in enumerate(words):
        weights = {
            path: prod(shares[pair] for pair in path) for path in naive_paths(letters, segments, STEPS)
        }
        assert max(
            weight for path, weight in weights.items() if naive_chunks(path) == said_chunks(aligned, sequence)
        ) == pytest.approx(max(weights.values()), rel=1e-9)


@given(
    st.lists(
        st.tuples(
            st.text("abcdé", min_size=1, max_size=9), st.lists(st.text("xyzʃː", min_size=1), min_size=1)
        ),
        min_size=1,
    ),
    st.integers(1, 4),
    st.integers(1, 6),
)
def test_the_chunks_of_a_sequence_are_its_pronunciation(
    words: list[tuple[str, list[str]]], max_letters: int, max_segments: int
) -> None:
    entries = [Entry("ok", ("o", "k"), (("o",), ("o", "k")))]
    entries += [Entry(word, tuple(word), (tuple(segments), ("x",))) for word, segments in words]
    aligned = align(entries, AlignmentConfig(2, max_letters, max_segments))
    wanted = [
        (index, entry.letters, pronunciation)
        for index, entry in enumerate(entries)
        for pronunciation in entry.pronunciations
        if len(pronunciation) <= max_segments * len(entry.letters)
    ]
    assert aligned.n_sequences == len(wanted)
    assert aligned.unalignable.count == 2 * len(entries) - len(wanted)
    for sequence, (index, letters, pronunciation) in enumerate(wanted):
        chunks = said_chunks(aligned, sequence)
        positions = slice(aligned.offsets[sequence], aligned.offsets[sequence + 1])
        assert aligned.entry[sequence] == index
        assert tuple(aligned.letters[letter] for letter in aligned.letter[positions]) == letters
        assert tuple(segment for chunk in chunks for segment in chunk) == pronunciation
        assert max(map(len, chunks)) <= max_segments


@pytest.mark.parametrize("threads", [2, 5])
def test_the_result_does_not_depend_on_the_number_of_threads(threads: int) -> None:
    entries = load_builtin("slovak").entries
    alone, together = align(entries), align(entries, threads=threads)
    for name in ("offsets", "letter", "chunk", "entry"):
        first, second = getattr(alone, name), getattr(together, name)
        assert first.dtype == second.dtype
        assert np.array_equal(first, second)
    assert (alone.letters, alone.segments, alone.chunks) == (
        together.letters,
        together.segments,
        together.chunks,
    )


@pytest.mark.parametrize(("name", "digest"), [("slovak", "f0223e67b3ec4a6b"), ("hebrew", "ca51845b7966c676")])
def test_the_result_is_the_same_on_every_machine(name: str, digest: str) -> None:
    aligned = align(load_builtin(name).entries, AlignmentConfig(10, 2, 5))
    content = "\n".join(
        " ".join(".".join(chunk) for chunk in said_chunks(aligned, sequence))
        for sequence in range(aligned.n_sequences)
    )
    assert hashlib.sha256(content.encode()).hexdigest()[:16] == digest


def test_letters_that_speak_together_are_aligned_as_a_human_would() -> None:
    entries = [
        entry("chat", "ʃ a"),
        entry("chou", "ʃ u"),
        entry("cou", "k u"),
        entry("hache", "a ʃ"),
        entry("tache", "t a ʃ"),
        entry("lache", "l a ʃ"),
        entry("car", "k a ʁ"),
        entry("lac", "l a k"),
        entry("tou", "t u"),
        entry("rat", "ʁ a"),
        entry("taxe", "t a k s"),
        entry("axe", "a k s"),
        entry("fax", "f a k s"),
        entry("lux", "l u k s"),
        entry("max", "m a k s"),
    ]
    aligned = align(entries)
    assert said(aligned, entries, "chat") == "ʃ _ a _"
    assert said(aligned, entries, "tache") == "t a ʃ _ _"
    assert said(aligned, entries, "lac") == "l a k"
    assert said(aligned, entries, "taxe") == "t a ks _"


def test_silent_letters_say_nothing() -> None:
    entries = [
        entry("knot", "n ɒ t"),
        entry("knit", "n ɪ t"),
        entry("not", "n ɒ t"),
        entry("kit", "k ɪ t"),
        entry("nit", "n ɪ t"),
        entry("tin", "t ɪ n"),
        entry("tot", "t ɒ t"),
    ]
    aligned = align(entries)
    assert said(aligned, entries, "knot") == "_ n ɒ t"
    assert said(aligned, entries, "kit") == "k ɪ t"


def test_real_words_keep_mostly_to_one_segment_a_letter() -> None:
    aligned = align(load_builtin("slovak").entries)
    lengths = np.array([len(chunk) for chunk in aligned.chunks])[aligned.chunk]
    assert np.mean(lengths == 1) > 0.9


@given(
    st.lists(
        st.tuples(
            st.text("abc", min_size=1, max_size=5).map(tuple),
            st.lists(st.sampled_from(["x", "xː", "ˈx", "y", "ỹ", "z", "˥"]), min_size=1, max_size=6).map(
                tuple
            ),
        ).filter(lambda word: len(word[1]) <= MAX_SEGMENTS * len(word[0])),
        min_size=1,
        max_size=5,
    )
)
def test_segments_are_aligned_as_their_bases_are(words: list[Word]) -> None:
    bases = [(letters, tuple(map(base_of, segments))) for letters, segments in words]
    full, plain = align(entries_of(words), SMALL), align(entries_of(bases), SMALL)
    for sequence, (_, segments) in enumerate(words):
        chunks = said_chunks(full, sequence)
        assert tuple(segment for chunk in chunks for segment in chunk) == segments
        assert list(map(len, chunks)) == list(map(len, said_chunks(plain, sequence)))


def test_a_letter_keeps_its_sound_when_another_marks_it() -> None:
    # A nasal vowel is in every word with ん and in no other, and is not what ん says.
    syllables = {"だ": "d a", "た": "t a", "か": "k a", "ど": "d o", "と": "t o", "こ": "k o"}
    nasal = {"a": "ã", "o": "õ"}
    entries = [entry(kana, said) for kana, said in syllables.items()]
    entries += [entry(kana + "ん", f"{said[:-1]}{nasal[said[-1]]} ŋ") for kana, said in syllables.items()]
    aligned = align(entries)
    assert said(aligned, entries, "だん") == "dã ŋ"
    assert said(aligned, entries, "こん") == "kõ ŋ"


def test_each_pronunciation_of_a_word_is_a_sequence() -> None:
    aligned = align([entry("ab", "x y", "x"), entry("b", "y")])
    assert aligned.entry.tolist() == [0, 0, 1]
    assert aligned.offsets.tolist() == [0, 2, 4, 5]
    assert said_chunks(aligned, 0) == (("x",), ("y",))


def test_inventories_are_sorted_and_chunks_ordered_by_frequency() -> None:
    aligned = align(
        [entry("cab", "z x y"), entry("b", "y"), entry("d", "y"), entry("e", "x"), entry("f", "w")]
    )
    assert aligned.letters == ("a", "b", "c", "d", "e", "f")
    assert aligned.segments == ("w", "x", "y", "z")
    assert aligned.chunks == (("y",), ("x",), ("w",), ("z",))
    assert [aligned.letter.dtype, aligned.chunk.dtype, aligned.entry.dtype] == [np.int32] * 3
    with pytest.raises(ValueError, match="read-only"):
        aligned.chunk[0] = 1


def test_pronunciations_that_cannot_be_aligned_are_counted_and_named() -> None:
    long = "a" * 999
    entries = [entry("w", "d ʌ b l j u", "w"), entry(long, " ".join(long)), entry("a", "x")]
    aligned = align(entries)
    assert aligned.entry.tolist() == [0, 2]
    assert aligned.unalignable.count == 2
    assert aligned.unalignable.first == (
        ("w", "6 segments for 1 letters"),
        (long, "999 letters and 999 segments are too long"),
    )
    assert aligned.letters == ("a", "w")
    assert aligned.unalignable.summary().startswith("2 pronunciations cannot be aligned: 'w' (6 segments")


def test_only_the_first_few_are_named() -> None:
    aligned = align([entry("a", "x"), *(entry("w", "d ʌ b l j u") for _ in range(20))])
    assert aligned.unalignable.count == 20
    assert len(aligned.unalignable.first) == 5
    assert aligned.unalignable.summary().endswith(", ...")
    assert align([entry("a", "x")]).unalignable.summary() == "0 pronunciations cannot be aligned"


def test_words_of_hundreds_of_letters_are_aligned() -> None:
    word = "ab" * 120
    entries = [entry(word, " ".join("xy" * 120)), entry("a", "x"), entry("b", "y")]
    assert said(align(entries), entries, word) == " ".join("xy" * 120)


def test_no_word_left_is_an_error() -> None:
    with pytest.raises(DataError, match="no word is left"):
        align([])
    with pytest.raises(DataError, match=r"'w' \(6 segments for 1 letters\)"):
        align([entry("w", "d ʌ b l j u")])


def test_threads_below_one_are_an_error() -> None:
    with pytest.raises(ConfigError, match="threads: 0"):
        align([entry("a", "x")], threads=0)
