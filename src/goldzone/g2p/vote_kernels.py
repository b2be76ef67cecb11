"""Compiled loops that count the votes for every candidate, each context once.

The same few letters and sounds stand around many letters of many words, so most votes were counted before:
they are taken from a memo. The rest are counted together, neuron by neuron: hashes in one loop, which fills
vector lanes, look-ups in another, with the neuron's table in the fastest cache.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.g2p.lane_kernels import fill_values
from goldzone.g2p.search_arrays import ModelArrays, NeuronArrays, TemplateArrays
from goldzone.hashtron.kernels import hash32

__all__ = [
    "LANE_BLOCK",
    "VOTES_A_WORD",
    "Memo",
    "Workspace",
    "add_votes",
    "empty_memo",
    "empty_workspace",
    "forget_votes",
    "score_words",
]

LANE_BLOCK: Final = 256
"""Lanes that are looked up together; those that are not in the memo are counted together."""

VOTES_A_WORD: Final = 4
"""Counts of 16 bits in a word of 64."""

_MEMO_BYTES: Final = 1 << 20  # stays in the second-level cache
_HEAD: Final = 2  # words of a row before its votes
_LINE_WORDS: Final = 8  # a cache line

_HALF, _GENERATION = np.uint64(32), np.uint64(48)
_LOW = np.uint64(0xFFFFFFFF)
_SPREAD = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77))  # odd: templates and letters get slots of their own


class Memo(NamedTuple):
    """Votes that were counted before: a direct-mapped table, one row a slot.

    A row is for one template, context value and letter. Its first word holds the value and the letter, its
    second the generation, the template (from 1) and the block of lanes that used it last; then come the votes
    for each candidate of the letter, 16 bits each. What is not there is only slower: the votes are the same.

    Attributes
    ----------
    words : uint64[n_rows * row_words]
        Rows end to end: the slots, then `LANE_BLOCK` rows for votes that find their slot in use.
    votes : uint16[4 * n_rows * row_words]
        The same memory.
    row_words, n_slots : int
        The slots are a power of two.
    clock : uint64[2]
        Blocks of lanes so far, and the generation of the neurons: what earlier ones voted does not count.
    """

    words: NDArray[np.uint64]
    votes: NDArray[np.uint16]
    row_words: int
    n_slots: int
    clock: NDArray[np.uint64]


class Workspace(NamedTuple):
    """What a block of lanes is worked out on.

    Attributes
    ----------
    value : uint32[LANE_BLOCK]
        Context value of each lane.
    row : int64[LANE_BLOCK]
        The memo's row of each lane.
    missing, end : int64[LANE_BLOCK]
        Rows whose votes must be counted, and where the features of each end.
    feature, cell, vote : uint32[...], uint32[...], uint16[LANE_BLOCK * most_candidates]
    """

    value: NDArray[np.uint32]
    row: NDArray[np.int64]
    missing: NDArray[np.int64]
    end: NDArray[np.int64]
    feature: NDArray[np.uint32]
    cell: NDArray[np.uint32]
    vote: NDArray[np.uint16]


def empty_memo(most_candidates: int, *, n_bytes: int = _MEMO_BYTES) -> Memo:
    """Make a memo of so many bytes, or less; memory is taken as rows are filled."""
    row_words = -(-(_HEAD + score_words(most_candidates)) // _LINE_WORDS) * _LINE_WORDS
    n_slots = 1 << max(0, (n_bytes // (8 * row_words)).bit_length() - 1)
    n_words = (n_slots + LANE_BLOCK) * row_words
    memory = np.zeros(n_words + _LINE_WORDS, dtype=np.uint64)
    start = -(memory.ctypes.data // 8) % _LINE_WORDS  # a row then touches no more cache lines than it must
    words = memory[start : start + n_words]
    return Memo(words, words.view(np.uint16), row_words, n_slots, np.ones(2, dtype=np.uint64))


def empty_workspace(most_candidates: int) -> Workspace:
    """Make room for a block of lanes."""
    rows = np.empty((3, LANE_BLOCK), dtype=np.int64)
    features = np.empty((2, LANE_BLOCK * most_candidates), dtype=np.uint32)
    value = np.empty(LANE_BLOCK, dtype=np.uint32)
    votes = np.empty(LANE_BLOCK * most_candidates, dtype=np.uint16)
    return Workspace(value, rows[0], rows[1], rows[2], features[0], features[1], votes)


def score_words(candidates: int) -> int:
    """Return how many 64-bit words hold the scores of so many candidates, 16 bits each."""
    return -(-candidates // VOTES_A_WORD)


@compiled
def forget_votes(memo: Memo) -> None:
    """Let no vote count that is in the memo: the neurons have changed."""
    memo.clock[1] += np.uint64(1)
    if memo.clock[1] == np.uint64(1) << np.uint64(16):
        memo.words[:] = 0
        memo.clock[1] = 1


@compiled
def add_votes(
    model: ModelArrays,
    templates: TemplateArrays,
    parts: NDArray[np.uint32],
    symbols: NDArray[np.int32],
    memo: Memo,
    work: Workspace,
    scores: NDArray[np.uint64],
    seen: NDArray[np.uint32],
    first_column: int | np.int64,
) -> None:
    """Add the votes of all neurons of some templates to the scores of each lane.

    Parameters
    ----------
    model : ModelArrays
    templates : TemplateArrays
        Of the model.
    parts : uint32[n_atoms, >= n_lanes]
        As `fill_parts` writes them.
    symbols : int32[n_lanes]
        Letter of each lane; it has candidates.
    memo : Memo
        Changed.
    work : Workspace
        Changed.
    scores : uint64[>= n_lanes, score_words]
        Changed: 16 bits a candidate. A score is no more than 65,535, the sum of what all neurons can answer,
        so no sum overflows.
    seen : uint32[n_templates, >= first_column + n_lanes]
        Output: the context value of each template in each lane; without any rows it is not kept.
    first_column : int
        Column of the first lane.
    """
    candidates, n_lanes = model.candidates, symbols.shape[0]
    for template in range(templates.number.shape[0]):
        owner = np.uint64(templates.number[template] + 1) << _HALF | memo.clock[1] << _GENERATION
        for first in range(0, n_lanes, LANE_BLOCK):
            last = min(first + LANE_BLOCK, n_lanes)
            fill_values(templates, template, parts, first, last, work.value)
            if seen.shape[0] > 0:
                for lane in range(last - first):
                    seen[template, first_column + first + lane] = work.value[lane]
            now = memo.clock[0] & _LOW
            memo.clock[0] += np.uint64(1)
            n_missing, n_features = np.int64(0), np.int64(0)  # a literal would be a type of its own
            for lane in range(first, last):
                value, symbol = work.value[lane - first], symbols[lane]
                key = (np.uint64(value) << _HALF) | np.uint64(symbol)
                row = _slot(memo, value, templates.number[template], symbol) * memo.row_words
                if memo.words[row] != key or (memo.words[row + 1] & ~_LOW) != owner:
                    # A row that another lane of this block will read must stay as it is.
                    if (memo.words[row + 1] & _LOW) == now:
                        row = np.int64((memo.n_slots + lane - first) * memo.row_words)
                    memo.words[row] = key
                    for index in range(candidates.offsets[symbol], candidates.offsets[symbol + 1]):
                        work.feature[n_features] = np.uint32(value + candidates.key[index])
                        n_features += 1
                    work.missing[n_missing], work.end[n_missing] = row, n_features
                    n_missing += 1
                memo.words[row + 1] = owner | now
                work.row[lane - first] = row
            if n_missing:
                first_neuron, last_neuron = templates.first_neuron[template], templates.last_neuron[template]
                _count_votes(model.neurons, first_neuron, last_neuron, n_features, work)
                _fill_rows(memo, work, n_missing)
            for lane in range(first, last):
                row = work.row[lane - first] + _HEAD
                for word in range(scores.shape[1]):
                    scores[lane, word] += memo.words[row + word]


@compiled_part
def _slot(memo: Memo, value: np.uint32, template: int, symbol: int) -> np.int64:
    spread = np.uint32(
        np.uint32(np.uint32(template) * _SPREAD[0]) + np.uint32(np.uint32(symbol) * _SPREAD[1])
    )
    return np.int64(np.uint32(np.uint32(value) + spread) & np.uint32(memo.n_slots - 1))


@compiled_part
def _count_votes(
    neurons: NeuronArrays, first_neuron: int, last_neuron: int, n_features: np.int64, work: Workspace
) -> None:
    """Add up what the neurons answer to each feature: 0 or 1, or the steps above the lowest grade."""
    for index in range(n_features):
        work.vote[index] = 0
    for neuron in range(first_neuron, last_neuron):
        salt, premodulo = neurons.salts[neuron], neurons.premodulos[neuron]
        start = np.uint64(neurons.table_offsets[neuron])  # unsigned: no check for an index below 0
        for index in range(n_features):
            work.cell[index] = hash32(work.feature[index], salt, premodulo)
        if neurons.graded:
            for index in range(n_features):
                work.vote[index] += neurons.tables[start + np.uint64(work.cell[index])]
            continue
        for index in range(n_features):
            cell = np.uint64(work.cell[index])
            byte = neurons.tables[start + (cell >> np.uint64(3))]
            work.vote[index] += (byte >> np.uint8(cell & np.uint64(7))) & np.uint8(1)


@compiled_part
def _fill_rows(memo: Memo, work: Workspace, n_missing: np.int64) -> None:
    """Write the votes that were counted to their rows, and 0 behind them."""
    at = 0
    for index in range(n_missing):
        cell = (work.missing[index] + _HEAD) * VOTES_A_WORD
        stop = (work.missing[index] + memo.row_words) * VOTES_A_WORD
        for vote in range(at, work.end[index]):
            memo.votes[cell] = work.vote[vote]
            cell += 1
        for rest in range(cell, stop):
            memo.votes[rest] = 0
        at = work.end[index]
