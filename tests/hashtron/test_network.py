from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError, DataError
from goldzone.hashtron.architecture import Architecture, HashtronLayer, Layer
from goldzone.hashtron.combiners import CrossAttention, Full, MajPool2D, Parity, Stochastic, Sum
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import BitTable, Hashtron, Neuron
from tests.golden import NETWORKS, golden_inputs, golden_network, read_golden
from tests.naive.hashtron_network import naive_run


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_match_the_reference(name: str) -> None:
    golden = read_golden(f"net_{name}")
    words = golden_network(name).infer(golden_inputs(name), golden["parity"])
    assert words.tolist() == golden["infer2"]


@pytest.mark.parametrize("name", NETWORKS)
def test_traces_match_the_reference(name: str) -> None:
    golden = read_golden(f"net_{name}")["traces"]
    traces = golden_network(name).trace(golden_inputs(name)[: len(golden)])
    for sample, layers in enumerate(golden):
        assert len(layers) == len(traces)
        for expected, trace in zip(layers, traces, strict=True):
            assert trace.features[sample].tolist() == expected["Features"]
            assert trace.hashed[sample].tolist() == expected["Hashed"]
            assert trace.bits[sample].tobytes() == base64.b64decode(expected["Bits"])


def test_one_column_serves_all_neurons() -> None:
    network = golden_network("squareroot")
    golden = read_golden("net_squareroot")["extra"]["infer2_of_0_to_1023"]
    single = [row for row in read_golden("net_squareroot")["inputs"] if len(row) == 1]
    wide = np.repeat(np.array(single, dtype=np.uint32), network.architecture.n_inputs, axis=1)
    assert single
    assert network.infer(single).tolist() == network.infer(wide).tolist()
    assert len(golden) == 1024


UINT32 = st.integers(0, 2**32 - 1)
NEURONS: st.SearchStrategy[Neuron] = st.one_of(
    st.builds(Hashtron, st.lists(st.tuples(UINT32, UINT32), max_size=2).map(tuple), st.binary(max_size=8)),
    st.builds(BitTable.from_bits, UINT32, st.lists(st.booleans(), min_size=1, max_size=20)),
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    layers: list[Layer] = [HashtronLayer(draw(st.sampled_from([3, 6])), draw(st.sampled_from([0, 5])))]
    for _ in range(draw(st.integers(0, 2))):
        width = layers[-1].neurons  # type: ignore[union-attr]
        combiners = (
            CrossAttention(width, 1, queries=True, masked=True),
            MajPool2D(width, 1, 1, 1, 2, 1),
            Stochastic(width, 4, 1),
            Parity(width),
        )
        premodulo, residual = draw(st.sampled_from([0, 9])), draw(st.booleans())
        layers += [draw(st.sampled_from(combiners)), HashtronLayer(3, premodulo, residual)]
    width = layers[-1].neurons  # type: ignore[union-attr]
    ending: list[Layer] = draw(
        st.sampled_from(
            [
                [Sum((width,)), HashtronLayer(1)],
                [Full(width, 1, 3), HashtronLayer(2, 7)],
                [Sum((width,)), HashtronLayer(2, residual=True)],
                [Full(width, 1, 1)],
                [],
            ]
        )
    )
    architecture = Architecture((*layers, *ending))
    count = architecture.n_neurons
    return Network(architecture, tuple(draw(st.lists(NEURONS, min_size=count, max_size=count))))


@given(networks(), st.data())
def test_networks_equal_their_definition(network: Network, data: st.DataObject) -> None:
    width = data.draw(st.sampled_from([1, network.architecture.n_inputs]))
    inputs = data.draw(st.lists(st.lists(UINT32, min_size=width, max_size=width), min_size=1, max_size=3))
    runs = [naive_run(network.architecture, network.neurons, row) for row in inputs]
    assert network.infer(inputs).tolist() == [run.word for run in runs]
    traces = network.trace(inputs)
    for sample, run in enumerate(runs):
        assert np.concatenate([trace.bits[sample] for trace in traces]).tolist() == run.bits
        assert np.concatenate([trace.hashed[sample] for trace in traces]).tolist() == run.seen


@pytest.mark.parametrize("name", NETWORKS)
def test_running_on_from_any_layer_gives_the_same_output(name: str) -> None:
    network = golden_network(name)
    words = network.infer(golden_inputs(name)).tolist()
    for stage, trace in enumerate(network.trace(golden_inputs(name))):
        assert network.outputs_above(stage, trace.features, trace.bits).tolist() == words


def test_blocks_of_samples_join_seamlessly() -> None:
    network = golden_network("ulevel")
    inputs = np.random.default_rng(5).integers(0, 2**32, (9000, 24), dtype=np.uint32)
    parity = np.arange(9000, dtype=np.uint16)
    whole = network.infer(inputs, parity)
    parts = [network.infer(inputs[i : i + 900], parity[i : i + 900]) for i in range(0, 9000, 900)]
    assert np.array_equal(network.infer(inputs, parity, threads=3), whole)
    assert np.array_equal(whole, np.concatenate(parts))


def test_no_samples_give_no_words() -> None:
    assert golden_network("ulevel").infer(np.empty((0, 24), np.uint32)).shape == (0,)


def test_parity_is_xored_to_the_words() -> None:
    network = golden_network("isvirus")
    inputs = golden_inputs("isvirus")
    parity = np.arange(len(inputs), dtype=np.uint16)
    assert np.array_equal(network.infer(inputs, parity), network.infer(inputs) ^ parity)


def test_replacing_neurons_leaves_the_old_network_alone() -> None:
    network = golden_network("ulevel")
    inputs = golden_inputs("ulevel")
    before = network.infer(inputs)
    opposite = Hashtron(((1, 2),), bytes([0b10101010]))
    changed = network.with_neurons({240: opposite, 3: Hashtron()})
    rebuilt = Network(network.architecture, changed.neurons)
    assert changed.neurons[240] == opposite
    assert changed == rebuilt
    assert np.array_equal(changed.infer(inputs), rebuilt.infer(inputs))
    assert not np.array_equal(changed.infer(inputs), before)
    assert np.array_equal(network.infer(inputs), before)


def test_neuron_count_must_fit() -> None:
    with pytest.raises(ConfigError, match="needs 1 neurons; got 2"):
        Network(Architecture((HashtronLayer(1),)), (Hashtron(), Hashtron()))


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 25), (2, 3, 24)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"inputs have shape .*; give \[n_samples, 24\]"):
        golden_network("ulevel").infer(np.zeros(shape, np.uint32))


def test_parity_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="parity has shape"):
        golden_network("ulevel").infer(np.zeros((3, 24), np.uint32), [0, 1])
