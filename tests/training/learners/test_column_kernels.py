from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goldzone.training.learners.column_kernels import pick_columns, put_columns

COLUMNS = np.array([6, 0, 3, 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32])
def test_picked_columns_are_those_named(dtype: Any) -> None:
    table = np.arange(24, dtype=dtype).reshape(3, 8)
    out = np.full((3, 4), 99, dtype=dtype)
    pick_columns(table, COLUMNS, out)
    assert np.array_equal(out, table[:, COLUMNS])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32])
def test_columns_are_put_where_they_came_from_and_nowhere_else(dtype: Any) -> None:
    table = np.zeros((3, 8), dtype=dtype)
    put_columns(table, COLUMNS[:3], np.arange(1, 10, dtype=dtype).reshape(3, 3))
    assert table.tolist() == [
        [2, 0, 0, 3, 0, 0, 1, 0],
        [5, 0, 0, 6, 0, 0, 4, 0],
        [8, 0, 0, 9, 0, 0, 7, 0],
    ]
