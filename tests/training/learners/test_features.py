from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.samples import Samples
from goldzone.training.learners.features import count_distinct
from tests.naive.committee import naive_features


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=30),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.integers(0, 99),
)
def test_different_features_are_counted(places: list[tuple[int, int]], counts: list[int], seed: int) -> None:
    # Contexts and keys are so few that sums of different ones meet, also past 2**32.
    generator = np.random.default_rng(seed)
    symbol = np.array([symbol for symbol, _ in places], np.int32)
    near = np.array([value + 2**32 - 3 for _, value in places], np.int64)
    samples = Samples(
        offsets=np.array([0, len(places)]),
        symbol=symbol,
        context=np.stack([np.zeros(len(places)), near]).astype(np.int64).astype(np.uint32),
        candidate_offsets=np.cumsum([0, *counts]),
        candidate_key=generator.integers(0, 5, sum(counts), dtype=np.uint32),
        sample_offsets=np.cumsum([0, *np.array(counts)[symbol]]),
        gold=np.zeros(len(places), np.int32),
        weight=np.ones(len(places), np.int32),
    )
    for template in (0, 1):
        assert count_distinct(samples, template) == len(set(naive_features(samples, template)))
