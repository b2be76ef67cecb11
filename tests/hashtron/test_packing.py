from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.hashtron.combiner_kernels import FRESH
from goldzone.hashtron.combiners import Stochastic, _stochastic_packing
from goldzone.hashtron.packing import packing_of

BITS: NDArray[np.uint8] = np.random.default_rng(4).integers(0, 2, (6, 50), dtype=np.uint8)


def naive_pack(table: NDArray[np.int64]) -> list[list[int]]:
    """Write each named bit behind the last, in words of 32 bits; a row that begins with -1 gives 0."""
    packed = []
    for row in table.tolist():
        texts = ["".join(str(BITS[bit, i]) for bit in row) for i in range(BITS.shape[1])]
        packed.append([0 if row[0] < 0 else int(text, 2) & 0xFFFFFFFF for text in texts])
    return packed


@st.composite
def tables(draw: st.DrawFn) -> NDArray[np.int64]:
    """Rows cut from a few sequences of bits, so that many are others shifted, in any order, some empty."""
    width = draw(st.sampled_from([1, 2, 3, 31, 32, 33]))
    rows: list[list[int]] = []
    for _ in range(draw(st.integers(1, 3))):
        sequence = draw(st.lists(st.integers(0, 5), min_size=width, max_size=width + 6))
        rows += [sequence[i : i + width] for i in range(len(sequence) - width + 1)]
    rows += [[-1] * width] * draw(st.integers(0, 2))
    return np.array(draw(st.permutations(rows)), dtype=np.int64)


@given(tables())
def test_features_hold_the_bits_that_the_table_names(table: NDArray[np.int64]) -> None:
    assert packing_of(table).pack(BITS).tolist() == naive_pack(table)


@given(tables())
def test_every_feature_is_made_once_and_after_its_source(table: NDArray[np.int64]) -> None:
    made: list[int] = []
    for feature, source, direction in packing_of(table).steps.tolist():
        assert direction == FRESH or source in made
        made.append(feature)
    assert sorted(made) == list(range(table.shape[0]))


@pytest.mark.parametrize("seed", range(5))
def test_the_features_of_a_stochastic_combiner_are_one_chain_or_few(seed: int) -> None:
    steps = _stochastic_packing(Stochastic(24, 32, seed), 24).steps
    assert np.count_nonzero(steps[:, 2] == FRESH) <= 2


def test_windows_of_one_stride_are_one_chain() -> None:
    table = np.arange(5)[:, None] + np.arange(2)
    assert np.count_nonzero(packing_of(table[::-1].copy()).steps[:, 2] == FRESH) == 1
