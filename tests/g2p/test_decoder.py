from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldzone.data.lexicon import Lexicon
from goldzone.data.settings import LanguageSettings
from goldzone.g2p.decode_kernels import decode_words
from goldzone.g2p.decoder import Decoder, Pronunciation
from goldzone.g2p.search_arrays import model_arrays
from goldzone.g2p.task import TrainedModel
from tests.g2p.small_models import small_model, small_word
from tests.naive.decoding import naive_all_paths, naive_probabilities

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def decoder(trained: TrainedModel) -> Decoder:
    return Decoder(trained.model)


@given(seed=seeds, n_best=st.integers(1, 6), beam=st.integers(1, 6))
def test_pronunciations_are_distinct_ordered_and_no_more_than_asked_for(
    seed: int, n_best: int, beam: int
) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    words = [small_word(random, model, length) for length in (6, 0, 2, 4)]
    for found in Decoder(model).decode(words, beam=beam, n_best=n_best):
        assert 1 <= len(found) <= n_best
        assert len({pronunciation.segments for pronunciation in found}) == len(found)
        probabilities = [pronunciation.log2_probability for pronunciation in found]
        assert probabilities == sorted(probabilities, reverse=True)
        assert probabilities[0] <= 0
        assert math.copysign(1, probabilities[0]) == 1 or probabilities[0] < 0  # no "-0.0" on the screen


@settings(max_examples=20)
@given(seed=seeds)
def test_answers_are_ranked_by_the_most_probable_of_all_ways_to_say_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random, max_candidates=3)
    decoder = Decoder(model)
    word = small_word(random, model, 4)
    (found,) = decoder.decode([word], beam=81, n_best=81)
    best: dict[tuple[str, ...], float] = {}
    paths = naive_all_paths(model, decoder.encode(word))
    if model.committee.graded:
        paths = naive_probabilities(model, paths)
    bits_unknown = sum(math.log2(len(model.chunks)) for symbol in decoder.encode(word) if symbol < 0)
    for cost, chunks in sorted(paths, reverse=True):
        said = tuple(model.segments[segment] for chunk in chunks for segment in model.chunks[chunk])
        best[said] = -cost / 2**16 - bits_unknown
    assert {p.segments: p.log2_probability for p in found} == best


def test_the_beam_is_raised_to_the_number_of_pronunciations_wanted(decoder: Decoder) -> None:
    word = decoder.letters("nezodpovednosť")
    (few,) = decoder.decode([word], beam=1, n_best=1)
    (many,) = decoder.decode([word], beam=1, n_best=8)
    assert len(few) == 1
    assert len(many) > 4
    assert many == decoder.decode([word], beam=8, n_best=8)[0]


def test_threads_and_batches_change_nothing(decoder: Decoder, slovak: Lexicon) -> None:
    words = [entry.letters for entry in slovak.entries[:1100]]  # more than two jobs
    expected = decoder.decode(words, beam=3, n_best=3)
    for threads in (2, 7):
        assert decoder.decode(words, beam=3, n_best=3, threads=threads) == expected
    alone = [decoder.decode([word], beam=3, n_best=3)[0] for word in words[::50]]
    assert alone == expected[::50]


def test_equal_words_have_equal_answers_that_are_not_one_object(decoder: Decoder) -> None:
    words = [list("voda"), ("v", "o", "d", "a"), list("VODA")]
    first, *others = decoder.decode(words, beam=3, n_best=2)
    assert others == [first, first]
    first.clear()
    assert len(others[0]) == 2


def test_the_order_of_words_changes_nothing_but_the_order(decoder: Decoder, slovak: Lexicon) -> None:
    words = [entry.letters for entry in slovak.entries[:400]]
    expected = decoder.decode(words, beam=2)
    assert decoder.decode(words[::-1], beam=2) == expected[::-1]


def test_what_was_said_before_changes_nothing(trained: TrainedModel, slovak: Lexicon) -> None:
    words = [entry.letters for entry in slovak.entries[:200]]
    used = Decoder(trained.model)
    used.decode([entry.letters for entry in slovak.entries[200:900]], beam=5, threads=2)
    assert used.decode(words, beam=5) == Decoder(trained.model).decode(words, beam=5)


def test_no_words_are_no_answers(decoder: Decoder) -> None:
    assert decoder.decode([], beam=4, threads=3) == []


def test_a_wider_beam_finds_more_probable_pronunciations(trained: TrainedModel, slovak: Lexicon) -> None:
    arrays, decoder = model_arrays(trained.model), Decoder(trained.model)
    words = [decoder.encode(entry.letters) for entry in slovak.entries[:300]]
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int64)
    symbol = np.array([letter for word in words for letter in word], dtype=np.int32)
    greedy, wide = (decode_words(arrays, offsets, symbol, beam, 1).cost[0].sum() for beam in (1, 16))
    assert wide < greedy


@pytest.mark.parametrize(
    ("letter", "known"),
    [
        ("a", "a"),
        ("A", "a"),  # the small letter
        ("à", "a"),  # the base letter
        ("À", "a"),  # its small letter
        ("Á", "á"),  # the small letter before the base letter
    ],
)
def test_a_letter_never_seen_counts_as_its_nearest_known_one(
    decoder: Decoder, letter: str, known: str
) -> None:
    assert decoder.encode([letter]) == [decoder.model.letters.index(known)]


@pytest.mark.parametrize("letter", ["ж", "字", "😀", "\u0301", "\ud800", "", "1"])
def test_a_letter_without_a_known_relative_is_unknown(decoder: Decoder, letter: str) -> None:
    assert decoder.encode([letter]) == [-1]


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "-",
        "-voda",
        "voda a mesto",
        "voda\tmesto\n",
        "VODA",
        "vo\u0301da",
        "\u0301\u0302",
        "😀voda😀",
        "вода",
        "水",
        "\u202e\u200d\u00ad",
        "\ud800",
        "\0",
        "ǅ" * 3,
        "voda" * 250,
    ],
)
def test_every_text_gets_an_answer(decoder: Decoder, word: str) -> None:
    (found,) = decoder.decode([decoder.letters(word)], beam=2, n_best=2)
    assert found


@given(st.text(max_size=20))
def test_any_text_gets_an_answer(decoder: Decoder, word: str) -> None:
    (found,) = decoder.decode([decoder.letters(word)], beam=2)
    assert len(found) == 1


def test_a_word_is_spelled_as_the_model_was_trained(decoder: Decoder) -> None:
    assert decoder.letters("'VO da'") == ("v", "o", " ", "d", "a")  # signs at the ends say nothing
    plain = replace(decoder.model, settings=LanguageSettings(lower=False, trim="'"))
    assert Decoder(plain).letters("'VO'") == ("V", "O")


def test_a_pronunciation_reads_as_one_text() -> None:
    assert Pronunciation(("v", "ɔ", "da"), -1.5).text == "vɔda"


def test_words_are_spelled_with_the_marks_of_the_model_parted() -> None:
    model = small_model(np.random.default_rng(1))
    assert Decoder(model).letters("hoàn") == ("h", "o", "à", "n")
    assert Decoder(replace(model, parted_marks="\u0300")).letters("hoàn") == ("h", "o", "a", "n", "\u0300")
