from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.kernels import fold_hash, hash_array, insert_keys
from goldzone.hashtron.quaternary import build_filter
from tests.naive.hashtron_filter import naive_build, naive_hash

UINT32 = st.integers(0, 2**32 - 1)


def test_an_array_may_be_hashed_in_place() -> None:
    values = np.arange(1000, dtype=np.uint32)
    hash_array(values, np.uint32(3), np.uint32(77), values)
    assert values.tolist() == [naive_hash(n, 3, 77) for n in range(1000)]


@given(UINT32, st.lists(UINT32, max_size=5))
def test_folding_hashes_once_for_each_salt(start: int, salts: list[int]) -> None:
    expected = start
    for salt in salts:
        expected = naive_hash(expected, salt, 0xFFFFFFFF)
    assert fold_hash(np.uint32(start), np.array(salts, dtype=np.uint32)) == expected


@given(st.integers(0, 2**32 - 1), st.sampled_from([100, 700]), st.sampled_from([5, 2**11, 2**32]))
def test_a_large_filter_is_the_same_as_by_its_definition(seed: int, count: int, highest: int) -> None:
    generator = np.random.default_rng(seed)
    keys = np.unique(generator.integers(0, highest, count, dtype=np.uint32))
    values = generator.integers(0, 2, keys.size)
    pairs = dict(zip(keys.tolist(), values.tolist(), strict=True))
    assert build_filter(keys, values) == naive_build(pairs)


def test_keys_that_change_as_many_cells_as_allowed_need_a_larger_filter() -> None:
    keys, values = np.array([4], dtype=np.uint32), np.array([1], dtype=np.uint8)
    assert not insert_keys(np.zeros(2, np.uint8), keys, values, 1)
    assert insert_keys(np.zeros(2, np.uint8), keys, values, 2)
    # A key that meets nothing but conflicts never finds a cell.
    assert not insert_keys(np.full(2, 0xFF, np.uint8), keys, values, 5)
    # A value equal to the key's lowest bit needs no cell at all.
    assert insert_keys(np.zeros(2, np.uint8), keys, 1 - values, 1)
