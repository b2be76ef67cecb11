"""The beam search word by word: every neuron asked about every candidate, every pronunciation copied.

Slow next to `goldzone.g2p.decode_kernels`, and plain; compiled, so that it can say thousands of words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from goldzone.data.context_kernels import EMPTY_HISTORY, extend_history
from goldzone.data.samples import candidate_keys
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table, fixed_log2
from goldzone.hashtron.kernels import hash32
from tests.naive.context_value import context_value


def slow_search(
    model: G2PModel, words: Sequence[Sequence[int]], beam: int
) -> list[list[tuple[int, tuple[int, ...]]]]:
    """Find (cost, chunks) of up to `beam` pronunciations of each word, the cheapest first."""
    committee = model.committee
    order = np.argsort(np.array(committee.template_of), kind="stable")
    grouped = np.array(committee.template_of)[order]
    tables = [committee.tables[index] for index in order.tolist()]
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int64)
    found = np.zeros(len(words), dtype=np.int64)
    chunks = np.zeros((beam, offsets[-1]), dtype=np.int32)
    costs = np.zeros((beam, len(words)), dtype=np.int64)
    _decode_words(
        offsets,
        np.array([symbol for word in words for symbol in word], dtype=np.int32),
        model.candidates.offsets,
        model.candidates.chunk,
        candidate_keys(model.candidates.chunk),
        np.cumsum([0, *map(len, model.chunks)]).astype(np.int64),
        np.array([index for chunk in model.chunks for index in chunk], dtype=np.int32),
        model.chunks.index(()),
        model.templates.atoms,
        model.templates.offsets,
        model.templates.reads_choices(),
        np.searchsorted(grouped, np.arange(len(model.templates) + 1)).astype(np.int64),
        np.array([table.salt for table in tables], dtype=np.uint32),
        np.array([table.premodulo for table in tables], dtype=np.uint32),
        np.cumsum([0, *(len(table.cells) for table in tables)])[:-1].astype(np.int64),
        np.frombuffer(b"".join(table.cells for table in tables), dtype=np.uint8),
        exp_table(model.temperature, len(tables) + 1),
        bits_per_vote(model.temperature),
        beam,
        found,
        chunks,
        costs,
    )
    return [
        [
            (int(costs[rank, word]), tuple(chunks[rank, offsets[word] : offsets[word + 1]].tolist()))
            for rank in range(found[word])
        ]
        for word in range(len(words))
    ]


@njit(cache=True, nogil=True)
def _add_votes(
    by_choices: bool,
    atoms: NDArray[np.int32],
    template_offsets: NDArray[np.int64],
    reads_choices: NDArray[np.bool_],
    neuron_offsets: NDArray[np.int64],
    salts: NDArray[np.uint32],
    premodulos: NDArray[np.uint32],
    table_offsets: NDArray[np.int64],
    tables: NDArray[np.uint8],
    symbols: NDArray[np.int32],
    place: int,
    chunks: NDArray[np.int32],
    segments: NDArray[np.int32],
    n_segments: np.int64,
    history: np.uint32,
    keys: NDArray[np.uint32],
    cells: NDArray[np.uint32],
    scores: NDArray[np.int64],
) -> None:
    """Add the votes of the templates that read earlier choices, or of the others, to the scores."""
    for template in range(reads_choices.shape[0]):
        if reads_choices[template] != by_choices:
            continue
        first, last = neuron_offsets[template], neuron_offsets[template + 1]
        value = context_value(
            atoms,
            template_offsets[template],
            template_offsets[template + 1],
            symbols,
            place,
            chunks,
            segments,
            n_segments,
            history,
        )
        for candidate in range(keys.shape[0]):
            feature = np.uint32(value + keys[candidate])
            # Hashed all at once, which runs in vector lanes; then looked up.
            for neuron in range(first, last):
                cells[neuron] = hash32(feature, salts[neuron], premodulos[neuron])
            votes = np.int64(0)
            for neuron in range(first, last):
                cell = cells[neuron]
                votes += (tables[table_offsets[neuron] + (cell >> np.uint32(3))] >> (cell & np.uint32(7))) & 1
            scores[candidate] += votes


@njit(cache=True, nogil=True)
def _keep_best(costs: NDArray[np.int64], n_costs: int | np.int64, beam: int, kept: NDArray[np.int64]) -> int:
    """Write the indices of the lowest costs in ascending order (equal ones by index); return how many."""
    n_kept = 0
    for index in range(n_costs):
        if n_kept == beam and costs[index] >= costs[kept[n_kept - 1]]:
            continue
        place = n_kept if n_kept < beam else beam - 1
        n_kept = place + 1
        while place > 0 and costs[kept[place - 1]] > costs[index]:
            kept[place] = kept[place - 1]
            place -= 1
        kept[place] = index
    return n_kept


@njit(cache=True, nogil=True)
def _decode_words(
    word_offsets: NDArray[np.int64],
    symbol: NDArray[np.int32],
    candidate_offsets: NDArray[np.int64],
    candidate_chunk: NDArray[np.int32],
    candidate_key: NDArray[np.uint32],
    chunk_offsets: NDArray[np.int64],
    chunk_segments: NDArray[np.int32],
    silent_chunk: int,
    atoms: NDArray[np.int32],
    template_offsets: NDArray[np.int64],
    reads_choices: NDArray[np.bool_],
    neuron_offsets: NDArray[np.int64],
    salts: NDArray[np.uint32],
    premodulos: NDArray[np.uint32],
    table_offsets: NDArray[np.int64],
    tables: NDArray[np.uint8],
    exponentials: NDArray[np.int64],
    bits_per_vote: int,
    beam: int,
    found: NDArray[np.int64],
    chunks_found: NDArray[np.int32],
    costs_found: NDArray[np.int64],
) -> None:
    most_candidates = 1
    for index in range(candidate_offsets.shape[0] - 1):
        most_candidates = max(most_candidates, candidate_offsets[index + 1] - candidate_offsets[index])
    longest_chunk = 1
    for index in range(chunk_offsets.shape[0] - 1):
        longest_chunk = max(longest_chunk, chunk_offsets[index + 1] - chunk_offsets[index])
    cells = np.empty(max(1, salts.shape[0]), dtype=np.uint32)
    shared = np.empty(most_candidates, dtype=np.int64)
    own = np.empty(most_candidates, dtype=np.int64)
    costs = np.empty(beam * most_candidates, dtype=np.int64)
    kept = np.empty(beam, dtype=np.int64)
    for word in range(word_offsets.shape[0] - 1):
        start, stop = word_offsets[word], word_offsets[word + 1]
        symbols = symbol[start:stop]
        n_letters = stop - start
        n_beam = 1
        chunks = np.empty((beam, n_letters), dtype=np.int32)
        segments = np.empty((beam, n_letters * longest_chunk), dtype=np.int32)
        n_segments = np.zeros(beam, dtype=np.int64)
        histories = np.full(beam, EMPTY_HISTORY, dtype=np.uint32)
        cost = np.zeros(beam, dtype=np.int64)
        next_chunks, next_segments = np.empty_like(chunks), np.empty_like(segments)
        next_n_segments, next_histories = np.empty_like(n_segments), np.empty_like(histories)
        next_cost = np.empty_like(cost)
        for place in range(n_letters):
            letter = symbols[place]
            first_candidate, n_candidates = np.int64(0), np.int64(0)
            if letter >= 0:
                first_candidate = candidate_offsets[letter]
                n_candidates = candidate_offsets[letter + 1] - first_candidate
            if n_candidates == 0:
                chunks[:n_beam, place] = silent_chunk
                continue
            keys = candidate_key[first_candidate : first_candidate + n_candidates]
            # With a single candidate there is nothing to weigh: its probability is 1.
            if n_candidates > 1:
                shared[:n_candidates] = 0
                # No earlier choice enters: the same for all partial pronunciations.
                _add_votes(
                    False,
                    atoms,
                    template_offsets,
                    reads_choices,
                    neuron_offsets,
                    salts,
                    premodulos,
                    table_offsets,
                    tables,
                    symbols,
                    place,
                    chunks[0],
                    segments[0],
                    n_segments[0],
                    histories[0],
                    keys,
                    cells,
                    shared,
                )
            for partial in range(n_beam):
                if n_candidates == 1:
                    costs[partial] = cost[partial]
                    continue
                own[:n_candidates] = shared[:n_candidates]
                _add_votes(
                    True,
                    atoms,
                    template_offsets,
                    reads_choices,
                    neuron_offsets,
                    salts,
                    premodulos,
                    table_offsets,
                    tables,
                    symbols,
                    place,
                    chunks[partial],
                    segments[partial],
                    n_segments[partial],
                    histories[partial],
                    keys,
                    cells,
                    own,
                )
                best, total = own[0], np.int64(0)
                for index in range(n_candidates):
                    best = max(best, own[index])
                for index in range(n_candidates):
                    total += exponentials[best - own[index]]
                base = cost[partial] + fixed_log2(total) - (EXP_BITS << LOG_BITS)
                for index in range(n_candidates):
                    costs[partial * n_candidates + index] = base + (best - own[index]) * bits_per_vote
            n_kept = _keep_best(costs, n_beam * n_candidates, beam, kept)
            for rank in range(n_kept):
                partial, index = kept[rank] // n_candidates, kept[rank] % n_candidates
                chunk = candidate_chunk[first_candidate + index]
                said = n_segments[partial]
                next_chunks[rank, :place] = chunks[partial, :place]
                next_chunks[rank, place] = chunk
                next_segments[rank, :said] = segments[partial, :said]
                history = histories[partial]
                for at in range(chunk_offsets[chunk], chunk_offsets[chunk + 1]):
                    next_segments[rank, said] = chunk_segments[at]
                    history = extend_history(history, chunk_segments[at])
                    said += 1
                next_n_segments[rank], next_histories[rank] = said, history
                next_cost[rank] = costs[kept[rank]]
            n_beam = n_kept
            chunks, next_chunks = next_chunks, chunks
            segments, next_segments = next_segments, segments
            n_segments, next_n_segments = next_n_segments, n_segments
            histories, next_histories = next_histories, histories
            cost, next_cost = next_cost, cost
        found[word] = n_beam
        for rank in range(n_beam):
            chunks_found[rank, start:stop] = chunks[rank]
            costs_found[rank, word] = cost[rank]
