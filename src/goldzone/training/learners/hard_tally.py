"""The reference's credit: votes for the value of one neuron (or two) that makes the output right.

The network is run with the neuron's bit as it is and flipped; where that decides between a better and a
worse output, the sample votes on the feature value that the neuron saw. Sources: "tally" and "preTally" of
github.com/neurlang/classifier, ``net/feedforward``, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError, DataError
from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.network import LayerTrace, Network

__all__ = ["HardTally", "PairTally", "decide_pair", "hard_votes", "tally_neuron", "tally_pair"]


@dataclass(frozen=True, eq=False)
class HardTally:
    """Votes for one neuron, summed by feature value.

    Parameters
    ----------
    values : uint32[n]
        Feature values with a sum other than 0, ascending.
    sums : int64[n]
        Votes for 1 less votes for 0.
    improvement_possible : bool
        Whether some vote came from a sample that is wrong now.
    """

    values: NDArray[np.uint32]
    sums: NDArray[np.int64]
    improvement_possible: bool

    @property
    def answers(self) -> NDArray[np.bool_]:
        """What the neuron is to answer for each value: the sign of its sum."""
        return self.sums > 0


@dataclass(frozen=True, eq=False)
class PairTally:
    """Decisions for two neurons, by feature value; the first sample to need a value decides it.

    Parameters
    ----------
    values : two arrays, uint32[n]
        Feature values of the first and of the second neuron, ascending.
    answers : two arrays, bool[n]
    """

    values: tuple[NDArray[np.uint32], NDArray[np.uint32]]
    answers: tuple[NDArray[np.bool_], NDArray[np.bool_]]

    @property
    def improvement_possible(self) -> bool:
        """Whether anything was decided."""
        return len(self) > 0

    def __len__(self) -> int:
        return self.values[0].size + self.values[1].size


def tally_neuron(
    network: Network,
    neuron: int,
    inputs: ArrayLike,
    expected: ArrayLike,
    *,
    salt: int = 0,
    premodulo: int = 0,
) -> HardTally:
    """Tally one neuron over all samples.

    Parameters
    ----------
    network : Network
    neuron : int
        Its number.
    inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]
    expected : uint16[n_samples]
        Label XOR parity; bits beyond the network's outputs are ignored.
    salt, premodulo : int
        When `premodulo` is not 0, votes go to ``hash(value, salt, premodulo)``.

    Raises
    ------
    DataError
        If the number of expected words is not the number of samples.

    Notes
    -----
    One output bit: a vote where exactly one of the two runs is right. More: the run with the smaller Hamming
    distance wins by the difference, but a sample that is perfect now votes once for the present bit, whether
    or not a flip would harm it. A neuron whose bit is itself an output bit gets one vote a sample for the
    expected bit.
    """
    stage, position = network.architecture.locate(neuron)
    trace = network.trace(inputs)[stage]
    present, flipped = (
        network.outputs_above(stage, trace.features, bits)
        for bits in (trace.bits, _flip(trace.bits, position))
    )
    votes, improves = hard_votes(network, neuron, trace.bits, expected, present=present, flipped=flipped)
    return _sum_votes(_seen(trace.hashed[:, position], salt, premodulo), votes, improves)


def hard_votes(
    network: Network,
    neuron: int,
    bits: NDArray[np.uint8],
    expected: ArrayLike,
    *,
    present: NDArray[np.uint16],
    flipped: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return each sample's vote for a 1 of one neuron, by the rules of `tally_neuron`.

    Parameters
    ----------
    network : Network
    neuron : int
    bits : uint8[n_samples, n_neurons]
        Answers of the neuron's layer.
    expected : uint16[n_samples]
    present, flipped : uint16[n_samples]
        Output words as they are, and with the neuron's bit flipped (unused where its bit is an output bit).

    Returns
    -------
    votes : int64[n_samples]
    improves : bool[n_samples]
        Whether the vote comes from a sample that is wrong now.
    """
    stage, position = network.architecture.locate(neuron)
    words = _expected_words(network, expected, bits.shape[0])
    combiner = network.architecture.stages[stage].combiner
    bit = bits[:, position].astype(np.int64)
    if combiner is None:
        wanted = (words >> np.uint16(position)).astype(np.int64) & 1
        return 2 * wanted - 1, wanted != bit
    distance = _distance(present, words)
    gain = distance - _distance(flipped, words)
    if network.architecture.n_outputs > 1:
        gain = np.where(distance == 0, -1, gain)
    gain[combiner.disregard(bits, position)] = 0
    votes = np.where(bit == 1, -gain, gain)
    return votes, (votes != 0) & (distance > 0)


def tally_pair(
    network: Network,
    pair: tuple[int, int],
    inputs: ArrayLike,
    expected: ArrayLike,
    *,
    salt: int = 0,
    premodulo: int = 0,
) -> PairTally:
    """Decide for two neurons at once over their four combinations, first come first served.

    Parameters
    ----------
    network : Network
    pair : tuple of int
        Two neurons' numbers, ascending. Without a combiner above the first nothing can be decided; a second
        neuron whose bit is itself an output bit is never flipped, as in the reference.
    inputs, expected, salt, premodulo
        As for `tally_neuron`; here the order of the samples matters, and only bit 0 of the output counts.

    Raises
    ------
    ConfigError
        If the numbers do not ascend.
    DataError
        If the number of expected words is not the number of samples.
    """
    if pair[0] >= pair[1]:
        raise ConfigError(f"neuron pair {pair} does not ascend; give the smaller number first")
    stage, _ = network.architecture.locate(pair[0])
    return decide_pair(network, pair, network.trace(inputs)[stage], expected, salt=salt, premodulo=premodulo)


def decide_pair(
    network: Network,
    pair: tuple[int, int],
    trace: LayerTrace,
    expected: ArrayLike,
    *,
    salt: int = 0,
    premodulo: int = 0,
) -> PairTally:
    """Do what `tally_pair` does, given what the first neuron's layer reads and answers."""
    stage, position = network.architecture.locate(pair[0])
    words = _expected_words(network, expected, trace.bits.shape[0])
    decided: tuple[dict[int, bool], dict[int, bool]] = ({}, {})
    combiner = network.architecture.stages[stage].combiner
    if combiner is not None:
        runs = [_run_pair(network, pair, trace, words, number) for number in range(4)]
        open_samples = np.any([run.wrong for run in runs], axis=0)
        open_samples &= ~combiner.disregard(trace.bits, position)
        seen = _seen(trace.hashed[:, position], salt, premodulo)
        seen_b = [_seen(run.second_hashed, salt, premodulo) for run in runs]
        for i in np.flatnonzero(open_samples):
            _decide(
                decided,
                int(seen[i]),
                tuple(int(values[i]) for values in seen_b),
                tuple(
                    _Outcome(bool(run.wrong[i]), bool(run.first_bit[i]), bool(run.second_bit[i]))
                    for run in runs
                ),
            )
    first, second = (_sorted_decisions(decisions) for decisions in decided)
    return PairTally((first[0], second[0]), (first[1], second[1]))


def _expected_words(network: Network, expected: ArrayLike, n_samples: int) -> NDArray[np.uint16]:
    words = np.asarray(expected, dtype=np.uint16)
    if words.shape != (n_samples,):
        raise DataError(
            f"expected outputs have shape {words.shape}; give one word for each of {n_samples} samples"
        )
    return words & np.uint16((1 << network.architecture.n_outputs) - 1)


def _seen(hashed: NDArray[np.uint32], salt: int, premodulo: int) -> NDArray[np.uint32]:
    return hash_values(hashed, salt, premodulo) if premodulo else hashed


def _flip(bits: NDArray[np.uint8], position: int) -> NDArray[np.uint8]:
    flipped = bits.copy(order="K")
    flipped[:, position] ^= 1
    return flipped


def _distance(words: NDArray[np.uint16], expected: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Hamming distance between output words: uint16[n] -> int64[n]."""
    different = words ^ expected
    return sum(((different >> np.uint16(j)) & 1).astype(np.int64) for j in range(16))  # type: ignore[return-value]


def _sum_votes(
    values: NDArray[np.uint32], votes: NDArray[np.int64], improves: NDArray[np.bool_]
) -> HardTally:
    distinct, where = np.unique(values, return_inverse=True)
    sums = np.zeros(distinct.size, dtype=np.int64)
    np.add.at(sums, where, votes)
    voted = sums != 0
    return HardTally(distinct[voted], sums[voted], bool(np.any(improves)))


@dataclass(frozen=True, eq=False)
class _PairRun:
    """One of the four combinations, for all samples: is output bit 0 wrong, and the pair's bits."""

    wrong: NDArray[np.bool_]
    first_bit: NDArray[np.uint8]
    second_bit: NDArray[np.uint8]
    second_hashed: NDArray[np.uint32]


def _run_pair(
    network: Network,
    pair: tuple[int, int],
    trace: LayerTrace,
    words: NDArray[np.uint16],
    number: int,
) -> _PairRun:
    """Run combination `number`: bit 0 flips the first neuron, bit 1 the second."""
    (stage, position), (stage_b, position_b) = (network.architecture.locate(neuron) for neuron in pair)
    bits = _flip(trace.bits, position) if number & 1 else trace.bits
    first_bit = bits[:, position]
    features, hashed = trace.features, trace.hashed
    for below in range(stage, stage_b):
        above = network.trace_layer(below + 1, network.features_above(below, features, bits))
        features, hashed, bits = above.features, above.hashed, above.bits
    # The reference cannot flip a bit that is itself an output: no combiner takes it.
    if number & 2 and network.architecture.stages[stage_b].combiner is not None:
        bits = _flip(bits, position_b)
    wrong = ((network.outputs_above(stage_b, features, bits) ^ words) & 1).astype(np.bool_)
    return _PairRun(wrong, first_bit, bits[:, position_b], hashed[:, position_b])


@dataclass(frozen=True)
class _Outcome:
    """One combination on one sample."""

    wrong: bool
    first_bit: bool
    second_bit: bool


def _decide(
    decided: tuple[dict[int, bool], dict[int, bool]],
    value: int,
    values_b: tuple[int, ...],
    outcomes: tuple[_Outcome, ...],
) -> None:
    """Add what one sample decides to `decided`, unless earlier samples decided otherwise.

    Combination k flips the first neuron when k & 1 and the second when k & 2; `values_b` are what the second
    neuron sees in each. Tried in turn: the first neuron alone, the second alone, both.
    """
    first, second = decided
    wrong = [outcome.wrong for outcome in outcomes]
    if wrong[0] == wrong[2] and wrong[1] == wrong[3]:
        right = next((o for o in outcomes[:2] if not o.wrong), None)
        if right is not None:
            # Exactly one answer of the first neuron is right: no other combination can mend a refusal.
            first.setdefault(value, right.first_bit)
            return
    if wrong[0] == wrong[1] and wrong[2] == wrong[3]:
        keep = outcomes[0]
        if keep.second_bit != outcomes[1].second_bit or outcomes[2].second_bit != outcomes[3].second_bit:
            right = next((o for o in (keep, outcomes[2]) if not o.wrong), None)
            chosen = keep if keep.second_bit == outcomes[2].second_bit else right
        else:
            chosen = keep
        if chosen is not None and second.setdefault(values_b[0], chosen.second_bit) == chosen.second_bit:
            return
    for value_b, outcome in zip(values_b, outcomes, strict=True):
        if (
            not outcome.wrong
            and first.get(value, outcome.first_bit) == outcome.first_bit
            and second.get(value_b, outcome.second_bit) == outcome.second_bit
        ):
            first[value] = outcome.first_bit
            second[value_b] = outcome.second_bit
            return


def _sorted_decisions(decisions: dict[int, bool]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    values = sorted(decisions)
    return np.array(values, dtype=np.uint32), np.array([decisions[value] for value in values], dtype=np.bool_)
