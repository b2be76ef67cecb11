"""The forward pipeline, the control arm: how the reference trains.

Its order and loop (github.com/neurlang/classifier, ``trainer`` and ``net/feedforward``), bounded, with a
result where it exits: see `_Search`. Chance comes from named streams. What the reference does by mistake is
left out: tallies count each sample once; success is exact and of all samples; a neuron without a decision is
not emptied. (The backward pipeline can go from front to back too, so that direction alone can be compared:
``pipeline.direction``.)

A *sweep* is as many neuron trainings as the network has neurons, those without votes included, so that equal
sweeps of either pipeline are equal work.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.deep.trainer import NetworkTrainer
from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.network import Network
from goldzone.training.config import TrainingConfig
from goldzone.training.control.schedules import reference_premodulo
from goldzone.training.pipeline import Hooks, Outcome
from goldzone.training.runs.events import LayerTrained, SweepStarted
from goldzone.training.settings import CapacitySettings
from goldzone.training.streams import stream
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweep_book import Decided, SweepBook, SweepResult

__all__ = ["feeding", "forward_premodulo", "train_forward"]

_PROBES: Final = 64

_TAKEN: Final = "forward: the change was taken"
_UNDONE: Final = "forward: undone, the outputs are a known local minimum"
_UNCHANGED: Final = "forward: no vote can improve anything"

_Neuron: TypeAlias = tuple[int, int]
"""Layer, from 1, and position of a neuron."""


def train_forward(
    trainer: NetworkTrainer,
    config: TrainingConfig,
    hooks: Hooks[Network] | None = None,
    *,
    run: str = "run",
    sums: SumCache | None = None,
    pairs_from: float = 1.0,
) -> Outcome[Network]:
    """Train as the reference does until a dead end, or until sweeps, patience or time are used up.

    Returns the best sweep: by held-out accuracy, and without it by training samples right.

    Parameters
    ----------
    trainer : NetworkTrainer
        With `FORWARD_RULES` for the reference's credit; other rules keep the order and the loop. Left in the
        state of the last training.
    config : TrainingConfig
        `forward_premodulo` reads ``capacity``; seed, sweeps, patience and time limit count as in
        `train_sweeps`.
    hooks, run, sums
        As in `train_sweeps`; a checkpointer is not called, because this search cannot be resumed.
    pairs_from : float
        Share of samples right from which pairs of one layer are trained. Above 1 there are no pairs, and the
        run ends when all samples are right.

    Raises
    ------
    ConfigError
        If the configured controller is none of this pipeline's.
    """
    hooks = hooks or Hooks()
    hooks.steering.refuse_changes("the forward pipeline's premodulo follows the samples that are right")
    book = SweepBook(trainer, sums or SumCache(trainer.layer_sizes), run, hooks)
    ledger = _Ledger(trainer, config, hooks, book)
    search = _Search(trainer, config, pairs_from)
    for group in search.groups():
        ledger.record(group)
        hooks.check_interrupt()
        if ledger.reason:
            break
    return ledger.close(search.dead_end)


def forward_premodulo(settings: CapacitySettings, success: float) -> int:
    """Return the premodulo of the next training; 0 for none.

    Parameters
    ----------
    settings : CapacitySettings
        Controller "none": no premodulo. "constant": `premodulo`. "reference": the quadratic between `floor`
        and `ceiling` (`goldzone.training.control.schedules.reference_premodulo`).
    success : float
        Share of samples right, in [0, 1].

    Raises
    ------
    ConfigError
        If the controller is another one: those belong to the backward pipeline.
    """
    match settings.controller:
        case "none":
            return 0
        case "constant":
            return settings.premodulo
        case "reference":
            return reference_premodulo(success, settings.floor, settings.ceiling)
        case other:
            raise ConfigError(
                f'capacity.controller: the forward pipeline has no {other!r}; use "none", "constant" or '
                '"reference", or the backward pipeline'
            )


@lru_cache(maxsize=16)
def feeding(architecture: Architecture) -> tuple[NDArray[np.bool_], ...]:
    """Tell which neurons of the next layer each neuron feeds, found by flipping bits of random patterns.

    Returns
    -------
    tuple of bool[n_neurons, n_neurons_above]
        One for each layer but the last; read-only.
    """
    tables = []
    for index, stage in enumerate(architecture.stages[1:]):
        assert stage.source is not None  # noqa: S101 - only the first layer has none
        size = stage.source.size
        words = stream(0, "probes", index, count=size * _PROBES)
        probes = (words >> np.uint32(31)).astype(np.uint8).reshape(size, _PROBES)
        plain = stage.source.features_by_row(probes, stage.n_features)
        feeds = np.zeros((size, stage.layer.neurons), dtype=np.bool_)
        for bit in range(size):
            flipped = probes.copy()
            flipped[bit] ^= 1
            # A last layer without combiner reads one feature with all its neurons.
            feeds[bit] = (stage.source.features_by_row(flipped, stage.n_features) != plain).any(axis=1)
        feeds.setflags(write=False)
        tables.append(feeds)
    return tuple(tables)


class _Ledger:
    """Counts steps into sweeps, records sums, emits events, keeps the best state, and knows when to end.

    Attributes
    ----------
    sweep : int
        The sweep that is open, or that comes next.
    reason : str
        Why the run is over; empty while it is not.
    """

    def __init__(
        self, trainer: NetworkTrainer, config: TrainingConfig, hooks: Hooks[Network], book: SweepBook[Network]
    ) -> None:
        self.sweep, self.reason = 1, ""
        self._trainer, self._settings, self._hooks, self._book = trainer, config.pipeline, hooks, book
        self._started = self._sweep_started = time.monotonic()
        self._in_layer: list[int] = []
        self._best: Outcome[Network] | None = None
        self._without_gain = 0

    def record(self, group: list[Decided]) -> None:
        """Take a neuron, or a pair, into account, and finish the sweep when it was the last."""
        if not self._in_layer:
            self._hooks.on_event(SweepStarted(sweep=self.sweep))
            self._sweep_started = time.monotonic()
            self._in_layer = [0] * len(self._trainer.layer_sizes)
        for decided in group:
            self._in_layer[decided.layer - 1] += 1
            self._book.neuron(self.sweep, decided)
        if sum(self._in_layer) >= sum(self._trainer.layer_sizes):
            self._finish_sweep()
        limit = self._settings.time_limit_seconds
        if limit is not None and time.monotonic() - self._started >= limit:
            self.reason = self.reason or f"the time limit of {limit:g} s was reached"

    def close(self, dead_end: str = "") -> Outcome[Network]:
        """Finish the sweep that is open, if any, and return the best state."""
        if self._in_layer:
            self._finish_sweep()
        if self._best is None:  # not one training: the state as it was given
            self._best = self._book.measure(0).outcome(0)
        return replace(self._best, reason=dead_end or self.reason)

    def _finish_sweep(self) -> None:
        for layer, neurons in enumerate(self._in_layer, start=1):
            if neurons:
                self._hooks.on_event(LayerTrained(sweep=self.sweep, layer=layer, neurons=neurons))
        result = self._book.measure(self.sweep)
        gained = self._best is None or _better(result, self._best)
        if gained:
            self._best = result.outcome(self.sweep)
        self._without_gain = 0 if gained else self._without_gain + 1
        seconds = time.monotonic() - self._sweep_started
        self._hooks.on_event(result.event(self.sweep, best=gained, seconds=seconds))
        if self._hooks.steering.stop_reason is not None:
            self.reason = self._hooks.steering.stop_reason
        elif self._without_gain >= self._settings.patience:
            self.reason = f"accuracy did not rise in {self._without_gain} sweeps"
        elif self.sweep >= self._settings.sweeps:
            self.reason = "all sweeps done"
        self._in_layer = []
        self.sweep += 1


class _Search:
    """The reference's loop: chains of neurons, every change taken, known local minima avoided.

    A *chain* goes from a random neuron of the first layer through one neuron of each later layer that it
    feeds; from `pairs_from` on it is a random layer in random order, whose neighbours are trained in pairs.
    Its neurons are trained in turn. The *state* is the hash of all outputs. A change is undone only if it
    leads to a known local minimum; that ends the chain, and so does a first neuron without votes, or a next
    one that was tried from this state before. When as many chains in a row as there are neurons have changed
    nothing, the state is a local minimum and the last change is undone; with none to undo, it is over.

    Attributes
    ----------
    dead_end : str
        Why the search is over by itself; empty while it is not.
    """

    def __init__(self, trainer: NetworkTrainer, config: TrainingConfig, pairs_from: float) -> None:
        self.dead_end = ""
        self._trainer = trainer
        self._capacity = config.capacity
        self._seed = config.seed
        self._pairs_from = pairs_from
        self._sizes = trainer.layer_sizes
        self._feeding = feeding(trainer.network().architecture)
        self._state = self._outputs_hash()
        self._undo: Network | None = None
        self._minima: set[bytes] = set()
        self._moves: set[tuple[bytes, _Neuron]] = set()
        self._draws = 0

    def groups(self) -> Iterator[list[Decided]]:
        """Train, one neuron or pair at a time, until a dead end."""
        while not self._all_right():
            yield from self._explore()
            self._minima.add(self._state)
            if self._all_right():
                break
            if self._pairing():
                self.dead_end = "no pair of neurons can be decided in as few bytes"
                return
            if self._undo is None:
                self.dead_end = "local minimum, and no change is left to undo"
                return
            self._trainer.restore(self._undo)
            self._state, self._undo = self._outputs_hash(), None
        self.dead_end = "all samples are right"

    def _explore(self) -> Iterator[list[Decided]]:
        """Train chains until as many in a row as there are neurons have changed nothing."""
        idle = 0
        while idle < sum(self._sizes) and not self._all_right():
            idle += 1
            pairing = self._pairing()
            chain = self._layer_in_random_order() if pairing else self._branch()
            if (self._state, chain[0]) in self._moves:
                continue
            for order in range(len(chain) - pairing):
                before, group = self._trainer.network(), self._train(chain, order, pairing)
                yield group
                if group[0].accepted:
                    idle, self._undo, self._state = 0, before, self._outputs_hash()
                self._moves.add((self._state, chain[order]))
                tried = order + 1 < len(chain) and (self._state, chain[order + 1]) in self._moves
                if tried or group[0].reason == _UNDONE or (order == 0 and not group[0].accepted):
                    break

    def _train(self, chain: list[_Neuron], order: int, pairing: bool) -> list[Decided]:
        """Train one neuron of a chain, or it and the next; undo what leads to a known minimum."""
        trainer, before, started = self._trainer, self._trainer.network(), time.monotonic()
        premodulo = forward_premodulo(self._capacity, trainer.n_right / trainer.n_samples)
        neurons = sorted(chain[order : order + 2]) if pairing else [chain[order]]
        layer, position = neurons[0]
        trained = (
            trainer.train_by_pair_tally(layer, position, neurons[1][1], premodulo)
            if pairing
            else (trainer.train(layer, position, premodulo),)
        )
        reason = _UNCHANGED
        if trainer.network() is not before:
            reason = _UNDONE if self._outputs_hash() in self._minima else _TAKEN
            if reason == _UNDONE:
                trainer.restore(before)
        seconds = (time.monotonic() - started) / len(neurons)
        partners = [other for _, other in reversed(neurons)] if pairing else [None]
        return [
            Decided(
                *(layer, position, order, len(chain), premodulo, reason, result, seconds),
                partner=partner,
                accepted=reason == _TAKEN,
            )
            for (layer, position), result, partner in zip(neurons, trained, partners, strict=True)
        ]

    def _branch(self) -> list[_Neuron]:
        """Draw a chain from the first layer to the last; a neuron that feeds none goes on anywhere."""
        words = self._draw("branch", len(self._sizes))
        position = _pick(words[0], self._sizes[0])
        chain = [(1, position)]
        for layer, (feeds, word) in enumerate(zip(self._feeding, words[1:], strict=True), start=2):
            fed = np.flatnonzero(feeds[position])
            position = int(fed[_pick(word, fed.size)]) if fed.size else _pick(word, feeds.shape[1])
            chain.append((layer, position))
        return chain

    def _layer_in_random_order(self) -> list[_Neuron]:
        words = self._draw("layer", 1 + max(self._sizes))
        layer = _pick(words[0], len(self._sizes))
        order = np.argsort(words[1 : 1 + self._sizes[layer]], kind="stable")
        return [(layer + 1, int(position)) for position in order]

    def _draw(self, name: str, count: int) -> NDArray[np.uint32]:
        self._draws += 1
        return stream(self._seed, "forward", name, self._draws, count=count)

    def _pairing(self) -> bool:
        return self._trainer.n_right >= self._pairs_from * self._trainer.n_samples

    def _all_right(self) -> bool:
        return self._pairs_from > 1 and self._trainer.n_right == self._trainer.n_samples

    def _outputs_hash(self) -> bytes:
        return hashlib.sha256(self._trainer.outputs.tobytes()).digest()


def _pick(word: np.uint32, count: int) -> int:
    """Scale a random word to ``0 .. count - 1``."""
    return int(word) * count >> 32


def _better(new: SweepResult[Network], old: Outcome[Network]) -> bool:
    """Tell whether a sweep is to be preferred: by its held-out result, else by the training samples right."""
    if new.held_out is None or old.held_out is None:
        return new.train.score > old.train.score
    return new.held_out.beats(old.held_out)
