from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from goldzone.errors import StateError
from goldzone.training.sums.cache import SumCache, SumRecord
from tests.naive.training_sum_cache import NaiveSumCache, comparable
from tests.training.sums.small_caches import LAYERS, RUNS, filled, new_cache, record_of

shares = st.floats(0, 1) | st.just(math.nan)
losses = st.floats(-1e30, 1e30) | st.just(math.nan)
runs = st.integers(0, 1)
sweeps = st.integers(0, 5)


@st.composite
def records(draw: st.DrawFn) -> SumRecord:
    # Few neurons, so that their room is often full.
    layer, position = draw(st.sampled_from([(1, 0), (1, 0), (1, 1), (2, 1), (3, 0)]))
    samples = draw(st.integers(1, 30) | st.integers(1, 2**32 - 1))
    return SumRecord(
        layer=layer,
        position=position,
        run=draw(runs),
        sweep=draw(sweeps),
        time=draw(st.floats(0, 10)),
        sum=draw(st.integers(-samples, samples)),
        samples=samples,
        premodulo=draw(st.integers(0, 2**32 - 1)),
        duration_seconds=draw(st.floats(0, 1e30)),
        agreement=draw(shares),
        train_accuracy=draw(shares),
        dev_accuracy=draw(shares),
        loss=draw(losses),
        accepted=draw(st.booleans()),
    )


class AsListsDo(RuleBasedStateMachine):
    """The cache and its naive twin get the same calls in random order, and must give the same answers."""

    @initialize(depth=st.integers(1, 4))
    def begin(self, depth: int) -> None:
        self.cache, self.naive = new_cache(depth, "who"), NaiveSumCache(depth)

    @rule(batch=st.lists(records(), max_size=12))
    def append(self, batch: list[SumRecord]) -> None:
        self.cache.append(*batch)
        for record in batch:
            self.naive.append(record)

    @rule(run=runs, sweep=sweeps, train=shares, dev=shares, loss=losses)
    def record_result(self, run: int, sweep: int, train: float, dev: float, loss: float) -> None:
        self.cache.record_result(run, sweep, train_accuracy=train, dev_accuracy=dev, loss=loss)
        self.naive.record_result(run, sweep, train, dev, loss)

    @rule(run=runs, sweep=sweeps)
    def mark_reverted(self, run: int, sweep: int) -> None:
        self.cache.mark_reverted(run, sweep)
        self.naive.mark_reverted(run, sweep)

    @rule()
    def restart(self) -> None:
        data = self.cache.snapshot()
        self.cache = SumCache.from_snapshot(data, "snapshot")
        assert self.cache.snapshot() == data
        assert self.cache.identity == "who"

    @invariant()
    def records_agree(self) -> None:
        assert len(self.cache) == len(self.naive.records)
        assert self.cache.runs == RUNS
        for layer, size in enumerate(LAYERS, 1):
            for position in range(size):
                for accepted_only in (False, True):
                    found = self.cache.history(layer, position, accepted_only=accepted_only)
                    expected = self.naive.history(layer, position, accepted_only=accepted_only)
                    assert list(map(comparable, found)) == list(map(comparable, expected))
            sums, samples = self.cache.layer_sums(layer)
            last = [self.naive.last_sum(layer, position) for position in range(size)]
            assert list(zip(sums.tolist(), samples.tolist(), strict=True)) == last
        newest = self.naive.records[-1] if self.naive.records else None
        assert comparable(self.cache.newest) == comparable(newest)

    @invariant()
    def columns_agree(self) -> None:
        columns = self.cache.columns()
        assert columns.pop("margin").tolist() == [record.margin for record in self.naive.records]
        numbers = [RUNS.index(name) for name in columns.pop("run").tolist()]
        values = {name: column.tolist() for name, column in columns.items()} | {"run": numbers}
        rows = [
            SumRecord(**{name: column[i] for name, column in values.items()}) for i in range(len(numbers))
        ]
        assert list(map(comparable, rows)) == list(map(comparable, self.naive.records))


AsListsDo.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestAsListsDo = AsListsDo.TestCase


def test_a_record_that_is_read_has_plain_values_and_its_margin() -> None:
    cache = new_cache()
    cache.append(dataclasses.replace(record_of(), sum=np.int64(-30), accepted=np.bool_(True)))  # type: ignore[arg-type]
    (found,) = cache.history(1, 0)
    assert {type(getattr(found, name)) for name in ("sum", "samples", "run", "premodulo")} == {int}
    assert found.accepted is True
    assert found.margin == 0.3
    assert math.isnan(found.agreement)
    assert math.isnan(found.loss)


def test_what_was_not_kept_tells_nothing_of_the_network() -> None:
    cache = new_cache()
    for s, accepted in ((40, True), (60, True), (90, False)):
        cache.append(record_of(1, 2, s, sweep=s, accepted=accepted))
    cache.append(record_of(1, 0, 50, accepted=False))
    assert [record.sum for record in cache.history(1, 2)] == [40, 60, 90]
    assert [column.tolist() for column in cache.layer_sums(1)] == [[0, 0, 60], [0, 0, 100]]


def test_an_accepted_record_that_was_overwritten_is_forgotten() -> None:
    cache = new_cache(depth=2)
    for accepted in (True, False, False):
        cache.append(record_of(accepted=accepted))
    assert [column.tolist() for column in cache.layer_sums(1)] == [[0] * 3] * 2


def test_a_step_back_takes_the_later_sweeps_of_that_run_with_it() -> None:
    cache = new_cache()
    for run, sweep in ((0, 1), (0, 2), (1, 3), (0, 3)):
        cache.append(record_of(sweep=sweep, s=10 * sweep, run=run))
    cache.mark_reverted(0, 1)
    assert [record.accepted for record in cache.history(1, 0)] == [True, False, True, False]
    cache.mark_reverted(1, 0)
    assert [column[0] for column in cache.layer_sums(1)] == [10, 100]


def test_a_result_is_written_into_the_sweep_that_it_judges() -> None:
    cache = new_cache()
    for sweep in (1, 2, 2):
        cache.append(record_of(sweep=sweep))
    cache.append(record_of(2, 1, sweep=2, run=1))
    cache.record_result(0, 2, train_accuracy=0.75, dev_accuracy=None, loss=0.5)
    first, second, third = cache.history(1, 0)
    assert (second.train_accuracy, second.loss, third.train_accuracy) == (0.75, 0.5, 0.75)
    assert math.isnan(second.dev_accuracy)
    assert math.isnan(first.loss)
    assert math.isnan(cache.history(2, 1)[0].loss)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1.5, 0.5, 0.5), "train_accuracy 1.5 is out of range; give 0 to 1"),
        ((0.5, -0.1, 0.5), "dev_accuracy -0.1 is out of range"),
        ((0.5, 0.5, 1e39), "loss 1e[+]39 is out of range"),
    ],
)
def test_an_impossible_result_changes_nothing(values: tuple[float, float, float], message: str) -> None:
    cache = filled()
    before = cache.snapshot()
    train, dev, loss = values
    with pytest.raises(StateError, match=message):
        cache.record_result(0, 1, train_accuracy=train, dev_accuracy=dev, loss=loss)
    assert cache.snapshot() == before


def test_memory_does_not_grow() -> None:
    cache = new_cache()
    size = cache.nbytes
    cache.append(*(record_of(sweep=sweep) for sweep in range(1003)))
    assert cache.nbytes == size
    assert [record.sweep for record in cache.history(1, 0)] == [999, 1000, 1001, 1002]


def test_140_languages_of_400_neurons_take_less_than_100_mb() -> None:
    assert 140 * SumCache((399, 1)).nbytes < 100e6


CHANGES = [
    ({"layer": 0}, "there is no layer 0; give 1 to 3"),
    ({"layer": 4}, "there is no layer 4"),
    ({"position": 3}, "layer 1 has no neuron 3; give 0 to 2"),
    ({"position": -1}, "layer 1 has no neuron -1"),
    ({"sum": 101}, "layer 1 neuron 0: sum 101 of 100 samples"),
    ({"sum": -101}, "layer 1 neuron 0: sum -101 of 100 samples"),
    ({"samples": 0, "sum": 0}, "layer 1 neuron 0: samples 0 is out of range"),
    ({"samples": 2**32}, "samples 4294967296 is out of range; give 1 to 4294967295"),
    ({"run": 2}, "there is no run 2; it knows 2"),
    ({"run": -1}, "run -1 is out of range"),
    ({"run": 2**70}, "run"),
    ({"sweep": -1}, "layer 1 neuron 0: sweep -1 is out of range; give 0 to 65535"),
    ({"sweep": 65_536}, "sweep 65536 is out of range"),
    ({"premodulo": 2**32}, "premodulo 4294967296 is out of range; give 0 to 4294967295"),
    ({"time": math.nan}, "time nan is out of range"),
    ({"duration_seconds": 1e39}, "duration_seconds 1e[+]39 is out of range"),
    ({"agreement": 1.001}, "agreement 1.001 is out of range; give 0 to 1"),
    ({"loss": math.inf}, "loss inf is out of range"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_an_impossible_record_changes_nothing(change: dict[str, int], message: str) -> None:
    cache = filled()
    before = cache.snapshot()
    impossible = dataclasses.replace(record_of(), **change)  # type: ignore[arg-type]
    with pytest.raises(StateError, match=message) as caught:
        cache.append(record_of(), impossible)
    assert "\n" not in str(caught.value)
    assert cache.snapshot() == before


def test_an_empty_cache_has_columns_and_is_still_one() -> None:
    cache = new_cache()
    cache.append()
    assert {column.size for column in cache.columns().values()} == {0}
    assert cache.newest is None
    assert bool(cache)


@pytest.mark.parametrize(
    ("layers", "depth"), [((), 1), ((0,), 1), ((1, -1), 1), ((1,), 0), ((1,), 65_537), ((2**20,), 2**8)]
)
def test_an_impossible_shape_is_refused(layers: tuple[int, ...], depth: int) -> None:
    with pytest.raises(StateError, match="are not possible"):
        SumCache(layers, depth)


def test_a_run_keeps_its_number() -> None:
    assert [new_cache().run_number(name) for name in ("another", *RUNS)] == [2, 0, 1]
