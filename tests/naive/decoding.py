"""Saying a word from the definition: plain lists, one candidate at a time, no sharing of work.

Costs are -log2 probabilities in the kernel's fixed point, so that they can be compared exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from goldzone.data.context_kernels import SpokenWords, fill_contexts
from goldzone.data.samples import candidate_keys
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table, fixed_log2
from goldzone.hashtron.kernels import HIGHEST

Path = tuple[int, tuple[int, ...]]
"""The cost of some first letters, and their chunks."""


def naive_beam_search(
    model: G2PModel,
    symbols: Sequence[int],
    beam: int,
    farthest: int | None = None,
    goal: Sequence[int] | None = None,
) -> list[Path]:
    """Keep the `beam` cheapest paths after every letter; of equally cheap ones, those listed first.

    With `farthest`, those that cost more than the cheapest by more than that are dropped. With a goal, so are
    those that can no longer end as this row of segments.
    """
    paths: list[Path] = [(0, ())] if goal is None or naive_can_end(model, symbols, goal) else []
    for position in range(len(symbols)):
        longer = [
            (cost + more, (*chunks, chunk))
            for cost, chunks in paths
            for more, chunk in naive_choices(model, symbols, position, chunks)
        ]
        if goal is not None:
            longer = [path for path in longer if naive_can_end(model, symbols, goal, path[1])]
        paths = sorted(longer, key=lambda path: path[0])[:beam]
        if farthest is not None:
            paths = [path for path in paths if path[0] - paths[0][0] <= farthest]
    return paths


def naive_said(model: G2PModel, chunks: Sequence[int]) -> tuple[int, ...]:
    """Join the segments of some chunks."""
    return tuple(segment for chunk in chunks for segment in model.chunks[chunk])


def naive_can_end(
    model: G2PModel, symbols: Sequence[int], goal: Sequence[int], chunks: tuple[int, ...] = ()
) -> bool:
    """Tell whether some way to go on from these chunks says exactly the goal."""
    said = naive_said(model, chunks)
    if said != tuple(goal[: len(said)]) or len(chunks) == len(symbols):
        return said == tuple(goal)
    return any(
        naive_can_end(model, symbols, goal, (*chunks, chunk))
        for chunk in naive_listed(model, symbols[len(chunks)])
    )


def naive_listed(model: G2PModel, symbol: int) -> list[int]:
    """List the chunks that a letter may say: an unknown one says nothing."""
    offsets = model.candidates.offsets
    listed = model.candidates.chunk[offsets[symbol] : offsets[symbol + 1]].tolist() if symbol >= 0 else []
    return listed or [model.chunks.index(())]


def naive_all_paths(model: G2PModel, symbols: Sequence[int], chunks: tuple[int, ...] = ()) -> list[Path]:
    """List every way to say the rest of a word, with the cost of the rest."""
    if len(chunks) == len(symbols):
        return [(0, chunks)]
    return [
        (more + rest, path)
        for more, chunk in naive_choices(model, symbols, len(chunks), chunks)
        for rest, path in naive_all_paths(model, symbols, (*chunks, chunk))
    ]


def naive_probabilities(model: G2PModel, paths: Sequence[Path]) -> list[Path]:
    """Make costs of graded neurons those of a softmax over all these paths."""
    step, least = bits_per_vote(model.temperature), min(cost for cost, _ in paths)
    behind = [(cost - least) // step for cost, _ in paths]
    exponentials = exp_table(model.temperature * model.spread, max(behind) + 1)
    total = int(fixed_log2(sum(int(exponentials[steps]) for steps in behind))) - (EXP_BITS << LOG_BITS)
    return [
        (int(steps * step / model.spread) + total, chunks)
        for steps, (_, chunks) in zip(behind, paths, strict=True)
    ]


def naive_choices(
    model: G2PModel, symbols: Sequence[int], position: int, chunks: tuple[int, ...]
) -> list[tuple[int, int]]:
    """List (cost, chunk) of each candidate at one position, after the chunks chosen before it."""
    if symbols[position] < 0:
        return [(0, model.chunks.index(()))]
    table = model.candidates
    candidates = table.chunk[table.offsets[symbols[position]] : table.offsets[symbols[position] + 1]]
    votes = np.zeros(len(candidates), dtype=int)
    for template, neuron in zip(model.committee.template_of, model.committee.tables, strict=True):
        context = naive_context(model, template, symbols, position, chunks)
        features = [(context + int(key)) % 2**32 for key in candidate_keys(candidates)]
        votes += neuron.evaluate(features)
    if len(candidates) == 1:
        return [(0, int(candidates[0]))]
    step = bits_per_vote(model.temperature)
    if model.committee.graded:  # not made probabilities letter by letter
        highest = HIGHEST * len(model.committee.tables)
        return [
            (int(highest - vote) * step, int(chunk)) for vote, chunk in zip(votes, candidates, strict=True)
        ]
    behind = [int(votes.max() - vote) for vote in votes]
    exponentials = exp_table(model.temperature, max(behind) + 1)
    total = int(fixed_log2(sum(int(exponentials[votes_behind]) for votes_behind in behind)))
    return [
        (total - (EXP_BITS << LOG_BITS) + votes_behind * step, int(chunk))
        for votes_behind, chunk in zip(behind, candidates, strict=True)
    ]


def naive_context(
    model: G2PModel, template: int, symbols: Sequence[int], position: int, chunks: tuple[int, ...]
) -> int:
    """Hash what one template sees, with all that the word has said so far worked out anew."""
    spoken = SpokenWords(
        np.array([0, len(symbols)]),
        np.array(symbols, dtype=np.int32),
        np.array([*chunks, *[0] * (len(symbols) - len(chunks))], dtype=np.int32),
        np.cumsum([0, *map(len, model.chunks)]),
        np.array([segment for chunk in model.chunks for segment in chunk], dtype=np.int32),
        model.classes,
    )
    values = np.empty((len(model.templates), len(symbols)), dtype=np.uint32)
    fill_contexts(0, 1, spoken, model.templates.atoms, model.templates.offsets, values)
    return int(values[template, position])
