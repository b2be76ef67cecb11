"""Caches and records that the tests of the sum cache share."""

from __future__ import annotations

import random

from goldzone.training.sums.cache import SumCache, SumRecord

LAYERS = (3, 2, 1)
RUNS = ("french", "tschechisch é")


def new_cache(depth: int = 4, identity: str = "") -> SumCache:
    cache = SumCache(LAYERS, depth, identity=identity)
    for name in RUNS:
        cache.run_number(name)
    return cache


def record_of(
    layer: int = 1,
    position: int = 0,
    s: int = 5,
    n: int = 100,
    sweep: int = 1,
    run: int = 0,
    accepted: bool = True,
) -> SumRecord:
    return SumRecord(layer, position, run, sweep, 1.5, s, n, 1000, 0.25, accepted=accepted)


def filled(seed: int = 1, count: int = 40, identity: str = "") -> SumCache:
    cache, rng = new_cache(identity=identity), random.Random(seed)
    for sweep in range(count):
        layer, s = rng.randint(1, 3), rng.randint(-100, 100)
        cache.append(record_of(layer, rng.randrange(LAYERS[layer - 1]), s, sweep=sweep))
    return cache
