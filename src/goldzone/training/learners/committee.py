"""The context committee under training: its tables, the scores of all samples, and how one neuron learns."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from goldzone.data.samples import WORD_WEIGHT, Samples, even_cuts
from goldzone.data.templates import Templates
from goldzone.errors import ConfigError
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.fixed_point import LOG_BITS, bits_per_vote, exp_table
from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.hashtron.quaternary import build_filter
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.credit import agreement, decide_bits, hard_tables, margin_tables
from goldzone.training.learners.credit_kernels import (
    VOTE_ONE,
    count_scores,
    find_cells,
    rank_statistics,
    rank_votes,
    set_bits,
    table_votes,
)
from goldzone.training.streams import stream

__all__ = [
    "CONTEXT_LAYER",
    "FINAL_LAYER",
    "CommitteeTrainer",
    "TrainMetrics",
    "TrainedNeuron",
    "assign_templates",
]

CONTEXT_LAYER: Final = 1
FINAL_LAYER: Final = 2

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TrainedNeuron:
    """What training one neuron gave.

    Attributes
    ----------
    total : int
        S, the sum of the neuron's answers over the samples as +1 and -1.
    samples : int
        N.
    agreement : float
        Label-agreement margin of the votes, in 0 .. 1.
    changed : int
        Cells whose answer changed.
    """

    total: int
    samples: int
    agreement: float
    changed: int


@dataclass(frozen=True, slots=True)
class TrainMetrics:
    """Accuracy on the training samples when every earlier choice is right, and loss in bits a position."""

    word_accuracy: float
    position_accuracy: float
    loss: float


def assign_templates(templates: Templates, n_neurons: int) -> NDArray[np.int32]:
    """Give each context neuron a template, all templates equally often, those with fewer atoms first.

    Neurons learn in this order at first, so the evidence of small contexts, which generalises best, is in
    place before larger contexts explain the rest.

    Returns
    -------
    int32[n_neurons]
    """
    index = np.arange(n_neurons)
    template, copy = index % len(templates), index // len(templates)
    order = np.lexsort((template, copy, np.diff(templates.offsets)[template]))
    return template[order].astype(np.int32)


class CommitteeTrainer:
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
        width = config.network.neurons
        if samples.n_templates != len(templates):
            raise ConfigError(
                f"samples have {samples.n_templates} context columns; templates are {len(templates)}"
            )
        self.samples = samples
        self.layer_sizes = (width, 1)
        self._credit = config.credit
        self._pool = ThreadPoolExecutor(threads)
        self._position_cuts = even_cuts(samples.n_positions, threads)
        self._sample_cuts = [
            (int(samples.sample_offsets[first]), int(samples.sample_offsets[last]))
            for first, last in self._position_cuts
        ]
        self._template_of = assign_templates(templates, width)
        self._salts = [int(stream(config.seed, "salt", CONTEXT_LAYER, j, count=1)[0]) for j in range(width)]
        self._final_salt = int(stream(config.seed, "salt", FINAL_LAYER, 0, count=1)[0])
        self._exponentials = exp_table(config.credit.temperature, width + 1)
        self._half_step = int(VOTE_ONE / (2 * config.credit.temperature))
        self._threshold = 0
        self.start_sweep(1)
        self._tables: list[BitTable | None] = [None] * width
        self._final = Hashtron(((self._final_salt, 2),))  # a coin toss, as the reference's fresh neurons
        self._answers = self._final.evaluate(np.arange(width + 1))
        self._score = np.zeros(samples.n_samples, dtype=np.int32)
        self._cells = np.empty(samples.n_samples, dtype=np.uint32)

    @property
    def n_samples(self) -> int:
        """N."""
        return self.samples.n_samples

    def start_sweep(self, sweep: int) -> None:
        """Take the evidence that a cell needs from the configured schedule; sweeps count from 1."""
        schedule = self._credit.evidence
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

    def metrics(self) -> TrainMetrics:
        """Judge the present network on the training samples."""
        data = self.samples
        words, positions, loss = rank_statistics(
            data.offsets,
            data.sample_offsets,
            data.gold,
            self._score,
            self._exponentials,
            bits_per_vote(self._credit.temperature),
        )
        listed = int((data.gold >= 0).sum())
        return TrainMetrics(
            words / data.n_sequences, positions / data.n_positions, loss / (1 << LOG_BITS) / max(1, listed)
        )

    def network(self) -> Committee:
        """Return the present network as a value."""
        return Committee(
            tuple(int(t) for t in self._template_of),
            tuple(self._table(position) for position in range(self.layer_sizes[0])),
            self._final,
        )

    def _table(self, position: int) -> BitTable:
        """Return a context neuron; one that was never trained is silent."""
        return self._tables[position] or BitTable.from_bits(
            self._salts[position], np.zeros(2, dtype=np.bool_)
        )

    def _train_context(self, position: int, premodulo: int) -> TrainedNeuron:
        old = self._table(position)
        if old.premodulo != premodulo:
            self._silence(position, old)
            old = BitTable.from_bits(old.salt, np.zeros(premodulo, dtype=np.bool_))
        self._find_cells(position, old)
        bits = old.bits().astype(np.uint8)
        votes, absolute = self._votes(bits)
        new = decide_bits(votes, bits, self._threshold)
        ones = self._set_bits(bits, new)
        self._tables[position] = BitTable.from_bits(old.salt, new)
        changed = int(np.count_nonzero(new != bits))
        return TrainedNeuron(2 * ones - self.n_samples, self.n_samples, agreement(votes, absolute), changed)

    def _silence(self, position: int, table: BitTable) -> None:
        """Take a neuron's answers out of the scores: under another premodulo its cells are other ones."""
        bits = table.bits().astype(np.uint8)
        if bits.any():
            self._find_cells(position, table)
            self._set_bits(bits, np.zeros_like(bits))

    def _find_cells(self, position: int, table: BitTable) -> None:
        data = self.samples
        context = data.context[self._template_of[position]]
        self._spread(
            find_cells,
            self._position_cuts,
            *(context, data.symbol, data.candidate_offsets, data.candidate_key, data.sample_offsets),
            *(np.uint32(table.salt), np.uint32(table.premodulo), self._cells),
        )

    def _votes(self, bits: NDArray[np.uint8]) -> tuple[NDArray[np.int64], int]:
        """Return the votes of each cell and the sum of their absolute values."""
        data = self.samples
        columns = (data.sample_offsets, data.gold, data.weight, self._score, self._cells, bits)
        kernel, tables = self._credit_kernel()
        parts = [np.zeros(bits.size, dtype=np.int64) for _ in self._position_cuts]
        jobs = [
            self._pool.submit(kernel, first, last, *columns, *tables, part)
            for (first, last), part in zip(self._position_cuts, parts, strict=True)
        ]
        absolute = sum(int(job.result()) for job in jobs)
        return np.sum(parts, axis=0, dtype=np.int64), absolute

    def _credit_kernel(self) -> tuple[Callable[..., np.int64], tuple[object, object]]:
        """Return the kernel of the configured credit and the two arguments that only it has."""
        match self._credit.kind:
            case "rank":
                return rank_votes, (self._exponentials, self._half_step)
            case "margin":
                tables = margin_tables(*self._score_weights(), self._credit.temperature)
            case "hard":
                tables = hard_tables(self._answers)
        return table_votes, (tables.right, tables.wrong)

    def _set_bits(self, old: NDArray[np.uint8], new: NDArray[np.uint8]) -> int:
        return sum(map(int, self._spread(set_bits, self._sample_cuts, self._cells, old, new, self._score)))

    def _score_weights(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the weight of right and of wrong candidates at each score."""
        data = self.samples
        right, wrong = (np.zeros(self.layer_sizes[0] + 1, dtype=np.int64) for _ in range(2))
        count_scores(data.sample_offsets, data.gold, data.weight, self._score, right, wrong)
        return right, wrong

    def _train_final(self, premodulo: int) -> TrainedNeuron:
        """Learn from the labels which scores mean "yes": before any evidence, that is the prior alone."""
        right, wrong = self._score_weights()
        cells = hash_values(np.arange(right.size, dtype=np.uint32), self._final_salt, premodulo)
        keys, lowest, cell_of = np.unique(cells, return_index=True, return_inverse=True)
        votes = np.zeros(keys.size, dtype=np.int64)
        np.add.at(votes, cell_of, right - wrong)
        # Scores above all that samples have yet lean the way of the evidence: the more votes, the more a yes.
        highest = int(np.flatnonzero(right + wrong).max(initial=0))
        cell_answers = np.where(votes == 0, lowest > highest, votes > 0)
        old, self._answers = self._answers, cell_answers[cell_of].astype(np.uint8)
        self._final = Hashtron(((self._final_salt, premodulo),), build_filter(keys, cell_answers))
        ones = int(np.count_nonzero(self._answers[self._score]))
        return TrainedNeuron(
            2 * ones - self.n_samples,
            self.n_samples,
            agreement(votes, int((right + wrong).sum())),
            int(np.count_nonzero(self._answers != old)),
        )

    def _spread(self, kernel: Callable[..., _T], cuts: list[tuple[int, int]], *arguments: object) -> list[_T]:
        """Run a kernel over ranges, one a thread, and wait for all."""
        return list(self._pool.map(lambda cut: kernel(*cut, *arguments), cuts))
