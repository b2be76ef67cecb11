from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.deep import traces as traces_module
from goldzone.deep.traces import Flip, Traces
from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import CrossAttention, Full, MajPool2D, Stochastic, Sum
from goldzone.hashtron.network import SAMPLE_BLOCK, Network
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.quaternary import build_filter
from tests.deep.fresh_networks import fresh_network

COUNTING = Architecture(
    (HashtronLayer(4), Stochastic(4, 3, 1), HashtronLayer(4, 0, True), Sum((4,)), HashtronLayer(1))
)
POOLING = Architecture((HashtronLayer(6, 5), MajPool2D(2, 1, 3, 1, 2, 1), HashtronLayer(2, 7), Full(2, 1, 1)))
PATTERNS = Architecture(
    (HashtronLayer(4), Full(4, 2, 2), HashtronLayer(2, 0, True), Full(2, 2, 2), HashtronLayer(3, 9))
)
ATTENDING = Architecture(
    (HashtronLayer(6), CrossAttention(6, 1, True), HashtronLayer(6, 0, True), Sum((6,)), HashtronLayer(1))
)
ALL = (COUNTING, POOLING, PATTERNS, ATTENDING)
LONG = 2 * SAMPLE_BLOCK + 100
"""Samples of two blocks and a bit."""


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut a few samples into several blocks."""
    monkeypatch.setattr(traces_module, "SAMPLE_BLOCK", 16)


def problem(architecture: Architecture, seed: int, count: int) -> tuple[Network, NDArray[np.uint32]]:
    generator = np.random.default_rng(seed)
    inputs = generator.integers(0, 9, (count, architecture.n_inputs), dtype=np.uint32)
    return fresh_network(architecture, generator), inputs


def whole_flip(network: Network, inputs: NDArray[np.uint32], stage: int, position: int) -> Flip:
    """Run everything above the neuron on all samples, and compare."""
    present = network.trace(inputs)
    features, bits = present[stage].features, present[stage].bits.copy()
    bits[:, position] ^= 1
    for above in range(stage + 1, len(present)):
        trace = network.trace_layer(above, network.features_above(above - 1, features, bits))
        features, bits = trace.features, trace.bits
    reached = (features != present[-1].features).any(axis=1)
    if stage == len(present) - 1:
        reached[:] = True
    n_features = network.architecture.stages[-1].n_features
    words = network.outputs_above(len(present) - 1, features, bits)
    return Flip(np.flatnonzero(reached), features[reached].T[:n_features], words[reached])


def assert_same(one: Flip, other: Flip) -> None:
    assert np.array_equal(one.samples, other.samples)
    assert np.array_equal(one.features, other.features)
    assert np.array_equal(one.words, other.words)


def neurons(architecture: Architecture) -> list[tuple[int, int]]:
    return [(s, p) for s, stage in enumerate(architecture.stages) for p in range(stage.layer.neurons)]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("architecture", ALL)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_flip_is_what_a_run_of_everything_above_gives(architecture: Architecture, threads: int) -> None:
    network, inputs = problem(architecture, 3, 70)
    traces = Traces(network, inputs, threads=threads)
    for stage, position in neurons(architecture):
        assert_same(traces.flip(stage, position), whole_flip(network, inputs, stage, position))
    traces.close()


@pytest.mark.usefixtures("small_blocks")
@given(st.sampled_from(ALL), st.integers(0, 2**32 - 1), st.data())
def test_after_any_changes_all_is_as_computed_afresh(
    architecture: Architecture, seed: int, data: st.DataObject
) -> None:
    network, inputs = problem(architecture, seed, 50)
    traces, generator = Traces(network, inputs, threads=2), np.random.default_rng(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        numbers = data.draw(st.sets(st.integers(0, architecture.n_neurons - 1), min_size=1, max_size=3))
        changes: dict[int, Any] = {}
        for number in numbers:
            values = np.unique(traces.seen(*architecture.locate(number)))
            # Most changes are small: only few samples move.
            answers = traces.network.neurons[number].evaluate(values) ^ (generator.random(values.size) < 0.2)
            changes[number] = Hashtron((), build_filter(values, answers))
        traces.put(changes)
        fresh = Traces(traces.network, inputs)
        for stage, position in neurons(architecture):
            assert np.array_equal(traces.seen(stage, position), fresh.seen(stage, position))
            assert np.array_equal(traces.answers(stage, position), fresh.answers(stage, position))
        assert np.array_equal(traces.words, traces.network.infer(inputs))
    traces.close()


@pytest.mark.parametrize("architecture", [COUNTING, POOLING])
@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_of_full_size_join_up(architecture: Architecture, threads: int) -> None:
    network, inputs = problem(architecture, 8, LONG)
    traces = Traces(network, inputs, threads=threads)
    trace = network.trace(inputs)
    assert traces.n_samples == LONG
    assert np.array_equal(traces.words, network.infer(inputs))
    for stage, layer in enumerate(trace):
        blocks = traces.map_layer(stage, lambda part, samples: (samples, part))
        assert len(blocks) == 3
        for samples, part in blocks:
            assert np.array_equal(part.features, layer.features[samples])
            assert np.array_equal(part.hashed, layer.hashed[samples])
            assert np.array_equal(part.bits, layer.bits[samples])
        assert np.array_equal(traces.layer_bits(stage), layer.bits.T)
        assert np.array_equal(traces.answers(stage, 0), layer.bits[:, 0])
        assert np.array_equal(traces.seen(stage, 0), layer.hashed[:, 0])
    assert_same(traces.flip(0, 1), whole_flip(network, inputs, 0, 1))
    traces.close()


@pytest.mark.usefixtures("small_blocks")
def test_what_a_pool_drowns_is_disregarded() -> None:
    network, inputs = problem(POOLING, 5, 60)
    traces = Traces(network, inputs)
    combiner = POOLING.stages[0].combiner
    assert combiner is not None
    for position in range(6):
        expected = combiner.disregard(network.trace(inputs)[0].bits, position)
        assert np.array_equal(traces.disregard(0, position), expected)
        assert 0 < expected.sum() < 60
    open_end = Traces(*problem(COUNTING, 5, 20))
    assert not open_end.disregard(0, 0).any()
    assert open_end.disregard(2, 0).all()


def test_there_may_be_no_samples() -> None:
    traces = Traces(problem(COUNTING, 1, 1)[0], np.zeros((0, 4), np.uint32))
    assert traces.n_samples == 0
    assert traces.flip(0, 0).samples.size == 0
