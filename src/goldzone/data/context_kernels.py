"""Compiled loops that turn a letter's surroundings into context values.

Training has all words at hand and works in columns (`fill_contexts`): first what each atom sees at every
position, then the hashes of one template after the other, which are loops without a branch, many positions
at a time. Decoding has to choose as it goes (`goldzone.g2p.lane_kernels`). Tests hold the two together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.data.templates import CHUNK, END, LETTER, SAID, SAME, SEGMENT, START
from goldzone.hashtron.kernels import hash32

__all__ = [
    "AFTER",
    "BEFORE",
    "EMPTY_HISTORY",
    "FIRST",
    "NOTHING",
    "UNKNOWN_SYMBOL",
    "atom_salt",
    "extend_history",
    "fill_contexts",
]

EMPTY_HISTORY = np.uint32(0x5EED)
"""Value of the atom ``said`` before anything was said."""

UNKNOWN_SYMBOL = -1
"""A letter that training never saw."""

_MAXIMUM = np.uint32(0xFFFFFFFF)
BEFORE, AFTER, NOTHING, FIRST = 1, 2, 3, 5
"""What an atom sees that is no letter or chunk, and how it sees the first one; 4 is `UNKNOWN_SYMBOL`."""

_BLOCK = 1024
"""Positions done at a time: what all atoms see there then stays in a near cache."""


@compiled
def extend_history(history: np.uint32, segment: int) -> np.uint32:
    """Return the value of ``said`` after one more segment."""
    return np.uint32(hash32(np.uint32(history + np.uint32(segment + 1)), np.uint32(1), _MAXIMUM))


@compiled
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
    names, number = _distinct_atoms(atoms)
    sights = np.empty((names.shape[0], 0), np.uint32)
    said, segments = np.empty(0, np.int64), np.empty(0, np.int32)
    history = np.empty(0, np.uint32)
    while first_sequence < last_sequence:
        start = offsets[first_sequence]
        next_sequence = first_sequence + 1
        while next_sequence < last_sequence and offsets[next_sequence + 1] - start <= _BLOCK:
            next_sequence += 1
        stop = offsets[next_sequence]
        starts = offsets[first_sequence : next_sequence + 1]
        if stop - start > sights.shape[1]:
            sights = np.empty((names.shape[0], stop - start), np.uint32)
            said, history = np.empty(stop - start + 1, np.int64), np.empty(stop - start, np.uint32)
        needed = 0
        for position in range(start, stop):
            needed += chunk_offsets[chunk[position] + 1] - chunk_offsets[chunk[position]]
        if needed > segments.shape[0]:
            segments = np.empty(2 * needed, dtype=np.int32)
        _say(starts, chunk, chunk_offsets, chunk_segments, said, segments, history)
        for atom in range(names.shape[0]):
            _look(
                names[atom, 0], names[atom, 1], starts, symbol, chunk, said, segments, history, sights[atom]
            )
        for template in range(template_offsets.shape[0] - 1):
            values = context[template, start:stop]
            for place in range(values.shape[0]):
                values[place] = 0
            for atom in range(template_offsets[template], template_offsets[template + 1]):
                _hash_sight(values, sights[number[atom]], atom_salt(atoms[atom, 0], atoms[atom, 1]))
        first_sequence = next_sequence


@compiled
def atom_salt(kind: int, argument: int) -> np.uint32:
    """Name an atom in 32 bits: "L1" and "L-1" of equal letters are different contexts."""
    return np.uint32((kind << 8) + argument + 128)


@compiled_part
def _distinct_atoms(atoms: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """List the different atoms, and the place of each atom in that list."""
    names, number = np.empty((atoms.shape[0], 2), np.int32), np.empty(atoms.shape[0], np.int64)
    n_names = 0
    for atom in range(atoms.shape[0]):
        name = 0
        while name < n_names and (names[name, 0] != atoms[atom, 0] or names[name, 1] != atoms[atom, 1]):
            name += 1
        if name == n_names:
            names[name, 0], names[name, 1] = atoms[atom, 0], atoms[atom, 1]
            n_names += 1
        number[atom] = name
    return names[:n_names], number


@compiled_part
def _say(
    starts: NDArray[np.int64],
    chunk: NDArray[np.int32],
    chunk_offsets: NDArray[np.int64],
    chunk_segments: NDArray[np.int32],
    said: NDArray[np.int64],
    segments: NDArray[np.int32],
    history: NDArray[np.uint32],
) -> None:
    """Write a block's segments end to end, and for each position how many came before and the history."""
    n_segments, place = 0, 0
    for sequence in range(starts.shape[0] - 1):
        value = EMPTY_HISTORY
        for position in range(starts[sequence], starts[sequence + 1]):
            said[place], history[place] = n_segments, value
            place += 1
            for index in range(chunk_offsets[chunk[position]], chunk_offsets[chunk[position] + 1]):
                segments[n_segments] = chunk_segments[index]
                value = extend_history(value, chunk_segments[index])
                n_segments += 1


@compiled_part
def _look(
    kind: int,
    argument: int,
    starts: NDArray[np.int64],
    symbol: NDArray[np.int32],
    chunk: NDArray[np.int32],
    said: NDArray[np.int64],
    segments: NDArray[np.int32],
    history: NDArray[np.uint32],
    sight: NDArray[np.uint32],
) -> None:
    """Write what one atom sees at each position of a block."""
    for sequence in range(starts.shape[0] - 1):
        first, last = starts[sequence], starts[sequence + 1]
        base = first - starts[0]
        for place in range(last - first):
            part = NOTHING
            if kind == LETTER:
                index = place + argument
                if 0 <= index < last - first:
                    part = symbol[first + index] + FIRST
                elif index == -1:
                    part = BEFORE
                elif index == last - first:
                    part = AFTER
            elif kind == CHUNK:
                if place >= argument:
                    part = chunk[first + place - argument] + FIRST
            elif kind == SEGMENT:
                if said[base + place] - said[base] >= argument:
                    part = segments[said[base + place] - argument] + FIRST
            elif kind == SAME:
                for index in range(place - 1, -1, -1):
                    if symbol[first + index] == symbol[first + place]:
                        part = chunk[first + index] + FIRST
                        break
            elif kind == SAID:
                part = NOTHING + int(history[base + place])
            elif kind == START:
                part = min(place, argument)
            elif kind == END:
                part = min(last - first - place, argument)
            sight[base + place] = part


@compiled_part
def _hash_sight(values: NDArray[np.uint32], sight: NDArray[np.uint32], salt: np.uint32) -> None:
    """Hash what one more atom sees into the values."""
    for place in range(values.shape[0]):
        values[place] = hash32(np.uint32(values[place] + sight[place]), salt, _MAXIMUM)
