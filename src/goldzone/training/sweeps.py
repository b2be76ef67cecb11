"""The backward pipeline: final neuron first, then layer N ... layer 1, sweep after sweep.

It decides which neurons are trained and under which premodulo, when to step back and when to stop, and
records all of it; a `goldzone.training.pipeline.NeuronTrainer` learns. It knows nothing of languages:
held-out accuracy comes from a function that the caller gives. With the direction "forward" the layers are
taken from the first to the last, so that the direction alone can be compared.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Generic

import numpy as np
from msgspec.structs import replace as with_fields

from goldzone.hashtron.hashing import LARGEST
from goldzone.training.config import TrainingConfig
from goldzone.training.control.controller_input import ControllerInput
from goldzone.training.control.controllers import CapacityDecision, make_controller
from goldzone.training.control.curve import Curve, CurvePoint
from goldzone.training.control.pairs import MOST_COMPARED, choose_pairs
from goldzone.training.control.phases import best_point, detect_phase, forecast, must_step_back
from goldzone.training.control.selection import select_neurons
from goldzone.training.learners.results import TrainedNeuron
from goldzone.training.pipeline import HeldOut, Hooks, NetworkT, NeuronTrainer, Outcome, Progress, Step
from goldzone.training.runs.events import (
    LayerProgressed,
    LayerSkipped,
    LayerTrained,
    RunResumed,
    SelectionMade,
    SteppedBack,
    SweepStarted,
)
from goldzone.training.streams import stream
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweep_book import Decided, SweepBook

__all__ = ["train_sweeps"]


def train_sweeps(
    trainer: NeuronTrainer[NetworkT],
    config: TrainingConfig,
    hooks: Hooks[NetworkT] | None = None,
    *,
    run: str = "run",
    sums: SumCache | None = None,
    progress: Progress[NetworkT] | None = None,
) -> Outcome[NetworkT]:
    """Train until the sweeps, the patience or the time are used up, and return the best state.

    Parameters
    ----------
    trainer : NeuronTrainer
        Left in the state of the last sweep.
    config : TrainingConfig
    hooks : Hooks
        What evaluates, listens, and keeps the progress.
    run : str
        Name of the run in the sum cache.
    sums : SumCache, optional
        Filled with one record a trained neuron; a new one when not given.
    progress : Progress, optional
        Go on from here; `trainer` and `sums` must be as they were then.
    """
    hooks = hooks or Hooks()
    book = SweepBook(trainer, sums or SumCache(trainer.layer_sizes), run, hooks)
    return _Pipeline(trainer, config, hooks, book).run(progress)


class _Pipeline(Generic[NetworkT]):
    """One sweep after another over a trainer's layers."""

    def __init__(
        self,
        trainer: NeuronTrainer[NetworkT],
        config: TrainingConfig,
        hooks: Hooks[NetworkT],
        book: SweepBook[NetworkT],
    ) -> None:
        self._trainer = trainer
        self._config = config
        self._hooks = hooks
        self._book = book
        self._sums = book.sums
        self._on_event = hooks.on_event
        self._capacity = config.capacity
        self._controller = make_controller(self._capacity)
        self._progress: Progress[NetworkT] = Progress()
        # What learns together is kept sweep by sweep: a sweep that was interrupted is trained again.
        self._journals = not trainer.learns_together
        layers = range(1, len(trainer.layer_sizes) + 1)
        self._order = layers if config.pipeline.direction == "forward" else layers[::-1]

    def run(self, progress: Progress[NetworkT] | None) -> Outcome[NetworkT]:
        """Sweep until there is a reason to stop."""
        if progress is None:
            self._keep_sweep()
        else:
            self._progress = progress
            self._on_event(
                RunResumed(
                    sweep=progress.sweep,
                    layer=None if progress.plan is None else self._order[progress.index or 0],
                    done=progress.done if progress.plan else 0,
                )
            )
        while self._progress.stop is None:
            started = time.monotonic()
            self._sweep()
            self._finish_sweep(started)
        best = self._progress.best
        assert best is not None  # noqa: S101 - a run stops after a sweep at the earliest
        return replace(best, reason=self._progress.stop)

    def _sweep(self) -> None:
        """Train the chosen neurons of each layer, in the order of the direction."""
        progress = self._progress
        self._capacity = self._hooks.steering.capacity(self._config.capacity, progress.sweep)
        self._controller = make_controller(self._capacity)
        self._trainer.start_sweep(progress.sweep)
        if progress.index is None:
            self._on_event(SweepStarted(sweep=progress.sweep))
            progress.index = 0
        while progress.index < len(self._order):
            layer = self._order[progress.index]
            if progress.plan is None:
                if reason := self._reason_to_skip(layer, progress.index):
                    self._on_event(LayerSkipped(sweep=progress.sweep, layer=layer, reason=reason))
                    progress.index += 1
                    continue
                progress.enter(progress.index, self._choose(layer))
                if self._journals:
                    self._hooks.checkpointer.on_plan(progress)
            if self._trainer.learns_together and layer < len(self._order):
                self._train_together(layer, progress.plan or ())
            else:
                self._train_layer(layer, progress.plan or ())
            progress.leave()

    def _reason_to_skip(self, layer: int, index: int) -> str | None:
        """Tell why a layer is stuck; the last one, which learns the prior, never is."""
        attempts = self._config.pipeline.attempts
        if layer == len(self._order) or self._progress.unchanged.get(index, 0) < attempts:
            return None
        return f"no cell of it changed in {attempts} sweeps"

    def _train_layer(self, layer: int, plan: tuple[Step, ...]) -> None:
        """Train what is left of a layer's plan, until it is done or has taken too long."""
        progress, limit = self._progress, self._config.pipeline.layer_time_limit_seconds
        sizes = [len(step.positions) for step in plan]
        order, total, started = sum(sizes[: progress.done]), sum(sizes), time.monotonic()
        for step in plan[progress.done :]:
            self._step(layer, step, order, total)
            order += len(step.positions)
            self._hooks.check_interrupt()
            seconds = time.monotonic() - started
            if limit is not None and seconds > limit:
                reason = f"the layer took {seconds:.3g} s, its limit is {limit:g} s"
                self._on_event(LayerSkipped(sweep=progress.sweep, layer=layer, reason=reason))
                return
        self._on_event(LayerTrained(sweep=progress.sweep, layer=layer, neurons=order))

    def _train_together(self, layer: int, plan: tuple[Step, ...]) -> None:
        """Train all neurons of a layer's plan in one pass, and record each."""
        progress = self._progress
        decisions = {step.position: self._decide(layer, step.position) for step in plan}
        started = time.monotonic()

        def tell(done: int, total: int) -> None:
            seconds = time.monotonic() - started
            self._on_event(
                LayerProgressed(sweep=progress.sweep, layer=layer, done=done, total=total, seconds=seconds)
            )
            self._hooks.check_interrupt()

        premodulos = {position: decision.premodulo for position, decision in decisions.items()}
        results = self._trainer.train_together(layer, premodulos, tell)
        seconds = (time.monotonic() - started) / max(1, len(plan))
        for order, (position, trained) in enumerate(zip(premodulos, results, strict=True)):
            decided = _decided(
                layer, position, decisions[position], trained, order=order, total=len(plan), seconds=seconds
            )
            self._book.neuron(progress.sweep, decided)
            progress.advance(trained.changed)
        self._on_event(LayerTrained(sweep=progress.sweep, layer=layer, neurons=len(plan)))

    def _choose(self, layer: int) -> tuple[Step, ...]:
        """Choose what a sweep trains in a layer: of the last layer everything, by position."""
        sizes = self._trainer.layer_sizes
        size = sizes[layer - 1]
        if layer == len(sizes):
            return tuple(Step(position) for position in range(size))
        settings = self._config.selection
        unknown = np.zeros(size, np.int64)
        known = self._sums.layer_sums(layer) if self._config.pipeline.sum_cache else (unknown, unknown)
        selection = select_neurons(
            settings.strategy,
            *known,
            math.ceil(self._config.pipeline.neurons_per_sweep * size),
            stream(self._config.seed, "selection", self._progress.sweep, layer, count=size),
            sweep=self._progress.sweep,
            zone=self._capacity.gold_zone,
            exploration=settings.exploration,
        )
        pairs = self._pairs(layer, selection.positions)
        partner_of = dict(pairs)
        second = set(partner_of.values())
        plan = tuple(
            Step(position, partner_of.get(position))
            for position in selection.positions
            if position not in second
        )
        self._on_event(
            SelectionMade(
                sweep=self._progress.sweep,
                layer=layer,
                strategy=settings.strategy,
                neurons=size,
                chosen=len(selection.positions),
                pairs=len(pairs),
                gold_zone=selection.gold_zone,
                reason=selection.reason,
            )
        )
        return plan

    def _pairs(self, layer: int, positions: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Find the neurons among the chosen ones that are to be trained two by two."""
        settings = self._config.selection
        # Before a first training all are silent; and neurons that learn together need no partner.
        if not settings.pairs or self._progress.sweep == 1 or self._trainer.learns_together:
            return ()
        answers = self._trainer.packed_answers(layer, positions[:MOST_COMPARED])
        found = choose_pairs(positions, answers, share=settings.pairs)
        return tuple((pair.first, pair.second) for pair in found)

    def _step(self, layer: int, step: Step, order: int, total: int) -> None:
        """Train one step of the plan, record it and keep it."""
        positions = step.positions
        decisions = [self._decide(layer, position) for position in positions]
        started = time.monotonic()
        if step.partner is None:
            results: tuple[TrainedNeuron, ...] = (
                self._trainer.train(layer, step.position, decisions[0].premodulo),
            )
        else:
            results = self._trainer.train_pair(layer, *positions, *(each.premodulo for each in decisions))
        seconds = (time.monotonic() - started) / len(positions)
        records = [
            self._book.neuron(
                self._progress.sweep,
                _decided(
                    layer,
                    position,
                    decision,
                    trained,
                    order=order + index,
                    total=total,
                    seconds=seconds,
                    partner=positions[1 - index] if len(positions) > 1 else None,
                ),
            )
            for index, (position, decision, trained) in enumerate(
                zip(positions, decisions, results, strict=True)
            )
        ]
        changed = sum(trained.changed for trained in results)
        self._progress.advance(changed)
        if self._journals:
            neurons = [self._trainer.neuron(layer, position) for position in positions]
            self._hooks.checkpointer.on_step(records, neurons, changed)

    def _decide(self, layer: int, position: int) -> CapacityDecision:
        """Decide a neuron's premodulo: phase 0 for the last layer, the controller for the others."""
        if layer == len(self._trainer.layer_sizes):
            premodulo = min(max(2, self._trainer.n_samples), LARGEST)
            reason = "phase 0: the final neuron learns the prior at premodulo N"
            return CapacityDecision(premodulo, None, None, None, reason)
        settings = self._capacity
        kept = self._sums.history(layer, position, accepted_only=True)
        return self._controller.decide(
            ControllerInput(
                history=kept if self._config.pipeline.sum_cache else (),
                current=kept[-1].premodulo if kept else settings.premodulo,
                samples=self._trainer.n_samples,
                curve=self._progress.curve,
                largest=self._trainer.largest_premodulo(),
                tolerance=self._config.pipeline.tolerance,
                held=self._progress.held,
                ladder=self._trainer.learns_together,
            )
        )

    def _finish_sweep(self, started: float) -> None:
        """Evaluate the sweep, keep the best state, and step back from one that pressure has spoilt."""
        progress, pipeline = self._progress, self._config.pipeline
        result = self._book.measure(progress.sweep)
        gained = progress.best is None or _better(result.held_out, progress.best.held_out)
        chosen = gained or _holds(result.held_out, progress.curve)
        if chosen:
            progress.best = result.outcome(progress.sweep)
        progress.without_gain = 0 if gained else progress.without_gain + 1
        point = CurvePoint(progress.sweep, result.train.score, result.dev_score, self._median_premodulo())
        progress.curve = (*progress.curve, point)
        expected = forecast(progress.curve, patience=pipeline.patience, tolerance=pipeline.tolerance)
        phase = detect_phase(progress.curve, patience=pipeline.patience, tolerance=pipeline.tolerance)
        seconds = time.monotonic() - started
        progress.seconds += seconds
        self._on_event(
            with_fields(
                result.event(progress.sweep, best=chosen, seconds=seconds),
                premodulo=point.premodulo,
                phase=phase.value,
                forecast=expected.dev_accuracy if expected else None,
                forecast_error=expected.error if expected else None,
            )
        )
        self._step_back()
        progress.stop = self._reason_to_stop()
        progress.end_sweep()
        self._keep_sweep()

    def _keep_sweep(self) -> None:
        trainer, checkpointer = self._trainer, self._hooks.checkpointer
        checkpointer.on_sweep(self._progress, trainer.network(), self._sums, trainer.memory)

    def _reason_to_stop(self) -> str | None:
        progress, pipeline = self._progress, self._config.pipeline
        if self._hooks.steering.stop_reason is not None:
            return self._hooks.steering.stop_reason
        if progress.without_gain >= pipeline.patience:
            return f"dev accuracy did not rise in {progress.without_gain} sweeps"
        if not progress.changed:
            return f"sweep {progress.sweep} changed nothing"
        if pipeline.time_limit_seconds is not None and progress.seconds >= pipeline.time_limit_seconds:
            return f"the time limit of {pipeline.time_limit_seconds:g} s was reached"
        return "all sweeps done" if progress.sweep == pipeline.sweeps else None

    def _step_back(self) -> None:
        """Return to the best state if lowering the premodulo since then has cost dev accuracy."""
        progress, pipeline = self._progress, self._config.pipeline
        if not pipeline.step_back or progress.best is None:
            return
        to_sweep = must_step_back(progress.curve, tolerance=pipeline.tolerance)
        if to_sweep is not None and self._trainer.learns_together:
            progress.held = True  # its sums go on growing: lowering ends, and the best state is kept
            return
        if to_sweep != progress.best.sweep:
            return
        self._trainer.restore(progress.best.network, {})
        self._sums.mark_reverted(self._book.run, progress.best.sweep)
        progress.held = True
        self._on_event(
            SteppedBack(
                sweep=progress.sweep,
                to_sweep=progress.best.sweep,
                reason="over-pressure: dev accuracy fell as premodulos were lowered",
            )
        )

    def _median_premodulo(self) -> int:
        """Return the lower median premodulo of the trained neurons before the last layer; 0 without any."""
        found = [
            self._trainer.premodulos(layer)[self._sums.layer_sums(layer)[1] > 0]
            for layer in range(1, len(self._trainer.layer_sizes))
        ]
        premodulos = np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
        return int(premodulos[(premodulos.size - 1) // 2]) if premodulos.size else 0


def _decided(
    layer: int,
    position: int,
    decision: CapacityDecision,
    trained: TrainedNeuron,
    *,
    order: int,
    total: int,
    seconds: float,
    partner: int | None = None,
) -> Decided:
    return Decided(
        layer=layer,
        position=position,
        order=order,
        total=total,
        premodulo=decision.premodulo,
        reason=decision.reason,
        trained=trained,
        seconds=seconds,
        target=decision.target,
        regime=decision.regime.value if decision.regime else None,
        partner=partner,
    )


def _better(new: HeldOut | None, old: HeldOut | None) -> bool:
    """Tell whether a state is to be preferred; where nothing is held out, the later one is."""
    return new is None or old is None or new.beats(old)


def _holds(new: HeldOut | None, before: Curve) -> bool:
    """Tell whether a later state does as well as any before, but for noise that it allows for."""
    if new is None or not new.noise:
        return False
    highest = best_point(before)
    return highest is None or new.score >= (highest.dev_accuracy or 0.0) - new.noise
