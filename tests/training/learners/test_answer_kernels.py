from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.learners.answer_kernels import pack_answers
from tests.naive.hashtron_filter import WORD, naive_hash

uint32 = st.integers(0, 2**32 - 1)


@given(
    st.lists(uint32, min_size=1, max_size=9),
    st.sampled_from([0, 1, 63, 64, 65, 128]),
    uint32,
    st.integers(1, 50),
    st.integers(0, 99),
)
def test_each_answer_is_the_bit_of_the_feature_s_cell(
    context: list[int], count: int, salt: int, premodulo: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    positions = generator.integers(0, len(context), count)
    keys = generator.integers(0, 2**32, count, dtype=np.uint32)
    bits = generator.integers(0, 2, premodulo, dtype=np.uint8)
    packed = np.full(-(-count // 64), 2**64 - 1, np.uint64)  # what was there goes
    columns = np.array(context, np.uint32), positions, keys
    pack_answers(*columns, np.uint32(salt), np.uint32(premodulo), bits, packed)
    answers = [
        int(bits[naive_hash((context[position] + key) & WORD, salt, premodulo)])
        for position, key in zip(positions.tolist(), keys.tolist(), strict=True)
    ]
    number = sum(answer << shift for shift, answer in enumerate(answers))
    assert packed.tolist() == [number >> (64 * word) & (2**64 - 1) for word in range(packed.size)]
