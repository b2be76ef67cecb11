"""Compiled loops that lay out lattices of letters against segments, and give their edges numbers.

A *lattice* has a cell (i, j) for "the first i letters say the first j segments". Its *edges* are steps of
`a` letters and `b` segments, from cell to cell; only cells that lie on some path have any. Cells are
numbered row by row; edges cell by cell, step by step. All of this depends on the word's *shape* alone, its
numbers of letters and of segments. So it is listed once for each shape, of which a lexicon of 50,000 words
has a few hundred, and the loops over words find no condition to check.

Letters and segments come as *grams* (runs of symbols, numbered), and an edge carries the number of its *pair*
of grams.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part

__all__ = ["Lattices", "Number", "Shapes", "list_shapes", "number_grams", "number_pairs"]

Number: TypeAlias = int | np.int64

_NO_KEY = -1
_NONE = np.int64(0)  # a literal 0 would be a type of its own, and compiled for itself
_LEAST_ROOM = 1024
_EDGES_PER_PAIR = 8  # of a lexicon of 50,000 words; where there are fewer, the table grows


class Shapes(NamedTuple):
    """The lattices of several shapes, end to end."""

    cell_offsets: NDArray[np.int64]
    """int64[n_shapes + 1]: where each shape's cells start."""
    edge_offsets: NDArray[np.int64]
    """int64[n_shapes + 1]: where each shape's edges start."""
    cell: NDArray[np.uint32]
    """uint32[n_cells]: the cells with edges, by number: i * (segments of the shape + 1) + j."""
    leaving: NDArray[np.uint8]
    """uint8[n_cells]: how many edges leave each cell."""
    target: NDArray[np.uint32]
    """uint32[n_edges]: the cell that each edge leads to; the last edge of a shape leads to the lattice's
    end."""
    letters: NDArray[np.uint8]
    """uint8[n_edges]: letters of each edge's step."""
    segments: NDArray[np.uint8]
    """uint8[n_edges]: segments of each edge's step."""


class Lattices(NamedTuple):
    """The lattices of all words."""

    letter_offsets: NDArray[np.int64]
    """int64[n_words + 1]: where each word's letters start."""
    segment_offsets: NDArray[np.int64]
    """int64[n_words + 1]: where each word's segments start."""
    shape: NDArray[np.int64]
    """int64[n_words]: the shape of each word."""
    first_edge: NDArray[np.int64]
    """int64[n_words + 1]: where each word's edges start."""
    pairs: NDArray[np.int32]
    """int32[n_edges of all words]: the pair of each edge."""
    shapes: Shapes


@compiled
def list_shapes(
    n_letters: NDArray[np.int64], n_segments: NDArray[np.int64], steps: NDArray[np.int64], max_segments: int
) -> Shapes:
    """List the cells and edges of lattices.

    Parameters
    ----------
    n_letters, n_segments : int64[n_shapes]
        The size of each shape. None has more than `max_segments` segments a letter.
    steps : int64[n_steps, 2]
        Letters and segments of each step. All of (1, 0) ... (1, `max_segments`) are among them, and none has
        more than `max_segments` segments a letter.
    max_segments : int
    """
    n_cells, n_edges = 0, 0
    for shape in range(n_letters.shape[0]):
        cells, edges = _count(n_letters[shape], n_segments[shape], steps, max_segments)
        n_cells += cells
        n_edges += edges
    cell_offsets = np.zeros(n_letters.shape[0] + 1, np.int64)
    edge_offsets = np.zeros(n_letters.shape[0] + 1, np.int64)
    cell, leaving = np.empty(n_cells, np.uint32), np.zeros(n_cells, np.uint8)
    target = np.empty(n_edges, np.uint32)
    letters, segments = np.empty(n_edges, np.uint8), np.empty(n_edges, np.uint8)
    at_cell, edge = 0, 0
    for shape in range(n_letters.shape[0]):
        height, width = n_letters[shape], n_segments[shape] + 1
        for i in range(height):
            first, last = _row(i, height, n_segments[shape], max_segments)
            for j in range(first, last + 1):
                for step in range(steps.shape[0]):
                    a, b = steps[step, 0], steps[step, 1]
                    if _is_edge(i + a, j + b, height, n_segments[shape], max_segments):
                        target[edge] = (i + a) * width + j + b
                        letters[edge], segments[edge] = a, b
                        edge += 1
                        leaving[at_cell] += 1
                cell[at_cell] = i * width + j
                at_cell += 1
        cell_offsets[shape + 1], edge_offsets[shape + 1] = at_cell, edge
    return Shapes(cell_offsets, edge_offsets, cell, leaving, target, letters, segments)


@compiled
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
    grams = np.empty((symbols.shape[0], longest + 1), np.int32)
    grams[:, :] = -1
    keys, slot_keys, slot_numbers = _room(np.empty(0, np.int64), _NONE, _NONE)
    keys[0], n_grams = _NO_KEY, np.int64(1)  # the empty one, which is never looked up
    for word in range(offsets.shape[0] - 1):
        for start in range(offsets[word], offsets[word + 1]):
            grams[start, 0] = 0
            for length in range(1, min(longest, offsets[word + 1] - start) + 1):
                if n_grams == keys.shape[0]:
                    keys, slot_keys, slot_numbers = _room(keys, n_grams, n_grams + 1)
                key = (np.int64(grams[start, length - 1]) << 32) | np.int64(symbols[start + length - 1])
                slot = _find(key, slot_keys)
                if slot_keys[slot] == _NO_KEY:
                    slot_keys[slot], slot_numbers[slot] = key, n_grams
                    keys[n_grams] = key
                    n_grams += 1
                grams[start, length] = slot_numbers[slot]
    return grams, keys[:n_grams].copy()


@compiled
def number_pairs(
    letter_grams: NDArray[np.int32], segment_grams: NDArray[np.int32], lattices: Lattices
) -> NDArray[np.int64]:
    """Give the pairs of grams on the edges numbers, in the order of first appearance.

    Parameters
    ----------
    letter_grams, segment_grams : int32[n_symbols, ...]
        From `number_grams`.
    lattices : Lattices
        Its `pairs` are written.

    Returns
    -------
    int64[n_pairs]
        For each pair, (gram of letters) * 2**32 + gram of segments.
    """
    letter_offsets, segment_offsets, shape_of, first_edge, pairs, shapes = lattices
    keys, slot_keys, slot_numbers = _room(np.empty(0, np.int64), _NONE, pairs.shape[0] // _EDGES_PER_PAIR)
    n_pairs = 0
    wanted = np.empty(0, np.int64)
    for word in range(shape_of.shape[0]):
        own = pairs[first_edge[word] : first_edge[word + 1]]
        if own.shape[0] > wanted.shape[0]:
            wanted = np.empty(2 * own.shape[0], np.int64)
        if n_pairs + own.shape[0] > keys.shape[0]:
            keys, slot_keys, slot_numbers = _room(keys, n_pairs, n_pairs + own.shape[0])
        first_letter, first_segment = letter_offsets[word], segment_offsets[word]
        width = segment_offsets[word + 1] - first_segment + 1
        edge, i = 0, 0
        listed = shapes.edge_offsets[shape_of[word]]
        for cell in range(shapes.cell_offsets[shape_of[word]], shapes.cell_offsets[shape_of[word] + 1]):
            while shapes.cell[cell] >= (i + 1) * width:
                i += 1
            j = np.int64(shapes.cell[cell]) - i * width
            for _ in range(shapes.leaving[cell]):
                said = np.int64(0)
                if shapes.segments[listed] > 0:
                    said = np.int64(segment_grams[first_segment + j, shapes.segments[listed]])
                wanted[edge] = (np.int64(letter_grams[first_letter + i, shapes.letters[listed]]) << 32) | said
                edge += 1
                listed += 1
        # In a loop of its own, the processor looks up several at a time.
        for edge in range(own.shape[0]):
            slot = _find(wanted[edge], slot_keys)
            if slot_keys[slot] == _NO_KEY:
                slot_keys[slot], slot_numbers[slot] = wanted[edge], n_pairs
                keys[n_pairs] = wanted[edge]
                n_pairs += 1
            own[edge] = slot_numbers[slot]
    return keys[:n_pairs].copy()


@compiled_part
def _count(
    n_letters: Number, n_segments: Number, steps: NDArray[np.int64], max_segments: int
) -> tuple[int, int]:
    """Count the cells and the edges of one shape."""
    n_cells, n_edges = 0, 0
    for i in range(n_letters):
        first, last = _row(i, n_letters, n_segments, max_segments)
        n_cells += max(0, last - first + 1)
        for j in range(first, last + 1):
            for step in range(steps.shape[0]):
                n_edges += _is_edge(
                    i + steps[step, 0], j + steps[step, 1], n_letters, n_segments, max_segments
                )
    return n_cells, n_edges


@compiled_part
def _row(i: int, n_letters: Number, n_segments: Number, max_segments: int) -> tuple[int, int]:
    """Return the first and last cell of a row from which the letters left can say the segments left."""
    first = max(0, n_segments - (n_letters - i) * max_segments)
    return int(first), int(min(n_segments, i * max_segments))


@compiled_part
def _is_edge(i: Number, j: Number, n_letters: Number, n_segments: Number, max_segments: int) -> bool:
    """Tell whether a step that ends in (i, j) stays in the lattice and on a path to its end."""
    return bool(i <= n_letters and j <= n_segments and n_segments - j <= (n_letters - i) * max_segments)


@compiled_part
def _find(key: Number, slot_keys: NDArray[np.int64]) -> np.uint64:
    """Find the slot of a key in an open-addressed hash table, or the free slot where to enter it.

    There are a power of two of slots, more than keys, and a free one holds -1. Whole keys are compared, and
    they stand in the slots: where no cache holds a slot, one wait for memory is enough. The mixing function
    is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    mixed = np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    mask = np.uint64(slot_keys.shape[0] - 1)
    slot = mixed & mask
    while slot_keys[slot] != key and slot_keys[slot] != _NO_KEY:
        slot = (slot + np.uint64(1)) & mask
    return slot


@compiled_part
def _room(
    keys: NDArray[np.int64], n_keys: int | np.int64, least: int | np.int64
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return room for `least` keys or more by number, and a table of twice as many slots with all of them.

    A slot has a key and its number.
    """
    room = _LEAST_ROOM
    while room < least:
        room *= 2
    more_keys = np.empty(room, np.int64)
    slot_keys, slot_numbers = np.empty(2 * room, np.int64), np.empty(2 * room, np.int32)
    slot_keys[:] = _NO_KEY
    for number in range(n_keys):
        slot = _find(keys[number], slot_keys)
        more_keys[number] = keys[number]
        slot_keys[slot], slot_numbers[slot] = keys[number], number
    return more_keys, slot_keys, slot_numbers
