from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from goldzone.hashtron.neuron import Hashtron
from goldzone.training.config import TrainingConfig
from goldzone.training.control.controller_input import ControllerInput
from goldzone.training.control.controllers import make_controller
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.results import TrainedNeuron, TrainMetrics
from goldzone.training.learners.ways import OneByOne
from goldzone.training.pipeline import HeldOut, Hooks, Outcome
from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
)
from goldzone.training.settings import CapacitySettings, CreditSettings, PipelineSettings, SelectionSettings
from goldzone.training.sums.cache import SumCache, SumRecord
from goldzone.training.sweeps import train_sweeps

Strategy = Literal["gold_zone", "fixed", "random"]
Call = tuple[int, int, int]
"""Layer, position, premodulo."""

N = 1000


class FakeTrainer(OneByOne):
    """Learns nothing; its network is the number of neurons trained so far."""

    def __init__(
        self,
        layer_sizes: tuple[int, ...],
        total: Callable[[int, int], int] = lambda layer, position: 10 * layer + position,
        agreement: float = 0.25,
        n_samples: int = N,
    ) -> None:
        self.layer_sizes = layer_sizes
        self.n_samples = n_samples
        self.calls: list[Call] = []
        self.sweeps: list[tuple[int, int]] = []
        self.pairs: list[tuple[int, int]] = []
        self.restored: list[int] = []
        self._premodulos = [np.full(size, 2, dtype=np.int64) for size in layer_sizes]
        self._total = total
        self._agreement = agreement

    def start_sweep(self, sweep: int) -> None:
        self.sweeps.append((sweep, len(self.calls)))

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        self.calls.append((layer, position, premodulo))
        self._premodulos[layer - 1][position] = premodulo
        return TrainedNeuron(
            self._total(layer, position), self.n_samples, self._agreement, 7 * layer + position
        )

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        self.pairs.append((first, second))
        return self.train(layer, first, premodulo_first), self.train(layer, second, premodulo_second)

    def premodulos(self, layer: int) -> NDArray[np.int64]:
        return self._premodulos[layer - 1]

    def largest_premodulo(self) -> int:
        return 1 << 20

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Let neighbours answer the opposite of each other."""
        del layer
        words = [[0xF0F0 if position % 2 else 0x0F0F] for position in positions]
        return PackedAnswers(np.array(words, dtype=np.uint64), 16)

    def neuron(self, layer: int, position: int) -> Hashtron:
        return Hashtron(((layer, position),))

    def restore(self, network: int, memory: Mapping[str, bytes]) -> None:
        assert not memory
        self.restored.append(network)

    def metrics(self) -> TrainMetrics:
        done = len(self.calls)
        return TrainMetrics(done / 1000, 1 / done, {"bits": done / 500})

    def network(self) -> int:
        return len(self.calls)


def config(
    sweeps: int = 2,
    *,
    strategy: Strategy = "fixed",
    share: float = 1.0,
    patience: int = 100,
    limit: float | None = None,
    seed: int = 1,
    capacity: CapacitySettings | None = None,
) -> TrainingConfig:
    return TrainingConfig(
        seed=seed,
        credit=CreditSettings(kind="rank"),
        pipeline=PipelineSettings(
            sweeps=sweeps, neurons_per_sweep=share, patience=patience, time_limit_seconds=limit
        ),
        selection=SelectionSettings(strategy=strategy),
        capacity=capacity or CapacitySettings(),
    )


def nothing(network: int) -> None:
    del network


def held_out(score: float, error: float) -> HeldOut:
    return HeldOut(score, -error, {"error": error})


def run(
    trainer: FakeTrainer, settings: TrainingConfig, evaluate: Callable[[int], HeldOut | None] = nothing
) -> tuple[Outcome[int], list[Event]]:
    events: list[Event] = []
    return train_sweeps(trainer, settings, Hooks(evaluate, events.append)), events


def judged(*accuracies: float | tuple[float, float] | None) -> Callable[[int], HeldOut | None]:
    """Judge one sweep after another: a score, or one with an error that breaks ties, or nothing."""
    answers: Iterator[HeldOut | None] = iter(
        [
            None if entry is None else held_out(*(entry if isinstance(entry, tuple) else (entry, 0.5)))
            for entry in accuracies
        ]
    )
    return lambda network: next(answers)


@pytest.mark.parametrize("strategy", ["gold_zone", "fixed", "random"])
@pytest.mark.parametrize("sizes", [(1,), (5, 1), (4, 3, 1), (4, 3, 2, 1)])
def test_the_final_neuron_comes_first_then_the_layers_strictly_backward(
    sizes: tuple[int, ...], strategy: Strategy
) -> None:
    trainer = FakeTrainer(sizes)
    _, events = run(trainer, config(2, strategy=strategy))
    layers = list(range(len(sizes), 0, -1))
    pattern: list[tuple[type[Event], int | None]] = []
    for layer in layers:
        pattern += [(NeuronTrained, layer)] * sizes[layer - 1] + [(LayerTrained, layer)]
    pattern = [(SweepStarted, None), *pattern, (SweepFinished, None)]
    told = [event for event in events if not isinstance(event, SelectionMade)]
    assert [(type(event), getattr(event, "layer", None)) for event in told] == pattern * 2
    assert [getattr(event, "sweep", None) for event in told] == [1] * len(pattern) + [2] * len(pattern)
    trained = [(event.layer, event.position) for event in events if isinstance(event, NeuronTrained)]
    assert trained == [call[:2] for call in trainer.calls]
    for layer in layers:  # every neuron once a sweep
        positions = [position for of, position in trained if of == layer]
        assert sorted(positions) == sorted([*range(sizes[layer - 1])] * 2)
    assert trainer.sweeps == [(1, 0), (2, sum(sizes))]


def test_the_fixed_strategy_goes_by_position_and_the_random_one_by_the_seed() -> None:
    def order(strategy: Strategy, seed: int) -> list[int]:
        trainer = FakeTrainer((20, 1))
        run(trainer, config(2, strategy=strategy, seed=seed))
        return [position for layer, position, _ in trainer.calls if layer == 1]

    assert order("fixed", 1) == [*range(20), *range(20)]
    assert order("random", 1) == order("random", 1) != order("random", 2)
    assert order("random", 1)[:20] != order("random", 1)[20:]


def test_the_gold_zone_is_trained_first_once_sums_are_known() -> None:
    # Collapsed, noisy, in the middle of the zone, near its edge.
    sums = [N, 0, 400, 700]
    trainer = FakeTrainer((4, 1), lambda layer, position: sums[position] if layer == 1 else 0)
    settings = config(2, strategy="gold_zone", capacity=CapacitySettings(noise_floor=10.0, collapse=0.8))
    run(trainer, settings)
    positions = [position for layer, position, _ in trainer.calls if layer == 1]
    assert positions[:4] == [0, 1, 2, 3]
    assert positions[4:6] == [2, 3]
    # Other thresholds, another order: 850 of 1000 is nearer to the middle of 700 .. 900 than 720.
    sums[2:] = [720, 850]
    trainer.calls.clear()
    narrow = CapacitySettings(noise_floor=700.0, collapse=0.9)
    run(trainer, config(2, strategy="gold_zone", capacity=narrow))
    positions = [position for layer, position, _ in trainer.calls if layer == 1]
    assert positions[4:6] == [3, 2]


@pytest.mark.parametrize(("share", "count"), [(1.0, 10), (0.5, 5), (0.31, 4), (0.001, 1)])
def test_a_share_of_each_layer_is_trained_in_a_sweep(share: float, count: int) -> None:
    trainer = FakeTrainer((10, 1))
    _, events = run(trainer, config(1, share=share))
    neurons = [event for event in events if isinstance(event, NeuronTrained) and event.layer == 1]
    assert [(event.order, event.total) for event in neurons] == [(order, count) for order in range(count)]
    assert [event.neurons for event in events if isinstance(event, LayerTrained)] == [1, count]


@pytest.mark.parametrize(
    ("n_samples", "premodulo"),
    [(N, N), (1, 2), (2, 2), (2**32 - 1, 2**32 - 1)],
)
def test_phase_zero_gives_the_final_neuron_premodulo_n(n_samples: int, premodulo: int) -> None:
    trainer = FakeTrainer((2, 1), lambda layer, position: 0, n_samples=n_samples)
    _, events = run(trainer, config(2))
    final = [event for event in events if isinstance(event, NeuronTrained) and event.layer == 2]
    assert [event.premodulo for event in final] == [premodulo] * 2
    assert [call[2] for call in trainer.calls if call[0] == 2] == [premodulo] * 2
    assert {event.reason for event in final} == {"phase 0: the final neuron learns the prior at premodulo N"}
    assert {event.regime for event in final} == {None}


def test_sums_and_events_record_what_training_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(100.0, 2.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "time", lambda: 1234.5)
    trainer = FakeTrainer((3, 1), lambda layer, position: -50 * layer - position)
    sums = SumCache((3, 1))
    events: list[Event] = []
    train_sweeps(trainer, config(2), run="slovak", sums=sums, hooks=Hooks(on_event=events.append))
    assert sums.runs == ("slovak",)
    for layer, position in ((1, 0), (1, 2), (2, 0)):
        premodulo = N if layer == 2 else 4096
        assert sums.history(layer, position) == tuple(
            _record(layer, position, sweep, -50 * layer - position, premodulo) for sweep in (1, 2)
        )
        # Filled in once the sweep is judged; stored as 32-bit floats.
        found = sums.history(layer, position)
        assert [record.train_accuracy for record in found] == [np.float32(0.004), np.float32(0.008)]
        assert [record.loss for record in found] == [0.25, 0.125]
    last = [event for event in events if isinstance(event, NeuronTrained)][-1]
    assert last == NeuronTrained(
        sweep=2,
        layer=1,
        position=2,
        order=2,
        total=3,
        premodulo=4096,
        target=355,  # (1000 / 53)**2
        sum=-52,
        samples=N,
        agreement=0.25,
        regime="gold_zone",
        reason="constant 4096",
        seconds=2.0,
        changed=9,
    )


class _Anything:
    """Equal to all: NaN is not equal to itself."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def _record(layer: int, position: int, sweep: int, total: int, premodulo: int) -> SumRecord:
    unknown: float = _Anything()  # type: ignore[assignment]
    return SumRecord(
        layer, position, 0, sweep, 1234.5, total, N, premodulo, 2.0, 0.25, unknown, unknown, unknown
    )


def test_the_constant_controller_keeps_every_premodulo() -> None:
    trainer = FakeTrainer((3, 1))
    run(trainer, config(3, capacity=CapacitySettings(premodulo=500)))
    assert {premodulo for layer, _, premodulo in trainer.calls if layer == 1} == {500}


LAW = CapacitySettings(controller="law", premodulo=500, floor=2, ceiling=10_000, max_factor=3.0, smoothing=2)


@pytest.mark.parametrize("signal", ["answers", "balance", "agreement"])
def test_the_law_steers_each_neuron_by_its_own_smoothed_sums(
    signal: Literal["answers", "balance", "agreement"],
) -> None:
    settings = LAW.model_copy(update={"signal": signal})
    sums = ((N, 300, 0, N), (0, 0, N, 600), (400, 390, 420, 410))
    trainer = FakeTrainer(
        (3, 1), lambda layer, position: sums[position][len(trainer.sweeps) - 1] if layer == 1 else 0, 0.9
    )
    run(trainer, config(4, capacity=settings))
    controller = make_controller(settings)
    for position, totals in enumerate(sums):
        current = 500
        history: list[SumRecord] = []
        seen = [premodulo for layer, of, premodulo in trainer.calls if (layer, of) == (1, position)]
        for premodulo, total in zip(seen, totals, strict=True):
            controller_input = ControllerInput(
                tuple(history), current, samples=N, curve=(), largest=1 << 24, tolerance=0.0
            )
            assert premodulo == controller.decide(controller_input).premodulo
            current = premodulo
            history.append(SumRecord(1, position, 0, 1, 0.0, total, N, premodulo, 0.0, 0.9))


def test_the_law_moves_premodulos_by_the_regime_and_says_why() -> None:
    sums = [N, 0, 400]
    trainer = FakeTrainer((3, 1), lambda layer, position: sums[position] if layer == 1 else -N)
    _, events = run(trainer, config(4, capacity=LAW))
    trained = [event for event in events if isinstance(event, NeuronTrained) and event.layer == 1]
    assert (trained[0].reason, trained[0].regime) == ("no sum yet: starts at 500", None)
    assert [event.premodulo for event in trained if event.position == 0] == [500, 167, 56, 19]
    assert [event.premodulo for event in trained if event.position == 1] == [500, 1500, 4500, 10_000]
    assert [event.premodulo for event in trained if event.position == 2] == [500, 475, 452, 430]
    assert [event.regime for event in trained[3:6]] == ["collapsed", "noisy", "gold_zone"]


def test_the_law_goes_on_from_the_premodulo_of_the_last_sum_of_an_earlier_run() -> None:
    sums = SumCache((1, 1))
    sums.append(SumRecord(1, 0, sums.run_number("before"), 9, 0.0, N, N, 9000, 0.0))
    trainer = FakeTrainer((1, 1), lambda layer, position: N)
    train_sweeps(trainer, config(2, capacity=LAW), run="after", sums=sums)
    assert [call[2] for call in trainer.calls if call[0] == 1] == [3000, 1000]
    assert [record.run for record in sums.history(1, 0)] == [0, 1, 1]


def test_sweep_finished_tells_of_both_parts() -> None:
    _, events = run(FakeTrainer((1, 1)), config(1), judged((0.5, 0.125)))
    finished = events[-1]
    assert isinstance(finished, SweepFinished)
    assert (finished.train_score, finished.loss) == (0.002, 0.5)
    assert finished.metrics == {"train_bits": 0.004, "dev_error": 0.125}
    assert (finished.dev_score, finished.best) == (0.5, True)
    _, events = run(FakeTrainer((1, 1)), config(1))
    finished = events[-1]
    assert isinstance(finished, SweepFinished)
    assert (finished.dev_score, finished.best, finished.metrics) == (None, True, {"train_bits": 0.004})


def bests(events: Sequence[Event]) -> list[bool]:
    return [event.best for event in events if isinstance(event, SweepFinished)]


@pytest.mark.parametrize(
    ("accuracies", "best_sweep", "gains"),
    [
        ((0.1, 0.3, 0.2), 2, [True, True, False]),
        ((0.3, 0.3, 0.3), 1, [True, False, False]),
        (((0.3, 0.5), (0.3, 0.4), (0.3, 0.45)), 2, [True, True, False]),
        (((0.3, 0.2), (0.4, 0.9), (0.3, 0.1)), 2, [True, True, False]),
        ((None, None, None), 3, [True, True, True]),
    ],
)
def test_the_best_state_is_kept(
    accuracies: tuple[float | tuple[float, float] | None, ...], best_sweep: int, gains: list[bool]
) -> None:
    trainer = FakeTrainer((4, 1))
    outcome, events = run(trainer, config(3), judged(*accuracies))
    assert bests(events) == gains
    assert (outcome.sweep, outcome.network) == (best_sweep, 5 * best_sweep)
    assert outcome.train == TrainMetrics(best_sweep / 200, 1 / (5 * best_sweep), {"bits": best_sweep / 100})
    assert outcome.held_out == judged(accuracies[best_sweep - 1])(0)
    assert outcome.reason == "all sweeps done"
    assert len(trainer.calls) == 15  # the trainer itself is left in the last state


def test_patience_ends_a_run_that_no_longer_gains() -> None:
    trainer = FakeTrainer((1, 1))
    outcome, events = run(trainer, config(10, patience=2), judged(0.1, 0.05, 0.2, 0.2, 0.1, 0.9))
    assert bests(events) == [True, False, True, False, False]
    assert outcome.sweep == 3
    assert outcome.reason == "dev accuracy did not rise in 2 sweeps"


def test_without_held_out_words_patience_has_nothing_to_wait_for() -> None:
    outcome, _ = run(FakeTrainer((1, 1)), config(5, patience=1))
    assert (outcome.sweep, outcome.held_out, outcome.reason) == (5, None, "all sweeps done")


@pytest.mark.parametrize(("limit", "sweeps"), [(5.0, 1), (20.0, 2), (20.5, 3), (1000.0, 4), (None, 4)])
def test_no_sweep_begins_after_the_time_limit(
    monkeypatch: pytest.MonkeyPatch, limit: float | None, sweeps: int
) -> None:
    now = 5000.0

    class SlowTrainer(FakeTrainer):
        def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
            nonlocal now
            now += 5.0
            return super().train(layer, position, premodulo)

    monkeypatch.setattr(time, "monotonic", lambda: now)
    trainer = SlowTrainer((1, 1))
    outcome, events = run(trainer, config(4, limit=limit), judged(0.1, 0.2, 0.1, 0.1))
    finished = [event for event in events if isinstance(event, SweepFinished)]
    assert len(finished) == sweeps
    assert [event.seconds for event in finished] == [10.0] * sweeps
    assert outcome.sweep == min(sweeps, 2)
    early = f"the time limit of {limit or math.nan:g} s was reached"
    assert outcome.reason == (early if sweeps < 4 else "all sweeps done")


@pytest.mark.parametrize("kind", [SweepStarted, NeuronTrained, LayerTrained, SweepFinished])
def test_what_on_event_raises_ends_the_run(kind: type[Event]) -> None:
    trainer = FakeTrainer((2, 1))

    def on_event(event: Event) -> None:
        if isinstance(event, kind):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_sweeps(trainer, config(3), Hooks(on_event=on_event))
    assert len(trainer.calls) == {SweepStarted: 0, NeuronTrained: 1, LayerTrained: 1, SweepFinished: 3}[kind]


def test_a_run_needs_neither_hooks_nor_sums() -> None:
    outcome = train_sweeps(FakeTrainer((2, 1)), config(2))
    assert (outcome.network, outcome.sweep, outcome.held_out) == (6, 2, None)


def test_forward_takes_the_layers_the_other_way_round() -> None:
    trainer = FakeTrainer((2, 1, 1))
    settings = config(2)
    forward = settings.model_copy(
        update={"pipeline": settings.pipeline.model_copy(update={"direction": "forward"})}
    )
    run(trainer, forward)
    assert [call[:2] for call in trainer.calls] == [(1, 0), (1, 1), (2, 0), (3, 0)] * 2


def test_every_neuron_of_the_last_layer_is_trained_with_premodulo_n() -> None:
    trainer = FakeTrainer((2, 3))
    run(trainer, config(1))
    assert trainer.calls == [(2, 0, N), (2, 1, N), (2, 2, N), (1, 0, 4096), (1, 1, 4096)]


def test_pairs_are_trained_together_after_the_first_sweep_and_say_so() -> None:
    trainer = FakeTrainer((4, 1))
    settings = config(2).model_copy(update={"selection": SelectionSettings(pairs=0.5)})
    _, events = run(trainer, settings)
    assert trainer.pairs == [(0, 1)]
    trained = [e for e in events if isinstance(e, NeuronTrained) and (e.sweep, e.layer) == (2, 1)]
    assert [(e.position, e.partner, e.order, e.total) for e in trained] == [
        (0, 1, 0, 4),
        (1, 0, 1, 4),
        (2, None, 2, 4),
        (3, None, 3, 4),
    ]
    made = [e for e in events if isinstance(e, SelectionMade)]
    assert [(e.sweep, e.layer, e.chosen, e.pairs) for e in made] == [(1, 1, 4, 0), (2, 1, 4, 1)]


def test_lowering_that_costs_dev_accuracy_is_undone_and_stops() -> None:
    trainer = FakeTrainer((2, 1))
    lower = CapacitySettings(controller="validated", premodulo=64, floor=16)
    sums = SumCache((2, 1))
    events: list[Event] = []
    outcome = train_sweeps(
        trainer,
        config(4, capacity=lower),
        Hooks(judged(0.5, 0.6, 0.4, 0.5), events.append),
        sums=sums,
    )
    back = [event for event in events if isinstance(event, SteppedBack)]
    assert [(event.sweep, event.to_sweep) for event in back] == [(3, 2)]
    assert (trainer.restored, outcome.sweep) == ([6], 2)
    premodulos = [call[2] for call in trainer.calls if call[0] == 1]
    assert premodulos[0] == 64
    assert premodulos[4] < premodulos[2] == premodulos[6], "the fourth sweep holds what the second had"
    assert [record.accepted for record in sums.history(1, 0)] == [True, True, False, True]
    phases = [event.phase for event in events if isinstance(event, SweepFinished)]
    assert phases[0] == "bootstrap"


def test_stepping_back_can_be_switched_off() -> None:
    trainer = FakeTrainer((2, 1))
    settings = config(4, capacity=CapacitySettings(controller="validated", premodulo=64, floor=16))
    stubborn = settings.model_copy(
        update={"pipeline": settings.pipeline.model_copy(update={"step_back": False})}
    )
    run(trainer, stubborn, judged(0.5, 0.6, 0.4, 0.5))
    assert trainer.restored == []
    assert [call[2] for call in trainer.calls if call[:2] == (1, 0)] == [64, 32, 16, 32]


class Still(FakeTrainer):
    """Changes cells only where it is told to."""

    def __init__(self, layer_sizes: tuple[int, ...], moving: Callable[[int, int], bool]) -> None:
        super().__init__(layer_sizes)
        self._moving = moving
        self._sweep = 0

    def start_sweep(self, sweep: int) -> None:
        self._sweep = sweep

    def train(self, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        trained = super().train(layer, position, premodulo)
        return replace(trained, changed=int(self._moving(self._sweep, layer)))


def test_a_layer_that_does_not_change_in_three_sweeps_is_skipped_forward() -> None:
    trainer = Still((1, 1, 1), lambda sweep, layer: layer != 2)
    _, events = run(trainer, config(5))
    assert [call[0] for call in trainer.calls] == [3, 2, 1] * 3 + [3, 1] * 2
    skipped = [event for event in events if isinstance(event, LayerSkipped)]
    assert [(event.sweep, event.layer) for event in skipped] == [(4, 2), (5, 2)]
    assert skipped[0].reason == "no cell of it changed in 3 sweeps"


def test_a_change_in_between_counts_anew_and_the_final_neuron_is_never_skipped() -> None:
    trainer = Still((1, 1), lambda sweep, layer: layer == 1 and sweep % 3 == 0)
    trainer_calls = [2, 1] * 2
    outcome, _ = run(trainer, config(2))
    assert [call[0] for call in trainer.calls] == trainer_calls[:2]
    assert outcome.reason == "sweep 1 changed nothing"
    trainer = Still((1, 1), lambda sweep, layer: layer == 1)
    run(trainer, config(6))
    assert [call[0] for call in trainer.calls] == [2, 1] * 6


def test_a_layer_that_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(100.0, 2.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    settings, trainer = config(1), FakeTrainer((4, 1))
    pipeline = settings.pipeline.model_copy(update={"layer_time_limit_seconds": 3.0})
    _, events = run(trainer, settings.model_copy(update={"pipeline": pipeline}))
    skipped = [event for event in events if isinstance(event, LayerSkipped)]
    assert [(event.layer, event.reason) for event in skipped] == [
        (layer, "the layer took 6 s, its limit is 3 s") for layer in (2, 1)
    ]
    assert [call[:2] for call in trainer.calls] == [(2, 0), (1, 0)]


def test_without_the_sum_cache_sums_are_recorded_but_steer_nothing() -> None:
    trainer = FakeTrainer((4, 1), lambda layer, position: N if position == 0 else 300)
    settings = config(3, strategy="gold_zone", share=0.5, capacity=CapacitySettings(controller="law"))
    blind = settings.model_copy(
        update={"pipeline": settings.pipeline.model_copy(update={"sum_cache": False})}
    )
    sums = SumCache((4, 1))
    events: list[Event] = []
    train_sweeps(trainer, blind, Hooks(on_event=events.append), sums=sums)
    context = [event for event in events if isinstance(event, NeuronTrained) and event.layer == 1]
    assert [event.position for event in context] == [0, 1] * 3, "all look untrained: by position"
    assert {(event.premodulo, event.target, event.regime) for event in context} == {(4096, None, None)}
    assert [record.sum for record in sums.history(1, 0)] == [N] * 3
