"""The value of one template at one letter of a word, atom by atom: what both compiled loops must come to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled
from goldzone.data.context_kernels import AFTER, BEFORE, FIRST, NOTHING, atom_salt
from goldzone.data.templates import CHUNK, END, LETTER, SAID, SAME, SEGMENT, START
from goldzone.hashtron.kernels import hash32


@compiled
def context_value(
    atoms: NDArray[np.int32],
    first: int,
    last: int,
    symbols: NDArray[np.int32],
    position: int,
    chunks: NDArray[np.int32],
    segments: NDArray[np.int32],
    n_segments: int | np.int64,
    history: np.uint32,
) -> np.uint32:
    """Hash the atoms ``first .. last - 1`` of one template at one position of a word.

    Parameters
    ----------
    atoms : int32[n_atoms, 2]
    symbols : int32[n_letters]
        The whole word; `UNKNOWN_SYMBOL` where training never saw the letter.
    position : int
        The letter in question.
    chunks : int32[>= position]
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
        part = NOTHING
        if kind == LETTER:
            index = position + argument
            if index < 0:
                part = BEFORE if index == -1 else NOTHING
            elif index >= symbols.shape[0]:
                part = AFTER if index == symbols.shape[0] else NOTHING
            else:
                part = symbols[index] + FIRST
        elif kind == CHUNK:
            if position >= argument:
                part = chunks[position - argument] + FIRST
        elif kind == SEGMENT:
            if n_segments >= argument:
                part = segments[n_segments - argument] + FIRST
        elif kind == SAME:
            for index in range(position - 1, -1, -1):
                if symbols[index] == symbols[position]:
                    part = chunks[index] + FIRST
                    break
        elif kind == SAID:
            value = np.uint32(value + history)
        elif kind == START:
            part = min(position, argument)
        elif kind == END:
            part = min(symbols.shape[0] - position, argument)
        value = hash32(np.uint32(value + np.uint32(part)), atom_salt(kind, argument), 0xFFFFFFFF)
    return value
