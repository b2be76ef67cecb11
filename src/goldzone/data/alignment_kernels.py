"""Compiled loops of the alignment: expected counts and best paths of lattices, and the shares that follow.

A product of a thousand probabilities leaves the range of a double. So a cell may hold a number of two parts,
``value * 2**(256 * exponent)``: multiplying by a power of two is exact, so nothing is rounded that
would not be rounded anyway, and no libm function is called, whose last bit differs between machines. Nor may
the compiler reorder or fuse operations (`fastmath` is off).

Nearly all words are short, and stay in the range of a double. They are done with plain doubles, and done
again in two parts where the result is small. Both ways add and multiply the same numbers in the same
order, so that their bits are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.lattice_kernels import Lattices, Number, Shapes

__all__ = [
    "LEAST_PROBABILITY",
    "add_up",
    "best_paths",
    "expected_counts",
    "put_shared_first",
    "to_probabilities",
]

LEAST_PROBABILITY = 2.0**-192
"""The smallest, other than 0, that the kernels promise to handle."""

_UNIT = 2.0**256
_INVERSE_UNIT = 2.0**-256

_BLOCK = 1024
_NO_EDGE, _ONE_EDGE = np.uint64(0), np.uint64(1)

_PLAIN_LETTERS = 64
"""Words up to this length have fewer than 2**300 paths, so that no sum of plain doubles overflows."""

_PLAIN_TOTAL = 2.0**-400
"""Least probability of a word in plain doubles.

What underflowed, below 2**-1022, is then less than 2**-600 of it: too little to round a count differently
that `LEAST_PROBABILITY` would not cut off.
"""


@compiled
def expected_counts(
    words: tuple[int, int],
    lattices: Lattices,
    probability: NDArray[np.float64],
    n_shared: int,
    part: int,
    counts: NDArray[np.float64],
) -> None:
    """Add how often each pair is expected on the paths of some words: forward-backward.

    A word without a path of probability above 0 adds nothing.

    Parameters
    ----------
    words : tuple of int
        The words from the first number to before the second.
    lattices : Lattices
    probability : float64[n_pairs]
        Each 0 or in [`LEAST_PROBABILITY`, 1].
    n_shared, part : int
        Pairs from `n_shared` on are in no other part, and are counted at one index for all.
    counts : float64[(n_parts - 1) * n_shared + n_pairs]
        Where to add: the shared pairs of each part, then all other pairs.
    """
    own_shift = np.int64(part) * n_shared
    common_shift = np.int64(counts.shape[0] - probability.shape[0])
    n_cells, n_edges = _largest(words, lattices)
    chances = np.empty(n_edges)
    forward, forward_exponent = np.empty(n_cells), np.empty(n_cells, np.int64)
    backward, backward_exponent = np.empty(n_cells), np.empty(n_cells, np.int64)
    for word in range(words[0], words[1]):
        own = lattices.pairs[lattices.first_edge[word] : lattices.first_edge[word + 1]]
        for edge in range(own.shape[0]):
            chances[edge] = probability[own[edge]]
        shape = lattices.shape[word]
        total = 0.0
        if lattices.letter_offsets[word + 1] - lattices.letter_offsets[word] <= _PLAIN_LETTERS:
            total = _plain_forward(lattices.shapes, shape, chances, forward)
        if total >= _PLAIN_TOTAL:
            _plain_backward(lattices.shapes, shape, chances, forward, total, backward)
        else:
            _scaled(
                lattices.shapes, shape, chances, (forward, backward), (forward_exponent, backward_exponent)
            )
        # From the last to the first, in a loop of its own: additions to memory far apart then overlap.
        for edge in range(own.shape[0] - 1, -1, -1):
            pair = np.int64(own[edge])
            counts[pair + (own_shift if pair < n_shared else common_shift)] += chances[edge]


@compiled
def best_paths(
    words: tuple[int, int],
    lattices: Lattices,
    probability: NDArray[np.float64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> None:
    """Find the most probable path of some words: Viterbi; of equal ones, the first in the order of edges.

    Parameters
    ----------
    words, lattices, probability
        As for `expected_counts`.
    starts, lengths : int64[n_letters of all words]
        Where to write, for each letter, its first segment (counted in the word) and the number of segments
        said there. A step of several letters gives its segments to the first. Lengths of a word without a
        path are -1.
    """
    letter_offsets, segment_offsets, shape_of, first_edge, pairs, shapes = lattices
    n_cells, _ = _largest(words, lattices)
    best, best_exponent = np.empty(n_cells), np.empty(n_cells, np.int64)
    edge_to = np.empty(n_cells, np.int64)
    for word in range(words[0], words[1]):
        first_letter = letter_offsets[word]
        n_letters = letter_offsets[word + 1] - first_letter
        n_segments = segment_offsets[word + 1] - segment_offsets[word]
        end = n_letters * (n_segments + 1) + n_segments
        best[: end + 1], best_exponent[: end + 1] = 0.0, 0
        best[0] = 1.0
        edge, listed = first_edge[word], shapes.edge_offsets[shape_of[word]]
        for at in range(shapes.cell_offsets[shape_of[word]], shapes.cell_offsets[shape_of[word] + 1]):
            before, before_exponent = best[shapes.cell[at]], best_exponent[shapes.cell[at]]
            for _ in range(shapes.leaving[at]):
                value, exponent = _normalised(before * probability[pairs[edge]], before_exponent)
                to = shapes.target[listed]
                if _is_more(value, exponent, best[to], best_exponent[to]):
                    best[to], best_exponent[to], edge_to[to] = value, exponent, listed
                edge += 1
                listed += 1
        if best[end] == 0.0:
            lengths[first_letter : first_letter + n_letters] = -1
            continue
        i, j = n_letters, n_segments
        while i > 0:
            step = edge_to[i * (n_segments + 1) + j]
            a, b = np.int64(shapes.letters[step]), np.int64(shapes.segments[step])
            starts[first_letter + i - a : first_letter + i] = j
            lengths[first_letter + i - a : first_letter + i] = 0
            i, j = i - a, j - b
            starts[first_letter + i], lengths[first_letter + i] = j, b


@compiled
def put_shared_first(
    pairs: NDArray[np.int32], part_ends: NDArray[np.int64], n_pairs: int
) -> NDArray[np.bool_]:
    """Give pairs new numbers: first those that are in several parts, then the others, in the order they had.

    Parameters
    ----------
    pairs : int32[n_edges]
        Numbers, replaced by the new ones.
    part_ends : int64[n_parts]
        The edge after the last of each part.
    n_pairs : int

    Returns
    -------
    bool[n_pairs]
        By the old numbers, whether the pair is in several parts.
    """
    shared = np.zeros(n_pairs, np.bool_)
    part_of = np.zeros(n_pairs, np.uint8)  # 0 for none
    first_edge = 0
    for part in range(part_ends.shape[0]):
        for edge in range(first_edge, part_ends[part]):
            pair = pairs[edge]
            shared[pair] |= part_of[pair] != 0 and part_of[pair] != part + 1
            part_of[pair] = part + 1
        first_edge = part_ends[part]
    number = np.empty(n_pairs, np.int32)
    following = np.array([np.count_nonzero(shared), 0])  # of the others, of the shared
    for pair in range(n_pairs):
        number[pair] = following[int(shared[pair])]
        following[int(shared[pair])] += 1
    for edge in range(pairs.shape[0]):
        pairs[edge] = number[pairs[edge]]
    return shared


@compiled
def add_up(counts: NDArray[np.float64], shared: NDArray[np.bool_], n_shared: int) -> float:
    """Add up the parts' counts, the first part first, then those of all pairs, in the order they appeared.

    Returns the sum of all counts.

    Parameters
    ----------
    counts : float64[(n_parts - 1) * n_shared + n_pairs]
        From `expected_counts`. The sums are written over the last part's.
    shared : bool[n_pairs]
        From `put_shared_first`.
    n_shared : int
    """
    last = counts.shape[0] - shared.shape[0]  # the last part's
    for first in range(n_shared, last, max(1, n_shared)):
        for pair in range(n_shared):
            counts[pair] += counts[first + pair]
    if last > 0:
        for pair in range(n_shared):
            counts[last + pair] = counts[pair] + counts[last + pair]
    total = 0.0
    following = np.array([last + n_shared, last])  # of the others, of the shared
    for pair in range(shared.shape[0]):
        total += counts[following[int(shared[pair])]]
        following[int(shared[pair])] += 1
    return total


@compiled
def to_probabilities(
    counts: NDArray[np.float64], total: float, sizes: NDArray[np.uint8], probability: NDArray[np.float64]
) -> None:
    """Turn counts into shares, and these, to the power of the pair's size, into probabilities.

    Parameters
    ----------
    counts : float64[n_pairs]
    total : float
        Their sum.
    sizes : uint8[n_pairs]
    probability : float64[n_pairs]
        Output: none below `LEAST_PROBABILITY`, so that every word has a path.
    """
    largest = 1
    for pair in range(sizes.shape[0]):
        largest = max(largest, sizes[pair])
    for first in range(0, counts.shape[0], _BLOCK):  # a block stays in the nearest cache
        count, size = counts[first : first + _BLOCK], sizes[first : first + _BLOCK]
        power = probability[first : first + _BLOCK]
        for pair in range(power.shape[0]):
            power[pair] = count[pair] / total
        for least in range(2, largest + 1):
            for pair in range(power.shape[0]):
                power[pair] *= count[pair] / total if size[pair] >= np.uint8(least) else 1.0
        for pair in range(power.shape[0]):
            power[pair] = power[pair] if power[pair] > LEAST_PROBABILITY else LEAST_PROBABILITY


@compiled_part
def _plain_forward(
    shapes: Shapes, shape: Number, chances: NDArray[np.float64], forward: NDArray[np.float64]
) -> float:
    """Fill the forward sums of a word in plain doubles, and return that of its end."""
    target = shapes.target[shapes.edge_offsets[shape] : shapes.edge_offsets[shape + 1]]
    end = target[target.shape[0] - 1]
    for at in range(end + 1):
        forward[at] = 0.0
    forward[0] = 1.0
    edge = _NO_EDGE  # unsigned, and so never counted from an array's end
    for at in range(shapes.cell_offsets[shape], shapes.cell_offsets[shape + 1]):
        value = forward[shapes.cell[at]]
        last = edge + np.uint64(shapes.leaving[at])
        while edge < last:
            forward[target[edge]] += value * chances[edge]
            edge += _ONE_EDGE
    return float(forward[end])


@compiled_part
def _plain_backward(
    shapes: Shapes,
    shape: Number,
    chances: NDArray[np.float64],
    forward: NDArray[np.float64],
    total: float,
    backward: NDArray[np.float64],
) -> None:
    """Fill the backward sums of a word in plain doubles; `chances` become what is expected of each edge."""
    target = shapes.target[shapes.edge_offsets[shape] : shapes.edge_offsets[shape + 1]]
    edge = np.uint64(target.shape[0])
    backward[target[target.shape[0] - 1]] = 1.0
    for at in range(shapes.cell_offsets[shape + 1] - 1, shapes.cell_offsets[shape] - 1, -1):
        share = forward[shapes.cell[at]] / total
        value = 0.0
        first = edge - np.uint64(shapes.leaving[at])
        while edge > first:
            edge -= _ONE_EDGE
            rest = backward[target[edge]] * chances[edge]
            value += rest
            chances[edge] = share * rest
        backward[shapes.cell[at]] = value


@compiled_part
def _scaled(
    shapes: Shapes,
    shape: Number,
    chances: NDArray[np.float64],
    values: tuple[NDArray[np.float64], NDArray[np.float64]],
    exponents: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Do both for a word whose sums leave the range of a double; arrays come as (forward, backward)."""
    target = shapes.target[shapes.edge_offsets[shape] : shapes.edge_offsets[shape + 1]]
    first_cell, last_cell = shapes.cell_offsets[shape], shapes.cell_offsets[shape + 1]
    (forward, backward), (forward_exponent, backward_exponent) = values, exponents
    end = target[target.shape[0] - 1]
    for at in range(end + 1):
        forward[at], forward_exponent[at] = 0.0, 0
    forward[0] = 1.0
    edge = 0
    for at in range(first_cell, last_cell):
        here = shapes.cell[at]
        value, exponent = _normalised(forward[here], forward_exponent[here])
        forward[here], forward_exponent[here] = value, exponent
        for _ in range(shapes.leaving[at]):
            to = target[edge]
            forward[to], forward_exponent[to] = _added(
                forward[to], forward_exponent[to], value * chances[edge], exponent
            )
            edge += 1
    total, total_exponent = _normalised(forward[end], forward_exponent[end])
    if total == 0.0:
        for edge in range(target.shape[0]):
            chances[edge] = 0.0
        return
    backward[end], backward_exponent[end] = 1.0, 0
    for at in range(last_cell - 1, first_cell - 1, -1):
        here = shapes.cell[at]
        share, share_exponent = forward[here] / total, forward_exponent[here] - total_exponent
        value, exponent = 0.0, 0
        for _ in range(shapes.leaving[at]):
            edge -= 1
            rest, rest_exponent = backward[target[edge]] * chances[edge], backward_exponent[target[edge]]
            value, exponent = _added(value, exponent, rest, rest_exponent)
            chances[edge] = _as_double(share * rest, share_exponent + rest_exponent)
        backward[here], backward_exponent[here] = _normalised(value, exponent)


@compiled_part
def _largest(words: tuple[int, int], lattices: Lattices) -> tuple[int, int]:
    """Count the cells and the edges of the largest lattices."""
    n_cells, n_edges = 0, 0
    for word in range(words[0], words[1]):
        height = lattices.letter_offsets[word + 1] - lattices.letter_offsets[word] + 1
        width = lattices.segment_offsets[word + 1] - lattices.segment_offsets[word] + 1
        n_cells = max(n_cells, height * width)
        n_edges = max(n_edges, lattices.first_edge[word + 1] - lattices.first_edge[word])
    return n_cells, n_edges


@compiled_part
def _normalised(value: float, exponent: int) -> tuple[float, int]:
    """Bring a number to a value of 2**-256 or more, given one of 2**-512 or more (or 0)."""
    if value < _INVERSE_UNIT:
        if value == 0.0:
            return 0.0, exponent
        return value * _UNIT, exponent - 1
    return value, exponent


@compiled_part
def _added(value: float, exponent: int, more: float, more_exponent: int) -> tuple[float, int]:
    """Add two numbers; one that is smaller by two exponents is below the rounding error of the other."""
    if more == 0.0:
        return value, exponent
    if value == 0.0 or more_exponent > exponent + 1:
        return more, more_exponent
    if more_exponent == exponent:
        return value + more, exponent
    if more_exponent == exponent + 1:
        return value * _INVERSE_UNIT + more, more_exponent
    if more_exponent == exponent - 1:
        return value + more * _INVERSE_UNIT, exponent
    return value, exponent


@compiled_part
def _is_more(value: float, exponent: int, other: float, other_exponent: int) -> bool:
    """Tell whether the first of two normalised numbers of at most 1 is greater."""
    if value == 0.0 or other == 0.0:
        return value > other
    return exponent > other_exponent or (exponent == other_exponent and value > other)


@compiled_part
def _as_double(value: float, exponent: int) -> float:
    """Return the number as a plain double, 0 where it is too small for one."""
    while exponent > 0 and value > 0.0:
        value *= _UNIT
        exponent -= 1
    while exponent < 0 and value > 0.0:
        value *= _INVERSE_UNIT
        exponent += 1
    return value
