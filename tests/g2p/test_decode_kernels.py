from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldzone.data.lexicon import Lexicon
from goldzone.g2p import decode_kernels
from goldzone.g2p.decode_kernels import decode_words
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel
from goldzone.g2p.search_arrays import model_arrays
from goldzone.g2p.search_kernels import keep_best
from goldzone.g2p.task import TrainedModel
from goldzone.g2p.vote_kernels import FEATURE_BLOCK
from tests.g2p.small_models import small_model, small_word
from tests.naive.decoding import Path, naive_all_paths, naive_beam_search

seeds = st.integers(0, 2**32 - 1)


def search(model: G2PModel, words: list[list[int]], beam: int) -> list[list[Path]]:
    """Run the kernel on words of symbols; return the paths of each."""
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int64)
    symbol = np.array([symbol for word in words for symbol in word], dtype=np.int32)
    arrays = model_arrays(model)
    found = decode_words(arrays, offsets, symbol, beam, beam)
    return [
        [
            (
                int(found.cost[rank, word]),
                tuple(found.chunk[rank, offsets[word] : offsets[word + 1]].tolist()),
            )
            for rank in range(found.n_found[word])
        ]
        for word in range(len(words))
    ]


@given(seed=seeds, beam=st.integers(1, 5))
def test_the_kernel_is_the_naive_beam_search(seed: int, beam: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    decoder = Decoder(model)
    words = [decoder.encode(small_word(random, model, length)) for length in (5, 0, 3, 7, 1)]
    expected = [naive_beam_search(model, word, beam) for word in words]
    assert search(model, words, beam) == expected


@given(seed=seeds, beam=st.integers(1, 5), steps=st.integers(0, 20))
def test_what_is_too_far_behind_is_dropped_at_every_letter(seed: int, beam: int, steps: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    decoder = Decoder(model)
    farthest = steps * model_arrays(model).softmax.bits_per_vote
    words = [decoder.encode(small_word(random, model, length)) for length in (5, 0, 3, 7, 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode_kernels, "ANY_DISTANCE", np.int64(farthest))
        found = search(model, words, beam)
    assert found == [naive_beam_search(model, word, beam, farthest) for word in words]


@settings(max_examples=15)
@given(seed=seeds, beam=st.integers(1, 5))
def test_words_that_are_searched_together_are_said_as_each_alone(seed: int, beam: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    decoder = Decoder(model)
    lengths = random.integers(0, 9, size=FEATURE_BLOCK // beam)  # several blocks of features
    words = [decoder.encode(small_word(random, model, length)) for length in lengths]
    expected = [alone for word in words for alone in search(model, [word], beam)]
    assert search(model, words, beam) == expected
    assert search(model, words[::-1], beam) == expected[::-1]


@pytest.mark.parametrize("beam", [1, 5])
def test_a_trained_model_is_searched_like_word_by_word(
    beam: int, trained: TrainedModel, slovak: Lexicon
) -> None:
    decoder = Decoder(trained.model)
    words = [decoder.encode(entry.letters) for entry in slovak.entries[:500]]
    found = search(trained.model, words, beam)
    assert found == [alone for word in words for alone in search(trained.model, [word], beam)]
    assert found[:3] == [naive_beam_search(trained.model, word, beam) for word in words[:3]]


def test_as_many_ranks_are_written_as_are_asked_for() -> None:
    random = np.random.default_rng(4)
    model = small_model(random)
    word = Decoder(model).encode(small_word(random, model, 6))
    arrays = model_arrays(model)
    offsets, symbol = np.array([0, 6]), np.array(word, dtype=np.int32)
    found = decode_words(arrays, offsets, symbol, 4, 1)
    assert found.n_found.tolist() == [1]
    assert (int(found.cost[0, 0]), tuple(found.chunk[0].tolist())) == naive_beam_search(model, word, 4)[0]


@settings(max_examples=20)
@given(seed=seeds)
def test_a_beam_as_wide_as_all_paths_misses_none(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random, max_candidates=3)
    word = Decoder(model).encode(small_word(random, model, 4))
    (found,) = search(model, [word], 3**4)
    assert sorted(found) == sorted(naive_all_paths(model, word))
    assert [cost for cost, _ in found] == sorted(cost for cost, _ in found)


def test_an_empty_word_has_one_way_to_be_said_which_is_certain() -> None:
    assert search(small_model(np.random.default_rng(1)), [[], []], 3) == [[(0, ())], [(0, ())]]


def test_an_unknown_letter_says_nothing_and_costs_nothing() -> None:
    model = small_model(np.random.default_rng(1))
    silent = model.chunks.index(())
    assert search(model, [[-1, -1]], 3) == [[(0, (silent, silent))]]


def test_a_letter_with_one_candidate_costs_nothing() -> None:
    model = small_model(np.random.default_rng(1))
    only = int(model.candidates.chunk[0])
    assert search(model, [[0, 0, 0]], 2) == [[(0, (only, only, only))]]


@given(costs=st.lists(st.integers(0, 9), max_size=30), beam=st.integers(1, 8))
def test_the_lowest_costs_are_kept_in_order_and_equal_ones_by_index(costs: list[int], beam: int) -> None:
    kept = np.full(beam, -1, dtype=np.int64)
    # What lies beyond the costs in the buffer must not count.
    count = keep_best(np.array([*costs, -1], dtype=np.int64), len(costs), beam, kept)
    assert kept[:count].tolist() == sorted(range(len(costs)), key=lambda index: costs[index])[:beam]


def test_a_word_of_a_thousand_letters_is_said() -> None:
    random = np.random.default_rng(2)
    model = small_model(random)
    word = Decoder(model).encode(small_word(random, model, 1000))
    ((best, *_),) = search(model, [word], 4)
    assert best == naive_beam_search(model, word[:1000], 4)[0]
