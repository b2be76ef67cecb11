"""Compiled loops that turn a letter's surroundings into context values.

Training and decoding call the same `context_value`, so that a feature cannot differ between the two.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from goldzone.data.templates import CHUNK, END, LETTER, SAID, SAME, SEGMENT, START
from goldzone.hashtron.kernels import hash32

__all__ = ["EMPTY_HISTORY", "UNKNOWN_SYMBOL", "context_value", "extend_history", "fill_contexts"]

EMPTY_HISTORY = np.uint32(0x5EED)
"""Value of the atom ``said`` before anything was said."""

UNKNOWN_SYMBOL = -1
"""A letter that training never saw."""

_MAXIMUM = np.uint32(0xFFFFFFFF)
_BEFORE, _AFTER, _NOTHING, _FIRST = 1, 2, 3, 5  # values below _FIRST are no symbol; 4 is UNKNOWN_SYMBOL


@njit(cache=True, nogil=True)
def extend_history(history: np.uint32, segment: int) -> np.uint32:
    """Return the value of ``said`` after one more segment."""
    return np.uint32(hash32(np.uint32(history + np.uint32(segment + 1)), np.uint32(1), _MAXIMUM))


@njit(cache=True, nogil=True)
def context_value(
    atoms: NDArray[np.int32],
    first: int,
    last: int,
    symbols: NDArray[np.int32],
    place: int,
    chunks: NDArray[np.int32],
    segments: NDArray[np.int32],
    n_segments: int | np.int64,
    history: np.uint32,
) -> np.uint32:
    """Hash the atoms ``first .. last - 1`` of one template at one place of a word.

    Parameters
    ----------
    atoms : int32[n_atoms, 2]
    symbols : int32[n_letters]
        The whole word; `UNKNOWN_SYMBOL` where training never saw the letter.
    place : int
        The letter in question.
    chunks : int32[>= place]
        Chunks chosen for the letters before it.
    segments : int32[>= n_segments]
        Segments said so far.
    history : uint32
        Hash of those segments, by `extend_history`.

    Returns
    -------
    uint32
    """
    value = np.uint32(0)
    for atom in range(first, last):
        kind, argument = atoms[atom, 0], atoms[atom, 1]
        part = _NOTHING
        if kind == LETTER:
            index = place + argument
            if index < 0:
                part = _BEFORE if index == -1 else _NOTHING
            elif index >= symbols.shape[0]:
                part = _AFTER if index == symbols.shape[0] else _NOTHING
            else:
                part = symbols[index] + _FIRST
        elif kind == CHUNK:
            if place >= argument:
                part = chunks[place - argument] + _FIRST
        elif kind == SEGMENT:
            if n_segments >= argument:
                part = segments[n_segments - argument] + _FIRST
        elif kind == SAME:
            for index in range(place - 1, -1, -1):
                if symbols[index] == symbols[place]:
                    part = chunks[index] + _FIRST
                    break
        elif kind == SAID:
            value = np.uint32(value + history)
        elif kind == START:
            part = min(place, argument)
        elif kind == END:
            part = min(symbols.shape[0] - place, argument)
        # The atom's name enters too: "L1" and "L-1" of equal letters are different contexts.
        salt = np.uint32((kind << 8) + argument + 128)
        value = hash32(np.uint32(value + np.uint32(part)), salt, _MAXIMUM)
    return value


@njit(cache=True, nogil=True)
def fill_contexts(
    first_sequence: int,
    last_sequence: int,
    offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    chunk: NDArray[np.int32],
    chunk_offsets: NDArray[np.int64],
    chunk_segments: NDArray[np.int32],
    atoms: NDArray[np.int32],
    template_offsets: NDArray[np.int64],
    context: NDArray[np.uint32],
) -> None:
    """Write the context value of every template at every position of some sequences.

    Parameters
    ----------
    first_sequence, last_sequence : int
        The sequences to do, the last one excluded.
    offsets : int64[n_sequences + 1]
    symbol, chunk : int32[n_positions]
        Letters, and the chunks that the alignment gave them (the history that the model will see).
    chunk_offsets, chunk_segments : int64[n_chunks + 1], int32[...]
        Segments of each chunk, end to end.
    atoms, template_offsets : int32[n_atoms, 2], int64[n_templates + 1]
    context : uint32[n_templates, n_positions]
        Output.
    """
    segments = np.empty(0, dtype=np.int32)
    for sequence in range(first_sequence, last_sequence):
        start, stop = offsets[sequence], offsets[sequence + 1]
        needed = 0
        for position in range(start, stop):
            needed += chunk_offsets[chunk[position] + 1] - chunk_offsets[chunk[position]]
        if needed > segments.shape[0]:
            segments = np.empty(2 * needed, dtype=np.int32)
        symbols, chunks = symbol[start:stop], chunk[start:stop]
        history, n_segments = EMPTY_HISTORY, 0
        for position in range(start, stop):
            for template in range(template_offsets.shape[0] - 1):
                context[template, position] = context_value(
                    atoms,
                    template_offsets[template],
                    template_offsets[template + 1],
                    symbols,
                    position - start,
                    chunks,
                    segments,
                    n_segments,
                    history,
                )
            for index in range(chunk_offsets[chunk[position]], chunk_offsets[chunk[position] + 1]):
                segments[n_segments] = chunk_segments[index]
                history = extend_history(history, chunk_segments[index])
                n_segments += 1
