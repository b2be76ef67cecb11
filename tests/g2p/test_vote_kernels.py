from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p.lane_kernels import empty_lanes, fill_values
from goldzone.g2p.search_arrays import model_arrays
from goldzone.g2p.vote_kernels import FEATURE_BLOCK, add_votes, empty_workspace, list_features
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import GradedTable
from tests.g2p.small_models import small_model


@given(
    seed=st.integers(0, 2**32 - 1),
    n_lanes=st.sampled_from([0, 1, 7, FEATURE_BLOCK - 1, FEATURE_BLOCK, 2 * FEATURE_BLOCK + 1]),
    kept=st.booleans(),
)
def test_each_candidate_of_each_lane_gets_the_votes_of_every_neuron(
    seed: int, n_lanes: int, kept: bool
) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    arrays = model_arrays(model)
    lanes, work = empty_lanes(n_lanes), empty_workspace(n_lanes, arrays.most_candidates)
    lanes.symbol[:] = random.integers(len(model.letters), size=n_lanes)
    n_features = int(list_features(arrays.candidates, lanes, n_lanes, work))
    candidates = [range(*model.candidates.offsets[symbol : symbol + 2]) for symbol in lanes.symbol]
    assert lanes.first.tolist() == np.cumsum([0, *map(len, candidates)]).tolist()

    scores = random.integers(100, size=n_features, dtype=np.uint16)
    expected = scores.astype(int)
    for templates in (arrays.by_letters, arrays.by_choices):
        parts = random.integers(2**32, size=(len(templates.atoms), n_lanes), dtype=np.uint32)
        seen = np.zeros((len(templates.number) if kept else 0, n_lanes + 3), dtype=np.uint32)
        add_votes(arrays, templates, parts, lanes, n_lanes, work, scores, seen, 3)
        for index, number in enumerate(templates.number.tolist()):
            values = np.zeros(n_lanes, dtype=np.uint32)
            fill_values(templates, index, parts, n_lanes, values)
            assert not kept or seen[index].tolist() == [0, 0, 0, *values.tolist()]
            for of, table in zip(model.committee.template_of, model.committee.tables, strict=True):
                for lane in range(n_lanes if of == number else 0):
                    features = values[lane] + arrays.candidates.key[candidates[lane]]
                    lowest = -HIGHEST if isinstance(table, GradedTable) else 0
                    own = expected[lanes.first[lane] : lanes.first[lane + 1]]
                    own += table.evaluate(features) - lowest
    assert scores.tolist() == expected.tolist()
