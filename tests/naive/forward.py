"""The forward loop from its description, with the naive tallies and a whole evaluation after each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.quaternary import build_filter
from goldzone.training.streams import stream
from tests.naive.hashtron_network import naive_run
from tests.naive.training_hard_tally import naive_pair, naive_tally

Trained = tuple[int, int, int, str]
"""Layer, position, premodulo; "taken", "undone" or "unchanged"."""


@dataclass
class NaiveForward:
    """A run of the forward pipeline: `trained` and `end` tell what came of it."""

    network: Network
    inputs: list[list[int]]
    expected: list[int]
    feeds: list[list[list[bool]]]
    seed: int
    least: int
    most: int
    pairs_from: float
    sweeps: int
    trained: list[Trained] = field(default_factory=list)
    end: str = ""

    def run(self) -> None:
        sizes = [stage.layer.neurons for stage in self.network.architecture.stages]
        undo: Network | None = None
        minima: set[tuple[int, ...]] = set()
        tried: set[tuple[tuple[int, ...], tuple[int, int]]] = set()
        idle, draws, in_sweep, sweeps = 0, 0, 0, 0
        while not self.end:
            state, right = self._outputs(), self._right()
            if right == len(self.expected) and self.pairs_from > 1:
                self.end = "all right"
                return
            pairing = right >= self.pairs_from * len(self.expected)
            if idle == sum(sizes):
                idle = 0
                minima.add(state)
                if pairing or undo is None:
                    self.end = "pairs done" if pairing else "nothing to undo"
                    return
                self.network, undo = undo, None
                continue
            idle, draws = idle + 1, draws + 1
            chain = self._pairs(draws, sizes) if pairing else self._branch(draws, sizes)
            if (state, chain[0]) in tried:
                continue
            for k in range(len(chain) - pairing):
                before = self.network
                group = sorted(chain[k : k + 2]) if pairing else [chain[k]]
                premodulo = self._premodulo()
                changed = self._pair(group, premodulo) if pairing else self._single(group[0], premodulo)
                word = "unchanged"
                if changed:
                    word = "undone" if self._outputs() in minima else "taken"
                if word == "undone":
                    self.network = before
                if word == "taken":
                    idle, undo = 0, before
                self.trained += [(*neuron, premodulo, word) for neuron in group]
                in_sweep += len(group)
                if in_sweep >= sum(sizes):
                    in_sweep, sweeps = 0, sweeps + 1
                if sweeps == self.sweeps:
                    self.end = "bound"
                    return
                state = self._outputs()
                tried.add((state, chain[k]))
                if k + 1 < len(chain) and (state, chain[k + 1]) in tried:
                    break
                if word == "undone" or (k == 0 and word == "unchanged"):
                    break

    def _outputs(self) -> tuple[int, ...]:
        return tuple(
            naive_run(self.network.architecture, self.network.neurons, row).word for row in self.inputs
        )

    def _right(self) -> int:
        return sum(word == wanted for word, wanted in zip(self._outputs(), self.expected, strict=True))

    def _premodulo(self) -> int:
        """Take the quadratic of the success in percent, in exact integers."""
        if self.most == 0:
            return 0
        total = len(self.expected)
        wrong = total - self._right()
        return max(2, self.most - 4 * wrong * wrong * (self.most - self.least) // (total * total))

    def _branch(self, draw: int, sizes: list[int]) -> list[tuple[int, int]]:
        words = stream(self.seed, "forward", "branch", draw, count=len(sizes)).tolist()
        position = words[0] * sizes[0] // 2**32
        chain = [(1, position)]
        for layer in range(2, len(sizes) + 1):
            row = self.feeds[layer - 2][position]
            fed = [p for p in range(sizes[layer - 1]) if row[p]] or list(range(sizes[layer - 1]))
            position = fed[words[layer - 1] * len(fed) // 2**32]
            chain.append((layer, position))
        return chain

    def _pairs(self, draw: int, sizes: list[int]) -> list[tuple[int, int]]:
        words = stream(self.seed, "forward", "layer", draw, count=1 + max(sizes)).tolist()
        layer = words[0] * len(sizes) // 2**32
        order = sorted(range(sizes[layer]), key=lambda p: (words[1 + p], p))
        return [(layer + 1, p) for p in order]

    def _single(self, neuron: tuple[int, int], premodulo: int) -> bool:
        salt = int(stream(self.seed, "salt", *neuron, count=1)[0])
        sums, possible = naive_tally(
            self.network, self._number(neuron), self.inputs, self.expected, salt, premodulo
        )
        if not possible or not sums:
            return False
        decided = {value: total > 0 for value, total in sums.items()}
        self.network = self.network.with_neurons({self._number(neuron): _neuron(decided, salt, premodulo)})
        return True

    def _pair(self, neurons: list[tuple[int, int]], premodulo: int) -> bool:
        salt = int(stream(self.seed, "salt", *neurons[0], count=1)[0])
        first, second = (self._number(neuron) for neuron in neurons)
        decided = naive_pair(self.network, (first, second), self.inputs, self.expected, salt, premodulo)
        changes = {
            number: _neuron(found, salt, premodulo)
            for number, found in zip((first, second), decided, strict=True)
            if found
        }
        new = sum(len(neuron.filter) for neuron in changes.values())
        present = [self.network.neurons[number] for number in changes]
        old = sum(len(neuron.filter) for neuron in present if isinstance(neuron, Hashtron))
        if not changes or new > old:
            return False
        self.network = self.network.with_neurons(changes)
        return True

    def _number(self, neuron: tuple[int, int]) -> int:
        return self.network.architecture.stages[neuron[0] - 1].neurons[neuron[1]]


def _neuron(decided: Mapping[int, int], salt: int, premodulo: int) -> Hashtron:
    program = ((salt, premodulo),) if premodulo else ()
    return Hashtron(program, build_filter(list(decided), [bool(answer) for answer in decided.values()]))
