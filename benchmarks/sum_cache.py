"""What the sum cache costs: memory at the scale of a fleet, and time for each record and each question.

    python -m benchmarks.sum_cache [--languages 140] [--neurons 400] [--depth 32] [--json]

Fills every ring of one cache for each language, so that all memory is in use, and prints a Markdown table.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from goldzone.training.sums.cache import SumCache, SumRecord

_TRIES = 5


def main() -> None:
    """Measure, and print the table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--languages", type=int, default=140)
    parser.add_argument("--neurons", type=int, default=400, help="Of each language, the final one included.")
    parser.add_argument("--depth", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    shape = (options.languages, options.neurons, options.depth)
    figures = {**measure_memory(*shape), **measure_times(options.neurons, options.depth)}
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{shape[0]} languages x {shape[1]} neurons x {shape[2]} records\n")
    print("| what | measured |")
    print("| --- | ---: |")
    for name, value in figures.items():
        print(f"| {name.replace('_', ' ')} | {value:,.{0 if value >= 1000 else 1}f} |")


def measure_memory(languages: int, neurons: int, depth: int) -> dict[str, float]:
    """Fill one cache for each language; tell the memory that they take, in MB of 10**6 bytes."""
    _fill(SumCache((neurons - 1, 1), depth))  # what is loaded once is not counted
    gc.collect()
    before = _resident()
    caches = [_fill(SumCache((neurons - 1, 1), depth)) for _ in range(languages)]
    gc.collect()
    resident = _resident() - before
    records = sum(map(len, caches))
    own = sum(cache.nbytes for cache in caches)
    snapshot = sum(len(cache.snapshot()) for cache in caches)
    del caches
    gc.collect()
    # Apart from the time and the resident memory, which tracing would change.
    tracemalloc.start()
    caches = [_fill(SumCache((neurons - 1, 1), depth)) for _ in range(languages)]
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0] if caches else 0
    tracemalloc.stop()
    return {
        "records": records,
        "bytes_per_record": own / records,
        "arrays_MB": own / 1e6,
        "traced_MB": traced / 1e6,
        "resident_MB": resident / 1e6,
        "snapshots_MB": snapshot / 1e6,
    }


def measure_times(neurons: int, depth: int) -> dict[str, float]:
    """Tell the time of appends and questions in nanoseconds, each the best of some tries."""
    cache = _fill(SumCache((neurons - 1, 1), depth))
    records = [_record(position) for position in range(neurons - 1)]
    columns = _columns(neurons - 1)
    positions = range(neurons - 1)

    def singly() -> None:
        for record in records:
            cache.append(record)

    def latest_sum() -> None:
        for position in positions:
            cache.latest_sum(1, position)

    def latest() -> None:
        for position in positions:
            cache.latest(1, position)

    return {
        "append_columns_ns_per_record": _best(lambda: cache.append_columns(**columns), neurons - 1),
        "append_batch_ns_per_record": _best(lambda: cache.append_batch(records), neurons - 1),
        "append_singly_ns_per_record": _best(singly, neurons - 1),
        "latest_sum_ns": _best(latest_sum, neurons - 1),
        "latest_record_ns": _best(latest, neurons - 1),
        "measured_layer_ns_per_neuron": _best(lambda: cache.measured(1), neurons - 1),
    }


def _fill(cache: SumCache) -> SumCache:
    cache.run_number("run")
    for layer, size in enumerate(cache.layers, 1):
        for _ in range(cache.depth):
            cache.append_columns(**{**_columns(size), "layer": layer})
    return cache


def _columns(size: int) -> dict[str, Any]:
    return {
        "layer": 1,
        "position": np.arange(size),
        "run": 0,
        "sweep": 1,
        "time": 1_767_225_600.25,
        "sum": np.arange(size) * 7 - 400,
        "samples": 100_000,
        "premodulo": 65_536,
        "duration_seconds": 0.012,
        "agreement": np.linspace(0, 1, size),
    }


def _record(position: int) -> SumRecord:
    return SumRecord(1, position, 0, 1, 1_767_225_600.25, position - 200, 100_000, 65_536, 0.012, 0.5)


def _best(action: Callable[[], object], count: int) -> float:
    """Return the least time of an action over `count` records, in nanoseconds a record."""
    repeats = 50
    times = []
    for _ in range(_TRIES):
        started = time.perf_counter_ns()
        for _ in range(repeats):
            action()
        times.append((time.perf_counter_ns() - started) / repeats / count)
    return min(times)


def _resident() -> float:
    """Return this process's resident memory in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return 0.0
    return int(status.read_text().split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))


if __name__ == "__main__":
    main()
