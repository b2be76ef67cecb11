"""Any hashtron network under training, one neuron at a time.

All state is the network itself: traces, evidence and votes follow from it. So a trainer that is given a
network (`NetworkTrainer.restore`) goes on exactly as the one that it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.deep.evidence_kernels import surprise_of
from goldzone.deep.hard_tally import decide_pair, hard_votes
from goldzone.deep.soft_credit import check_weights, collect_evidence, soft_votes
from goldzone.deep.traces import Traces
from goldzone.deep.values import SeenValues, make_filter, make_table, memory_bytes, present_premodulo
from goldzone.errors import ConfigError, DataError, StateError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.fixed_point import LOG_BITS
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import MAX_TABLE_CELLS, BitTable, Hashtron, Neuron
from goldzone.hashtron.quaternary import build_filter
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.credit import agreement
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.streams import stream

__all__ = ["FORWARD_RULES", "LearningRules", "NetworkTrainer", "untrained_network"]

_IntegerT = TypeVar("_IntegerT", bound=np.integer)


@dataclass(frozen=True, slots=True)
class LearningRules:
    """How one neuron of a network learns.

    Attributes
    ----------
    credit : {"margin", "hard"}
        Votes by evidence (`goldzone.deep.soft_credit`), or only where the output turns
        (`goldzone.deep.hard_tally`).
    temperature : float
        T of margin credit, in bits of evidence; 0.1 to 100.
    unvoted : {"keep", "forget"}
        What becomes of a value whose votes cancel or are missing: it keeps the answer that most of its
        samples get now (0 if undecided), or is left out of the filter and answers at random, as in the
        reference.
    memory : {"filter", "table"}
        Whether a neuron becomes a `Hashtron`, or a `BitTable` where its premodulo is 1 to 2**24. A table's
        cells without samples keep their bits, 0 at first.
    accept : {"always", "not_worse"}
        Whether a change stays that makes more training samples wrong.
    """

    credit: Literal["margin", "hard"] = "margin"
    temperature: float = 3.0
    unvoted: Literal["keep", "forget"] = "keep"
    memory: Literal["filter", "table"] = "filter"
    accept: Literal["always", "not_worse"] = "always"


FORWARD_RULES: Final = LearningRules(credit="hard", unvoted="forget")
"""The reference's: hard tally, every change accepted, unvoted values forgotten."""


def untrained_network(architecture: Architecture, seed: int) -> Network:
    """Return a network of coin tosses whose salts come from the named stream "untrained"."""
    salts = stream(seed, "untrained", count=architecture.n_neurons)
    return Network(architecture, tuple(Hashtron(((int(salt), 2),)) for salt in salts))


class NetworkTrainer:
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
    parity : uint16[n_samples], optional
        XOR-ed to the labels.
    weights : int[n_samples], optional
        How much each sample's votes count; 1 by default.
    threads : int
        Changes the speed, never the result.

    Raises
    ------
    ConfigError
        If margin credit is asked for a network whose output bits are not its last neurons' answers.
    DataError
        If there is no sample, or columns differ in length.
    """

    def __init__(
        self,
        network: Network,
        inputs: ArrayLike,
        expected: ArrayLike,
        rules: LearningRules = LearningRules(),
        *,
        seed: int = 1,
        parity: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        threads: int = 1,
    ) -> None:
        if rules.credit == "margin" and not _answers_are_outputs(network.architecture):
            raise ConfigError(
                "margin credit needs output bits that are the last neurons' answers; this network combines "
                'them, use credit "hard"'
            )
        self._traces = Traces(network, inputs, threads=threads)
        n_outputs = network.architecture.n_outputs
        labels = _column("expected outputs", expected, self.n_samples, np.uint16)
        if parity is not None:
            labels ^= _column("parity", parity, self.n_samples, np.uint16)
        self._expected = labels & np.uint16((1 << n_outputs) - 1)
        ones = np.ones(self.n_samples, dtype=np.int64)
        self._weights = (
            ones if weights is None else _column("sample weights", weights, self.n_samples, np.int64)
        )
        check_weights(self._weights, n_outputs)
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
        """The present output word of each sample, parity left out: uint16[n_samples]."""
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
        return np.array([present_premodulo(neuron) for neuron in neurons], dtype=np.int64)

    def largest_premodulo(self) -> int:
        """Return the most cells that a neuron may have."""
        return MAX_TABLE_CELLS if self.rules.memory == "table" else LARGEST

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Return what some neurons answer to the samples whose label is not 0."""
        asked = np.flatnonzero(self._expected)
        packed = np.zeros((len(positions), -(-asked.size // 64) * 8), dtype=np.uint8)
        rows = np.packbits(
            self._traces.layer_bits(layer - 1)[list(positions)][:, asked], axis=1, bitorder="little"
        )
        packed[:, : rows.shape[1]] = rows
        return PackedAnswers(packed.view("<u8").astype(np.uint64), asked.size)

    def restore(self, network: Network) -> None:
        """Go back (or on) to another state of the same architecture.

        Raises
        ------
        StateError
            If the network has another architecture.
        """
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
        """Train one neuron and put it in place; without votes it stays as it is.

        Parameters
        ----------
        layer, position : int
            Layers count from 1, positions from 0.
        premodulo : int
            Cells that the neuron may tell apart; 0 for none: every value its own.

        Returns
        -------
        TrainedNeuron
            `changed` counts the values (or cells) with another answer than before.

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

        So each is decided with the other in place. The order matters.

        Returns
        -------
        two TrainedNeuron
            Of the first, from its second training, and of the second; `changed` counts from before the pair.
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
        """Train two neurons of a layer together by the reference's pair tally (`tally_pair`).

        A neuron for which nothing was decided stays as it is. Nothing changes if the two filters would need
        more bytes than the present ones: pairs are trained to make a network that is right smaller. Sample
        weights do not count.

        Parameters
        ----------
        layer, first, second : int
            Positions ascend.
        premodulo : int
            0 for none; both neurons get the salt of the first.

        Returns
        -------
        two TrainedNeuron
            Without agreement (0): decisions are no votes.

        Raises
        ------
        ConfigError
            If there are no such neurons, or they do not ascend.
        """
        numbers = self._number(layer, first), self._number(layer, second)
        if first >= second:
            raise ConfigError(f"neuron pair {first}, {second} does not ascend; give the smaller one first")
        places = (first, second)
        salt = self._salt(layer, first)
        answers = [self._answers(layer, position) for position in places]
        seen = [SeenValues.of(self._traces.seen(layer - 1, position), salt, premodulo) for position in places]
        tally = decide_pair(self._traces, numbers, self._expected, salt=salt, premodulo=premodulo)
        changes: dict[int, Neuron] = {
            number: Hashtron(values.program, build_filter(keys, decided))
            for number, values, keys, decided in zip(numbers, seen, tally.values, tally.answers, strict=True)
            if keys.size
        }
        if changes and memory_bytes(changes.values()) <= memory_bytes(
            self.network().neurons[n] for n in changes
        ):
            self._traces.put(changes)
            self._follow()
        one, two = (self._result(layer, places[k], answers[k], seen[k], 0.0) for k in range(2))
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
        loss = sum(self._surprise(j) for j in range(n_outputs)) / n_outputs
        return TrainMetrics(self.n_right / self.n_samples, loss, {"bit_accuracy": right_bits / bits})

    def _surprise(self, output: int) -> float:
        """Return the mean of -log2(share of its label at its final value) over the samples, in bits."""
        seen = self._traces.seen(len(self.layer_sizes) - 1, output)
        found = collect_evidence(seen, self._labels(output), self._weights)
        return int(surprise_of(found.yes, found.no)) / (1 << LOG_BITS) / int(self._weights.sum())

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
        total = 2 * int(np.count_nonzero(now)) - self.n_samples
        changed = np.zeros(seen.values.size, dtype=np.bool_)
        changed[seen.place[before != now]] = True
        return TrainedNeuron(total, self.n_samples, agreed, int(np.count_nonzero(changed)))

    def _votes(self, layer: int, position: int) -> tuple[NDArray[np.int64], bool]:
        """Return each sample's vote for a 1, and whether following the votes may improve anything."""
        if self.rules.credit == "hard":
            return self._hard_votes(layer, position)
        if layer == len(self.layer_sizes):
            return self._label_votes(position), True
        return self._margin_votes(layer, position), True

    def _hard_votes(self, layer: int, position: int) -> tuple[NDArray[np.int64], bool]:
        votes, improves = hard_votes(self._traces, self._number(layer, position), self._expected)
        return votes * self._weights, bool(np.any(improves & (self._weights > 0)))

    def _label_votes(self, output: int) -> NDArray[np.int64]:
        """Vote for the label: the last layer learns the prior too."""
        return (2 * self._labels(output).astype(np.int64) - 1) * self._weights

    def _margin_votes(self, layer: int, position: int) -> NDArray[np.int64]:
        traces, last = self._traces, len(self.layer_sizes) - 1
        flip = traces.flip(layer - 1, position)
        reached = flip.samples
        bit = traces.answers(layer - 1, position)[reached].astype(np.bool_)
        some = np.zeros(reached.size, dtype=np.int64)
        for output in range(self.layer_sizes[last]):
            labels = self._labels(output)
            evidence = collect_evidence(traces.seen(last, output), labels, self._weights)
            present = evidence.bits[evidence.place[reached]]
            flipped = evidence.at(traces.hashed(last, output, flip.features))
            some += soft_votes(
                evidence,
                labels[reached],
                self._weights[reached],
                (np.where(bit, flipped, present), np.where(bit, present, flipped)),
                self.rules.temperature,
            )
        votes = np.zeros(self.n_samples, dtype=np.int64)
        votes[reached] = some
        return votes

    def _make(self, number: int, seen: SeenValues, sums: NDArray[np.int64]) -> Neuron:
        """Make the neuron that answers as the summed votes say."""
        stage, position = self.network().architecture.locate(number)
        known, answers, old = sums != 0, sums > 0, self.network().neurons[number]
        if self._follows and stage == len(self.layer_sizes) - 1:
            return self._neuron_of(seen, np.ones_like(known), answers, None)
        if self.rules.unvoted == "keep":
            signs = 2 * self._traces.answers(stage, position).astype(np.int64) - 1
            answers = np.where(known, answers, seen.add_up(signs) > 0)
            known = np.ones_like(known)
        return self._neuron_of(seen, known, answers, old)

    def _neuron_of(
        self, seen: SeenValues, known: NDArray[np.bool_], answers: NDArray[np.bool_], old: Neuron | None
    ) -> Neuron:
        if self.rules.memory == "table" and 1 <= seen.premodulo <= MAX_TABLE_CELLS:
            return make_table(seen, known, answers, old)
        return make_filter(seen, known, answers)

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
            if isinstance(neuron, BitTable) or neuron.filter:
                seen = self._seen(last, output, present_premodulo(neuron))
                following = self._make(number, seen, seen.add_up(self._label_votes(output)))
                if following != neuron:
                    self._traces.put({number: following})


def _column(name: str, values: ArrayLike, n_samples: int, dtype: type[_IntegerT]) -> NDArray[_IntegerT]:
    column = np.asarray(values)
    if column.shape != (n_samples,):
        raise DataError(f"{name} have shape {column.shape}; give one for each of {n_samples} samples")
    limits = np.iinfo(dtype)
    if column.size and (
        column.dtype.kind not in "iub" or not limits.min <= column.min() <= column.max() <= limits.max
    ):
        raise DataError(f"{name} are not all integers in {limits.min}..{limits.max}; correct them")
    return column.astype(dtype)


def _answers_are_outputs(architecture: Architecture) -> bool:
    """Tell whether output bit j is the answer of the last layer's neuron j, for all answers."""
    combiner, width = architecture.stages[-1].combiner, architecture.n_outputs
    if combiner is None:
        return True
    words = np.arange(1 << width)
    bits = ((words >> np.arange(width)[:, None]) & 1).astype(np.uint8)
    return bool(np.array_equal(combiner.features_by_row(bits, width), bits))
