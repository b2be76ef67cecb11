"""Any hashtron network under training, one neuron at a time.

All state is the network itself: traces, evidence and votes follow from it. So a trainer that is given a
network (`NetworkTrainer.restore`) goes on exactly as the one that it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.deep.evidence_kernels import surprise_of
from goldzone.deep.hard_tally import decide_pair, hard_votes
from goldzone.deep.rules import MARGIN_RULES, LearningRules, check_rules
from goldzone.deep.soft_credit import MAX_LABEL_BITS, Evidence, collect_evidence, soft_votes
from goldzone.deep.traces import Traces
from goldzone.deep.values import SeenValues
from goldzone.errors import ConfigError, DataError, StateError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.fixed_point import LOG_BITS
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron, Neuron
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.credit import agreement
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.learners.ways import OneByOne
from goldzone.training.streams import stream

__all__ = ["NetworkTrainer", "untrained_network"]


def untrained_network(architecture: Architecture, seed: int) -> Network:
    """Return a network of coin tosses whose salts come from the named stream "untrained"."""
    salts = stream(seed, "untrained", count=architecture.n_neurons)
    return Network(architecture, tuple(Hashtron(((int(salt), 2),)) for salt in salts))


class NetworkTrainer(OneByOne):
    """Trains the neurons of a network one at a time (`goldzone.training.pipeline.NeuronTrainer`).

    Under margin credit the neurons of the last layer, once trained, *follow* their vote sums: whenever a
    neuron below has changed, they answer anew for the values that they see now, 0 where the labels tie. They
    are cheap, and evidence that nobody reads is worth nothing. So they are a function of the layers below,
    their premodulo and the samples, also for a network that is given or restored.

    Parameters
    ----------
    network : Network
        Where to start, such as `untrained_network`.
    inputs : uint32[n_samples, n_inputs] or uint32[n_samples, 1]
    expected : uint16[n_samples]
        Labels; bits beyond the network's outputs are ignored.
    rules : LearningRules
    seed : int
        Names the salts: neuron (layer, position) has one.
    threads : int
        Changes the speed, never the result.

    Raises
    ------
    ConfigError
        If margin credit is asked for a network whose output bits are not its last neurons' answers.
    DataError
        If there are no samples or too many, or not as many labels.
    """

    def __init__(
        self,
        network: Network,
        inputs: ArrayLike,
        expected: ArrayLike,
        rules: LearningRules = MARGIN_RULES,
        *,
        seed: int = 1,
        threads: int = 1,
    ) -> None:
        check_rules(rules, network.architecture)
        labels, n_outputs = np.asarray(expected, dtype=np.uint16), network.architecture.n_outputs
        self._traces = Traces(network, inputs, threads=threads)
        if labels.shape != (self.n_samples,):
            raise DataError(
                f"expected outputs have shape {labels.shape}; give one for each of {self.n_samples} samples"
            )
        if not 1 <= self.n_samples <= MAX_LABEL_BITS // n_outputs:
            raise DataError(
                f"{self.n_samples} samples cannot be learnt; give 1 to {MAX_LABEL_BITS // n_outputs}"
            )
        self._expected = labels & np.uint16((1 << n_outputs) - 1)
        self.rules = rules
        self._seed = seed
        self._follow()

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Neurons of each hashtron layer, from the input."""
        return tuple(stage.layer.neurons for stage in self.network().architecture.stages)

    @property
    def n_samples(self) -> int:
        """N."""
        return self._traces.n_samples

    @property
    def outputs(self) -> NDArray[np.uint16]:
        """The present output word of each sample: uint16[n_samples]."""
        return self._traces.words

    @property
    def n_right(self) -> int:
        """How many samples have all their output bits right."""
        return int(np.count_nonzero(self._traces.words == self._expected))

    def start_sweep(self, sweep: int) -> None:
        """Prepare for a sweep: there is nothing to prepare, because all state is the network."""

    def close(self) -> None:
        """End the worker threads."""
        self._traces.close()

    def network(self) -> Network:
        """Return the present network as a value."""
        return self._traces.network

    def neuron(self, layer: int, position: int) -> Neuron:
        """Return one neuron of the present network."""
        return self.network().neurons[self._number(layer, position)]

    def premodulos(self, layer: int) -> NDArray[np.int64]:
        """Return the premodulo of each neuron of a layer: int64[n_neurons]; 0 for none, 2 for a coin toss."""
        neurons = (self.neuron(layer, position) for position in range(self.layer_sizes[layer - 1]))
        return np.array([_premodulo(neuron) for neuron in neurons], dtype=np.int64)

    def largest_premodulo(self) -> int:
        """Return the most cells that a neuron may have."""
        return LARGEST

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Return what some neurons answer to the samples whose label is not 0."""
        asked = np.flatnonzero(self._expected)
        packed = np.zeros((len(positions), -(-asked.size // 64) * 8), dtype=np.uint8)
        rows = np.packbits(
            self._traces.layer_bits(layer - 1)[list(positions)][:, asked], axis=1, bitorder="little"
        )
        packed[:, : rows.shape[1]] = rows
        return PackedAnswers(packed.view("<u8").astype(np.uint64), asked.size)

    def restore(self, network: Network, memory: Mapping[str, bytes] | None = None) -> None:
        """Go back (or on) to another state of the same architecture.

        Raises
        ------
        StateError
            If the network has another architecture.
        """
        del memory  # all state is the network
        present = self.network()
        if network.architecture != present.architecture:
            raise StateError("the network to restore has another architecture; use the state of this run")
        pairs = enumerate(zip(present.neurons, network.neurons, strict=True))
        changes = {number: new for number, (old, new) in pairs if new is not old}
        if changes:
            self._traces.put(changes)
        self._traces.network = network
        self._follow()

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train one neuron; without votes it stays as it is.

        In the result, `changed` counts the values (or cells) with another answer than before.

        Parameters
        ----------
        layer, position : int
            Layers count from 1, positions from 0.
        premodulo : int
            Cells that the neuron may tell apart; 0 for none: every value its own.

        Raises
        ------
        ConfigError
            If there is no such neuron.
        """
        number = self._number(layer, position)
        before, right, answers = self.network(), self.n_right, self._answers(layer, position)
        seen = self._seen(layer, position, premodulo)
        votes, improves = self._votes(layer, position)
        sums = seen.add_up(votes)
        if improves and sums.any():
            self._traces.put({number: self._make(number, seen, sums)})
            self._follow()
            if self.rules.accept == "not_worse" and self.n_right < right:
                self.restore(before)
        return self._result(layer, position, answers, seen, agreement(sums, int(np.abs(votes).sum())))

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Train two neurons of a layer together: the first, the second, and the first once more.

        So each is decided with the other trained. The order matters. The result of the first is that of its
        second training, but for `changed`, which counts from before the pair.
        """
        answers = self._answers(layer, first)
        self.train(layer, first, premodulo_first)
        two = self.train(layer, second, premodulo_second)
        one = self.train(layer, first, premodulo_first)
        seen = self._seen(layer, first, premodulo_first)
        return self._result(layer, first, answers, seen, one.agreement), two

    def train_by_pair_tally(
        self, layer: int, first: int, second: int, premodulo: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Train two neurons of a layer together by the reference's pair tally (`decide_pair`).

        A neuron for which nothing was decided stays as it is. Nothing changes if the two filters would need
        more bytes than the present ones: pairs are trained to make a network that is right smaller. The
        results have no agreement (0): decisions are no votes.

        Parameters
        ----------
        layer, first, second : int
            Positions ascend.
        premodulo : int
            0 for none; both neurons get the salt of the first.

        Raises
        ------
        ConfigError
            If there are no such neurons, or they do not ascend.
        """
        numbers = self._number(layer, first), self._number(layer, second)
        if first >= second:
            raise ConfigError(f"neuron pair {first}, {second} does not ascend; give the smaller one first")
        pair, salt = (first, second), self._salt(layer, first)
        answers = [self._answers(layer, position) for position in pair]
        seen = [SeenValues.of(self._traces.seen(layer - 1, position), salt, premodulo) for position in pair]
        tally = decide_pair(self._traces, numbers, self._expected, salt=salt, premodulo=premodulo)
        changes: dict[int, Neuron] = {
            number: values.neuron(keys, decided)
            for number, values, keys, decided in zip(numbers, seen, tally.values, tally.answers, strict=True)
            if keys.size
        }
        present = [self.network().neurons[number] for number in changes]
        if changes and _filter_bytes(changes.values()) <= _filter_bytes(present):
            self._traces.put(changes)
            self._follow()
        one, two = (self._result(layer, pair[k], answers[k], seen[k], 0.0) for k in range(2))
        return one, two

    def metrics(self) -> TrainMetrics:
        """Judge the present network on the training samples.

        Returns
        -------
        TrainMetrics
            Share of samples right as whole words; share of output bits right; loss in bits an output bit:
            how surprising the labels are to one who knows how often the final value goes with each.
        """
        n_outputs = self.network().architecture.n_outputs
        wrong = self._traces.words ^ self._expected
        bits = self.n_samples * n_outputs
        right_bits = bits - sum(int(np.count_nonzero(wrong & (1 << j))) for j in range(n_outputs))
        found = (self._evidence(output) for output in range(n_outputs))
        surprise = sum(int(surprise_of(each.yes, each.no)) for each in found)
        loss = surprise / (1 << LOG_BITS) / bits
        return TrainMetrics(self.n_right / self.n_samples, loss, {"bit_accuracy": right_bits / bits})

    def _evidence(self, output: int) -> Evidence:
        return collect_evidence(self._traces.seen(len(self.layer_sizes) - 1, output), self._labels(output))

    def _number(self, layer: int, position: int) -> int:
        stages = self.network().architecture.stages
        if not (1 <= layer <= len(stages) and 0 <= position < stages[layer - 1].layer.neurons):
            raise ConfigError(
                f"layer {layer} has no neuron {position}; the layers are {self.layer_sizes}, from 1"
            )
        return stages[layer - 1].neurons[position]

    def _salt(self, layer: int, position: int) -> int:
        return int(stream(self._seed, "salt", layer, position, count=1)[0])

    def _seen(self, layer: int, position: int, premodulo: int) -> SeenValues:
        return SeenValues.of(self._traces.seen(layer - 1, position), self._salt(layer, position), premodulo)

    def _answers(self, layer: int, position: int) -> NDArray[np.uint8]:
        return self._traces.answers(layer - 1, position)

    def _labels(self, output: int) -> NDArray[np.uint8]:
        return ((self._expected >> np.uint16(output)) & np.uint16(1)).astype(np.uint8)

    def _result(
        self, layer: int, position: int, before: NDArray[np.uint8], seen: SeenValues, agreed: float
    ) -> TrainedNeuron:
        now = self._answers(layer, position)
        total = int(np.count_nonzero(now))
        changed = np.zeros(seen.values.size, dtype=np.bool_)
        changed[seen.index[before != now]] = True
        return TrainedNeuron(total, self.n_samples, agreed, int(np.count_nonzero(changed)))

    def _votes(self, layer: int, position: int) -> tuple[NDArray[np.int64], bool]:
        """Return each sample's vote for a 1, and whether following the votes may improve anything."""
        if self.rules.credit == "hard":
            votes, improves = hard_votes(self._traces, self._number(layer, position), self._expected)
            return votes, bool(improves.any())
        if layer == len(self.layer_sizes):
            return self._label_votes(position), True
        return self._margin_votes(layer, position), True

    def _label_votes(self, output: int) -> NDArray[np.int64]:
        """Vote for the label: the last layer learns the prior too."""
        return 2 * self._labels(output).astype(np.int64) - 1

    def _margin_votes(self, layer: int, position: int) -> NDArray[np.int64]:
        traces, last = self._traces, len(self.layer_sizes) - 1
        flip = traces.flip(layer - 1, position)
        reached = flip.samples
        bit = traces.answers(layer - 1, position)[reached].astype(np.bool_)
        some = np.zeros(reached.size, dtype=np.int64)
        for output in range(self.layer_sizes[last]):
            evidence = self._evidence(output)
            present = evidence.bits[evidence.index[reached]]
            flipped = evidence.at(traces.hashed(last, output, flip.features))
            some += soft_votes(
                evidence,
                self._labels(output)[reached],
                (np.where(bit, flipped, present), np.where(bit, present, flipped)),
                self.rules.temperature,
            )
        votes = np.zeros(self.n_samples, dtype=np.int64)
        votes[reached] = some
        return votes

    def _make(self, number: int, seen: SeenValues, sums: NDArray[np.int64]) -> Hashtron:
        """Make the neuron that answers as the summed votes say."""
        stage, position = self.network().architecture.locate(number)
        known, answers = sums != 0, sums > 0
        if self._follows and stage == len(self.layer_sizes) - 1:
            return seen.neuron(seen.values, answers)
        if self.rules.unvoted == "forget":
            return seen.neuron(seen.values[known], answers[known])
        signs = 2 * self._traces.answers(stage, position).astype(np.int64) - 1
        return seen.neuron(seen.values, np.where(known, answers, seen.add_up(signs) > 0))

    @property
    def _follows(self) -> bool:
        return self.rules.credit == "margin"

    def _follow(self) -> None:
        """Let the trained neurons of the last layer follow their vote sums, under margin credit."""
        if not self._follows:
            return
        last = len(self.layer_sizes)
        for output, number in enumerate(self.network().architecture.stages[-1].neurons):
            neuron = self.network().neurons[number]
            if _filter_bytes([neuron]):
                seen = self._seen(last, output, _premodulo(neuron))
                following = self._make(number, seen, seen.add_up(self._label_votes(output)))
                if following != neuron:
                    self._traces.put({number: following})


def _premodulo(neuron: Neuron) -> int:
    """Return the cells that a neuron tells apart; 0 if it has no hash row."""
    program = neuron.to_hashtron().program
    return program[-1][1] if program else 0


def _filter_bytes(neurons: Iterable[Neuron]) -> int:
    return sum(len(neuron.to_hashtron().filter) for neuron in neurons)
