"""What context neurons answer to right candidates, as packed bits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np

from goldzone.data.samples import Samples
from goldzone.hashtron.neuron import BitTable
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.answer_kernels import pack_answers

__all__ = ["MOST_PACKED", "pack_right_answers"]

MOST_PACKED: Final = 1 << 17
"""Samples whose answers are packed at most: 16 KiB a neuron."""


def pack_right_answers(
    samples: Samples, templates: Sequence[int], tables: Sequence[BitTable], pool: Executor
) -> PackedAnswers:
    """Ask context neurons about the right candidate of each position that lists one.

    Of more than `MOST_PACKED` such positions every n-th is taken, from the first on, with the least n that
    suffices.

    Parameters
    ----------
    samples : Samples
    templates, tables : sequences of int and of BitTable
        The context column that each neuron reads, and the neuron.
    pool : Executor
        Its threads share the neurons; the answers do not depend on it.
    """
    positions = np.flatnonzero(samples.gold >= 0)
    positions = positions[:: max(1, -(-positions.size // MOST_PACKED))]
    first_key = samples.candidate_offsets[samples.symbol[positions]]
    keys = samples.candidate_key[first_key + samples.gold[positions]]
    packed = np.zeros((len(tables), -(-positions.size // 64)), dtype=np.uint64)

    def pack(row: int) -> None:
        table = tables[row]
        bits = table.bits().astype(np.uint8)
        salt, premodulo = np.uint32(table.salt), np.uint32(table.premodulo)
        context = samples.context[templates[row]]
        pack_answers(context, positions, keys, salt, premodulo, bits, packed[row])

    for _ in pool.map(pack, range(len(tables))):
        pass
    return PackedAnswers(packed, int(positions.size))
