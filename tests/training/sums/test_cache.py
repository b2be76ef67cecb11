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
times = st.integers(0, 10).map(float) | st.floats(0, 10)
NOW = 6


@st.composite
def records(draw: st.DrawFn) -> SumRecord:
    # Few neurons, so that rings are often full.
    layer, position = draw(st.sampled_from([(1, 0), (1, 0), (1, 1), (2, 1), (3, 0)]))
    samples = draw(st.integers(1, 30) | st.integers(1, 2**32 - 1))
    return SumRecord(
        layer=layer,
        position=position,
        run=draw(runs),
        sweep=draw(sweeps),
        time=draw(times),
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
        self.cache, self.naive = new_cache(depth, "who"), NaiveSumCache(LAYERS, depth)

    @rule(record=records())
    def append(self, record: SumRecord) -> None:
        self.cache.append(record)
        self.naive.append(record)

    @rule(batch=st.lists(records(), max_size=12), columnar=st.booleans())
    def append_several(self, batch: list[SumRecord], columnar: bool) -> None:
        if columnar and batch:
            names = [field.name for field in dataclasses.fields(SumRecord)]
            columns = {name: np.array([getattr(record, name) for record in batch]) for name in names}
            self.cache.append_columns(**columns)
        else:
            self.cache.append_batch(iter(batch))
        for record in batch:
            self.naive.append(record)

    @rule(run=runs, sweep=sweeps, train=shares, dev=shares, loss=losses)
    def record_result(self, run: int, sweep: int, train: float, dev: float, loss: float) -> None:
        filled_in = self.cache.record_result(run, sweep, train_accuracy=train, dev_accuracy=dev, loss=loss)
        assert filled_in == self.naive.record_result(run, sweep, train, dev, loss)

    @rule(run=runs, sweep=sweeps)
    def mark_reverted(self, run: int, sweep: int) -> None:
        assert self.cache.mark_reverted(run, sweep) == self.naive.mark_reverted(run, sweep)

    @rule(keep=st.integers(-1, 4))
    def prune_to_count(self, keep: int) -> None:
        assert self.cache.prune_to_count(keep) == self.naive.prune_to_count(max(0, keep))

    @rule(age=st.integers(0, 5))
    def prune_older_sweeps(self, age: int) -> None:
        assert self.cache.prune_older_sweeps(age) == self.naive.prune_older_sweeps(age)

    @rule(time=times)
    def prune_before(self, time: float) -> None:
        assert self.cache.prune_before(time) == self.naive.prune_before(time)

    @rule(run=runs)
    def prune_run(self, run: int) -> None:
        assert self.cache.prune_run(run) == self.naive.prune_run(run)

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
                for last in (None, 0, 1, 3):
                    for accepted_only in (False, True):
                        found = self.cache.history(layer, position, last, accepted_only=accepted_only)
                        expected = self.naive.history(layer, position, last, accepted_only=accepted_only)
                        assert list(map(comparable, found)) == list(map(comparable, expected))
                newest = self.naive.history(layer, position, 1)
                assert comparable(self.cache.latest(layer, position)) == comparable(
                    newest[0] if newest else None
                )

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

    @invariant()
    def answers_agree(self) -> None:
        for layer, size in enumerate(LAYERS, 1):
            assert np.array_equal(self.cache.margins(layer), self.naive.margins(layer), equal_nan=True)
            assert self.cache.gold_zone(layer) == self.naive.gold_zone(layer)
            latest = [self.naive.latest_sum(layer, position) for position in range(size)]
            assert self.cache.measured(layer) == latest
            for position in range(size):
                assert self.cache.latest_sum(layer, position) == latest[position]
                weighted = self.cache.weighted_sum(layer, position, NOW)
                assert (weighted and weighted.value) == self.naive.weighted_sum(layer, position)
                for run in (None, 0):
                    stale = self.cache.staleness(layer, position, NOW, run=run)
                    expected = self.naive.staleness(layer, position, NOW, run)
                    assert (stale.age, stale.changed_below) == expected
                trend = self.cache.margin_trend(layer, position, 3, tolerance=0.3)
                assert (trend is None) == (self.naive.margin_trend(layer, position, 3, 0.3) is None)
                if trend is not None:
                    assert dataclasses.astuple(trend) == pytest.approx(
                        self.naive.margin_trend(layer, position, 3, 0.3), abs=1e-12
                    )


AsListsDo.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestAsListsDo = AsListsDo.TestCase


def test_a_record_that_is_read_has_plain_values_and_its_margin() -> None:
    cache = new_cache()
    cache.append(record_of(s=-30))
    found = cache.latest(1, 0)
    assert found is not None
    assert {type(getattr(found, name)) for name in ("sum", "samples", "run", "premodulo")} == {int}
    assert found.accepted is True
    assert found.margin == 0.3
    assert math.isnan(found.agreement)
    assert math.isnan(found.loss)


def test_numbers_of_numpy_are_taken_like_plain_ones() -> None:
    cache, record = new_cache(), record_of(s=-30)
    cache.append(dataclasses.replace(record, sum=np.int64(-30), accepted=np.bool_(False)))  # type: ignore[arg-type]
    assert comparable(cache.latest(1, 0)) == comparable(dataclasses.replace(record, accepted=False))


def test_what_selection_asks_for_is_there() -> None:
    cache = new_cache()
    for s in (90, 20):
        cache.append(record_of(1, 2, s))
    cache.append(record_of(1, 0, 100))
    assert cache.measured(1) == [(100, 100), None, (20, 100)]
    assert cache.gold_zone(1) == [2]
    assert cache.gold_zone(1, noise_floor=20) == []
    assert cache.gold_zone(1, collapse=0.2) == []


def test_what_was_not_kept_tells_nothing_of_the_network() -> None:
    cache = new_cache()
    for s, accepted in ((40, True), (60, True), (90, False)):
        cache.append(record_of(1, 2, s, sweep=s, accepted=accepted))
    cache.append(record_of(1, 0, 50, accepted=False))
    latest = cache.latest(1, 2)
    assert latest is not None
    assert latest.sum == 90
    accepted_latest = cache.latest(1, 2, accepted_only=True)
    assert accepted_latest is not None
    assert accepted_latest.sum == 60
    assert cache.measured(1) == [None, None, (60, 100)]
    assert cache.latest_sum(1, 2) == (60, 100)
    assert cache.gold_zone(1) == [2]


@pytest.mark.parametrize("batched", [True, False])
def test_an_accepted_record_that_was_overwritten_is_forgotten(batched: bool) -> None:
    cache = new_cache(depth=2)
    for accepted in (True, False, False):
        record = record_of(accepted=accepted)
        cache.append_batch([record]) if batched else cache.append(record)
    assert cache.latest_sum(1, 0) is None
    assert cache.measured(1) == [None] * 3
    assert [column.tolist() for column in cache.layer_sums(1)] == [[0] * 3] * 2


def test_a_step_back_takes_the_later_sweeps_of_that_run_with_it() -> None:
    cache = new_cache()
    for run, sweep in ((0, 1), (0, 2), (1, 3), (0, 3)):
        cache.append(record_of(sweep=sweep, s=10 * sweep, run=run))
    assert cache.mark_reverted(0, 1) == 2
    assert [record.accepted for record in cache.history(1, 0)] == [True, False, True, False]
    assert cache.mark_reverted(0, 1) == 0
    assert cache.mark_reverted(1, 0) == 1
    assert cache.latest_sum(1, 0) == (10, 100)


def test_a_result_is_written_into_the_sweep_that_it_judges() -> None:
    cache = new_cache()
    for sweep in (1, 2, 2):
        cache.append(record_of(sweep=sweep))
    cache.append(record_of(2, 1, sweep=2, run=1))
    assert cache.record_result(0, 2, train_accuracy=0.75, dev_accuracy=None, loss=0.5) == 2
    first, second, third = cache.history(1, 0)
    assert (second.train_accuracy, second.loss, third.train_accuracy) == (0.75, 0.5, 0.75)
    assert math.isnan(second.dev_accuracy)
    assert math.isnan(first.loss)
    assert math.isnan(cache.history(2, 1)[0].loss)


@pytest.mark.parametrize(
    ("run", "values", "message"),
    [
        (2, (0.5, 0.5, 0.5), "there is no run 2"),
        (-1, (0.5, 0.5, 0.5), "there is no run -1"),
        (0, (1.5, 0.5, 0.5), "train_accuracy 1.5 is out of range; give 0 to 1"),
        (0, (0.5, -0.1, 0.5), "dev_accuracy -0.1 is out of range"),
        (0, (0.5, 0.5, 1e39), "loss 1e[+]39 is out of range"),
    ],
)
def test_an_impossible_result_changes_nothing(
    run: int, values: tuple[float, float, float], message: str
) -> None:
    cache = filled()
    before = cache.snapshot()
    train, dev, loss = values
    with pytest.raises(StateError, match=message):
        cache.record_result(run, 1, train_accuracy=train, dev_accuracy=dev, loss=loss)
    assert cache.snapshot() == before


def test_memory_does_not_grow() -> None:
    cache = new_cache()
    size = cache.nbytes
    cache.append_batch(record_of(sweep=sweep) for sweep in range(1000))
    for sweep in range(1000, 1003):
        cache.append(record_of(sweep=sweep))
    assert cache.nbytes == size
    assert [record.sweep for record in cache.history(1, 0)] == [999, 1000, 1001, 1002]


def test_a_run_keeps_its_number_when_its_records_are_dropped() -> None:
    cache = new_cache()
    cache.append(record_of(run=0))
    cache.append(record_of(run=1))
    assert cache.prune_run(0) == 1
    assert [cache.run_number(name) for name in ("another", *RUNS)] == [2, 0, 1]
    assert [record.run for record in cache.history(1, 0)] == [1]
    with pytest.raises(StateError, match="there is no run 7; it knows 3"):
        cache.prune_run(7)


CHANGES = [
    ({"layer": 0}, "there is no layer 0; give 1 to 3"),
    ({"layer": 4}, "there is no layer 4"),
    ({"position": 3}, "layer 1 has no neuron 3; give 0 to 2"),
    ({"position": -1}, "layer 1 has no neuron -1"),
    ({"sum": 101}, "layer 1 neuron 0: sum 101 of 100 samples"),
    ({"sum": -101}, "layer 1 neuron 0: sum -101 of 100 samples"),
    ({"samples": 0, "sum": 0}, "layer 1 neuron 0: sum of 0 samples"),
    ({"samples": 2**32}, "layer 1 neuron 0: sum of 4294967296 samples"),
    ({"run": 2}, "there is no run 2; it knows 2"),
    ({"run": 2**70}, "run"),
    ({"sweep": -1}, "layer 1 neuron 0: sweep -1 is out of range; give 0 to 65535"),
    ({"sweep": 65_536}, "sweep 65536 is out of range"),
    ({"sweep": 1.5}, "sweep"),
    ({"premodulo": 2**32}, "premodulo 4294967296 is out of range; give 0 to 4294967295"),
    ({"time": math.nan}, "time nan is out of range"),
    ({"duration_seconds": 1e39}, "duration_seconds 1e[+]39 is out of range"),
    ({"agreement": 1.001}, "agreement 1.001 is out of range; give 0 to 1"),
    ({"loss": math.inf}, "loss inf is out of range"),
    ({"loss": "much"}, "loss"),
]


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_an_impossible_record_changes_nothing(change: dict[str, int], message: str, batched: bool) -> None:
    cache = filled()
    before = cache.snapshot()
    impossible = dataclasses.replace(record_of(), **change)  # type: ignore[arg-type]
    with pytest.raises(StateError, match=message) as caught:
        cache.append_batch([record_of(), impossible]) if batched else cache.append(impossible)
    assert "\n" not in str(caught.value)
    assert cache.snapshot() == before


def test_columns_may_be_single_values_and_defaults_may_be_left_out() -> None:
    cache = new_cache()
    cache.append_columns(
        layer=1,
        position=[0, 2, 0],
        run=0,
        sweep=np.array([1, 1, 2], np.uint8),
        time=1.5,
        sum=[5, -7, 9],
        samples=100,
        premodulo=1000,
        duration_seconds=0.25,
    )
    expected = [record_of(s=5), record_of(s=9, sweep=2)]
    assert list(map(comparable, cache.history(1, 0))) == list(map(comparable, expected))
    assert list(map(comparable, cache.history(1, 2))) == [comparable(record_of(position=2, s=-7))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sums": 1}, "column 'sums' is unknown"),
        ({"samples": [1, 2]}, r"columns differ in shape \(position \(3,\), samples \(2,\)\)"),
        ({"samples": [[1, 2, 3]]}, "columns differ in shape"),
        ({"time": "now"}, "column 'time' holds what is not numbers"),
        ({"sweep": [1.0, 2.0, 3.0]}, "column 'sweep' holds what is not whole numbers"),
        ({"position": [0, 1, 3]}, "layer 1 has no neuron 3"),
    ],
)
def test_columns_that_are_no_records_are_refused(change: dict[str, object], message: str) -> None:
    columns = {"layer": 1, "position": [0, 1, 2], "run": 0, "sweep": 1, "time": 0.0, "sum": 0, "samples": 9}
    cache = new_cache()
    with pytest.raises(StateError, match=message):
        cache.append_columns(**{**columns, "premodulo": 0, "duration_seconds": 0, **change})  # type: ignore[arg-type]
    with pytest.raises(StateError, match="column 'premodulo' is missing; give the fields of SumRecord"):
        cache.append_columns(**columns)  # type: ignore[arg-type]
    assert len(cache) == 0


def test_no_records_are_no_columns() -> None:
    cache = new_cache()
    cache.append_batch([])
    assert {column.size for column in cache.columns().values()} == {0}
    assert cache.prune_to_count(1) + cache.prune_before(0) + cache.prune_older_sweeps(0) == 0
    assert bool(cache)


@pytest.mark.parametrize(
    ("layers", "depth"), [((), 1), ((0,), 1), ((1, -1), 1), ((1,), 0), ((1,), 65_537), ((2**20,), 2**8)]
)
def test_an_impossible_shape_is_refused(layers: tuple[int, ...], depth: int) -> None:
    with pytest.raises(StateError, match="are not possible"):
        SumCache(layers, depth)


def test_names_have_a_bounded_length() -> None:
    with pytest.raises(StateError, match="a run's name is over 4096 bytes"):
        new_cache().run_number("x" * 4097)
    with pytest.raises(StateError, match="the identity is over 4096 bytes"):
        SumCache(LAYERS, identity="é" * 2049)


def test_there_are_as_many_runs_as_a_record_can_tell_apart() -> None:
    cache = SumCache((1,), 1)
    assert [cache.run_number(str(number)) for number in range(65_536)][-1] == 65_535
    with pytest.raises(StateError, match="it knows 65536 runs, which is the most"):
        cache.run_number("one more")


def test_ages_and_trends_need_a_present_and_a_past() -> None:
    cache = filled()
    with pytest.raises(StateError, match="sweep 1 is before sweep"):
        cache.layer_staleness(1, 1)
    with pytest.raises(StateError, match="sweep 1 is before that of a record"):
        cache.weighted_sum(1, 0, 1)
    with pytest.raises(StateError, match="a trend over 1 records is none"):
        cache.margin_trends(1, 1)
