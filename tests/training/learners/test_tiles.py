from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.samples import Samples
from goldzone.training.learners.tiles import TILE, Tiles, tile_samples
from tests.naive.samples import sample_order

COUNTS = np.array([3, 1, 0, 2, 0])


def made_up(n_positions: int, seed: int, n_templates: int = 3) -> Samples:
    generator = np.random.default_rng(seed)
    symbol = generator.integers(0, COUNTS.size, n_positions).astype(np.int32)
    gold = np.where(generator.random(n_positions) < 0.2, -1, generator.integers(0, 9, n_positions))
    return Samples(
        offsets=np.array([0, n_positions]),
        symbol=symbol,
        context=generator.integers(0, 5, (n_templates, n_positions), dtype=np.uint32),
        candidate_offsets=np.cumsum([0, *COUNTS]),
        candidate_key=generator.integers(0, 1 << 32, COUNTS.sum(), dtype=np.uint32),
        sample_offsets=np.cumsum([0, *COUNTS[symbol]]),
        gold=np.where(COUNTS[symbol] == 0, -1, gold % np.maximum(1, COUNTS[symbol])).astype(np.int32),
        weight=generator.integers(1, 13, n_positions).astype(np.int32),
    )


def tiled(samples: Samples, threads: int = 1) -> Tiles:
    with ThreadPoolExecutor(threads) as pool:
        return tile_samples(samples, np.arange(samples.n_templates) % 2 + 1, pool)


@given(st.integers(1, 4 * TILE), st.integers(0, 99))
def test_every_position_stands_once_among_those_of_its_symbol(n_positions: int, seed: int) -> None:
    samples = made_up(n_positions, seed)
    tiles = tiled(samples)
    assert sorted(tiles.order.tolist()) == list(range(n_positions))
    sizes = np.diff(tiles.offsets)
    assert 1 <= sizes.min() <= sizes.max() <= TILE
    assert samples.symbol[tiles.order].tolist() == np.repeat(tiles.symbol, sizes).tolist()
    assert np.array_equal(tiles.context, samples.context[:, tiles.order])
    listed = samples.gold[tiles.order] >= 0
    assert np.array_equal(tiles.gold[listed], samples.gold[tiles.order][listed])
    assert np.array_equal(tiles.weight, np.where(listed, samples.weight[tiles.order], 0))


@given(st.integers(1, 4 * TILE), st.integers(0, 99))
def test_every_sample_stands_once_beside_its_candidate_s_others(n_positions: int, seed: int) -> None:
    samples = made_up(n_positions, seed)
    tiles = tiled(samples)
    order = sample_order(tiles, samples)
    assert sorted(order.tolist()) == list(range(samples.n_samples))
    for tile in range(tiles.n_tiles):
        size = int(tiles.offsets[tile + 1] - tiles.offsets[tile])
        positions = tiles.order[tiles.offsets[tile] : tiles.offsets[tile + 1]]
        block = order[tiles.sample_offsets[tile] : tiles.sample_offsets[tile + 1]].reshape(-1, size)
        for candidate, row in enumerate(block):
            assert row.tolist() == (samples.sample_offsets[positions] + candidate).tolist()


def test_positions_are_sorted_by_the_columns_of_fewest_atoms() -> None:
    samples = made_up(3 * TILE, 1)
    order = tiled(samples).order
    # Columns 0 and 2 have one atom, column 1 has two.
    keys = zip(samples.symbol[order], *samples.context[[0, 2, 1]][:, order], order, strict=True)
    rows = [tuple(map(int, row)) for row in keys]
    assert rows == sorted(rows)


@given(st.integers(1, 4 * TILE), st.integers(1, 9), st.integers(0, 99))
def test_ranges_cover_all_tiles_and_none_is_empty(n_positions: int, parts: int, seed: int) -> None:
    tiles = tiled(made_up(n_positions, seed))
    cuts = tiles.cuts(parts)
    assert [tile for first, last in cuts for tile in range(first, last)] == list(range(tiles.n_tiles))
    assert len(cuts) <= parts
    assert all(first < last for first, last in cuts)


def test_two_ranges_are_about_as_large() -> None:
    tiles = tiled(made_up(40 * TILE, 1))
    (_, middle), _ = tiles.cuts(2)
    samples = tiles.sample_offsets
    assert samples[middle] == pytest.approx(samples[-1] / 2, abs=3 * TILE)


def test_threads_change_nothing() -> None:
    samples = made_up(3 * TILE, 2, n_templates=20)
    assert np.array_equal(tiled(samples).context, tiled(samples, 3).context)
