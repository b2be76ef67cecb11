"""The backward pipeline: final neuron first, then layer N ... layer 1, sweep after sweep.

It decides which neurons are trained and under which premodulo, when to step back and when to stop, and
records all of it; a `goldzone.training.pipeline.NeuronTrainer` learns. It knows nothing of languages:
held-out accuracy comes from a function that the caller gives. With the direction "forward" the layers are
taken from the first to the last, so that the direction alone can be compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Generic

import numpy as np

from goldzone.hashtron.hashing import LARGEST
from goldzone.training.config import TrainingConfig
from goldzone.training.control.controller_input import ControllerInput
from goldzone.training.control.controllers import CapacityDecision, make_controller
from goldzone.training.control.curve import CurvePoint
from goldzone.training.control.pairs import MOST_COMPARED, choose_pairs
from goldzone.training.control.phases import detect_phase, forecast, must_step_back
from goldzone.training.control.selection import select_neurons
from goldzone.training.learners.results import TrainedNeuron
from goldzone.training.pipeline import (
    Checkpointer,
    HeldOut,
    NetworkT,
    NeuronTrainer,
    NoCheckpointer,
    Outcome,
    Progress,
    Step,
)
from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    RunResumed,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
)
from goldzone.training.streams import stream
from goldzone.training.sums.cache import SumCache, SumRecord

__all__ = ["train_sweeps"]


def train_sweeps(
    trainer: NeuronTrainer[NetworkT],
    config: TrainingConfig,
    *,
    run: str = "run",
    sums: SumCache | None = None,
    evaluate: Callable[[], HeldOut | None] = lambda: None,
    on_event: Callable[[Event], None] = lambda event: None,
    keep: Checkpointer[NetworkT] | None = None,
    progress: Progress[NetworkT] | None = None,
    check_interrupt: Callable[[], None] = lambda: None,
) -> Outcome[NetworkT]:
    """Train until the sweeps, the patience or the time are used up, and return the best state.

    Parameters
    ----------
    trainer : NeuronTrainer
        Left in the state of the last sweep.
    config : TrainingConfig
    run : str
        Name of the run in the sum cache.
    sums : SumCache, optional
        Filled with one record a trained neuron; a new one when not given.
    evaluate : callable
        Held-out accuracy of the trainer's present state, or None.
    on_event : callable
        Gets every event. What it raises ends the run.
    keep : Checkpointer, optional
        Gets all that is needed to go on after a crash, step by step.
    progress : Progress, optional
        Go on from here; `trainer` and `sums` must be as they were then.
    check_interrupt : callable
        Called after each step. What it raises ends the run, in a state that was kept.
    """
    keeper = keep or NoCheckpointer()
    pipeline = _Pipeline(
        trainer,
        config,
        sums or SumCache(trainer.layer_sizes),
        run,
        evaluate,
        on_event,
        keeper,
        check_interrupt,
    )
    return pipeline.run(progress)


class _Pipeline(Generic[NetworkT]):
    """One sweep after another over a trainer's layers."""

    def __init__(  # noqa: PLR0917 - all that the pipeline works with
        self,
        trainer: NeuronTrainer[NetworkT],
        config: TrainingConfig,
        sums: SumCache,
        run: str,
        evaluate: Callable[[], HeldOut | None],
        on_event: Callable[[Event], None],
        keeper: Checkpointer[NetworkT],
        check_interrupt: Callable[[], None],
    ) -> None:
        self._trainer = trainer
        self._config = config
        self._sums = sums
        self._run = sums.run_number(run)
        self._evaluate = evaluate
        self._on_event = on_event
        self._keeper = keeper
        self._check_interrupt = check_interrupt
        self._controller = make_controller(config.capacity)
        self._progress: Progress[NetworkT] = Progress()
        layers = range(1, len(trainer.layer_sizes) + 1)
        self._order = layers if config.pipeline.direction == "forward" else layers[::-1]

    def run(self, progress: Progress[NetworkT] | None) -> Outcome[NetworkT]:
        """Sweep until there is a reason to stop."""
        if progress is None:
            self._keeper.judged(self._progress, self._trainer.network(), self._sums)
        else:
            self._progress = progress
            self._on_event(
                RunResumed(
                    sweep=progress.sweep,
                    layer=None if progress.plan is None else self._order[progress.place or 0],
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
        self._trainer.start_sweep(progress.sweep)
        if progress.place is None:
            self._on_event(SweepStarted(sweep=progress.sweep))
            progress.place = 0
        while progress.place < len(self._order):
            layer = self._order[progress.place]
            if progress.plan is None:
                if reason := self._reason_to_skip(layer, progress.place):
                    self._on_event(LayerSkipped(sweep=progress.sweep, layer=layer, reason=reason))
                    progress.place += 1
                    continue
                progress.enter(progress.place, self._choose(layer))
                self._keeper.planned(progress)
            self._train_layer(layer, progress.plan or ())
            progress.leave()

    def _reason_to_skip(self, layer: int, place: int) -> str | None:
        """Tell why a layer is stuck; the last one, which learns the prior, never is."""
        attempts = self._config.pipeline.attempts
        if layer == len(self._order) or self._progress.unchanged.get(place, 0) < attempts:
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
            self._check_interrupt()
            seconds = time.monotonic() - started
            if limit is not None and seconds > limit:
                reason = f"the layer took {seconds:.3g} s, its limit is {limit:g} s"
                self._on_event(LayerSkipped(sweep=progress.sweep, layer=layer, reason=reason))
                return
        self._on_event(LayerTrained(sweep=progress.sweep, layer=layer, neurons=order))

    def _choose(self, layer: int) -> tuple[Step, ...]:
        """Choose what a sweep trains in a layer: of the last layer everything, by position."""
        sizes = self._trainer.layer_sizes
        size = sizes[layer - 1]
        if layer == len(sizes):
            return tuple(Step(position) for position in range(size))
        settings, capacity = self._config.selection, self._config.capacity
        selection = select_neurons(
            settings.strategy,
            self._sums.measured(layer) if self._config.pipeline.sum_cache else [None] * size,
            math.ceil(self._config.pipeline.neurons_per_sweep * size),
            stream(self._config.seed, "selection", self._progress.sweep, layer, count=size),
            sweep=self._progress.sweep,
            noise_floor=capacity.noise_floor,
            collapse=capacity.collapse,
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
        if not settings.pairs or self._progress.sweep == 1:  # before a first training all are silent
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
            self._record_of(layer, position, decision, trained, seconds)
            for position, decision, trained in zip(positions, decisions, results, strict=True)
        ]
        for record in records:
            self._sums.append(record)
        for place, (position, decision, trained) in enumerate(
            zip(positions, decisions, results, strict=True)
        ):
            self._on_event(
                NeuronTrained(
                    sweep=self._progress.sweep,
                    layer=layer,
                    position=position,
                    order=order + place,
                    total=total,
                    premodulo=decision.premodulo,
                    target=decision.target,
                    sum=trained.total,
                    samples=trained.samples,
                    agreement=trained.agreement,
                    regime=decision.regime.value if decision.regime else None,
                    reason=decision.reason,
                    partner=positions[1 - place] if len(positions) > 1 else None,
                    seconds=seconds,
                    changed=trained.changed,
                )
            )
        changed = sum(trained.changed for trained in results)
        self._progress.advance(changed)
        neurons = [self._trainer.neuron(layer, position) for position in positions]
        self._keeper.trained(records, neurons, changed)

    def _decide(self, layer: int, position: int) -> CapacityDecision:
        """Decide a neuron's premodulo: phase 0 for the last layer, the controller for the others."""
        if layer == len(self._trainer.layer_sizes):
            premodulo = min(max(2, self._trainer.n_samples), LARGEST)
            reason = "phase 0: the final neuron learns the prior at premodulo N"
            return CapacityDecision(premodulo, None, None, None, reason)
        settings = self._config.capacity
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
            )
        )

    def _record_of(
        self,
        layer: int,
        position: int,
        decision: CapacityDecision,
        trained: TrainedNeuron,
        seconds: float,
    ) -> SumRecord:
        return SumRecord(
            layer=layer,
            position=position,
            run=self._run,
            sweep=self._progress.sweep,
            time=time.time(),
            sum=trained.total,
            samples=trained.samples,
            premodulo=decision.premodulo,
            duration_seconds=seconds,
            agreement=trained.agreement,
        )

    def _finish_sweep(self, started: float) -> None:
        """Judge the sweep, keep the best state, and step back from one that pressure has spoilt."""
        progress, pipeline = self._progress, self._config.pipeline
        metrics, held_out = self._trainer.metrics(), self._evaluate()
        dev = held_out.word_accuracy if held_out else None
        gained = progress.best is None or _better(held_out, progress.best.held_out)
        if gained:
            progress.best = Outcome(self._trainer.network(), progress.sweep, metrics, held_out, "")
        progress.without_gain = 0 if gained else progress.without_gain + 1
        point = CurvePoint(progress.sweep, metrics.word_accuracy, dev, self._median_premodulo())
        progress.curve = (*progress.curve, point)
        self._sums.record_result(
            self._run,
            progress.sweep,
            train_accuracy=metrics.word_accuracy,
            dev_accuracy=math.nan if dev is None else dev,
            loss=metrics.loss,
        )
        expected = forecast(progress.curve, patience=pipeline.patience, tolerance=pipeline.tolerance)
        seconds = time.monotonic() - started
        progress.seconds += seconds
        self._on_event(
            SweepFinished(
                sweep=progress.sweep,
                train_word_accuracy=metrics.word_accuracy,
                train_position_accuracy=metrics.position_accuracy,
                dev_word_accuracy=dev,
                dev_phoneme_error=held_out.phoneme_error if held_out else None,
                loss=metrics.loss,
                best=gained,
                premodulo=point.premodulo,
                phase=detect_phase(
                    progress.curve, patience=pipeline.patience, tolerance=pipeline.tolerance
                ).value,
                forecast=expected.dev_accuracy if expected else None,
                forecast_error=expected.error if expected else None,
                seconds=seconds,
            )
        )
        self._step_back()
        progress.stop = self._reason_to_stop()
        progress.end_sweep()
        self._keeper.judged(progress, self._trainer.network(), self._sums)

    def _reason_to_stop(self) -> str | None:
        progress, pipeline = self._progress, self._config.pipeline
        if progress.without_gain >= pipeline.patience:
            return f"dev word accuracy did not rise in {progress.without_gain} sweeps"
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
        if must_step_back(progress.curve, tolerance=pipeline.tolerance) != progress.best.sweep:
            return
        self._trainer.restore(progress.best.network)
        self._sums.mark_reverted(self._run, progress.best.sweep)
        progress.held = True
        self._on_event(
            SteppedBack(
                sweep=progress.sweep,
                to_sweep=progress.best.sweep,
                reason="over-pressure: dev word accuracy fell as premodulos were lowered",
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


def _better(new: HeldOut | None, old: HeldOut | None) -> bool:
    """Tell whether a state is to be preferred: the more words right, then the fewer phoneme errors.

    Without held-out words the later state is.
    """
    if new is None or old is None:
        return True
    return (new.word_accuracy, -new.phoneme_error) > (old.word_accuracy, -old.phoneme_error)
