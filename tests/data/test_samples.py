from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.alignment import AlignedLexicon, Unalignable, align
from goldzone.data.atom_kernels import UNKNOWN_SYMBOL
from goldzone.data.builtin import load_builtin, load_builtin_sentences
from goldzone.data.candidates import CandidateTable, build_candidates, gold_candidates
from goldzone.data.homographs import HomographSample, homograph_samples, homograph_table, split_sentences
from goldzone.data.lexicon import Entry
from goldzone.data.samples import (
    WORD_WEIGHT,
    Samples,
    candidate_keys,
    even_cuts,
    sentence_samples,
    sentence_vocabulary,
    word_samples,
)
from goldzone.data.sound_classes import no_classes, sound_classes
from goldzone.data.templates import SENTENCE_TEMPLATES, parse_templates
from goldzone.errors import DataError
from tests.naive.committee import naive_features
from tests.naive.contexts import naive_sight
from tests.naive.hashtron_filter import WORD, naive_hash

TEMPLATES = ("L-1..1", "C1..2 S1", "L0 same", "said end4")


def entry(word: str, *pronunciations: str) -> Entry:
    return Entry(word, tuple(word), tuple(map(tuple, pronunciations)))


ENTRIES = (
    entry("aba", "xyx", "xy", "yyx"),
    entry("bab", "yxy"),
    entry("ab", "xy", "x"),
    entry("abba", "xyx", "xyyx", "xx", "xzyx", "zyyx"),
    entry("ba", "yx"),
    entry("b", *("y" * length for length in range(1, 6)), *("yx" * length for length in range(1, 3))),
    entry("a", *(first + "y" * length for first in "xzu" for length in range(5))),
)


def built(threads: int = 1) -> tuple[AlignedLexicon, CandidateTable, Samples]:
    aligned = align(ENTRIES)
    candidates = build_candidates(aligned)
    templates = parse_templates(TEMPLATES)
    samples = word_samples(aligned, sound_classes(aligned), candidates, templates, threads=threads)
    return aligned, candidates, samples


def test_every_candidate_of_every_letter_is_a_sample() -> None:
    aligned, candidates, samples = built()
    assert (samples.n_sequences, samples.n_positions) == (aligned.n_sequences, aligned.letter.size)
    assert samples.n_templates == len(TEMPLATES)
    assert samples.context.shape == (len(TEMPLATES), samples.n_positions)
    assert np.array_equal(samples.offsets, aligned.offsets)
    assert np.array_equal(samples.symbol, aligned.letter)
    assert np.array_equal(samples.gold, gold_candidates(aligned, candidates))
    counts = [int(np.diff(candidates.offsets)[letter]) for letter in aligned.letter]
    assert samples.sample_offsets.tolist() == np.cumsum([0, *counts]).tolist()
    assert samples.n_samples == sum(counts)
    types = {field.name: str(getattr(samples, field.name).dtype) for field in fields(samples)}
    assert types == {
        "offsets": "int64",
        "symbol": "int32",
        "context": "uint32",
        "candidate_offsets": "int64",
        "candidate_key": "uint32",
        "sample_offsets": "int64",
        "gold": "int32",
        "weight": "int32",
    }


def test_the_right_sample_is_the_aligned_chunk() -> None:
    aligned, candidates, samples = built()
    listed = 0
    for position, (symbol, gold) in enumerate(zip(samples.symbol, samples.gold, strict=True)):
        if gold >= 0:
            assert candidates.chunk[samples.candidate_offsets[symbol] + gold] == aligned.chunk[position]
            listed += 1
    assert listed > samples.n_positions / 2


def test_pronunciations_share_the_weight_of_their_word() -> None:
    aligned, _, samples = built()
    for sequence, (start, stop) in enumerate(pairwise(samples.offsets.tolist())):
        pronunciations = int((aligned.entry == aligned.entry[sequence]).sum())
        assert samples.weight[start:stop].tolist() == [max(1, WORD_WEIGHT // pronunciations)] * (stop - start)
    found = {ENTRIES[number].word: int(samples.weight[start]) for number, start in _first_positions(aligned)}
    # One, two, three, seven and fifteen pronunciations.
    assert [found[word] for word in ("bab", "ab", "aba", "b", "a")] == [12, 6, 4, 1, 1]


def _first_positions(aligned: AlignedLexicon) -> list[tuple[int, int]]:
    return list(zip(aligned.entry.tolist(), aligned.offsets[:-1].tolist(), strict=True))


def test_keys_of_candidates_stay_what_models_on_disk_depend_on() -> None:
    _, candidates, samples = built()
    assert samples.candidate_key.tolist() == [
        naive_hash(chunk, 0x60D2, WORD) for chunk in candidates.chunk.tolist()
    ]
    assert candidate_keys(np.array([3], np.int32)).tolist() == [naive_hash(3, 0x60D2, WORD)]


def test_contexts_see_the_letters_and_the_aligned_chunks_before() -> None:
    aligned, _, samples = built()
    number = {segment: index for index, segment in enumerate(aligned.segments)}
    segments_of = [[number[segment] for segment in chunk] for chunk in aligned.chunks]
    for text, row in zip(TEMPLATES, samples.context.tolist(), strict=True):
        sights = [
            naive_sight(text, aligned.letter[start:stop].tolist(), position, chunks, segments_of)
            for start, stop in pairwise(aligned.offsets.tolist())
            for chunks in [aligned.chunk[start:stop].tolist()]
            for position in range(stop - start)
        ]
        assert len(set(row)) == len(set(sights)) == len(set(zip(row, sights, strict=True)))


def same(first: Samples, second: Samples) -> bool:
    return all(
        np.array_equal(getattr(first, field.name), getattr(second, field.name)) for field in fields(Samples)
    )


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads: int) -> None:
    assert same(built()[2], built(threads)[2])
    aligned = align(load_builtin("slovak").entries[:200])
    candidates = build_candidates(aligned)
    templates = parse_templates(["L-1..1 C1", "S1..3 said"])
    classes = sound_classes(aligned)
    assert same(
        word_samples(aligned, classes, candidates, templates),
        word_samples(aligned, classes, candidates, templates, threads=threads),
    )


def test_a_lexicon_of_which_nothing_was_aligned_is_refused() -> None:
    empty = AlignedLexicon(
        (),
        (),
        (),
        np.zeros(1, np.int64),
        np.zeros(0, np.int32),
        np.zeros(0, np.int32),
        np.zeros(0, np.int32),
        Unalignable(7, (("w", "too long"),)),
    )
    table = CandidateTable(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))
    with pytest.raises(DataError) as caught:
        word_samples(empty, no_classes(0, 0), table, parse_templates(["L0"]))
    assert str(caught.value) == "no word could be aligned (7 were tried); check the lexicon"


@given(st.integers(1, 500), st.integers(1, 40))
def test_cuts_are_even_and_cover_everything(total: int, parts: int) -> None:
    cuts = even_cuts(total, parts)
    assert len(cuts) == min(total, parts)
    assert [first for first, _ in cuts] == [0, *(last for _, last in cuts[:-1])]
    assert cuts[-1][1] == total
    lengths = [last - first for first, last in cuts]
    assert 1 <= min(lengths) <= max(lengths) <= min(lengths) + 1


def test_nothing_is_cut_into_one_empty_range() -> None:
    assert even_cuts(0, 3) == [(0, 0)]


READ_NOW, READ_THEN = ("r", "i", "d"), ("r", "e", "d")
LEAD, LED = ("l", "i", "d"), ("l", "e", "d")


def homograph(text: str, position: int, right: tuple[str, ...]) -> HomographSample:
    words = tuple(text.split())
    known = {"read": (READ_NOW, READ_THEN), "lead": (LED, LEAD)}
    return HomographSample(words, position, right, known.get(words[position].lower(), ()))


TRAIN = (
    homograph("they read it", 1, READ_NOW),
    homograph("They Read all", 1, READ_THEN),
    homograph("lead on", 0, LEAD),
    homograph("it was read", 2, ("r",)),
    homograph("it was tear", 2, ("t",)),
)
VOCABULARY = sentence_vocabulary(TRAIN)


def test_the_vocabulary_is_in_small_letters_and_sorted() -> None:
    assert VOCABULARY == ("all", "it", "lead", "on", "read", "tear", "they", "was")


def test_a_sentence_is_one_position_with_the_candidates_of_its_word() -> None:
    samples = sentence_samples(TRAIN, VOCABULARY, parse_templates(SENTENCE_TEMPLATES))
    assert samples.offsets.tolist() == [0, 1, 2, 3, 4, 5]
    assert samples.n_sequences == samples.n_positions == 5
    assert samples.sample_offsets.tolist() == [0, 2, 4, 6, 8, 8]
    assert samples.gold.tolist() == [0, 1, 1, -1, -1]
    assert samples.weight.tolist() == [WORD_WEIGHT] * 5
    assert samples.context.shape == (len(SENTENCE_TEMPLATES), 5)
    # Four pronunciations, four keys; a word's own wherever it stands.
    assert samples.symbol.tolist()[:4] == [0, 0, 1, 0]
    assert samples.candidate_offsets.tolist()[:3] == [0, 2, 4]
    assert len(set(samples.candidate_key.tolist())) == 4


def test_held_out_sentences_have_the_features_that_they_have_among_all_others() -> None:
    """Keys and contexts must not depend on which homographs happen to stand beside a sentence."""
    templates = parse_templates(SENTENCE_TEMPLATES)
    whole = sentence_samples(TRAIN, VOCABULARY, templates)
    for number in range(4):
        alone = sentence_samples(TRAIN[number : number + 1], VOCABULARY, templates)
        start, stop = whole.sample_offsets[number : number + 2]
        for template in range(len(templates)):
            assert naive_features(alone, template) == naive_features(whole, template)[start:stop]


def test_a_sentence_s_context_is_that_of_its_marked_word() -> None:
    texts = ("L-1..1", "L0 L2", "start4 end6")
    extended = (*TRAIN, homograph("they read on", 1, READ_NOW), homograph("we READ on", 1, READ_NOW))
    samples = sentence_samples(extended, VOCABULARY, parse_templates(texts))
    symbol = {word: number for number, word in enumerate(VOCABULARY)}
    for text, row in zip(texts, samples.context.tolist(), strict=True):
        sights = [
            naive_sight(
                text,
                [symbol.get(word.lower(), UNKNOWN_SYMBOL) for word in sample.words],
                sample.position,
                [0] * len(sample.words),
                [()],
            )
            for sample in extended
        ]
        assert len(set(row)) == len(set(sights)) == len(set(zip(row, sights, strict=True)))


def test_words_that_training_never_saw_are_all_alike() -> None:
    unseen = [homograph(f"{word} read it", 1, READ_NOW) for word in ("we", "you", "they", "")]
    unseen[-1] = homograph("read it", 0, READ_NOW)
    samples = sentence_samples(unseen, VOCABULARY, parse_templates(["L-1"]))
    we, you, they, nobody = samples.context[0].tolist()
    assert we == you
    assert len({we, they, nobody}) == 3


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing_for_sentences(threads: int) -> None:
    sentences = load_builtin_sentences("english_homographs").sentences
    split = split_sentences(sentences)
    data = homograph_samples(split.dev, homograph_table(split.train))
    templates = parse_templates(SENTENCE_TEMPLATES)
    vocabulary = sentence_vocabulary(data)
    one = sentence_samples(data, vocabulary, templates)
    assert same(one, sentence_samples(data, vocabulary, templates, threads=threads))


@pytest.mark.parametrize(
    ("samples", "texts", "problem"),
    [
        ((), ["L0"], "no sentence marks a homograph; give sentence<TAB>pronunciations rows"),
        (TRAIN[4:], ["L0"], "no homograph has a candidate; lower min_count or give more sentences"),
        (
            TRAIN,
            ["L0", "L0 C1"],
            "a sentence template reads earlier choices (C, S, same, said); use L, start",
        ),
        (TRAIN, ["S1"], "a sentence template reads earlier choices"),
        (TRAIN, ["same"], "a sentence template reads earlier choices"),
        (TRAIN, ["said"], "a sentence template reads earlier choices"),
    ],
)
def test_sentences_that_teach_nothing_are_refused(
    samples: tuple[HomographSample, ...], texts: list[str], problem: str
) -> None:
    with pytest.raises(DataError) as caught:
        sentence_samples(samples, VOCABULARY, parse_templates(texts))
    assert str(caught.value).startswith(problem)
