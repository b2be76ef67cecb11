"""Architectures: which layers a network has, as a value that can be compared and hashed.

Layers alternate: neurons, combiner, neurons, ... Neurons are numbered from the input on, layer by layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from goldzone.errors import ConfigError
from goldzone.hashtron.combiners import Combiner
from goldzone.hashtron.hashing import LARGEST

__all__ = ["MAX_OUTPUTS", "Architecture", "HashtronLayer", "Layer", "Stage"]

MAX_OUTPUTS = 16
"""The output is a 16-bit word, one bit for each neuron of the last layer."""

_MAX_NEURONS = 1 << 24


@dataclass(frozen=True)
class HashtronLayer:
    """A layer of neurons."""

    neurons: int
    premodulo: int = 0
    """When not 0, neuron i of the layer reads ``hash(feature, i, premodulo)``."""
    residual: bool = False
    """Each neuron reads its combiner feature plus what the same position read in the neuron layer before
    (after that layer's own addition, before its premodulo)."""

    def __post_init__(self) -> None:
        if not 1 <= self.neurons <= _MAX_NEURONS:
            raise ConfigError(f"layer has {self.neurons} neurons; give 1..{_MAX_NEURONS}")
        if not 0 <= self.premodulo <= LARGEST:
            raise ConfigError(f"layer premodulo is {self.premodulo}; give an integer in 0..{LARGEST}")


Layer: TypeAlias = HashtronLayer | Combiner


@dataclass(frozen=True)
class Stage:
    """A neuron layer together with what surrounds it."""

    layer: HashtronLayer
    first_neuron: int
    """Number of its first neuron in the whole network."""
    source: Combiner | None
    """The combiner below it; None for the first layer, which reads the input."""
    combiner: Combiner | None
    """The combiner above it; None only for a last layer whose bits are the output."""
    n_features: int
    """How many features it reads: one for each neuron, but a last layer without combiner reads only feature
    0, for all its neurons."""

    @property
    def neurons(self) -> range:
        """The numbers of its neurons in the whole network."""
        return range(self.first_neuron, self.first_neuron + self.layer.neurons)


@dataclass(frozen=True)
class Architecture:
    """Neuron layers and combiners in turn, beginning with neurons.

    Raises
    ------
    ConfigError
        If layers do not alternate, a size does not fit its neighbours, a residual layer has nothing to add,
        or the output has more than `MAX_OUTPUTS` bits.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ConfigError("architecture has no layers; give at least one layer of neurons")
        for index, layer in enumerate(self.layers):
            if not isinstance(layer, Combiner if index % 2 else HashtronLayer):
                raise ConfigError(f"layer {index} is out of turn; alternate neuron layers and combiners")
        before: Stage | None = None
        for index, stage in enumerate(self.stages):
            neurons = stage.layer.neurons
            if stage.combiner is not None and stage.combiner.size != neurons:
                raise ConfigError(
                    f"layer {2 * index + 1} ({stage.combiner.kind}) takes {stage.combiner.size} bits, "
                    f"but the layer below has {neurons} neurons"
                )
            if stage.source is not None:
                stage.source.check_count(stage.n_features)
            if stage.layer.residual and (before is None or before.layer.neurons < neurons):
                raise ConfigError(f"layer {2 * index} is residual, but the layer before lacks neurons to add")
            before = stage
        if self.n_outputs > MAX_OUTPUTS:
            raise ConfigError(f"last layer has {self.n_outputs} neurons; an output has 1..{MAX_OUTPUTS} bits")
        trailing = self.stages[-1].combiner
        if trailing is not None:
            trailing.check_count(self.n_outputs)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The neuron layers in order, each with its surroundings."""
        stages: list[Stage] = []
        first_neuron = 0
        for index in range(0, len(self.layers), 2):
            layer = self.layers[index]
            source = self.layers[index - 1] if index > 0 else None
            combiner = self.layers[index + 1] if index + 1 < len(self.layers) else None
            assert isinstance(layer, HashtronLayer)  # noqa: S101 - the turns were checked
            assert source is None or isinstance(source, Combiner)  # noqa: S101
            assert combiner is None or isinstance(combiner, Combiner)  # noqa: S101
            n_features = 1 if combiner is None else layer.neurons
            stages.append(Stage(layer, first_neuron, source, combiner, n_features))
            first_neuron += layer.neurons
        return tuple(stages)

    @property
    def n_neurons(self) -> int:
        """Number of neurons in the whole network."""
        return self.stages[-1].neurons.stop

    @property
    def n_inputs(self) -> int:
        """Number of feature columns that the first layer reads (one column may serve all)."""
        return self.stages[0].n_features

    @property
    def n_outputs(self) -> int:
        """Number of output bits."""
        return self.stages[-1].layer.neurons

    def locate(self, neuron: int) -> tuple[int, int]:
        """Return (stage, position in its layer) of a neuron's number."""
        for index, stage in enumerate(self.stages):
            if neuron in stage.neurons:
                return index, neuron - stage.first_neuron
        raise ConfigError(f"there is no neuron {neuron}; give a number in 0..{self.n_neurons - 1}")
