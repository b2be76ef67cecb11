"""Beam credit: all graded neurons of the context layer learn together, from whole pronunciations.

The words of a batch are searched at fixed answers; each path votes for what right paths lack and against
what wrong ones have too much (`goldzone.g2p.path_kernels`); the votes of the batch are added up in the cells
(`goldzone.training.learners.graded_kernels`), whose sums stay from sweep to sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from goldzone.data.samples import Samples
from goldzone.errors import StateError
from goldzone.g2p.lessons import credit_words, empty_desk, empty_votes
from goldzone.g2p.path_kernels import Desk, Lessons, PathRule, VoteList
from goldzone.g2p.search_arrays import LanguageArrays, ModelArrays, NeuronArrays, arrays_of
from goldzone.hashtron.committee import MAX_CELLS, Committee
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import MAX_TABLE_CELLS, AnyNeuron, GradedTable, Hashtron
from goldzone.training.config import TrainingConfig
from goldzone.training.control.ladder import nearest_rung
from goldzone.training.learners.committee import CONTEXT_LAYER, FINAL_LAYER, assign_templates
from goldzone.training.learners.final_neuron import ScoreCounts, decide_final, fresh_answers
from goldzone.training.learners.graded_kernels import (
    RATE_BITS,
    VOTE_ONE,
    Ballots,
    GradeRule,
    Sampled,
    cast_votes,
    count_answers,
    settle,
)
from goldzone.training.learners.graded_neurons import GradedNeurons
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.learners.ways import Together
from goldzone.training.streams import stream

__all__ = ["STEPS_A_NAT", "BeamTrainer"]

STEPS_A_NAT: Final = 10
"""Steps of score by which a pronunciation is e times as likely: the temperature of graded neurons."""

_DAMPING: Final = VOTE_ONE // 10
_CERTAIN: Final = round(0.999 * (1 << EXP_BITS))
_SURE: Final = round(0.95 * (1 << EXP_BITS))
_FARTHEST: Final = 256  # steps of score beyond which a path's share is below what a vote can say
_REPORTS: Final = 20
"""How often in a sweep the trainer tells how far it is."""


_Group: TypeAlias = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""By kind of template: some neurons, and the rows of the trace that hold what they read."""

_ResultT = TypeVar("_ResultT")


class BeamTrainer(Together):
    """Trains a committee of graded neurons (`goldzone.training.pipeline.NeuronTrainer`).

    Parameters
    ----------
    language : LanguageArrays
    lessons : Lessons
        The words, with all their pronunciations.
    samples : Samples
        Candidates of the words, or of a part of them, at which sums are counted and the final neuron learns.
    config : TrainingConfig
    threads : int
        Changes the speed, never the result.
    """

    def __init__(
        self,
        language: LanguageArrays,
        lessons: Lessons,
        samples: Samples,
        config: TrainingConfig,
        *,
        threads: int = 1,
    ) -> None:
        width = config.context_neurons(len(language.templates))
        self.layer_sizes = (width, 1)
        self._language = language
        self._lessons = lessons
        self._samples = samples
        self._settings = config.beam
        self._beam = config.beam.width
        self._seed = config.seed
        self._temperature = float(STEPS_A_NAT)
        self._template_of = assign_templates(language.templates, width).astype(np.int64)
        self._by_template = np.argsort(self._template_of, kind="stable")
        salts = [int(stream(config.seed, "salt", CONTEXT_LAYER, j, count=1)[0]) for j in range(width)]
        self._neurons = GradedNeurons(
            np.array(salts, dtype=np.uint32),
            nearest_rung(config.capacity.premodulo),
            averaged=config.beam.averaged,
        )
        self._final_salt = int(stream(config.seed, "salt", FINAL_LAYER, 0, count=1)[0])
        n_scores = 2 * HIGHEST * width + 1
        self._answers = fresh_answers(n_scores, self._final_salt)
        self._final = Hashtron(((self._final_salt, 2),))
        self._score = np.full(samples.n_samples, HIGHEST * width, dtype=np.int32)
        self._rule = self._grade_rule(1)
        self._path_rule = PathRule(
            exp_table(self._temperature, _FARTHEST),
            round(config.beam.margin * STEPS_A_NAT),
            _CERTAIN,
            np.int64(round(config.beam.reach * STEPS_A_NAT) * bits_per_vote(self._temperature)),
        )
        self._sure = np.zeros(lessons.offsets.size - 1, dtype=np.bool_)
        self._sweep = 1
        self._loss = 0.0
        self._counts = np.zeros(4, dtype=np.int64)
        self._threads = max(1, min(threads, config.beam.batch))
        self._pool = ThreadPoolExecutor(self._threads)
        self._parts = self._make_parts(self._arrays())

    @property
    def n_samples(self) -> int:
        """N: the samples at which sums are counted."""
        return self._samples.n_samples

    def start_sweep(self, sweep: int) -> None:
        """Take the evidence from the configured schedule; sweeps count from 1."""
        self._sweep, self._rule = sweep, self._grade_rule(sweep)

    def close(self) -> None:
        """End the worker threads."""
        self._pool.shutdown()

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        """Train the final neuron.

        Raises
        ------
        StateError
            The neuron is another one: these learn together.
        """
        if layer != FINAL_LAYER:
            raise StateError(f"layer {layer}: its neurons learn together; call train_together")
        gold, listed = self._samples.sample_offsets[:-1] + self._samples.gold, self._samples.gold >= 0
        right_samples = np.zeros(self.n_samples, dtype=np.bool_)
        right_samples[gold[listed]] = True
        weight = np.repeat(np.where(listed, self._samples.weight, 0), np.diff(self._samples.sample_offsets))
        size = self._answers.size
        counts = [
            np.bincount(self._score, weights=given, minlength=size).astype(np.int64)
            for given in (weight * right_samples, weight * ~right_samples, None)
        ]
        self._final, self._answers, trained = decide_final(
            ScoreCounts(*counts), self._answers, self._final_salt, premodulo
        )
        return trained

    def train_together(
        self,
        layer: int,
        premodulos: Mapping[int, int],
        on_progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Sequence[TrainedNeuron]:
        """Train neurons of the context layer by one pass over all words.

        Parameters
        ----------
        layer : int
            The context layer.
        premodulos : mapping of int to int
            Of each neuron that learns, a power of two; the others answer as they did.
        on_progress : callable
            Gets the words done and all words, now and then; what it raises ends the pass.

        Returns
        -------
        sequence of TrainedNeuron
            In the order of `premodulos`.
        """
        if layer != CONTEXT_LAYER:
            raise StateError(f"layer {layer}: is trained alone; call train")
        before = self._neurons.tables()
        self._neurons.move(premodulos)
        self._neurons.grade(self._rule)
        self._learn(np.array(sorted(premodulos), dtype=np.int64), on_progress)
        self._neurons.keep()
        answered = self._count_answers()
        after = self._neurons.tables()
        return [
            TrainedNeuron(int(answered[j]), self.n_samples, self._agreement(j), _changed(before[j], after[j]))
            for j in premodulos
        ]

    def metrics(self) -> TrainMetrics:
        """Return what the last pass told: words that were right when they were met, and the loss."""
        n_words = self._lessons.offsets.size - 1
        right, lost, unreachable, _ = (self._counts / n_words).tolist()
        loss = self._loss / max(1, int(self._lessons.offsets[-1]))
        metrics = {"right_when_met": right, "lost": lost, "unreachable": unreachable}
        return TrainMetrics(right, loss, metrics)

    def network(self) -> Committee:
        """Return the mean of the last sweeps as a value."""
        return Committee(tuple(self._template_of.tolist()), self._neurons.tables(), self._final)

    def memory(self) -> dict[str, bytes]:
        """Return what a resumed run needs besides the network."""
        parts = self._neurons.memory()
        if parts:
            parts["score"] = self._score.astype("<i4").tobytes()
            parts["sure"] = np.packbits(self._sure).tobytes()
        return parts

    def restore(self, network: Committee, memory: Mapping[str, bytes]) -> None:
        """Put back what `network` and `memory` returned: training goes on as it did from there.

        Raises
        ------
        StateError
            They are those of another trainer.
        """
        if network.template_of != tuple(self._template_of.tolist()):
            raise StateError("the network to restore has other templates than the configured ones")
        self._final = network.final
        self._answers = network.final.evaluate(np.arange(self._answers.size))
        self._neurons.remember(memory)
        if memory:
            self._score = np.frombuffer(memory["score"], "<i4").astype(np.int32)
            bits = np.unpackbits(np.frombuffer(memory["sure"], np.uint8), count=self._sure.size)
            self._sure = bits.astype(np.bool_)

    def premodulos(self, layer: int) -> NDArray[np.int64]:
        """Return the cells of each neuron of a layer: int64[n_neurons]."""
        if layer == FINAL_LAYER:
            return np.array([self._final.program[0][1]], dtype=np.int64)
        return self._neurons.premodulos

    def largest_premodulo(self) -> int:
        """Return the most cells that a context neuron may have, so that a model file holds all of them."""
        most = min(MAX_TABLE_CELLS, MAX_CELLS // self.layer_sizes[0])
        return 1 << (most.bit_length() - 1)

    def neuron(self, layer: int, position: int) -> AnyNeuron:
        """Return one neuron of the present network."""
        return self._final if layer == FINAL_LAYER else self.network().tables[position]

    def _grade_rule(self, sweep: int) -> GradeRule:
        schedule = self._settings.evidence
        evidence = schedule[min(sweep, len(schedule)) - 1]
        return GradeRule(round(evidence * VOTE_ONE), round(self._settings.rate * (1 << RATE_BITS)), _DAMPING)

    def _arrays(self) -> ModelArrays:
        """Lay the present neurons out for the search."""
        cells, order = self._neurons.cells, self._by_template
        neurons = NeuronArrays(
            salts=cells.salts[order],
            premodulos=cells.premodulos[order],
            table_offsets=cells.starts[:-1][order],
            tables=cells.grades,
            graded=True,
        )
        return arrays_of(self._language, neurons, self._template_of[order], self._temperature)

    def _make_parts(self, model: ModelArrays) -> list[tuple[Desk, VoteList, NDArray[np.int32]]]:
        """Make a desk, a list of votes and a list of touched cells for each thread."""
        n_words = -(-self._settings.batch // self._threads)
        # Neurons are shared out kind by kind (`_groups`): the first thread has the most of both.
        kinds = (model.by_letters, model.by_choices)
        sizes = [int((kind.last_neuron - kind.first_neuron).sum()) for kind in kinds]
        n_neurons = sum(-(-size // self._threads) for size in sizes)
        parts = []
        for _ in range(self._threads):
            votes = empty_votes(self._lessons, n_words, self._beam)
            most = votes.vote.shape[1] * self._threads * n_neurons
            desk = empty_desk(model, self._lessons, n_words, self._beam)
            parts.append((desk, votes, np.empty(most, dtype=np.int32)))
        return parts

    def _learn(self, learning: NDArray[np.int64], on_progress: Callable[[int, int], None]) -> None:
        """Let the words vote, batch by batch, in an order of the sweep's own."""
        model, batch = self._arrays(), self._settings.batch
        order = self._met()
        groups = self._groups(model, learning)
        self._counts[:] = 0
        self._counts[0] = self._sure.size - order.size  # those passed over were right
        loss, told = 0, 0
        for start in range(0, order.size, batch):
            chosen = np.array_split(order[start : start + batch], self._threads)
            for *counts, bits in self._spread(partial(self._credit, model, chosen)):
                self._counts += counts
                loss += int(bits)
            self._spread(partial(self._cast, groups))
            if (done := min(start + batch, order.size)) * _REPORTS // order.size > told:
                told = done * _REPORTS // order.size
                on_progress(done, order.size)
        self._loss = loss / (1 << LOG_BITS)

    def _met(self) -> NDArray[np.int64]:
        """Return the words of this sweep, in an order of its own: of those that were sure, some."""
        drawn = stream(self._seed, "words", self._sweep, count=self._sure.size)
        order = np.argsort(drawn, kind="stable").astype(np.int64)
        again = stream(self._seed, "again", self._sweep, count=self._sure.size)
        passed = self._sure & (again >= int(self._settings.revisited * (1 << 32)))
        return order[~passed[order]]

    def _groups(self, model: ModelArrays, learning: NDArray[np.int64]) -> list[_Group]:
        """Share the learning neurons out: by thread and kind of template, neurons and rows of the trace."""
        groups = []
        row_of = [
            dict(zip(templates.number.tolist(), range(templates.number.size), strict=True))
            for templates in (model.by_letters, model.by_choices)
        ]
        for part in range(self._threads):
            kinds = []
            for rows in row_of:
                own = [j for j in learning.tolist() if int(self._template_of[j]) in rows][
                    part :: self._threads
                ]
                of_template = [rows[int(self._template_of[j])] for j in own]
                kinds.append((np.array(own, dtype=np.int64), np.array(of_template, dtype=np.int64)))
            groups.append(kinds)
        return groups

    def _credit(
        self, model: ModelArrays, words: Sequence[NDArray[np.int64]], part: int
    ) -> tuple[int, int, int, int, int]:
        """Search a part of the batch and list its votes."""
        desk, votes, _ = self._parts[part]
        chosen = words[part].astype(np.int64)
        found = credit_words(model, self._lessons, chosen, self._sweep - 1, self._path_rule, desk, votes)
        self._sure[chosen] = desk.share[: chosen.size] >= _SURE
        return found

    def _cast(self, groups: Sequence[_Group], part: int) -> None:
        """Cast the votes of all parts in the cells of some neurons."""
        touched, count, cells = self._parts[part][2], 0, self._neurons.cells
        for kind, (neurons, rows) in enumerate(groups[part]):
            for desk, votes, _ in self._parts:
                end = int(votes.length[kind])
                values = desk.trace.of_partials if kind else desk.trace.of_words
                ballots = Ballots(
                    values, votes.column[kind, :end], votes.key[kind, :end], votes.vote[kind, :end]
                )
                count = cast_votes(neurons, rows, ballots, cells, touched, count)
        settle(touched[:count], cells, self._rule)

    def _count_answers(self) -> NDArray[np.int64]:
        """Count S of all neurons, and note the scores of all samples."""
        samples, cells = self._samples, self._neurons.cells
        sampled = Sampled(
            samples.symbol,
            samples.context,
            samples.candidate_offsets,
            samples.candidate_key,
            samples.sample_offsets,
        )
        answered = np.zeros(cells.salts.size, dtype=np.int64)
        scores = np.zeros((self._threads, self.n_samples), dtype=np.int32)

        def count(part: int) -> None:
            neurons = np.arange(part, cells.salts.size, self._threads)
            count_answers(neurons, self._template_of[neurons], sampled, cells, answered, scores[part])

        self._spread(count)
        self._score = scores.sum(axis=0, dtype=np.int32)
        return answered

    def _agreement(self, neuron: int) -> float:
        """Return |sum of votes| / sum of |votes|, summed over the neuron's cells and all sweeps."""
        cells = self._neurons.cells
        own = cells.sums[cells.starts[neuron] : cells.starts[neuron + 1], 0]
        cast = int(cells.cast[neuron])
        return int(np.abs(own, dtype=np.int64).sum()) / cast if cast else 0.0

    def _spread(self, work: Callable[[int], _ResultT]) -> list[_ResultT]:
        """Do a part of the work on each thread; wait for all."""
        if self._threads == 1:
            return [work(0)]
        return list(self._pool.map(work, range(self._threads)))


def _changed(before: GradedTable, after: GradedTable) -> int:
    """Count the cells whose grade changed; all of them where the premodulo did."""
    if before.premodulo != after.premodulo:
        return max(before.premodulo, after.premodulo)
    first, second = (np.frombuffer(table.cells, np.uint8) for table in (before, after))
    return int(np.count_nonzero(first != second))
