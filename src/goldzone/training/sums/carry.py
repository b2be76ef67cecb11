"""Sums that outlive their run: what a new run of the same network begins with."""

from __future__ import annotations

from dataclasses import replace

from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.queries import weighted_sum

__all__ = ["carried_over"]


def carried_over(before: SumCache, identity: str) -> SumCache:
    """Return a cache that holds one record a neuron, of an earlier run's.

    All of them are stale, being of another run (`goldzone.training.sums.queries.is_stale`), so their S is the
    weighted average of a neuron's last three sums (epic, "Risk Assessment"). The first new record of a neuron
    takes the place of it in what steers training.

    Parameters
    ----------
    before : SumCache
    identity : str
        Of the new run.
    """
    cache = SumCache(before.layers, before.depth, identity=identity)
    for layer, size in enumerate(before.layers, 1):
        for position in range(size):
            history = before.history(layer, position, accepted_only=True)
            averaged = weighted_sum(history)
            if averaged is not None:
                last = history[-1]
                run = cache.run_number(f"{before.runs[last.run]} (before)")
                cache.append(replace(last, run=run, sum=averaged))
    return cache
