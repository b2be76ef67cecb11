from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.hashtron.kernels import KEY_BLOCK
from goldzone.hashtron.neuron import BitTable, Hashtron, Neuron, pack_neurons
from goldzone.hashtron.quaternary import build_filter
from tests.naive.hashtron_filter import naive_hash, naive_look_up

MANY = 2 * KEY_BLOCK + 17
KEYS = np.arange(0, 3 * MANY, 3, dtype=np.uint32)
ANSWERS = np.random.default_rng(2).integers(0, 2, KEYS.size).astype(np.bool_)
NEURONS: tuple[Neuron, ...] = (
    Hashtron((), build_filter(KEYS, ANSWERS)),
    Hashtron(((5, 1000), (7, 300)), build_filter(KEYS[:100], ANSWERS[:100])),
    Hashtron(((9, 2),)),
    Hashtron((), b"\xff"),
    BitTable.from_bits(3, ANSWERS[:77]),
)


def naive_answer(neuron: Neuron, feature: int) -> int:
    if isinstance(neuron, BitTable):
        return int(neuron.bits()[naive_hash(feature, neuron.salt, neuron.premodulo)])
    for salt, maximum in neuron.program:
        feature = naive_hash(feature, salt, maximum)
    return naive_look_up(neuron.filter, feature)


def naive_layer(features: NDArray[np.uint32], premodulo: int) -> list[list[int]]:
    return [
        [
            naive_answer(neuron, naive_hash(value, j, premodulo) if premodulo else value)
            for value in features[j if features.shape[0] > 1 else 0].tolist()
        ]
        for j, neuron in enumerate(NEURONS)
    ]


def features(rows: int, seed: int, count: int) -> NDArray[np.uint32]:
    return np.random.default_rng(seed).integers(0, 3 * MANY, (rows, count), dtype=np.uint32)


@pytest.mark.parametrize("premodulo", [0, 4000])
@pytest.mark.parametrize("rows", [1, len(NEURONS)])
def test_a_layer_answers_as_its_neurons_do(rows: int, premodulo: int) -> None:
    read = features(rows, 1, MANY)
    assert pack_neurons(NEURONS).evaluate(read, premodulo).tolist() == naive_layer(read, premodulo)


@given(
    st.sampled_from([0.0, 0.01, 0.3, 0.6, 1.0]),
    st.sampled_from([1, len(NEURONS)]),
    st.sampled_from([0, 50]),
    st.sampled_from([0, 1, 40, MANY]),
)
def test_a_change_gives_what_the_whole_layer_would_answer(
    share: float, rows: int, premodulo: int, count: int
) -> None:
    layer, present = pack_neurons(NEURONS), features(rows, 2, count)
    new = np.where(np.random.default_rng(3).random(present.shape) < share, features(rows, 4, count), present)
    bits, reached = layer.evaluate_changed(new, present, layer.evaluate(present, premodulo), premodulo)
    assert np.array_equal(bits, layer.evaluate(new, premodulo))
    assert np.array_equal(reached, (new != present).any(axis=0))


def test_neurons_that_read_what_they_read_are_not_asked() -> None:
    layer, present = pack_neurons(NEURONS), features(len(NEURONS), 5, MANY)
    lies = 1 - layer.evaluate(present)
    new = present.copy()
    new[1:3, ::7] += 1
    bits, reached = layer.evaluate_changed(new, present, lies)
    changed = new != present
    assert np.array_equal(bits[~changed], lies[~changed])
    assert np.array_equal(bits[changed], layer.evaluate(new)[changed])
    assert np.array_equal(np.flatnonzero(reached), np.arange(0, MANY, 7))
