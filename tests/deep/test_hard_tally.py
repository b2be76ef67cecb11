from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from goldzone.deep import traces as traces_module
from goldzone.deep.hard_tally import PairTally, decide_pair, hard_votes
from goldzone.deep.traces import Traces
from goldzone.deep.values import SeenValues
from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import Full, MajPool2D, Stochastic, Sum
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron
from tests.deep.fresh_networks import fresh_network
from tests.golden import NETWORKS, golden_inputs, golden_network, read_golden
from tests.naive.training_hard_tally import naive_pair, naive_tally


def samples(name: str) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    count = read_golden(f"tally_{name}")["samples"]
    golden = read_golden(f"net_{name}")
    expected = np.array(golden["labels"], np.uint16) ^ np.array(golden["parity"], np.uint16)
    return golden_inputs(name)[:count], expected[:count]


def tally(
    network: Network,
    neuron: int,
    inputs: ArrayLike,
    expected: ArrayLike,
    *,
    salt: int = 0,
    premodulo: int = 0,
    threads: int = 1,
) -> tuple[list[tuple[int, int]], bool]:
    """Return (value, sum) without zeros, and whether a wrong sample voted: the steps of a hard training."""
    traces = Traces(network, inputs, threads=threads)
    votes, improves = hard_votes(traces, neuron, np.asarray(expected, np.uint16))
    seen = SeenValues.of(traces.seen(*network.architecture.locate(neuron)), salt, premodulo)
    traces.close()
    sums = zip(seen.values.tolist(), seen.add_up(votes).tolist(), strict=True)
    return [(value, total) for value, total in sums if total], bool(improves.any())


def tally_pair(
    network: Network,
    pair: tuple[int, int],
    inputs: ArrayLike,
    expected: ArrayLike,
    *,
    salt: int = 0,
    premodulo: int = 0,
    threads: int = 1,
) -> PairTally:
    traces = Traces(network, inputs, threads=threads)
    decided = decide_pair(traces, pair, np.asarray(expected, np.uint16), salt=salt, premodulo=premodulo)
    traces.close()
    return decided


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(
            name, entry, id=f"{name}-{entry.get('neuron', entry.get('neurons'))}-{entry['premodulo']}"
        )
        for name in NETWORKS
        for entry in read_golden(f"tally_{name}")[kind]
    ]


@pytest.mark.parametrize(("name", "entry"), cases("tally"))
def test_vote_sums_match_the_reference(name: str, entry: dict[str, Any]) -> None:
    inputs, expected = samples(name)
    sums, possible = tally(
        golden_network(name),
        entry["neuron"],
        inputs,
        expected,
        salt=entry["salt"],
        premodulo=entry["premodulo"],
    )
    assert sums == list(map(tuple, entry["correct"]))
    assert [(value, total > 0) for value, total in sums] == list(map(tuple, entry["dataset"]))
    assert possible == entry["possible"]
    assert entry["improve"] == []


@pytest.mark.parametrize(("name", "entry"), cases("pretally"))
def test_pair_decisions_match_the_reference(name: str, entry: dict[str, Any]) -> None:
    inputs, expected = samples(name)
    first, second = entry["neurons"]
    decided = tally_pair(
        golden_network(name),
        (first, second),
        inputs,
        expected,
        salt=entry["salt"],
        premodulo=entry["premodulo"],
    )
    maps = entry["map0"], entry["map1"]
    for values, answers, wanted in zip(decided.values, decided.answers, maps, strict=True):
        assert list(zip(values.tolist(), answers.tolist(), strict=True)) == list(map(tuple, wanted))
    assert sum(map(len, decided.values)) == entry["len"]
    assert (entry["len"] > 0) == entry["possible"]


SMALL = (
    Architecture((HashtronLayer(4), Sum((4,)), HashtronLayer(1))),
    Architecture((HashtronLayer(6, 5), MajPool2D(2, 1, 3, 1, 2, 1), HashtronLayer(2), Full(2, 1, 1))),
    Architecture(
        (HashtronLayer(4), Stochastic(4, 3, 1), HashtronLayer(4, 0, True), Full(4, 1, 4), HashtronLayer(3, 9))
    ),
)


@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.integers(0, 99), st.sampled_from([0, 3]))
def test_tally_equals_its_definition(
    architecture: Architecture, seed: int, neuron: int, premodulo: int
) -> None:
    generator = np.random.default_rng(seed)
    network = fresh_network(architecture, generator)
    neuron %= architecture.n_neurons
    inputs = generator.integers(0, 9, (12, architecture.n_inputs), dtype=np.uint32)
    expected = generator.integers(0, 1 << architecture.n_outputs, 12)
    sums, possible = naive_tally(network, neuron, inputs.tolist(), expected.tolist(), seed, premodulo)
    found = tally(network, neuron, inputs, expected, salt=seed, premodulo=premodulo)
    assert found == (list(sums.items()), possible)


@given(st.sampled_from(SMALL), st.integers(0, 2**32 - 1), st.data(), st.sampled_from([0, 3]))
def test_pair_tally_equals_its_definition(
    architecture: Architecture, seed: int, data: st.DataObject, premodulo: int
) -> None:
    generator = np.random.default_rng(seed)
    network = fresh_network(architecture, generator)
    first = data.draw(st.integers(0, architecture.n_neurons - 2))
    pair = (first, data.draw(st.integers(first + 1, architecture.n_neurons - 1)))
    inputs = generator.integers(0, 4, (20, architecture.n_inputs), dtype=np.uint32)
    expected = generator.integers(0, 1 << architecture.n_outputs, 20)
    decided = tally_pair(network, pair, inputs, expected, salt=seed, premodulo=premodulo)
    naive = naive_pair(network, pair, inputs.tolist(), expected.tolist(), seed, premodulo)
    for values, answers, wanted in zip(decided.values, decided.answers, naive, strict=True):
        assert list(zip(values.tolist(), answers.tolist(), strict=True)) == list(wanted.items())


@pytest.mark.parametrize("name", NETWORKS)
def test_threads_change_nothing(name: str) -> None:
    network, (inputs, expected) = golden_network(name), samples(name)
    inputs, expected = np.tile(inputs, (80, 1)), np.tile(expected, 80)
    last = network.architecture.n_neurons - 1
    for neuron in (0, last // 2, last):
        one, two = (
            tally(network, neuron, inputs, expected, salt=4, premodulo=9, threads=threads)
            for threads in (1, 2)
        )
        assert one == two


@pytest.mark.parametrize("architecture", SMALL)
def test_pairs_are_decided_across_blocks(architecture: Architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(7)
    network = fresh_network(architecture, generator)
    inputs = generator.integers(0, 40, (80, architecture.n_inputs), dtype=np.uint32)
    expected = generator.integers(0, 1 << architecture.n_outputs, 80)
    pairs = [(first, first + 1) for first in range(architecture.n_neurons - 1)]
    whole = [tally_pair(network, pair, inputs, expected) for pair in pairs]
    monkeypatch.setattr(traces_module, "SAMPLE_BLOCK", 16)
    parts = [tally_pair(network, pair, inputs, expected, threads=2) for pair in pairs]
    assert any(values.size for pair in whole for values in pair.values)
    for one, other in zip(whole, parts, strict=True):
        assert all(map(np.array_equal, one.values + one.answers, other.values + other.answers))


# Two neurons answer the parity of their columns; the last says whether exactly two bits are set.
BOTH = Network(
    Architecture((HashtronLayer(2), Sum((2,)), HashtronLayer(1))),
    (Hashtron(), Hashtron(), Hashtron((), bytes([0b00101001, 0, 0, 0]))),
)


def test_a_sample_that_no_flip_can_change_does_not_vote() -> None:
    constant = BOTH.with_neurons({2: Hashtron(((0, 1),))})  # every feature becomes 0
    assert tally(constant, 0, [[3, 4], [4, 4]], [1, 1]) == ([], False)


def test_votes_that_cancel_leave_no_value() -> None:
    assert tally(BOTH, 2, [[2, 2], [4, 4]], [1, 0]) == ([], True)


def test_the_last_neuron_gets_the_expected_bits() -> None:
    sums, _ = tally(BOTH, 2, [[2, 2], [1, 2], [3, 5], [7, 9]], [1, 0, 1, 1])
    assert sums == [(0, 1), (1, -1), (2, 2)]
