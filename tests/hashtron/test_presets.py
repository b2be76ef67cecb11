from __future__ import annotations

import pytest

from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import HashtronLayer
from goldzone.hashtron.combiners import Combiner, CrossAttention, Full, Stochastic, Sum
from goldzone.hashtron.presets import context_committee, preset, windowed_committee
from tests.golden import NETWORKS, read_golden


def arguments_of(combiner: Combiner) -> list[int]:
    """Return a combiner's fields in order, in the form of the golden files."""
    match combiner:
        case Sum(sizes=(size,), axis=axis):
            return [size, axis]
        case CrossAttention(dim=dim, heads=heads):
            assert combiner == CrossAttention(dim, heads, queries=True, masked=False)
            return [dim, heads]
    return list(vars(combiner).values())


@pytest.mark.parametrize("name", NETWORKS)
def test_presets_have_the_layers_of_the_reference(name: str) -> None:
    golden = read_golden(f"net_{name}")
    architecture = preset(name)
    assert architecture.n_neurons == golden["neurons"]
    assert architecture.n_outputs == golden["last_cells"]
    assert len(architecture.layers) == len(golden["layers"])
    for layer, expected in zip(architecture.layers, golden["layers"], strict=True):
        if isinstance(layer, HashtronLayer):
            assert expected["kind"] == "hashtrons"
            assert layer.neurons == expected["neurons"]
            assert layer.premodulo == expected.get("premodulo", 0)
            assert layer.residual == (expected.get("preadd") == "inter")
        else:
            assert layer.kind == {"sochastic": "stochastic"}.get(expected["kind"], expected["kind"])
            assert arguments_of(layer)[: len(expected["args"])] == expected["args"]


def test_context_committee_sums_its_neurons() -> None:
    assert context_committee(96).layers == (HashtronLayer(96), Sum((96,)), HashtronLayer(1))
    assert preset("context_committee", 96, (24,)).layers == (
        HashtronLayer(96),
        Stochastic(96, 4, 0),
        HashtronLayer(24),
        Sum((24,)),
        HashtronLayer(1),
    )


def test_windowed_committee_reads_every_bit_once() -> None:
    assert windowed_committee(96, (24, 12)).layers == (
        HashtronLayer(96),
        Full(96, 4, 4),
        HashtronLayer(24),
        Full(24, 2, 2),
        HashtronLayer(12),
        Sum((12,)),
        HashtronLayer(1),
    )


@pytest.mark.parametrize("layers", [(7,), (0,), (1,)])
def test_windows_that_do_not_divide_or_hold_too_many_bits_are_refused(layers: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError):
        windowed_committee(96, layers)


def test_unknown_preset_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match="known are context_committee, isalnum"):
        preset("nothing")
    with pytest.raises(ConfigError, match="does not take the arguments"):
        preset("mnist", 3)
