"""Compiled loop of the pair tally: what each sample decides for two neurons, first come first served."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled

__all__ = ["UNDECIDED", "decide_samples"]

UNDECIDED = 2
"""What a value's decision is before the first sample that needs it; afterwards 0 or 1."""


@compiled
def decide_samples(
    open_samples: NDArray[np.int64],
    first_value: NDArray[np.int64],
    second_value: NDArray[np.int64],
    wrong: NDArray[np.bool_],
    first_bit: NDArray[np.uint8],
    second_bit: NDArray[np.uint8],
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
) -> None:
    """Write what the samples decide to `first` and `second`, unless earlier samples decided otherwise.

    Combination k flips the first neuron when k & 1 and the second when k & 2. Tried in turn: the first neuron
    alone, the second alone, both.

    Parameters
    ----------
    open_samples : int64[n_open]
        The samples that may decide, in order.
    first_value : int64[n_samples]
        Number of the value that the first neuron sees.
    second_value : int64[4, n_samples]
        Number of the value that the second neuron sees in each combination.
    wrong : bool[4, n_samples]
        Whether the output is wrong in each combination.
    first_bit, second_bit : uint8[4, n_samples]
        What the neurons answer in each combination.
    first, second : uint8[n_values] each
        Decisions by value, overwritten; `UNDECIDED` at first.
    """
    for i in open_samples:
        value = first_value[i]
        if wrong[0, i] == wrong[2, i] and wrong[1, i] == wrong[3, i] and not (wrong[0, i] and wrong[1, i]):
            # Exactly one answer of the first neuron is right: no other combination can mend a refusal.
            if first[value] == UNDECIDED:
                first[value] = first_bit[1 if wrong[0, i] else 0, i]
            continue
        if wrong[0, i] == wrong[1, i] and wrong[2, i] == wrong[3, i]:
            chosen = 0
            moves = second_bit[0, i] != second_bit[1, i] or second_bit[2, i] != second_bit[3, i]
            if moves and second_bit[0, i] != second_bit[2, i] and wrong[0, i]:
                chosen = -1 if wrong[2, i] else 2
            if chosen >= 0:
                wanted = second_bit[chosen, i]
                if second[second_value[0, i]] == UNDECIDED:
                    second[second_value[0, i]] = wanted
                if second[second_value[0, i]] == wanted:
                    continue
        for k in range(4):
            if wrong[k, i]:
                continue
            value_b = second_value[k, i]
            agrees = first[value] == UNDECIDED or first[value] == first_bit[k, i]
            if agrees and (second[value_b] == UNDECIDED or second[value_b] == second_bit[k, i]):
                first[value], second[value_b] = first_bit[k, i], second_bit[k, i]
                break
