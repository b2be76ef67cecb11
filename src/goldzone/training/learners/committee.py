"""The context committee under training: its tables, the scores of all samples, and how neurons learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.samples import WORD_WEIGHT, Samples
from goldzone.data.templates import Templates
from goldzone.errors import ConfigError, StateError
from goldzone.hashtron.committee import MAX_CELLS, Committee
from goldzone.hashtron.fixed_point import LOG_BITS, bits_per_vote
from goldzone.hashtron.neuron import MAX_TABLE_CELLS, BitTable, Hashtron, Neuron
from goldzone.training.config import TrainingConfig
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.answers import pack_right_answers
from goldzone.training.learners.credit import CreditInput, credit_rule, rank_table
from goldzone.training.learners.credit_kernels import VOTE_ONE, decide_cells
from goldzone.training.learners.final_neuron import ScoreCounts, decide_final, fresh_answers
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.learners.score_kernels import count_scores, move_scores, rank_statistics
from goldzone.training.learners.tiles import Reading, tile_samples
from goldzone.training.learners.ways import OneByOne
from goldzone.training.streams import stream

__all__ = [
    "CONTEXT_LAYER",
    "FINAL_LAYER",
    "CommitteeTrainer",
    "assign_templates",
]

CONTEXT_LAYER: Final = 1
FINAL_LAYER: Final = 2

_SAMPLES_A_THREAD: Final = 1 << 16
"""Samples below which a further thread costs more than it saves."""


def assign_templates(templates: Templates, n_neurons: int) -> NDArray[np.int32]:
    """Give each context neuron a template, all templates equally often, those with fewer atoms first.

    Neurons learn in this order at first, so the evidence of small contexts, which generalises best, is
    there before larger contexts explain the rest.

    Returns
    -------
    int32[n_neurons]
    """
    index = np.arange(n_neurons)
    template, copy = index % len(templates), index // len(templates)
    order = np.lexsort((template, copy, np.diff(templates.offsets)[template]))
    return template[order].astype(np.int32)


class CommitteeTrainer(OneByOne):
    """Trains the neurons of a context committee one at a time and keeps every sample's score up to date.

    Parameters
    ----------
    samples : Samples
    templates : Templates
    config : TrainingConfig
    threads : int
        Changes the speed, never the result.

    Attributes
    ----------
    layer_sizes : tuple of int
        Neurons of layer 1 (context) and layer 2 (the final neuron).
    """

    def __init__(
        self, samples: Samples, templates: Templates, config: TrainingConfig, *, threads: int = 1
    ) -> None:
        width = config.context_neurons(len(templates))
        if samples.n_templates != len(templates):
            raise ConfigError(
                f"samples have {samples.n_templates} context columns; templates are {len(templates)}"
            )
        self.samples = samples
        self.layer_sizes = (width, 1)
        self._seed = config.seed
        self._credit = config.credit
        self._pool = ThreadPoolExecutor(threads)
        self._tiles = tile_samples(samples, np.diff(templates.offsets), self._pool)
        self._cuts = self._tiles.cuts(min(threads, 1 + samples.n_samples // _SAMPLES_A_THREAD))
        self._template_of = assign_templates(templates, width)
        self._salts = [int(stream(config.seed, "salt", CONTEXT_LAYER, j, count=1)[0]) for j in range(width)]
        self._final_salt = int(stream(config.seed, "salt", FINAL_LAYER, 0, count=1)[0])
        self._threshold = 0
        self.start_sweep(1)
        # Two silent cells: no evidence for anything.
        self._tables = [BitTable.from_bits(salt, np.zeros(2, dtype=np.bool_)) for salt in self._salts]
        self._final = Hashtron(((self._final_salt, 2),))  # a coin toss, as the reference's fresh neurons
        self._answers = fresh_answers(width + 1, self._final_salt)
        self._score = np.zeros(samples.n_samples, dtype=np.uint16)
        self._ones = [0] * width  # samples that each neuron answers with 1
        self._ballots = np.empty((len(self._cuts), 2), dtype=np.int64)

    @property
    def n_samples(self) -> int:
        """N."""
        return self.samples.n_samples

    def start_sweep(self, sweep: int) -> None:
        """Take the vote threshold from the configured schedule; sweeps count from 1."""
        schedule = self._credit.vote_threshold
        self._threshold = int(schedule[min(sweep, len(schedule)) - 1] * VOTE_ONE * WORD_WEIGHT)

    def close(self) -> None:
        """End the worker threads."""
        self._pool.shutdown()

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train one neuron under a premodulo and put it in place.

        Parameters
        ----------
        layer, position : int
            Layer 1 or 2, position from 0.
        premodulo : int
            The neuron's cells, at least 2.
        """
        if layer == FINAL_LAYER:
            return self._train_final(premodulo)
        return self._train_context(position, premodulo)

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Train two context neurons together and put them in place.

        Both are taken out of the scores. The first is decided by the votes that are cast without either, and
        put in; then the second. One by one, a neuron can only take what the other leaves; here the first may
        take evidence that the second holds. The order matters. (Deciding both before either is put in counts
        their common evidence twice and fitted no better; nor did deciding the first once more.) `changed`
        counts from before the pair.

        Raises
        ------
        ConfigError
            If these are not two neurons of the context layer.
        """
        width = self.layer_sizes[0]
        if layer != CONTEXT_LAYER or first == second or not {first, second} <= set(range(width)):
            raise ConfigError(
                f"layer {layer}, positions {first} and {second}: no pair; "
                f"give two positions in 0..{width - 1} of layer {CONTEXT_LAYER}"
            )
        kept_first = self._take_out(first, premodulo_first)
        kept_second = self._take_out(second, premodulo_second)
        return (
            self._learn(first, kept_first, np.zeros_like(kept_first)),
            self._learn(second, kept_second, np.zeros_like(kept_second)),
        )

    def metrics(self) -> TrainMetrics:
        """Judge the present network on the training samples."""
        data, temperature = self.samples, self._credit.temperature
        right = np.empty(data.n_positions, dtype=np.bool_)
        exponentials = rank_table(temperature, self._answers.size).exponentials
        loss = rank_statistics(self._tiles, self._score, exponentials, bits_per_vote(temperature), right)
        words = int(np.logical_and.reduceat(right, data.offsets[:-1]).sum())
        listed = int((data.gold >= 0).sum())
        return TrainMetrics(
            words / data.n_sequences,
            loss / (1 << LOG_BITS) / max(1, listed),
            {"position_accuracy": float(right.mean())},
        )

    def network(self) -> Committee:
        """Return the present network as a value."""
        return Committee(
            tuple(int(t) for t in self._template_of),
            tuple(self._tables),
            self._final,
        )

    def restore(self, committee: Committee, memory: Mapping[str, bytes] | None = None) -> None:
        """Put back a network that this trainer gave earlier: training goes on as it did from there.

        The vote threshold is not part of it: `start_sweep` sets that.

        Raises
        ------
        StateError
            If the network has other neurons, templates or salts than this trainer's; nothing is changed then.
        """
        del memory
        self._tables = self._own_tables(committee)
        self._final = committee.final
        self._answers = self._final.evaluate(np.arange(self._answers.size))
        self._score[:] = 0
        for position in range(len(self._tables)):
            self._ones[position] = 0
            self._move(position, self._bits(position).astype(np.int8))

    def premodulos(self, layer: int) -> NDArray[np.int64]:
        """Return the cells of each neuron of a layer: int64[n_neurons]; 2 where never trained."""
        if layer == FINAL_LAYER:
            return np.array([self._final.program[0][1]], dtype=np.int64)
        return np.array([table.premodulo for table in self._tables], dtype=np.int64)

    def largest_premodulo(self) -> int:
        """Return the most cells that a context neuron may have, so that a model file holds all of them."""
        return min(MAX_TABLE_CELLS, MAX_CELLS // self.layer_sizes[0])

    def neuron(self, layer: int, position: int) -> Neuron:
        """Return one neuron of the present network."""
        return self._final if layer == FINAL_LAYER else self._tables[position]

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Return what context neurons answer to right candidates: the input of `choose_pairs`.

        Parameters
        ----------
        layer : int
            The context layer: the final neuron is trained alone.
        positions : sequence of int
            Row i of the result is that of ``positions[i]``.
        """
        if layer != CONTEXT_LAYER:
            raise StateError(f"layer {layer}: its answers are not compared; give layer {CONTEXT_LAYER}")
        templates = [int(self._template_of[position]) for position in positions]
        tables = [self._tables[position] for position in positions]
        return pack_right_answers(self.samples, templates, tables, self._pool)

    def _own_tables(self, committee: Committee) -> list[BitTable]:
        salts = [table.salt for table in committee.tables]
        if len(salts) != len(self._tables):
            found, own = f"{len(salts)} context neurons", f"{len(self._tables)}"
        elif list(committee.template_of) != self._template_of.tolist():
            found, own = "other templates", "the configured ones"
        elif salts != self._salts or [row[0] for row in committee.final.program] != [self._final_salt]:
            found, own = "other salts", f"those of seed {self._seed}"
        elif committee.graded:
            found, own = "graded neurons", "bit tables"
        else:
            return list(committee.bit_tables)
        raise StateError(f"the network to restore has {found}, this trainer has {own}; give one that it made")

    def _bits(self, position: int) -> NDArray[np.uint8]:
        return self._tables[position].bits().astype(np.uint8)

    def _train_context(self, position: int, premodulo: int) -> TrainedNeuron:
        bits = self._bits(position)
        if bits.size != premodulo:
            bits = self._take_out(position, premodulo)
        return self._learn(position, bits, bits)

    def _learn(self, position: int, kept: NDArray[np.uint8], placed: NDArray[np.uint8]) -> TrainedNeuron:
        """Decide a neuron by the votes of all samples and put it in place.

        Parameters
        ----------
        position : int
        kept : uint8[premodulo]
            What cells without votes go on answering; `changed` counts from it.
        placed : uint8[premodulo]
            What the scores hold of the neuron now.
        """
        absolute = self._vote(position, placed)
        new, change = np.empty_like(kept), np.empty(kept.size, dtype=np.int8)
        changed, agreed = decide_cells(self._ballots, kept, placed, self._threshold, new, change)
        self._move(position, change)
        self._tables[position] = BitTable.from_bits(self._salts[position], new)
        ones = self._ones[position]
        return TrainedNeuron(ones, self.n_samples, int(agreed) / absolute if absolute else 0.0, int(changed))

    def _take_out(self, position: int, premodulo: int) -> NDArray[np.uint8]:
        """Take a neuron out of the scores and return the answers that it starts from under a premodulo.

        Under another premodulo its cells are other ones: nothing is known of them, and all are 0.
        """
        bits = self._bits(position)
        self._move(position, -bits.astype(np.int8))
        return bits if bits.size == premodulo else np.zeros(premodulo, dtype=np.uint8)

    def _move(self, position: int, change: NDArray[np.int8]) -> None:
        """Change a neuron's answers in the scores by -1, 0 or 1 for each of its cells."""
        if change.any():
            tiles, reading, score = self._tiles, self._reading(position, change.size), self._score
            self._ones[position] += sum(
                self._spread(lambda part, cut: move_scores(*cut, tiles, reading, change, score))
            )

    def _vote(self, position: int, placed: NDArray[np.uint8]) -> int:
        """Fill the ballots of a neuron, a row for each thread, and return the votes' absolute sum."""
        if self._ballots.shape[1] != placed.size:
            self._ballots = np.empty((len(self._cuts), placed.size), dtype=np.int64)
        self._ballots[:] = placed
        credit = credit_rule(self._credit.kind)
        given = CreditInput(self._credit.temperature, self._answers, lambda: self._count_scores()[:2])
        common = self._tiles, self._reading(position, placed.size), self._score, credit.tables(given)
        return sum(self._spread(lambda part, cut: credit.kernel(*cut, *common, self._ballots[part])))

    def _reading(self, position: int, premodulo: int) -> Reading:
        context = self._tiles.context[self._template_of[position]]
        return Reading(context, np.uint32(self._salts[position]), np.uint32(premodulo))

    def _count_scores(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the weight of right and of wrong candidates, and the samples, at each score."""
        right, wrong, samples = (np.zeros(self.layer_sizes[0] + 1, dtype=np.int64) for _ in range(3))
        count_scores(self._tiles, self._score, right, wrong, samples)
        return right, wrong, samples

    def _train_final(self, premodulo: int) -> TrainedNeuron:
        counts = ScoreCounts(*self._count_scores())
        self._final, self._answers, trained = decide_final(counts, self._answers, self._final_salt, premodulo)
        return trained

    def _spread(self, kernel: Callable[[int, tuple[int, int]], np.int64]) -> list[int]:
        """Run a kernel over all ranges of tiles, given by number and ends, one a thread; wait for all."""
        if len(self._cuts) == 1:
            return [int(kernel(0, self._cuts[0]))]
        return [int(done) for done in self._pool.map(kernel, range(len(self._cuts)), self._cuts)]
