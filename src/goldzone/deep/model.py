"""Model files of networks: architecture and neurons in a container, complete in themselves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from goldzone.errors import ConfigError, ModelFormatError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import GradedTable
from goldzone.hashtron.neuron_codec import decode_neurons, encode_neurons
from goldzone.hashtron.presets import preset as preset_architecture
from goldzone.storage.container import read_container, write_container
from goldzone.training.config import TrainingConfig
from goldzone.validation import Checked, check

__all__ = ["NETWORK_KIND", "NetworkModel", "Pipeline", "architecture_of", "read_network", "write_network"]

Pipeline: TypeAlias = Literal["backward", "forward"]
"""Sweeps of `goldzone.training.sweeps`, or the reference's search (`goldzone.deep.forward`)."""

NETWORK_KIND: Final = "network"
"""What the manifest of such a model calls it."""

_NEURONS: Final = "neurons"
_COMMITTEE: Final = "windowed_committee:24,12"
"""An example: 24 context neurons, 12 that read two of them each, a final one."""


@dataclass(frozen=True, eq=False)
class NetworkModel:
    """A trained network and where it comes from."""

    name: str
    preset: str
    """Names its architecture (`architecture_of`)."""
    pipeline: Pipeline
    network: Network
    config: TrainingConfig
    """What it was trained with."""
    about: dict[str, Any]
    """JSON values: its data, and how well it does."""


class _Content(Checked):
    """The manifest's content."""

    kind: Literal["network"]
    name: str
    preset: str
    pipeline: Pipeline
    config: TrainingConfig
    about: dict[str, Any]


def architecture_of(preset: str) -> Architecture:
    """Return the architecture that a text names.

    Parameters
    ----------
    preset : str
        A name of `goldzone.hashtron.presets.PRESETS`; for a committee a colon and the neurons of its layers
        but the last: ``windowed_committee:24,12``.

    Raises
    ------
    ConfigError
        There is none, or it takes other numbers.

    Examples
    --------
    >>> architecture_of("windowed_committee:24,12").n_neurons
    37
    """
    name, colon, text = preset.partition(":")
    try:
        sizes = [int(size) for size in text.split(",")] if colon else []
    except ValueError:
        raise ConfigError(f"preset {preset!r}: {text!r} are no integers; write {_COMMITTEE}") from None
    try:
        return preset_architecture(name, *sizes[:1], *([sizes[1:]] if sizes[1:] else []))
    except ConfigError as error:
        raise ConfigError(f"preset {preset!r}: {error}; a committee is written {_COMMITTEE}") from None


def write_network(path: str | os.PathLike[str], model: NetworkModel) -> str:
    """Write a model and return its digest (see `goldzone.storage.container`).

    Raises
    ------
    ModelFormatError
        The file cannot be written.
    """
    content = {
        "kind": NETWORK_KIND,
        "name": model.name,
        "preset": model.preset,
        "pipeline": model.pipeline,
        "config": model.config.model_dump(mode="json"),
        "about": model.about,
    }
    return write_container(path, content, {_NEURONS: encode_neurons(model.network.neurons)})


def read_network(path: str | os.PathLike[str]) -> tuple[NetworkModel, str]:
    """Read a model and its digest.

    Raises
    ------
    ModelFormatError
        The file is damaged, of another kind, or contradicts itself; the message names the file.
    """
    container = read_container(path)
    if set(container.members) != {_NEURONS}:
        raise ModelFormatError(f"{path}: is not a model of a network; give one that was trained on samples")
    content = check(_Content, container.content, f"{path}: manifest", error=ModelFormatError)
    neurons = decode_neurons(container.members[_NEURONS], f"{path}: {_NEURONS}")
    try:
        plain = [neuron for neuron in neurons if not isinstance(neuron, GradedTable)]
        network = Network(architecture_of(content.preset), tuple(plain))
    except ConfigError as error:
        raise ModelFormatError(f"{path}: manifest: {error}; copy the file again") from None
    model = NetworkModel(
        content.name, content.preset, content.pipeline, network, content.config, content.about
    )
    return model, container.digest
