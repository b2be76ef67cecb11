"""What the sum cache costs: memory at the scale of a fleet, and time for each record and each question.

    python -m benchmarks.sum_cache [--languages 140] [--neurons 400] [--depth 32]

Fills every ring of one cache for each language, so that all memory is in use, and prints a Markdown table.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import command
from benchmarks.speed.measure import best_seconds
from goldzone.training.sums.cache import SumCache, SumRecord

_TURNS = 100


def main() -> None:
    """Measure, and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("--languages", type=int, default=140)
    parser.add_argument("--neurons", type=int, default=400, help="Of each language, the final one included.")
    parser.add_argument("--depth", type=int, default=32)
    options = parser.parse_args()
    shape = (options.languages, options.neurons, options.depth)
    figures = {**measure_memory(*shape), **measure_times(options.neurons, options.depth)}
    print(f"{shape[0]} languages x {shape[1]} neurons x {shape[2]} records\n")
    print("| what | measured |")
    print("| --- | ---: |")
    for name, value in figures.items():
        print(f"| {name.replace('_', ' ')} | {value:,.{0 if value >= 1000 else 1}f} |")


def measure_memory(languages: int, neurons: int, depth: int) -> dict[str, float]:
    """Fill one cache for each language; tell the memory that they take, in MB of 10**6 bytes."""
    tracemalloc.start()
    caches = [_fill(SumCache((neurons - 1, 1), depth)) for _ in range(languages)]
    traced = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    records = sum(map(len, caches))
    own = sum(cache.nbytes for cache in caches)
    return {
        "records": records,
        "bytes_per_record": own / records,
        "arrays_MB": own / 1e6,
        "traced_MB": traced / 1e6,
        "snapshots_MB": sum(len(cache.snapshot()) for cache in caches) / 1e6,
    }


def measure_times(neurons: int, depth: int) -> dict[str, float]:
    """Tell the time of appends and questions in nanoseconds, each the best of some tries."""
    cache = _fill(SumCache((neurons - 1, 1), depth))
    positions = range(neurons - 1)
    columns = _columns(neurons - 1)
    time = 1_767_225_600.25
    records = [SumRecord(1, p, 0, 1, time, p - 200, 100_000, 65_536, 0.012, 0.5) for p in positions]
    jobs: dict[str, Callable[[], object]] = {
        "append_columns_ns_per_record": lambda: cache.append_columns(**columns),
        "append_batch_ns_per_record": lambda: cache.append_batch(records),
        "append_singly_ns_per_record": lambda: [cache.append(record) for record in records],  # type: ignore[func-returns-value]
        "latest_sum_ns": lambda: [cache.latest_sum(1, position) for position in positions],
        "latest_record_ns": lambda: [cache.latest(1, position) for position in positions],
        "measured_layer_ns_per_neuron": lambda: cache.measured(1),
    }
    return {name: 1e9 * seconds / len(positions) for name, seconds in best_seconds(jobs, _TURNS).items()}


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


if __name__ == "__main__":
    command.main(main)
