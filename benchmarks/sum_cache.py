"""What the sum cache costs: memory at the scale of a fleet, and time for each record, question and save.

    python -m benchmarks.sum_cache [--languages 140] [--neurons 400] [--depth 32] [--json]

Fills every ring of one cache for each language, so that all memory is in use, and prints a Markdown table.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from goldzone.training.sums.cache import SumCache, SumRecord

_TRIES = 20


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
    return {
        "records": records,
        "bytes_per_record": own / records,
        "arrays_MB": own / 1e6,
        "resident_MB": resident / 1e6,
        "snapshots_MB": sum(len(cache.snapshot()) for cache in caches) / 1e6,
    }


def measure_times(neurons: int, depth: int) -> dict[str, float]:
    """Tell times in microseconds, each the best of some tries."""
    cache = _fill(SumCache((neurons - 1, 1), depth))
    records = _records(1, neurons - 1)

    def singly() -> None:
        for record in records:
            cache.append(record)

    def histories() -> None:
        for position in range(neurons - 1):
            cache.history(1, position, accepted_only=True)

    with tempfile.TemporaryDirectory() as folder:
        return {
            "append_us_per_record": _best(lambda: cache.append(*records), neurons - 1),
            "append_singly_us_per_record": _best(singly, neurons - 1),
            "history_us_per_neuron": _best(histories, neurons - 1),
            "layer_sums_us_per_neuron": _best(lambda: cache.layer_sums(1), neurons - 1),
            "save_us": _best(lambda: cache.save(Path(folder) / "sums"), 1),
        }


def _fill(cache: SumCache) -> SumCache:
    cache.run_number("run")
    for layer, size in enumerate(cache.layers, 1):
        records = _records(layer, size)
        for _ in range(cache.depth):
            cache.append(*records)
    return cache


def _records(layer: int, size: int) -> list[SumRecord]:
    return [
        SumRecord(layer, position, 0, 1, 1_767_225_600.25, position - 200, 100_000, 65_536, 0.012, 0.5)
        for position in range(size)
    ]


def _best(action: Callable[[], object], count: int) -> float:
    """Return the least time of an action over `count` things, in microseconds each."""
    times = []
    for _ in range(_TRIES):
        started = time.perf_counter_ns()
        action()
        times.append((time.perf_counter_ns() - started) / 1e3 / count)
    return min(times)


def _resident() -> float:
    """Return this process's resident memory in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return 0.0
    return int(status.read_text().split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))


if __name__ == "__main__":
    main()
