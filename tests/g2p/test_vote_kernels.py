from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p.lane_kernels import fill_values
from goldzone.g2p.search_arrays import model_arrays
from goldzone.g2p.search_kernels import NO_TRACE
from goldzone.g2p.vote_kernels import LANE_BLOCK, add_votes, empty_memo, empty_workspace, score_words
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import GradedTable
from tests.g2p.small_models import small_model


@given(
    seed=st.integers(0, 2**32 - 1),
    n_lanes=st.sampled_from([0, 1, 7, LANE_BLOCK, LANE_BLOCK + 1, 3 * LANE_BLOCK]),
    n_bytes=st.sampled_from([0, 500, 1 << 20]),
    n_contexts=st.integers(1, 500),
)
def test_each_lane_gets_the_votes_of_every_neuron(
    seed: int, n_lanes: int, n_bytes: int, n_contexts: int
) -> None:
    """Whatever the memo holds: contexts that meet in one slot, that come again, that fill it."""
    random = np.random.default_rng(seed)
    model = small_model(random)
    arrays = model_arrays(model)
    most = arrays.most_candidates
    memo, work = empty_memo(most, n_bytes=n_bytes), empty_workspace(most)
    symbols = random.integers(len(model.letters), size=n_lanes).astype(np.int32)
    before = random.integers(100, size=(n_lanes, 4 * score_words(most)), dtype=np.uint16)
    scores = before.view(np.uint64).copy()
    expected = before.astype(int)
    for templates in (arrays.by_letters, arrays.by_choices, arrays.by_letters):
        pool = random.integers(2**32, size=(len(templates.atoms), n_contexts), dtype=np.uint32)
        parts = np.ascontiguousarray(pool[:, random.integers(n_contexts, size=n_lanes)])
        add_votes(arrays, templates, parts, symbols, memo, work, scores, NO_TRACE.of_words, 0)
        for index, number in enumerate(templates.number.tolist()):
            values = np.zeros(n_lanes, dtype=np.uint32)
            fill_values(templates, index, parts, 0, n_lanes, values)
            for of, table in zip(model.committee.template_of, model.committee.tables, strict=True):
                for lane in range(n_lanes if of == number else 0):
                    first, last = model.candidates.offsets[symbols[lane] : symbols[lane] + 2]
                    features = values[lane] + arrays.candidates.key[first:last]
                    lowest = -HIGHEST if isinstance(table, GradedTable) else 0
                    expected[lane, : last - first] += table.evaluate(features) - lowest
    assert scores.view(np.uint16).tolist() == expected.tolist()


@pytest.mark.parametrize("n_bytes", [0, 1 << 20])
def test_templates_that_see_the_same_value_do_not_share_votes(n_bytes: int) -> None:
    model = small_model(np.random.default_rng(3))
    arrays = model_arrays(model)
    most, n_neurons = arrays.most_candidates, len(model.committee.tables)
    own, other = (
        arrays.by_letters._replace(
            offsets=np.array([0, 1]),
            number=np.array([number]),
            first_neuron=np.array([first]),
            last_neuron=np.array([last]),
        )
        # Templates so far apart have the same slots, whatever the size of the memo.
        for number, first, last in ((0, 0, n_neurons), (1 << 31, 0, 0))
    )
    memo, work = empty_memo(most, n_bytes=n_bytes), empty_workspace(most)
    parts, symbols = np.full((len(own.atoms), 1), 99, dtype=np.uint32), np.ones(1, dtype=np.int32)
    counted = []
    for templates in (own, other, own):
        scores = np.zeros((1, score_words(most)), dtype=np.uint64)
        add_votes(arrays, templates, parts, symbols, memo, work, scores, NO_TRACE.of_words, 0)
        counted.append(int(scores.view(np.uint16).sum()))
    assert counted[0] == counted[2] > 0
    assert counted[1] == 0


@pytest.mark.parametrize("most_candidates", [1, 4, 5, 24, 25, 300])
def test_rows_of_a_memo_begin_at_cache_lines_and_hold_all_votes(most_candidates: int) -> None:
    memo = empty_memo(most_candidates)
    assert memo.words.ctypes.data % 64 == 0
    assert memo.row_words % 8 == 0
    assert 2 + score_words(most_candidates) <= memo.row_words
    assert memo.words.size == (memo.n_slots + LANE_BLOCK) * memo.row_words
    assert memo.n_slots.bit_count() == 1
    assert 1 << 19 < 8 * memo.n_slots * memo.row_words <= 1 << 20
    assert np.shares_memory(memo.words, memo.votes)


@pytest.mark.parametrize(("candidates", "words"), [(1, 1), (4, 1), (5, 2), (24, 6), (255, 64)])
def test_four_scores_share_a_word(candidates: int, words: int) -> None:
    assert score_words(candidates) == words
