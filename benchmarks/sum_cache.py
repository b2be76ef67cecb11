"""What the sum cache costs: memory at the scale of a fleet, and time for each record, question and save.

    python -m benchmarks.sum_cache [--languages 140] [--neurons 154] [--depth 32]

Fills every ring of one cache for each language, so that all memory is in use, and prints a Markdown table.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from benchmarks import command
from benchmarks.speed.measure import best_seconds
from goldzone.training.sums.cache import SumCache, SumRecord

_TURNS = 20


def main() -> None:
    """Measure, and print the table."""
    parser = command.parser(__doc__)
    parser.add_argument("--languages", type=int, default=140)
    parser.add_argument("--neurons", type=int, default=154, help="Of each language, the final one included.")
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
    """Tell times in microseconds, each the best of some tries."""
    cache = _fill(SumCache((neurons - 1, 1), depth))
    records = _records(1, neurons - 1)
    with tempfile.TemporaryDirectory() as folder:
        jobs: dict[str, tuple[Callable[[], object], int]] = {
            "append_us_per_record": (lambda: cache.append(*records), neurons - 1),
            "append_singly_us_per_record": (
                lambda: [cache.append(record) for record in records],  # type: ignore[func-returns-value]
                neurons - 1,
            ),
            "history_us_per_neuron": (
                lambda: [cache.history(1, record.position, accepted_only=True) for record in records],
                neurons - 1,
            ),
            "layer_sums_us_per_neuron": (lambda: cache.layer_sums(1), neurons - 1),
            "save_us": (lambda: cache.save(Path(folder) / "sums"), 1),
        }
        best = best_seconds({name: job for name, (job, _) in jobs.items()}, _TURNS)
    return {name: 1e6 * best[name] / count for name, (_, count) in jobs.items()}


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


if __name__ == "__main__":
    command.main(main)
