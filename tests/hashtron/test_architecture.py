from __future__ import annotations

from typing import Any

import pytest

from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import Conv2D, Full, Sum
from goldzone.hashtron.presets import PRESETS


def test_neurons_are_numbered_layer_by_layer() -> None:
    architecture = Architecture((HashtronLayer(3), Sum((3,)), HashtronLayer(1)))
    assert [architecture.locate(number) for number in range(4)] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert architecture.n_neurons == 4
    for wrong in (-1, 4):
        with pytest.raises(ConfigError, match=f"no neuron {wrong}"):
            architecture.locate(wrong)


def test_architectures_compare_and_hash_by_value() -> None:
    assert PRESETS["ulevel"]() == PRESETS["multi"]()
    assert len({PRESETS["ulevel"](), PRESETS["multi"](), PRESETS["mnist"]()}) == 2


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "no layers"),
        ((Sum((3,)),), "layer 0 is out of turn"),
        ((HashtronLayer(3), HashtronLayer(3)), "layer 1 is out of turn"),
        ((HashtronLayer(3), Sum((4,)), HashtronLayer(1)), "layer 1 .sum. takes 4 bits"),
        (
            (HashtronLayer(25), Conv2D(5, 5, 3, 3), HashtronLayer(10), Sum((10,)), HashtronLayer(1)),
            "asked for 10",
        ),
        ((HashtronLayer(3, residual=True), Sum((3,)), HashtronLayer(1)), "layer 0 is residual"),
        (
            (HashtronLayer(1), Full(1, 1, 1), HashtronLayer(2, residual=True), Sum((2,))),
            "layer 2 is residual",
        ),
        ((HashtronLayer(17),), "has 17 neurons"),
        ((HashtronLayer(16), Conv2D(4, 4, 4, 4)), "asked for 16"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Architecture(layers)


@pytest.mark.parametrize(("neurons", "premodulo"), [(0, 0), (2**25, 0), (1, -1), (1, 2**32)])
def test_impossible_layers_are_refused(neurons: int, premodulo: int) -> None:
    with pytest.raises(ConfigError, match="layer"):
        HashtronLayer(neurons, premodulo)
