"""A sum cache as one plain list of records, oldest first."""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Callable
from fractions import Fraction

from goldzone.training.sums.record import SumRecord


class NaiveSumCache:
    def __init__(self, layers: tuple[int, ...], depth: int) -> None:
        self.layers = layers
        self.depth = depth
        self.records: list[SumRecord] = []

    def append(self, record: SumRecord) -> None:
        self.records.append(rounded(record))
        own = self.history(record.layer, record.position)
        if len(own) > self.depth:
            self._drop(lambda other: other is own[0])

    def record_result(self, run: int, sweep: int, train: float, dev: float, loss: float) -> int:
        return self._change(
            lambda record: record.run == run and record.sweep == sweep,
            lambda record: rounded(
                dataclasses.replace(record, train_accuracy=train, dev_accuracy=dev, loss=loss)
            ),
        )

    def mark_reverted(self, run: int, after_sweep: int) -> int:
        return self._change(
            lambda record: record.run == run and record.sweep > after_sweep and record.accepted,
            lambda record: dataclasses.replace(record, accepted=False),
        )

    def prune_to_count(self, keep: int) -> int:
        def is_old(record: SumRecord) -> bool:
            own = self.history(record.layer, record.position)
            return len(own) - next(i for i, other in enumerate(own) if other is record) > keep

        return self._drop(is_old)

    def prune_older_sweeps(self, age: int) -> int:
        last = {
            run: max(record.sweep for record in self.records if record.run == run)
            for run in {record.run for record in self.records}
        }
        return self._drop(lambda record: last[record.run] - record.sweep > age)

    def prune_before(self, time: float) -> int:
        return self._drop(lambda record: record.time < time)

    def prune_run(self, run: int) -> int:
        return self._drop(lambda record: record.run == run)

    def history(
        self, layer: int, position: int, last: int | None = None, *, accepted_only: bool = False
    ) -> list[SumRecord]:
        own = [record for record in self.records if (record.layer, record.position) == (layer, position)]
        if accepted_only:
            own = [record for record in own if record.accepted]
        return own if last is None else own[len(own) - min(last, len(own)) :]

    def latest_sum(self, layer: int, position: int) -> tuple[int, int] | None:
        own = self.history(layer, position, accepted_only=True)
        return (own[-1].sum, own[-1].samples) if own else None

    def margins(self, layer: int) -> list[float]:
        latest = [self.latest_sum(layer, position) for position in range(self.layers[layer - 1])]
        return [abs(found[0]) / found[1] if found else math.nan for found in latest]

    def gold_zone(self, layer: int) -> list[int]:
        return [position for position in range(self.layers[layer - 1]) if self._in_zone(layer, position)]

    def margin_trend(
        self, layer: int, position: int, last: int, tolerance: float
    ) -> tuple[int, float, float, float, bool] | None:
        """Records, slope, change, spread, stagnant."""
        y = [record.margin for record in self.history(layer, position, last, accepted_only=True)]
        if len(y) < 2:
            return None
        mean_x, mean_y = (len(y) - 1) / 2, math.fsum(y) / len(y)
        products = math.fsum((x - mean_x) * (value - mean_y) for x, value in enumerate(y))
        squares = math.fsum((x - mean_x) ** 2 for x in range(len(y)))
        spread = max(y) - min(y)
        return len(y), products / squares, y[-1] - y[0], spread, spread <= tolerance

    def staleness(self, layer: int, position: int, sweep: int, run: int | None) -> tuple[int | None, bool]:
        """Age, and whether a layer below was trained since."""
        accepted = [record for record in self.records if record.accepted]
        numbers = [
            number
            for number, record in enumerate(accepted)
            if (record.layer, record.position) == (layer, position)
        ]
        if not numbers:
            return None, False
        record = accepted[numbers[-1]]
        age = sweep - record.sweep if run in {None, record.run} else None
        return age, any(later.layer < layer for later in accepted[numbers[-1] :])

    def weighted_sum(self, layer: int, position: int) -> int | None:
        """Weights 3, 2, 1."""
        own = self.history(layer, position, 3, accepted_only=True)[::-1]
        if not own:
            return None
        weighted = [weight * Fraction(r.sum, r.samples) for weight, r in zip((3, 2, 1), own, strict=False)]
        return round(sum(weighted, Fraction(0)) / sum((3, 2, 1)[: len(own)]) * own[0].samples)

    def _in_zone(self, layer: int, position: int) -> bool:
        found = self.latest_sum(layer, position)
        return found is not None and abs(found[0]) < 0.8 * found[1] and found[0] ** 2 > found[1]

    def _drop(self, unwanted: Callable[[SumRecord], bool]) -> int:
        dropped = [record for record in self.records if unwanted(record)]
        self.records = [record for record in self.records if not any(record is other for other in dropped)]
        return len(dropped)

    def _change(self, wanted: Callable[[SumRecord], bool], change: Callable[[SumRecord], SumRecord]) -> int:
        count = sum(map(wanted, self.records))
        self.records = [change(record) if wanted(record) else record for record in self.records]
        return count


def rounded(record: SumRecord) -> SumRecord:
    """Round to float32 what a cache keeps so."""
    names = ("duration_seconds", "agreement", "train_accuracy", "dev_accuracy", "loss")
    values = {name: struct.unpack("f", struct.pack("f", getattr(record, name)))[0] for name in names}
    return dataclasses.replace(record, **values)


def comparable(record: SumRecord | None) -> object:
    """Return a record's values with None for NaN, which is not equal to itself."""
    if record is None:
        return None
    return tuple(None if value != value else value for value in dataclasses.astuple(record))  # noqa: PLR0124
