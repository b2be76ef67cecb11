from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.combiner_kernels import (
    FRESH,
    LEFT,
    RIGHT,
    count_bits,
    majority,
    pack_bits,
    query_counts,
)
from goldzone.hashtron.combiners import CrossAttention
from tests.naive.hashtron_combiners import naive_feature

BITS: NDArray[np.uint8] = np.random.default_rng(4).integers(0, 2, (6, 50), dtype=np.uint8)
TABLE = np.array([[0, 5, 5], [2, 1, 0], [-1, 3, 3]])
ALONE = np.array([[0, 0, FRESH], [1, 1, FRESH], [2, 2, FRESH]])
"""Steps that make each feature bit by bit."""


def stale(*shape: int) -> NDArray[np.uint32]:
    """Memory that a kernel has to overwrite."""
    return np.full(shape, 99, dtype=np.uint32)


def test_bits_are_packed_with_the_first_named_highest() -> None:
    out = stale(3, 50)
    pack_bits(BITS, TABLE, ALONE, out)
    wide = BITS.astype(np.uint32)
    assert np.array_equal(out[0], 4 * wide[0] + 3 * wide[5])
    assert np.array_equal(out[1], 4 * wide[2] + 2 * wide[1] + wide[0])
    assert not out[2].any()


def test_more_than_32_bits_push_the_first_ones_out() -> None:
    out = stale(1, 50)
    pack_bits(BITS, np.array([[1, *[0] * 31, 0]]), ALONE[:1], out)
    assert np.array_equal(out[0], BITS[0] * np.uint32(0xFFFFFFFF))


def test_a_feature_may_be_another_one_shifted() -> None:
    table = np.array([[4, 0, 5, 1], [0, 5, 1, 2], [3, 4, 0, 5]])
    shifted, alone = stale(3, 50), stale(3, 50)
    pack_bits(BITS, table, np.array([[0, 0, FRESH], [2, 0, RIGHT], [1, 0, LEFT]]), shifted)
    pack_bits(BITS, table, ALONE, alone)
    assert np.array_equal(shifted, alone)


def test_threes_are_counted() -> None:
    for dim, heads, masked in ((6, 1, False), (6, 1, True), (3, 2, False), (5, 2, True), (3, 4, True)):
        attention = CrossAttention(dim, heads, queries=True, masked=masked)
        bits = np.random.default_rng(dim).integers(0, 2, (dim * heads, 40), dtype=np.uint8)
        out = stale(attention.n_features, 40)
        query_counts(bits, dim, masked, out)
        samples = bits.T.tolist()
        naive = [[naive_feature(attention, row, n) for row in samples] for n in range(out.shape[0])]
        assert out.tolist() == naive


def test_named_bits_are_counted() -> None:
    out = stale(2, 50)
    count_bits(BITS, TABLE[:2], out)
    assert np.array_equal(out[0], BITS[0] + 2 * BITS[5])
    assert np.array_equal(out[1], BITS[:3].sum(axis=0))


def test_groups_vote() -> None:
    votes = np.full((2, 50), 9, dtype=np.uint8)
    for bias in (-1, 0, 1):
        majority(BITS, 3, bias, votes)
        lead = 2 * BITS.reshape(2, 3, 50).sum(axis=1).astype(int) - 3
        assert np.array_equal(votes, lead > bias)
