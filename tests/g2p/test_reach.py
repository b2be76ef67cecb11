from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p import reach
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.reach import in_reach
from tests.g2p.small_models import small_model, small_word
from tests.naive.reach import naive_can_say

sayings = st.lists(st.text("xyz", min_size=1, max_size=6).map(tuple), min_size=1, max_size=3)


@given(st.integers(0, 2**32 - 1), st.lists(sayings, max_size=9))
def test_a_word_is_in_reach_where_some_path_says_one_of_its_pronunciations(
    seed: int, listed: list[list[tuple[str, ...]]]
) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    words = [Decoder(model).encode(small_word(random, model, int(random.integers(1, 6)))) for _ in listed]
    assert in_reach(model, words, listed).tolist() == [
        any(naive_can_say(model, word, "".join(said)) for said in pronunciations)
        for word, pronunciations in zip(words, listed, strict=True)
    ]


@given(st.integers(0, 2**32 - 1))
def test_whatever_the_search_says_is_in_reach(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    decoder = Decoder(model)
    words = [small_word(random, model, 4) for _ in range(5)]
    said = [found[0].segments for found in decoder.decode(words, beam=2)]
    assert in_reach(model, [decoder.encode(word) for word in words], [[row] for row in said]).all()


def test_pronunciations_are_compared_as_texts() -> None:
    model = replace(small_model(np.random.default_rng(2)), segments=("t͡s", "y", "z"))
    words, said = [["a"], ["a"]], [[("t", "͡s")], [("t", "s")]]
    chunk = model.candidates.chunk.copy()
    chunk[0] = model.chunks.index((0,))
    model = replace(model, candidates=replace(model.candidates, chunk=chunk))
    symbols = [Decoder(model).encode(word) for word in words]
    assert in_reach(model, symbols, said).tolist() == [True, False]


def test_how_many_are_asked_for_together_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    model = small_model(random)
    words = [Decoder(model).encode(small_word(random, model, 3)) for _ in range(40)]
    listed = [[tuple("xyz"[: 1 + n % 3]), ("y",) * (n % 4 + 1)] for n in range(40)]
    expected = in_reach(model, words, listed).tolist()
    assert any(expected)
    assert not all(expected)
    monkeypatch.setattr(reach, "_TOGETHER", 7)
    assert in_reach(model, words, listed).tolist() == expected


def test_of_no_word_nothing_is_told() -> None:
    assert in_reach(small_model(np.random.default_rng(1)), [], []).tolist() == []
