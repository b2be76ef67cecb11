"""Rows of different lengths that lie end to end in one array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["take_rows"]


def take_rows(
    offsets: NDArray[np.int64], chosen: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the items of some rows, end to end.

    Parameters
    ----------
    offsets : int64[n_rows + 1]
        Row i is ``offsets[i] .. offsets[i + 1] - 1``.
    chosen : integers[n]
        Rows, in any order, some perhaps several times.

    Returns
    -------
    offsets : int64[n + 1]
        Of the chosen rows.
    position : int64[n_items]
        Where each of their items was.

    Examples
    --------
    >>> take_rows(np.array([0, 2, 2, 5]), np.array([2, 0]))
    (array([0, 3, 5]), array([2, 3, 4, 0, 1]))
    """
    lengths = np.diff(offsets)[chosen]
    new = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    position: NDArray[np.int64] = np.arange(new[-1]) + np.repeat(offsets[chosen] - new[:-1], lengths)
    return new, position
