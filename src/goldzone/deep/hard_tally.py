"""The reference's credit: votes for the value of one neuron (or two) that makes the output right.

The network is run with the neuron's bit as it is and flipped; where that decides between a better and a
worse output, the sample votes on the feature value that the neuron saw. Sources: "tally" and "preTally" of
github.com/neurlang/classifier, ``net/feedforward``, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.deep.pair_kernels import UNDECIDED, decide_samples
from goldzone.deep.traces import Traces
from goldzone.deep.values import SeenValues
from goldzone.hashtron.network import LayerTrace, Network

__all__ = ["PairTally", "decide_pair", "hard_votes"]

_SET_BITS: Final = (
    np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8))
    .reshape(-1, 16)
    .sum(axis=1)
    .astype(np.int8)
)
"""How many bits each 16-bit word has set: int8[65536]."""


@dataclass(frozen=True, eq=False)
class PairTally:
    """Decisions for two neurons, by feature value; the first sample to need a value decides it."""

    values: tuple[NDArray[np.uint32], NDArray[np.uint32]]
    """uint32[n] each: feature values of the first and of the second neuron, ascending."""
    answers: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    """bool[n] each."""


def hard_votes(
    traces: Traces, neuron: int, expected: NDArray[np.uint16]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return each sample's vote for a 1 of one neuron.

    Parameters
    ----------
    traces : Traces
    neuron : int
        Its number.
    expected : uint16[n_samples]
        Within the network's output bits.

    Returns
    -------
    votes : int64[n_samples]
    improves : bool[n_samples]
        Whether the vote comes from a sample that is wrong now.

    Notes
    -----
    One output bit: a vote where exactly one of the two runs is right. More: the run with the smaller Hamming
    distance wins by the difference, but a sample that is perfect now votes once for the present bit, whether
    or not a flip would harm it. A neuron whose bit is itself an output bit gets one vote a sample for the
    expected bit.
    """
    architecture = traces.network.architecture
    stage, position = architecture.locate(neuron)
    bit = traces.answers(stage, position)
    if architecture.stages[stage].combiner is None:
        wanted = ((expected >> np.uint16(position)) & np.uint16(1)).astype(np.uint8)
        return 2 * wanted.astype(np.int64) - 1, wanted != bit
    flip = traces.flip(stage, position)
    flipped = traces.words.copy()
    flipped[flip.samples] = flip.words
    distance = _SET_BITS[traces.words ^ expected]
    gain = distance - _SET_BITS[flipped ^ expected]
    if architecture.n_outputs > 1:
        gain[distance == 0] = -1
    gain[traces.disregard(stage, position)] = 0
    votes = np.where(bit == 1, -gain, gain).astype(np.int64)
    return votes, (gain != 0) & (distance > 0)


def decide_pair(
    traces: Traces, pair: tuple[int, int], expected: NDArray[np.uint16], *, salt: int = 0, premodulo: int = 0
) -> PairTally:
    """Decide for two neurons at once over their four combinations, first come first served.

    Parameters
    ----------
    traces : Traces
    pair : tuple of int
        Two neurons' numbers, ascending. Without a combiner above the first nothing can be decided; a second
        neuron whose bit is itself an output bit is never flipped, as in the reference.
    expected : uint16[n_samples]
        The order of the samples matters, and only bit 0 counts.
    salt, premodulo : int
        When `premodulo` is not 0, decisions are about ``hash(value, salt, premodulo)``.
    """
    network = traces.network
    stage, position = network.architecture.locate(pair[0])
    parts = traces.map_layer(stage, lambda trace, samples: _run_pair(network, pair, trace, expected[samples]))
    runs = _PairRuns(*(np.concatenate(rows, axis=1) for rows in zip(*parts, strict=True)))
    open_samples = runs.wrong.any(axis=0) & ~traces.disregard(stage, position)
    seen = SeenValues.of(traces.seen(stage, position), salt, premodulo)
    seen_b = SeenValues.of(runs.second_seen.ravel(), salt, premodulo)
    first, second = (np.full(each.values.size, UNDECIDED, dtype=np.uint8) for each in (seen, seen_b))
    decide_samples(
        np.flatnonzero(open_samples),
        seen.index,
        seen_b.index.reshape(runs.wrong.shape),
        runs.wrong,
        runs.first_bit,
        runs.second_bit,
        first,
        second,
    )
    known, known_b = first != UNDECIDED, second != UNDECIDED
    return PairTally((seen.values[known], seen_b.values[known_b]), (first[known] == 1, second[known_b] == 1))


def _flip(bits: NDArray[np.uint8], position: int) -> NDArray[np.uint8]:
    flipped = bits.copy(order="K")
    flipped[:, position] ^= 1
    return flipped


class _PairRuns(NamedTuple):
    """The four combinations of a pair's bits: flip the first neuron where k & 1, the second where k & 2.

    Parameters
    ----------
    wrong : bool[4, n_samples]
        Whether bit 0 of the output is.
    first_bit, second_bit : uint8[4, n_samples]
        What the two answer.
    second_seen : uint32[4, n_samples]
        What the second sees, after its layer's premodulo.
    """

    wrong: NDArray[np.bool_]
    first_bit: NDArray[np.uint8]
    second_bit: NDArray[np.uint8]
    second_seen: NDArray[np.uint32]


def _run_pair(
    network: Network, pair: tuple[int, int], trace: LayerTrace, words: NDArray[np.uint16]
) -> _PairRuns:
    """Run all combinations on some samples, from the layer of the first neuron on."""
    (stage, position), (stage_b, position_b) = (network.architecture.locate(neuron) for neuron in pair)
    # The reference cannot flip a bit that is itself an output: no combiner takes it.
    flippable = network.architecture.stages[stage_b].combiner is not None
    shape = 4, words.size
    runs = _PairRuns(
        wrong=np.empty(shape, dtype=np.bool_),
        first_bit=np.empty(shape, dtype=np.uint8),
        second_bit=np.empty(shape, dtype=np.uint8),
        second_seen=np.empty(shape, dtype=np.uint32),
    )
    for number in range(4):
        bits = _flip(trace.bits, position) if number & 1 else trace.bits
        runs.first_bit[number] = bits[:, position]
        features, hashed = trace.features, trace.hashed
        for below in range(stage, stage_b):
            above = network.trace_layer(below + 1, network.features_above(below, features, bits))
            features, hashed, bits = above.features, above.hashed, above.bits
        if number & 2 and flippable:
            bits = _flip(bits, position_b)
        runs.second_bit[number] = bits[:, position_b]
        runs.second_seen[number] = hashed[:, position_b]
        runs.wrong[number] = (network.outputs_above(stage_b, features, bits) ^ words) & np.uint16(1)
    return runs
