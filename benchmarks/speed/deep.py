"""Deep networks: one neuron's hard tally, a whole evaluation, one training step; beside the bare arithmetic.

The network is `goldzone.hashtron.presets.ulevel`, 241 neurons in 11 layers, and it has memorised: each neuron
holds a filter of all the values that it sees, with an answer for each drawn by lot, so that every flip goes
on in nearly all samples. The floor is one hash and one byte gathered from a filter of the same size, for each
sample and neuron.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.directions import build_problem
from benchmarks.speed.measure import Figure, Setting, best_seconds
from goldzone.deep.hard_tally import hard_votes
from goldzone.deep.rules import FORWARD_RULES, MARGIN_RULES
from goldzone.deep.traces import Traces
from goldzone.deep.trainer import NetworkTrainer, untrained_network
from goldzone.deep.values import SeenValues
from goldzone.hashtron.kernels import hash32
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.presets import ulevel
from goldzone.hashtron.quaternary import build_filter

__all__ = ["figures"]

SAMPLES = 60_000
WORDS = 6_000
"""Words of the real language: enough for as many samples."""

PEER = "one hash and one gathered byte, one thread"

MOST_NANOSECONDS = 4.0
MOST_LAST_LAYER_MS = 5.0
MOST_EVALUATION_MS = 60.0

FLOOR_LAYERS = 10
"""Layers of 24 that the floor goes through."""

FIRST, MIDDLE, LAST, FINAL = 0, 133, 220, 240
"""Numbers of neurons in the first layer, the middle one, the last of 24, and the final neuron."""


@njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def hash_and_gather(
    features: NDArray[np.uint32], cells: NDArray[np.uint8], hashed: NDArray[np.uint32], out: NDArray[np.uint8]
) -> None:
    """Hash each feature and read a byte there: uint32[n_rows, n_samples] -> uint8[n_rows, n_samples]."""
    for row in range(features.shape[0]):
        for start in range(0, features.shape[1], hashed.shape[0]):
            stop = min(start + hashed.shape[0], features.shape[1])
            for i in range(start, stop):
                hashed[i - start] = hash32(features[row, i], 0, cells.shape[0])
            for i in range(start, stop):
                out[row, i] = cells[hashed[i - start]]


def memorised(inputs: NDArray[np.uint32]) -> Network:
    """Return a network whose neurons all hold a random answer for every value that they see."""
    generator = np.random.default_rng(1)
    network = untrained_network(ulevel(), 1)
    features = inputs
    for index, stage in enumerate(network.architecture.stages):
        columns = [np.unique(features[:, j]) for j in range(features.shape[1])]
        network = network.with_neurons(
            {
                number: Hashtron((), build_filter(values, generator.integers(0, 2, values.size)))
                for number, values in zip(stage.neurons, columns, strict=True)
            }
        )
        trace = network.trace_layer(index, features)
        if stage.combiner is not None:
            features = network.features_above(index, trace.features, trace.bits)
    return network


def figures(setting: Setting) -> list[Figure]:
    """Measure tallies, an evaluation and training steps, on one thread and on those of the setting."""
    n_samples = 4_000 if setting.quick else SAMPLES
    generator = np.random.default_rng(2)
    inputs = generator.integers(0, 1 << 32, (n_samples, 24), dtype=np.uint32)
    labels = generator.integers(0, 2, n_samples).astype(np.uint16)
    found = _measured("deep", inputs, labels, setting)
    if setting.dataset is not None and not setting.quick:
        problem = build_problem(setting.dataset, "french", WORDS)
        real = problem.train[:SAMPLES]
        found += _measured("deep.french", real, problem.train_labels[: real.shape[0]], setting)
    return found


def _measured(
    name: str, inputs: NDArray[np.uint32], labels: NDArray[np.uint16], setting: Setting
) -> list[Figure]:
    network, threads = memorised(inputs), setting.threads
    one, more = (Traces(network, inputs, threads=n) for n in (1, threads))
    hard, margin = (
        NetworkTrainer(network, inputs, labels, rules, threads=threads)
        for rules in (FORWARD_RULES, MARGIN_RULES)
    )
    rows = np.ascontiguousarray(inputs.T)
    cells = np.zeros(3 * inputs.shape[0] // 8, np.uint8)  # as many bytes as a filter of so many keys
    hashed, out = np.empty(1024, np.uint32), np.empty(rows.shape, np.uint8)

    def tally(traces: Traces, neuron: int) -> Callable[[], object]:
        seen = network.architecture.locate(neuron)
        return lambda: SeenValues.of(traces.seen(*seen), 0, 0).add_up(hard_votes(traces, neuron, labels)[0])

    def floor() -> None:
        for _ in range(FLOOR_LAYERS):
            hash_and_gather(rows, cells, hashed, out)

    def above(neuron: int) -> int:
        """Count the samples times the neurons of all later layers."""
        stages = network.architecture.stages
        first = network.architecture.locate(neuron)[0] + 1
        return int(inputs.shape[0]) * sum(stage.layer.neurons for stage in stages[first:])

    keys = max((np.unique(row) for row in rows), key=len)
    answers = np.random.default_rng(3).integers(0, 2, keys.size)
    seconds = best_seconds(
        {
            "floor": floor,
            "first": tally(one, FIRST),
            "first, threads": tally(more, FIRST),
            "middle": tally(one, MIDDLE),
            "last": tally(one, LAST),
            "final": tally(one, FINAL),
            "infer": lambda: network.infer(inputs),
            "infer, threads": lambda: network.infer(inputs, threads=threads),
            "filter": lambda: build_filter(keys, answers),
        },
        2 * setting.repeats,  # the jobs are short: more turns find a quiet moment
    )
    steps = {"hard": _step_seconds(hard, setting.repeats), "margin": _step_seconds(margin, setting.repeats)}
    for owner in (one, more, hard, margin):
        owner.close()
    bare = seconds["floor"] * 1e9 / inputs.shape[0] / (FLOOR_LAYERS * rows.shape[0])
    made = [
        _pairs(f"{name}.tally_first_layer", seconds["first"] / above(FIRST), bare, MOST_NANOSECONDS),
        _pairs(f"{name}.tally_first_layer_threads", seconds["first, threads"] / above(FIRST), bare),
        _pairs(f"{name}.tally_middle_layer", seconds["middle"] / above(MIDDLE), bare, MOST_NANOSECONDS),
    ]
    for key in ("last", "final"):
        made.append(Figure(f"{name}.tally_{key}_layer", seconds[key] * 1e3, "ms", bound=MOST_LAST_LAYER_MS))
    for key, label in (("infer", "evaluate"), ("infer, threads", "evaluate_threads")):
        made.append(
            Figure(
                f"{name}.{label}",
                seconds[key] * 1e3,
                "ms",
                bound=MOST_EVALUATION_MS if "threads" in key else None,
                peer=PEER,
                ratio=seconds[key] * 1e9 / inputs.shape[0] / network.architecture.n_neurons / bare,
            )
        )
    for credit, step in steps.items():
        made.append(
            Figure(
                f"{name}.train_{credit}_first_layer",
                step * 1e3,
                "ms",
                peer="the hard tally of the same neuron, same threads",
                ratio=step / seconds["first, threads"],
            )
        )
    made.append(Figure(f"{name}.build_filter", seconds["filter"] * 1e9 / keys.size, "ns/key"))
    return made


def _step_seconds(trainer: NetworkTrainer, repeats: int) -> float:
    """Return the shortest time of training one neuron, each time from the same state."""
    state, best = trainer.network(), float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        trainer.train(1, 0, 0)
        best = min(best, time.perf_counter() - start)
        trainer.restore(state)
    return best


def _pairs(name: str, seconds: float, bare: float, bound: float | None = None) -> Figure:
    """Return a figure in nanoseconds for each sample and neuron above."""
    value = seconds * 1e9
    return Figure(name, value, "ns/(sample x neuron)", bound=bound, peer=PEER, ratio=value / bare)
