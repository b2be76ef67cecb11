from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.ragged import take_rows


@given(st.data())
def test_the_items_of_the_chosen_rows_lie_end_to_end(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=6))
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    flat = np.array([item for row in rows for item in row], dtype=np.int64)
    offsets, position = take_rows(np.cumsum([0, *map(len, rows)]), np.array(chosen, dtype=np.int64))
    taken = [flat[position[first:last]].tolist() for first, last in itertools.pairwise(offsets)]
    assert taken == [rows[row] for row in chosen]
