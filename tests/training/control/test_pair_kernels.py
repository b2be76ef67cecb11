from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.pair_kernels import count_common, count_ones


@given(st.integers(0, 2**64 - 1))
def test_ones_of_a_word_are_counted(word: int) -> None:
    assert count_ones(np.uint64(word)) == word.bit_count()


@pytest.mark.parametrize("word", [0, 1, 1 << 63, 2**64 - 1, 0x5555555555555555])
def test_ones_at_the_ends_of_a_word_are_counted(word: int) -> None:
    assert count_ones(np.uint64(word)) == word.bit_count()


@given(st.integers(0, 6), st.sampled_from([0, 1, 2, 63, 64, 65, 130]), st.integers(0, 99))
def test_samples_that_two_neurons_both_answer_with_one_are_counted(rows: int, words: int, seed: int) -> None:
    packed = np.random.default_rng(seed).integers(0, 2**64, (rows, words), dtype=np.uint64)
    common = np.full((rows, rows), -1, np.int64)
    count_common(packed, common)
    assert common.tolist() == [
        [sum((a & b).bit_count() for a, b in zip(one, other, strict=True)) for other in packed.tolist()]
        for one in packed.tolist()
    ]
