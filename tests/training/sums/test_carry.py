from __future__ import annotations

from dataclasses import replace

from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.carry import carried_over
from goldzone.training.sums.queries import is_stale, record_age, weighted_sum
from goldzone.training.sums.record import SumRecord

RECORD = SumRecord(
    layer=1, position=0, run=0, sweep=1, time=1.0, sum=10, samples=100, premodulo=64, duration_seconds=0.5
)


def test_each_neuron_begins_with_the_average_of_its_last_sums() -> None:
    before = SumCache((2, 1), identity="before")
    before.run_number("slovak")
    for sweep, total in enumerate((90, 10, 20, 40), 1):
        before.append(replace(RECORD, sweep=sweep, sum=total, premodulo=2**sweep))
    before.append(replace(RECORD, layer=2, sum=7))
    cache = carried_over(before, "now")
    assert (cache.identity, cache.runs, len(cache)) == ("now", ("slovak (before)",), 2)
    (record,) = cache.history(1, 0)
    history = before.history(1, 0)
    assert record.sum == weighted_sum(history) == round((3 * 40 + 2 * 20 + 10) / 6)
    assert (record.premodulo, record.sweep) == (16, 4)
    assert cache.history(1, 1) == ()
    now = replace(RECORD, run=cache.run_number("slovak"), sweep=1)
    assert is_stale(record_age(record, now))
    cache.append(now)
    assert cache.layer_sums(1)[0].tolist() == [10, 0]


def test_what_was_taken_back_is_not_carried_over() -> None:
    before = SumCache((1, 1))
    before.run_number("slovak")
    before.append(replace(RECORD, sum=50), replace(RECORD, sum=90, sweep=2))
    before.mark_reverted(0, 1)
    assert carried_over(before, "now").history(1, 0)[0].sum == 50
    assert len(carried_over(SumCache((1, 1)), "now")) == 0
