"""A sum cache as one plain list of records, oldest first."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable

from goldzone.training.sums.record import SumRecord


class NaiveSumCache:
    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.records: list[SumRecord] = []

    def append(self, record: SumRecord) -> None:
        self.records.append(rounded(record))
        own = self.history(record.layer, record.position)
        if len(own) > self.depth:
            self.records = [other for other in self.records if other is not own[0]]

    def record_result(self, run: int, sweep: int, train: float, dev: float, loss: float) -> None:
        self._change(
            lambda record: record.run == run and record.sweep == sweep,
            lambda record: rounded(
                dataclasses.replace(record, train_accuracy=train, dev_accuracy=dev, loss=loss)
            ),
        )

    def mark_reverted(self, run: int, after_sweep: int) -> None:
        self._change(
            lambda record: record.run == run and record.sweep > after_sweep,
            lambda record: dataclasses.replace(record, accepted=False),
        )

    def history(self, layer: int, position: int, *, accepted_only: bool = False) -> list[SumRecord]:
        own = [record for record in self.records if (record.layer, record.position) == (layer, position)]
        return [record for record in own if record.accepted or not accepted_only]

    def last_sum(self, layer: int, position: int) -> tuple[int, int]:
        own = self.history(layer, position, accepted_only=True)
        return (own[-1].sum, own[-1].samples) if own else (0, 0)

    def _change(self, wanted: Callable[[SumRecord], bool], change: Callable[[SumRecord], SumRecord]) -> None:
        self.records = [change(record) if wanted(record) else record for record in self.records]


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
