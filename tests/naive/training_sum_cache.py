"""A sum cache as plain lists: every record of every neuron, the last `depth` of which count."""

from __future__ import annotations

import math

from goldzone.training.sums.cache import SumRecord


class NaiveSumCache:
    def __init__(self, layers: tuple[int, ...], depth: int) -> None:
        self.depth = depth
        self.records: dict[tuple[int, int], list[SumRecord]] = {
            (layer, position): [] for layer, size in enumerate(layers, 1) for position in range(size)
        }

    def append(self, record: SumRecord) -> None:
        self.records[record.layer, record.position].append(record)

    def history(self, layer: int, position: int, last: int) -> tuple[SumRecord, ...]:
        kept = self.records[layer, position][-self.depth :]
        return tuple(kept[-last:] if last else [])

    def margins(self, layer: int) -> list[float]:
        return [
            abs(records[-1].sum) / records[-1].samples if records else math.nan
            for (place, _), records in self.records.items()
            if place == layer
        ]

    def gold_zone(self, layer: int) -> list[int]:
        return [
            position
            for position, margin in enumerate(self.margins(layer))
            if not math.isnan(margin)
            and margin < 0.8
            and abs(self.records[layer, position][-1].sum)
            > math.sqrt(self.records[layer, position][-1].samples)
        ]
