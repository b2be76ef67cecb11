"""Compiled loops of the alignment: lattices of letters against segments, their sums and their best paths.

A *lattice* has a cell (i, j) for "the first i letters say the first j segments". Its *edges* are steps of
`a` letters and `b` segments, from cell to cell. Letters and segments come as *grams* (runs of symbols,
numbered), and an edge carries the number of its *pair* of grams. The edges of a word are numbered row by row,
cell by cell, step by step; only cells that lie on some path have any.

A product of a thousand probabilities leaves the range of a double. So a cell holds a number of two parts,
``value * 2**(256 * exponent)``: multiplying by a power of two is exact, so nothing is rounded that
would not be rounded anyway, and no libm function is called, whose last bit differs between machines. Nor may
the compiler reorder or fuse operations (`fastmath` is off).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Number: TypeAlias = int | np.int64

__all__ = [
    "LEAST_PROBABILITY",
    "best_paths",
    "count_edges",
    "expected_counts",
    "number_grams",
    "number_pairs",
]

LEAST_PROBABILITY = 2.0**-192
"""The smallest, other than 0, that the kernels promise to handle."""

_UNIT = 2.0**256
_INVERSE_UNIT = 2.0**-256
_FIRST_CAPACITY = 1024


@njit(cache=True, nogil=True)
def number_grams(
    symbols: NDArray[np.int32], offsets: NDArray[np.int64], longest: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the runs of up to `longest` symbols inside each word numbers, in the order of first appearance.

    Parameters
    ----------
    symbols : int32[n_symbols]
        The words' symbols, one word after the other, none negative.
    offsets : int64[n_words + 1]
        Where each word starts.
    longest : int

    Returns
    -------
    grams : int32[n_symbols, longest + 1]
        ``grams[k, n]`` is the number of the run of n symbols from k on, -1 where the word ends before. The
        empty run is gram 0.
    keys : int64[n_grams]
        For each gram, (gram without its last symbol) * 2**32 + last symbol; -1 for the empty one.
    """
    grams = np.full((symbols.shape[0], longest + 1), -1, np.int32)
    keys = np.empty(_FIRST_CAPACITY, np.int64)
    slots = np.full(2 * _FIRST_CAPACITY, -1, np.int32)
    keys[0] = -1
    n_grams = 1
    for word in range(offsets.shape[0] - 1):
        for start in range(offsets[word], offsets[word + 1]):
            grams[start, 0] = 0
            for length in range(1, min(longest, offsets[word + 1] - start) + 1):
                if n_grams == keys.shape[0]:
                    keys, slots = _grow(keys)
                key = (np.int64(grams[start, length - 1]) << 32) | np.int64(symbols[start + length - 1])
                number = _find_or_add(key, keys, slots, n_grams)
                n_grams = max(n_grams, number + 1)
                grams[start, length] = number
    return grams, keys[:n_grams].copy()


@njit(cache=True, nogil=True)
def count_edges(
    letter_offsets: NDArray[np.int64],
    segment_offsets: NDArray[np.int64],
    steps: NDArray[np.int64],
    max_segments: int,
) -> NDArray[np.int64]:
    """Count the edges of each word's lattice; parameters as for `number_pairs`; int64[n_words]."""
    edges = np.zeros(letter_offsets.shape[0] - 1, np.int64)
    for word in range(edges.shape[0]):
        n_letters = letter_offsets[word + 1] - letter_offsets[word]
        n_segments = segment_offsets[word + 1] - segment_offsets[word]
        for i in range(n_letters):
            for j in range(
                _first_cell(i, n_letters, n_segments, max_segments), min(n_segments, i * max_segments) + 1
            ):
                for step in range(steps.shape[0]):
                    edges[word] += _is_edge(
                        i + steps[step, 0], j + steps[step, 1], n_letters, n_segments, max_segments
                    )
    return edges


@njit(cache=True, nogil=True)
def number_pairs(
    letter_grams: NDArray[np.int32],
    letter_offsets: NDArray[np.int64],
    segment_grams: NDArray[np.int32],
    segment_offsets: NDArray[np.int64],
    steps: NDArray[np.int64],
    max_segments: int,
    n_edges: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the pairs of grams on the edges numbers, in the order of first appearance.

    Parameters
    ----------
    letter_grams, segment_grams : int32[n_symbols, ...]
        From `number_grams`.
    letter_offsets, segment_offsets : int64[n_words + 1]
        Where each word's letters and segments start. No word has more than `max_segments` segments a letter.
    steps : int64[n_steps, 2]
        Letters and segments of each step. All of (1, 0) ... (1, `max_segments`) are among them, and none has
        more than `max_segments` segments a letter.
    max_segments : int
    n_edges : int
        The sum of `count_edges`.

    Returns
    -------
    pairs : int32[n_edges]
        The pair of each edge.
    keys : int64[n_pairs]
        For each pair, (gram of letters) * 2**32 + gram of segments.
    """
    pairs = np.empty(n_edges, np.int32)
    keys = np.empty(_FIRST_CAPACITY, np.int64)
    slots = np.full(2 * _FIRST_CAPACITY, -1, np.int32)
    n_pairs = 0
    edge = 0
    for word in range(letter_offsets.shape[0] - 1):
        first_letter, first_segment = letter_offsets[word], segment_offsets[word]
        n_letters = letter_offsets[word + 1] - first_letter
        n_segments = segment_offsets[word + 1] - first_segment
        for i in range(n_letters):
            for j in range(
                _first_cell(i, n_letters, n_segments, max_segments), min(n_segments, i * max_segments) + 1
            ):
                for step in range(steps.shape[0]):
                    a, b = steps[step, 0], steps[step, 1]
                    if not _is_edge(i + a, j + b, n_letters, n_segments, max_segments):
                        continue
                    if n_pairs == keys.shape[0]:
                        keys, slots = _grow(keys)
                    said = np.int64(0)
                    if b > 0:
                        said = np.int64(segment_grams[first_segment + j, b])
                    key = (np.int64(letter_grams[first_letter + i, a]) << 32) | said
                    number = _find_or_add(key, keys, slots, n_pairs)
                    n_pairs = max(n_pairs, number + 1)
                    pairs[edge] = number
                    edge += 1
    return pairs, keys[:n_pairs].copy()


@njit(cache=True, nogil=True)
def expected_counts(
    words: tuple[int, int],
    letter_offsets: NDArray[np.int64],
    segment_offsets: NDArray[np.int64],
    steps: NDArray[np.int64],
    max_segments: int,
    pairs: NDArray[np.int32],
    first_edge: int,
    probability: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Add how often each pair is expected on the paths of some words: forward-backward.

    A word without a path of probability above 0 adds nothing.

    Parameters
    ----------
    words : tuple of int
        The words from the first number to before the second.
    letter_offsets, segment_offsets, steps, max_segments, pairs
        As for `number_pairs`.
    first_edge : int
        The first edge of the first word.
    probability : float64[n_pairs]
        Each 0 or in [`LEAST_PROBABILITY`, 1].
    counts : float64[n_pairs]
        Where to add.
    """
    largest = _largest_lattice(words, letter_offsets, segment_offsets)
    forward, forward_exponent = np.empty(largest), np.empty(largest, np.int64)
    backward, backward_exponent = np.empty(largest), np.empty(largest, np.int64)
    edge = first_edge
    for word in range(words[0], words[1]):
        n_letters = letter_offsets[word + 1] - letter_offsets[word]
        n_segments = segment_offsets[word + 1] - segment_offsets[word]
        width = n_segments + 1
        end = n_letters * width + n_segments
        forward[: end + 1], forward_exponent[: end + 1] = 0.0, 0
        forward[0] = 1.0
        for i in range(n_letters):
            for j in range(
                _first_cell(i, n_letters, n_segments, max_segments), min(n_segments, i * max_segments) + 1
            ):
                cell = i * width + j
                value, exponent = _normalised(forward[cell], forward_exponent[cell])
                forward[cell], forward_exponent[cell] = value, exponent
                for step in range(steps.shape[0]):
                    a, b = steps[step, 0], steps[step, 1]
                    if not _is_edge(i + a, j + b, n_letters, n_segments, max_segments):
                        continue
                    target = cell + a * width + b
                    forward[target], forward_exponent[target] = _added(
                        forward[target], forward_exponent[target], value * probability[pairs[edge]], exponent
                    )
                    edge += 1
        total, total_exponent = _normalised(forward[end], forward_exponent[end])
        last_edge = edge
        if total == 0.0:
            continue
        backward[end], backward_exponent[end] = 1.0, 0
        for i in range(n_letters - 1, -1, -1):
            for j in range(
                min(n_segments, i * max_segments),
                _first_cell(i, n_letters, n_segments, max_segments) - 1,
                -1,
            ):
                cell = i * width + j
                share = forward[cell] / total
                share_exponent = forward_exponent[cell] - total_exponent
                value, exponent = 0.0, 0
                for step in range(steps.shape[0] - 1, -1, -1):
                    a, b = steps[step, 0], steps[step, 1]
                    if not _is_edge(i + a, j + b, n_letters, n_segments, max_segments):
                        continue
                    edge -= 1
                    target = cell + a * width + b
                    rest = backward[target] * probability[pairs[edge]]
                    rest_exponent = backward_exponent[target]
                    value, exponent = _added(value, exponent, rest, rest_exponent)
                    counts[pairs[edge]] += _scaled(share * rest, share_exponent + rest_exponent)
                backward[cell], backward_exponent[cell] = _normalised(value, exponent)
        edge = last_edge


@njit(cache=True, nogil=True)
def best_paths(
    words: tuple[int, int],
    letter_offsets: NDArray[np.int64],
    segment_offsets: NDArray[np.int64],
    steps: NDArray[np.int64],
    max_segments: int,
    pairs: NDArray[np.int32],
    first_edge: int,
    probability: NDArray[np.float64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> None:
    """Find the most probable path of some words: Viterbi; of equal ones, the first in the order of edges.

    Parameters
    ----------
    words, letter_offsets, segment_offsets, steps, max_segments, pairs, first_edge, probability
        As for `expected_counts`.
    starts, lengths : int64[n_letters of all words]
        Where to write, for each letter, its first segment (counted in the word) and the number of segments
        said there. A step of several letters gives its segments to the first. Lengths of a word without a
        path are -1.
    """
    largest = _largest_lattice(words, letter_offsets, segment_offsets)
    best, best_exponent = np.empty(largest), np.empty(largest, np.int64)
    step_to = np.empty(largest, np.int64)
    edge = first_edge
    for word in range(words[0], words[1]):
        first_letter = letter_offsets[word]
        n_letters = letter_offsets[word + 1] - first_letter
        n_segments = segment_offsets[word + 1] - segment_offsets[word]
        width = n_segments + 1
        end = n_letters * width + n_segments
        best[: end + 1], best_exponent[: end + 1] = 0.0, 0
        best[0] = 1.0
        for i in range(n_letters):
            for j in range(
                _first_cell(i, n_letters, n_segments, max_segments), min(n_segments, i * max_segments) + 1
            ):
                cell = i * width + j
                for step in range(steps.shape[0]):
                    a, b = steps[step, 0], steps[step, 1]
                    if not _is_edge(i + a, j + b, n_letters, n_segments, max_segments):
                        continue
                    value, exponent = _normalised(best[cell] * probability[pairs[edge]], best_exponent[cell])
                    edge += 1
                    target = cell + a * width + b
                    if _is_more(value, exponent, best[target], best_exponent[target]):
                        best[target], best_exponent[target], step_to[target] = value, exponent, step
        if best[end] == 0.0:
            lengths[first_letter : first_letter + n_letters] = -1
            continue
        i, j = n_letters, n_segments
        while i > 0:
            step = step_to[i * width + j]
            starts[first_letter + i - steps[step, 0] : first_letter + i] = j
            lengths[first_letter + i - steps[step, 0] : first_letter + i] = 0
            i, j = i - steps[step, 0], j - steps[step, 1]
            starts[first_letter + i], lengths[first_letter + i] = j, steps[step, 1]


@njit(cache=True, nogil=True)
def _first_cell(i: int, n_letters: int, n_segments: int, max_segments: int) -> int:
    """Return the first cell of a row from which the remaining letters can say the remaining segments."""
    return max(0, n_segments - (n_letters - i) * max_segments)


@njit(cache=True, nogil=True)
def _is_edge(i: int, j: int, n_letters: int, n_segments: int, max_segments: int) -> bool:
    """Tell whether a step that ends in (i, j) stays in the lattice and on a path to its end."""
    return i <= n_letters and j <= n_segments and n_segments - j <= (n_letters - i) * max_segments


@njit(cache=True, nogil=True)
def _largest_lattice(
    words: tuple[int, int], letter_offsets: NDArray[np.int64], segment_offsets: NDArray[np.int64]
) -> int:
    """Count the cells of the largest lattice."""
    largest = 0
    for word in range(words[0], words[1]):
        n_letters = letter_offsets[word + 1] - letter_offsets[word]
        n_segments = segment_offsets[word + 1] - segment_offsets[word]
        largest = max(largest, (n_letters + 1) * (n_segments + 1))
    return largest


@njit(cache=True, nogil=True)
def _normalised(value: float, exponent: int) -> tuple[float, int]:
    """Bring a number to a value of 2**-256 or more, given one of 2**-512 or more (or 0)."""
    if value < _INVERSE_UNIT:
        if value == 0.0:
            return 0.0, exponent
        return value * _UNIT, exponent - 1
    return value, exponent


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _is_more(value: float, exponent: int, other: float, other_exponent: int) -> bool:
    """Tell whether the first of two normalised numbers of at most 1 is greater."""
    if value == 0.0 or other == 0.0:
        return value > other
    return exponent > other_exponent or (exponent == other_exponent and value > other)


@njit(cache=True, nogil=True)
def _scaled(value: float, exponent: int) -> float:
    """Return the number as a plain double, 0 where it is too small for one."""
    while exponent > 0 and value > 0.0:
        value *= _UNIT
        exponent -= 1
    while exponent < 0 and value > 0.0:
        value *= _INVERSE_UNIT
        exponent += 1
    return value


@njit(cache=True, nogil=True)
def _find_or_add(key: Number, keys: NDArray[np.int64], slots: NDArray[np.int32], n_keys: int) -> int:
    """Look a key up in an open-addressed hash table; a new one gets the number `n_keys` and is entered.

    `slots` holds numbers of keys or -1; its length is a power of two, above `n_keys`. Whole keys are
    compared. The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    mixed = np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    mask = slots.shape[0] - 1
    slot = np.int64(mixed & np.uint64(mask))
    while slots[slot] >= 0:
        if keys[slots[slot]] == key:
            return int(slots[slot])
        slot = (slot + 1) & mask
    slots[slot] = n_keys
    keys[n_keys] = key
    return n_keys


@njit(cache=True, nogil=True)
def _grow(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return twice the room for keys, and a hash table of twice as many slots with all keys entered."""
    n_keys = keys.shape[0]
    more_keys = np.empty(2 * n_keys, np.int64)
    slots = np.full(4 * n_keys, -1, np.int32)
    for number in range(n_keys):
        _find_or_add(keys[number], more_keys, slots, number)
    return more_keys, slots
