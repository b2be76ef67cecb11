"""The sum cache: the store of records, what they say about the network, and its snapshots.

`SumCache.history` gives records one by one, `SumCache.columns` as columns; `SumCache.measured`,
`SumCache.margin_trend` and so on what they say. A snapshot makes the cache survive the process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import StateError
from goldzone.training.sums import backups as files
from goldzone.training.sums.measurement import GoldZone, Regime
from goldzone.training.sums.queries import (
    DEFAULT_BINS,
    DEFAULT_MAX_AGE,
    LayerStaleness,
    MarginDistribution,
    MarginTrend,
    MarginTrends,
    Staleness,
    WeightedSum,
    layer_staleness,
    margin_distribution,
    margin_trends,
    weighted_sum,
)
from goldzone.training.sums.record import SumRecord
from goldzone.training.sums.rings import ranks
from goldzone.training.sums.snapshot import Content, decode, encode
from goldzone.training.sums.store import DEFAULT_DEPTH, RecordStore

__all__ = ["DEFAULT_DEPTH", "LoadedSums", "SumCache", "SumRecord"]


@dataclass(frozen=True, eq=False)
class LoadedSums:
    """What `SumCache.load` found.

    Attributes
    ----------
    cache : SumCache
    source : {"snapshot", "backup", "empty"}
    warnings : tuple of str
        A line for each file that is damaged, missing or in the wrong place, and for what became of it; empty
        when nothing was lost.
    """

    cache: SumCache
    source: Literal["snapshot", "backup", "empty"]
    warnings: tuple[str, ...]


class SumCache(RecordStore):
    """The last sums of every neuron.

    `history`, `latest` and `columns` give all records, also those of changes that were not kept, unless asked
    otherwise. All else tells of the network as it is, from the accepted records alone.

    Parameters
    ----------
    layers : sequence of int
        Neurons in each hashtron layer, from the input: ``(448, 1)``.
    depth : int
        Records kept for each neuron, 1 to 65,536; older ones are forgotten.
    identity : str
        What run the sums belong to, such as digests of configuration and data; snapshots carry it, so that
        those of another run are refused. At most 4,096 bytes of UTF-8.

    Raises
    ------
    StateError
        If there is no layer, a layer has no neuron, the depth is out of range, there would be more than 2**27
        records, or the identity is too long.
    """

    def latest_sum(self, layer: int, position: int) -> tuple[int, int] | None:
        """Return S and N of a neuron's last accepted record; None if it has none. The fast way to them."""
        row = self._row(layer, position)
        slot = self._rings.newest.item(row)
        if slot < 0:
            return None
        columns = self._rings.columns
        return columns["sum"].item(row, slot), columns["samples"].item(row, slot)

    def layer_sums(self, layer: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return each neuron's last S and N: int64[n_neurons] each, both 0 where there is none."""
        rows = self._layer_rows(layer)
        slots = self._rings.newest[rows]
        columns = self._rings.columns
        return (
            np.where(slots >= 0, columns["sum"][rows, slots], 0),
            np.where(slots >= 0, columns["samples"][rows, slots].astype(np.int64), 0),
        )

    def measured(self, layer: int) -> list[tuple[int, int] | None]:
        """Return each neuron's last (S, N), None where there is none: the input of selection."""
        sums, samples = (column.tolist() for column in self.layer_sums(layer))
        return [(s, n) if n else None for s, n in zip(sums, samples, strict=True)]

    def margins(self, layer: int) -> NDArray[np.float64]:
        """Return each neuron's last margin |S|/N: float64[n_neurons], NaN where there is none."""
        sums, samples = self.layer_sums(layer)
        return np.where(samples > 0, np.abs(sums) / np.maximum(samples, 1), np.nan)

    def weighted_sum(
        self,
        layer: int,
        position: int,
        sweep: int,
        *,
        run: int | None = None,
        weights: Sequence[int] = (3, 2, 1),
        max_age: int = DEFAULT_MAX_AGE,
    ) -> WeightedSum | None:
        """Return the weighted mean of a neuron's last sums, the stale ones marked (`queries.weighted_sum`).

        `run` is the present one; None: that of the neuron's newest record.
        """
        history = self.history(layer, position, len(weights), accepted_only=True)
        present = run if run is not None or not history else history[-1].run
        return weighted_sum(history, present or 0, sweep, weights=weights, max_age=max_age)

    def gold_zone(self, layer: int, zone: GoldZone) -> list[int]:
        """Return the positions whose last sum is in the gold zone."""
        found = zone.regimes(*self.layer_sums(layer))[Regime.GOLD_ZONE]
        positions: list[int] = np.flatnonzero(found).tolist()
        return positions

    def margin_distribution(
        self,
        layer: int,
        *,
        bins: Sequence[float] = DEFAULT_BINS,
        zone: GoldZone = GoldZone(),  # noqa: B008 - a value
    ) -> MarginDistribution:
        """Return how a layer's last margins are spread (`queries.margin_distribution`)."""
        return margin_distribution(*self.layer_sums(layer), bins=bins, zone=zone)

    def margin_trend(
        self, layer: int, position: int, last: int, *, tolerance: float = 0.01
    ) -> MarginTrend | None:
        """Return how a neuron's margin moved over its last records; None with fewer than 2 of them."""
        row = self._row(layer, position)
        return self._trends(np.array([row]), last, tolerance).neuron(0)

    def margin_trends(self, layer: int, last: int, *, tolerance: float = 0.01) -> MarginTrends:
        """Return how the margins of a layer's neurons moved over their last records."""
        return self._trends(self._layer_rows(layer), last, tolerance)

    def staleness(self, layer: int, position: int, sweep: int, *, run: int | None = None) -> Staleness:
        """Return how far a neuron's last sum lies behind (see `layer_staleness`)."""
        self._row(layer, position)
        return self.layer_staleness(layer, sweep, run=run).neuron(position)

    def layer_staleness(self, layer: int, sweep: int, *, run: int | None = None) -> LayerStaleness:
        """Return how far the last sums of a layer lie behind.

        Parameters
        ----------
        layer : int
        sweep : int
            The present one.
        run : int, optional
            The present one; sums of another run have no age in it. None: the sweeps of all runs are compared.

        Raises
        ------
        StateError
            If there is no such layer, or a record is of a later sweep.
        """
        rows = self._layer_rows(layer)
        slots = self._rings.newest[rows]
        there = slots >= 0
        if run is not None:
            there &= self._rings.columns["run"][rows, slots] == run
        sweeps = np.where(there, self._rings.columns["sweep"][rows, slots].astype(np.int64), -1)
        below = self._rings.newest_serials(np.arange(self._offsets[layer - 1]))
        return layer_staleness(sweeps, self._rings.newest_serials(rows), int(below.max(initial=-1)), sweep)

    def snapshot(self) -> bytes:
        """Return all content as bytes (`goldzone.training.sums.snapshot`)."""
        return encode(self._content())

    @classmethod
    def from_snapshot(cls, data: bytes, name: str) -> SumCache:
        """Read a snapshot.

        Parameters
        ----------
        data : bytes
        name : str
            What messages call it.

        Raises
        ------
        StateError
            If the snapshot is damaged or of another version.
        """
        return cls._from_content(decode(data, name))

    def save(self, path: str | os.PathLike[str], *, backups: int = 2) -> None:
        """Write a snapshot atomically; earlier ones are kept beside it as ``.bak1``, ``.bak2`` and so on.

        At every moment at least one of them is whole. A damaged one never takes the place of a whole one.

        Parameters
        ----------
        path : path
        backups : int
            How many earlier snapshots are kept, 0 to 9.

        Raises
        ------
        StateError
            If a file cannot be written, or one there is of other layers or of another identity.
        """
        self._generation = files.save(Path(path), self._content(), backups)

    @staticmethod
    def load(
        path: str | os.PathLike[str],
        layers: Sequence[int],
        depth: int = DEFAULT_DEPTH,
        *,
        identity: str | None = None,
    ) -> LoadedSums:
        """Read a snapshot, or its newest whole backup; with neither, start an empty cache.

        What was damaged is told in `LoadedSums.warnings`, so that a run can report it and go on: a lost sum
        cache costs a sweep, not the model.

        Parameters
        ----------
        path : path
            As given to `save`.
        layers : sequence of int
            The network's layers; a snapshot of another network is refused.
        depth : int
            Of an empty cache; a snapshot keeps its own.
        identity : str, optional
            A snapshot of another identity is refused; None: any is taken.

        Raises
        ------
        StateError
            If a file is there but cannot be read, is of another version, or belongs to other layers or to
            another run.
        """
        found = files.restore(Path(path), tuple(layers), identity)
        if found.content is None:
            cache = SumCache(layers, depth, identity=identity or "")
        else:
            cache = SumCache._from_content(found.content)
        return LoadedSums(cache, found.source, found.warnings)

    def _content(self) -> Content:
        at = self._rings.places()
        columns = {name: column[at] for name, column in self._rings.columns.items()}
        columns["serial"] = ranks(columns["serial"])
        return Content(
            self._layers,
            self._depth,
            self._identity,
            self._generation,
            self.runs,
            self._rings.kept,
            columns,
        )

    @classmethod
    def _from_content(cls, content: Content) -> SumCache:
        cache = cls(content.layers, content.depth, identity=content.identity)
        cache._generation = content.generation
        cache._runs = {name: number for number, name in enumerate(content.runs)}
        cache._rings.fill(content.kept, content.columns)
        return cache

    def _trends(self, rows: NDArray[np.int64], last: int, tolerance: float) -> MarginTrends:
        if last < 2:
            raise StateError(f"sum cache: a trend over {last} records is none; give 2 or more")
        places, there = self._rings.recent(rows, last)
        sums, samples = self._rings.columns["sum"][places], self._rings.columns["samples"][places]
        margins = np.where(there, np.abs(sums) / np.maximum(samples, 1), np.nan)
        return margin_trends(margins, tolerance)
