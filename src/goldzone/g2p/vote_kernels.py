"""Compiled loops that count the votes for every candidate at every lane.

All candidates of all lanes stand in one row of *features*, lane by lane. A template's neurons are counted for
the whole row: hashes in one loop, which fills vector lanes, look-ups in another, with the neuron's table in
the fastest cache. The features of all candidates are listed once for all templates.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.compilation.decorator import compiled, compiled_part
from goldzone.g2p.lane_kernels import Lanes, fill_values
from goldzone.g2p.search_arrays import CandidateArrays, ModelArrays, NeuronArrays, TemplateArrays
from goldzone.hashtron.kernels import hash32

__all__ = ["FEATURE_BLOCK", "Workspace", "add_votes", "empty_workspace", "list_features"]

FEATURE_BLOCK: Final = 512
"""Features that are hashed before they are looked up: their cells stay in the first-level cache."""


class Workspace(NamedTuple):
    """What the votes of some lanes are worked out on.

    Attributes
    ----------
    value : uint32[n_lanes]
        What a template sees in each lane.
    feature, key : uint32[n_features], uint32[n_features]
        What a template's neurons hash of each candidate, and the candidate's key.
    cell : uint32[FEATURE_BLOCK]
    """

    value: NDArray[np.uint32]
    feature: NDArray[np.uint32]
    key: NDArray[np.uint32]
    cell: NDArray[np.uint32]


def empty_workspace(n_lanes: int, most_candidates: int) -> Workspace:
    """Make room for the votes of so many lanes."""
    features = np.empty((2, n_lanes * most_candidates), dtype=np.uint32)
    value, cell = np.empty(n_lanes, dtype=np.uint32), np.empty(FEATURE_BLOCK, dtype=np.uint32)
    return Workspace(value, features[0], features[1], cell)


@compiled
def list_features(candidates: CandidateArrays, lanes: Lanes, n_lanes: int, work: Workspace) -> np.int64:
    """List the candidates of some lanes, end to end; return how many there are.

    Written are ``lanes.first``, and the key of each feature.
    """
    end = np.int64(0)
    for lane in range(n_lanes):
        lanes.first[lane] = end
        symbol = lanes.symbol[lane]
        for index in range(candidates.offsets[symbol], candidates.offsets[symbol + 1]):
            work.key[end] = candidates.key[index]
            end += 1
    lanes.first[n_lanes] = end
    return end


@compiled
def add_votes(
    model: ModelArrays,
    templates: TemplateArrays,
    parts: NDArray[np.uint32],
    lanes: Lanes,
    n_lanes: int,
    work: Workspace,
    scores: NDArray[np.uint16],
    seen: NDArray[np.uint32],
    first_column: int | np.int64,
) -> None:
    """Add the votes of all neurons of some templates to the scores of all features.

    Parameters
    ----------
    model : ModelArrays
    templates : TemplateArrays
        Of the model.
    parts : uint32[n_atoms, >= n_lanes]
        As `fill_parts` writes them.
    lanes : Lanes
    n_lanes : int
    work : Workspace
        With the candidates of the lanes listed (`list_features`).
    scores : uint16[>= n_features]
        Changed. No sum overflows: the most that all neurons can answer is 65,535.
    seen : uint32[n_templates, >= first_column + n_lanes]
        Output: the context value of each template in each lane; without any rows it is not kept.
    first_column : int
        Column of the first lane.
    """
    first, n_features = lanes.first, lanes.first[n_lanes]
    for template in range(templates.number.shape[0]):
        fill_values(templates, template, parts, n_lanes, work.value)
        if seen.shape[0] > 0:
            row = seen[template]
            for lane in range(n_lanes):
                row[first_column + lane] = work.value[lane]
        for lane in range(n_lanes):
            value = work.value[lane]
            for index in range(first[lane], first[lane + 1]):
                work.feature[index] = np.uint32(value + work.key[index])
        for neuron in range(templates.first_neuron[template], templates.last_neuron[template]):
            _count_votes(model.neurons, neuron, n_features, work, scores)


@compiled_part
def _count_votes(
    neurons: NeuronArrays,
    neuron: int,
    n_features: int | np.int64,
    work: Workspace,
    scores: NDArray[np.uint16],
) -> None:
    """Add what a neuron answers to each feature: 0 or 1, or the steps above the lowest grade."""
    salt, premodulo = neurons.salts[neuron], neurons.premodulos[neuron]
    start = np.uint64(neurons.table_offsets[neuron])  # unsigned: no check for an index below 0
    for first in range(0, n_features, FEATURE_BLOCK):
        size = min(n_features - first, FEATURE_BLOCK)
        cells, own = work.cell[:size], scores[first : first + size]
        features = work.feature[first : first + size]
        for index in range(size):
            cells[index] = hash32(features[index], salt, premodulo)
        if neurons.graded:
            for index in range(size):
                own[index] += neurons.tables[start + np.uint64(cells[index])]
            continue
        for index in range(size):
            cell = np.uint64(cells[index])
            byte = neurons.tables[start + (cell >> np.uint64(3))]
            own[index] += (byte >> np.uint8(cell & np.uint64(7))) & np.uint8(1)
