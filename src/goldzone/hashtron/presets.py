"""Architectures in use, by name: those of the reference's programs, and goldzone's own committees."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import Architecture, HashtronLayer, Layer
from goldzone.hashtron.combiners import CrossAttention, Full, MajPool2D, Stochastic, Sum
from goldzone.plugins import PluginError, is_plugin, plugin

__all__ = [
    "PRESETS",
    "context_committee",
    "isalnum",
    "isvirus",
    "mnist",
    "preset",
    "squareroot",
    "ulevel",
    "windowed_committee",
]

_PATTERN_BITS = 4


def ulevel() -> Architecture:
    """Phonemizer and homographs: 241 neurons in eleven layers, residual in the middle."""
    width = 24
    layers: list[Layer] = [HashtronLayer(width)]
    for seed, pattern_bits in enumerate((32, 24, 16, 8)):
        layers += [
            CrossAttention(width, 1, queries=True),
            HashtronLayer(width, residual=True),
            Stochastic(width, pattern_bits, seed),
            HashtronLayer(width, residual=True),
        ]
    layers += [Stochastic(width, 32, 4), HashtronLayer(width), Sum((width,)), HashtronLayer(1)]
    return Architecture(tuple(layers))


def squareroot() -> Architecture:
    """Square roots of 10-bit numbers: a majority pyramid, five output bits that read one 25-bit pattern."""
    return Architecture(
        (
            HashtronLayer(375, premodulo=32),
            MajPool2D(375, 1, 1, 1, 5, 1),
            HashtronLayer(75, premodulo=32),
            MajPool2D(25, 1, 3, 1, 25, 1),
            HashtronLayer(5),
        )
    )


def isvirus() -> Architecture:
    """Malware by sampled bytes: 225 neurons pooled to 15, then one."""
    return Architecture(
        (
            HashtronLayer(225, premodulo=1 << 15),
            MajPool2D(225, 1, 1, 1, 15, 1),
            HashtronLayer(15, premodulo=1 << 15),
            MajPool2D(15, 1, 1, 1, 15, 1),
            HashtronLayer(1),
        )
    )


def mnist() -> Architecture:
    """Digits by pixel groups: 80 neurons pooled to 20, then to 5 output bits."""
    return Architecture(
        (
            HashtronLayer(80, premodulo=1 << 10),
            MajPool2D(80, 1, 1, 1, 4, 1),
            HashtronLayer(20, premodulo=1 << 10),
            MajPool2D(20, 1, 1, 1, 4, 1),
            HashtronLayer(5, premodulo=1 << 16),
            Full(5, 1, 1),
        )
    )


def isalnum() -> Architecture:
    """Letters and digits among the bytes: a single neuron."""
    return Architecture((HashtronLayer(1),))


def context_committee(n_context: int, pattern_layers: Sequence[int] = ()) -> Architecture:
    """Context neurons that vote: each reads its own feature column; one final neuron reads the count of ones.

    Parameters
    ----------
    n_context : int
        Number of context neurons, W.
    pattern_layers : sequence of int
        Neurons of each layer of look-up tables in between; each reads four bits of the layer below, chosen
        by hash.

    Notes
    -----
    The hash chooses nearly the same bits for neighbouring neurons (see `Stochastic`): a pattern layer of n
    neurons reads about n + 3 different bits; the rest cannot matter. `windowed_committee` reads every bit.
    """
    layers: list[Layer] = [HashtronLayer(n_context)]
    width = n_context
    for seed, neurons in enumerate(pattern_layers):
        layers += [Stochastic(width, _PATTERN_BITS, seed), HashtronLayer(neurons)]
        width = neurons
    return Architecture((*layers, Sum((width,)), HashtronLayer(1)))


def windowed_committee(n_context: int, pattern_layers: Sequence[int] = ()) -> Architecture:
    """Return a `context_committee` whose pattern layers read every bit below exactly once.

    A pattern layer of n neurons above w bits reads n windows of w / n neighbouring bits. Each n must divide
    w, with windows of at most 32 bits.
    """
    layers: list[Layer] = [HashtronLayer(n_context)]
    width = n_context
    for neurons in pattern_layers:
        if neurons < 1 or width % neurons:
            raise ConfigError(f"pattern layer of {neurons} neurons does not divide the {width} bits below")
        layers += [Full(width, width // neurons, width // neurons), HashtronLayer(neurons)]
        width = neurons
    return Architecture((*layers, Sum((width,)), HashtronLayer(1)))


PRESETS: dict[str, Callable[..., Architecture]] = {
    "context_committee": context_committee,
    "isalnum": isalnum,
    "isvirus": isvirus,
    "mnist": mnist,
    "multi": ulevel,
    "squareroot": squareroot,
    "ulevel": ulevel,
    "windowed_committee": windowed_committee,
}
"""Every preset by name; the committees take arguments."""


def preset(name: str, *arguments: int | Sequence[int]) -> Architecture:
    """Return the architecture of a name, or of a plug-in, with the arguments of its function.

    Raises
    ------
    ConfigError
        If there is no such preset, or it takes other arguments.
    """
    if is_plugin(name):
        made = plugin("goldzone.architectures", name)(*arguments)
        if not isinstance(made, Architecture):
            raise PluginError(f"{name}: gave no Architecture; mend it")
        return made
    if name not in PRESETS:
        raise ConfigError(f"unknown architecture {name!r}; known are {', '.join(sorted(PRESETS))}")
    try:
        return PRESETS[name](*arguments)
    except TypeError:
        raise ConfigError(f"architecture {name!r} does not take the arguments {arguments}") from None
