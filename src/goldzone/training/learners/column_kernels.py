"""Compiled loops that pick columns of a table, and put them back: the samples that a change reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["pick_columns", "put_columns"]


@compiled
def pick_columns(table: NDArray[Any], columns: NDArray[np.int64], out: NDArray[Any]) -> None:
    """Copy columns: ``out[:, k] = table[:, columns[k]]``, for uint8 or uint32."""
    for row in range(table.shape[0]):
        source, target = table[row], out[row]
        for k in range(columns.shape[0]):
            target[k] = source[columns[k]]


@compiled
def put_columns(table: NDArray[Any], columns: NDArray[np.int64], values: NDArray[Any]) -> None:
    """Overwrite columns: ``table[:, columns[k]] = values[:, k]``, for uint8 or uint32."""
    for row in range(table.shape[0]):
        target, source = table[row], values[row]
        for k in range(columns.shape[0]):
            target[columns[k]] = source[k]
