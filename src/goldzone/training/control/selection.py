"""Which neurons of a layer are trained, and in which order (epic, "Neuron Selection").

Strategies are pure: what they know is each neuron's last sum, the thresholds of the gold zone, the sweep, and
words of a named stream. A layer is handled as arrays, so that one of 65,535 neurons costs milliseconds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ConfigError
from goldzone.plugins import PluginError, is_plugin, plugin
from goldzone.training.sums.measurement import GoldZone, Regime, check_sum

__all__ = ["STRATEGIES", "Selection", "SelectionInput", "select_neurons"]

_MODERATE: Final = 0.5
"""Moderate margins reach half the way from the gold zone's edge to the extreme (0 or 1)."""

_UNTRAINED, _GOLD_ZONE, _MODERATE_MARGIN, _FAR = range(4)


@dataclass(frozen=True, slots=True)
class Selection:
    """The neurons of a layer that a sweep trains, and why."""

    positions: tuple[int, ...]
    """In the order in which they are trained, each once."""
    groups: Mapping[str, int]
    """How many of them were chosen as "untrained", "gold_zone", "moderate" or "explored", or by "fixed" or
    "random"; groups that gave none are left out."""
    gold_zone: int
    """How many of the layer's neurons are in the gold zone, chosen or not."""
    reason: str
    """The groups in words."""


@dataclass(frozen=True, eq=False, slots=True)
class _Layer:
    """What the strategies see of a layer: `group` and `distance` are those of `_classify`."""

    group: NDArray[np.int8]
    distance: NDArray[np.float64]
    words: NDArray[np.uint32]
    sweep: int
    exploration: float


@dataclass(frozen=True, slots=True)
class _Choice:
    """Positions in order, and (group, how many, in words) of what they come from."""

    positions: NDArray[np.int64]
    groups: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, eq=False, slots=True)
class SelectionInput:
    """What a plug-in of the group ``goldzone.selectors`` chooses by; it returns positions, each once."""

    sums: NDArray[np.int64]
    """int64[n_neurons]: each neuron's last S."""
    samples: NDArray[np.int64]
    """int64[n_neurons]: N; 0 where never trained."""
    count: int
    """How many it may choose, at most all."""
    words: NDArray[np.uint32]
    """uint32[n_neurons]: from a named stream, its only chance."""
    sweep: int
    """From 1."""
    zone: GoldZone


Strategy: TypeAlias = Callable[[_Layer, int], _Choice]


def select_neurons(
    strategy: str,
    sums: NDArray[np.int64],
    samples: NDArray[np.int64],
    count: int,
    words: NDArray[np.uint32],
    *,
    sweep: int,
    zone: GoldZone,
    exploration: float = 0.0,
) -> Selection:
    """Choose the neurons of one layer to train, in order.

    Parameters
    ----------
    strategy : {"gold_zone", "fixed", "random"}, or ``plugin/NAME``
        ``gold_zone``: neurons never trained, by position (so first sweeps train every one); then those
        in the gold zone, nearest to its middle first; then moderate margins, nearest to the zone first;
        then the others in random order. ``fixed``: by position, each sweep going on where the one before
        stopped, round and round; a whole layer always begins at position 0. ``random``: in random order.
    sums, samples : int64[n_neurons]
        Each neuron's last sum S and number of samples N; N is 0 where never trained.
    count : int
        How many to choose; a layer with fewer gives them all.
    words : uint32[n_neurons]
        From a named stream (`goldzone.training.streams`); the random order. Ties go by position.
    sweep : int
        From 1.
    zone : GoldZone
    exploration : float
        Share, 0 to 1, of the choices left after the neurons never trained that ``gold_zone`` draws at random
        from all that would not be chosen otherwise; at least one choice if it is above 0. With 0 (the epic's
        order) a neuron far from the zone waits as long as others fill the count.

    Raises
    ------
    ConfigError
        If the strategy is unknown, the count negative, the sweep below 1, the exploration no share, or there
        is not one word per neuron.
    StateError
        If a sum is not possible.
    """
    if not is_plugin(strategy) and strategy not in STRATEGIES:
        raise ConfigError(f"selection.strategy: {strategy!r} is unknown; use one of {', '.join(STRATEGIES)}")
    if count < 0:
        raise ConfigError(f"count: {count} neurons cannot be selected; give 0 or more")
    if sweep < 1:
        raise ConfigError(f"sweep: {sweep} is not possible; sweeps count from 1")
    if not 0 <= exploration <= 1:
        raise ConfigError(f"selection.exploration: {exploration} is no share; give 0 to 1")
    if len(words) != len(sums):
        raise ConfigError(f"words: {len(words)} for {len(sums)} neurons; give one for each")
    group, distance = _classify(sums, samples, zone)
    if is_plugin(strategy):
        given = SelectionInput(sums, samples, min(count, len(sums)), words, sweep, zone)
        positions = _brought(strategy, given)
        return Selection(
            positions,
            {"plugin": len(positions)} if positions else {},
            int(np.count_nonzero(group == _GOLD_ZONE)),
            f"{len(positions)} by {strategy}",
        )
    layer = _Layer(group, distance, words, sweep, exploration)
    choice = STRATEGIES[strategy](layer, min(count, len(sums)))
    present = [(name, chosen, text) for name, chosen, text in choice.groups if chosen]
    return Selection(
        positions=tuple(choice.positions.tolist()),
        groups={name: chosen for name, chosen, _ in present},
        gold_zone=int(np.count_nonzero(group == _GOLD_ZONE)),
        reason=", ".join(f"{chosen} {text}" for _, chosen, text in present) or "none",
    )


def _brought(name: str, given: SelectionInput) -> tuple[int, ...]:
    """Let a plug-in choose, and check what it chose."""
    try:
        positions = tuple(map(operator.index, plugin("goldzone.selectors", name)(given)))
    except TypeError:
        raise PluginError(f"{name}: gave no positions; mend it") from None
    known = len(set(positions)) == len(positions) <= given.count
    if not known or not all(0 <= position < given.sums.size for position in positions):
        raise PluginError(
            f"{name}: chose {len(positions)} positions; give at most {given.count}, each once, "
            f"from 0 to {given.sums.size - 1}"
        )
    return positions


def _gold_zone(layer: _Layer, count: int) -> _Choice:
    # Far from the zone, the random words stand in for the distance.
    rank = np.where(layer.group == _FAR, layer.words, layer.distance)
    order = np.lexsort((rank, layer.group))  # stable: ties stay in the order of positions
    untrained = min(count, int(np.count_nonzero(layer.group == _UNTRAINED)))
    drawn = _share_of(count - untrained, layer.exploration)
    chosen, rest = order[: count - drawn], order[count - drawn :]
    explored = rest[np.lexsort((rest, layer.words[rest]))][:drawn]
    gold, moderate, far = (
        int(np.count_nonzero(layer.group[chosen] == group)) for group in (_GOLD_ZONE, _MODERATE_MARGIN, _FAR)
    )
    return _Choice(
        np.concatenate((chosen, explored)),
        (
            ("untrained", untrained, "never trained"),
            ("gold_zone", gold, "in the gold zone nearest its middle"),
            ("moderate", moderate, "moderate"),
            ("explored", far + drawn, "by exploration"),
        ),
    )


def _fixed(layer: _Layer, count: int) -> _Choice:
    size = layer.words.size
    start = (layer.sweep - 1) * count % max(1, size)
    positions = (start + np.arange(count)) % max(1, size)
    return _Choice(positions, (("fixed", count, f"by position from {start}"),))


def _random(layer: _Layer, count: int) -> _Choice:
    return _Choice(np.argsort(layer.words, kind="stable")[:count], (("random", count, "at random"),))


STRATEGIES: Final[dict[str, Strategy]] = {"gold_zone": _gold_zone, "fixed": _fixed, "random": _random}
"""Strategies by their name in the configuration."""


def _share_of(count: int, share: float) -> int:
    """Return how many of `count` a share is, rounded half to even, but at least one if both are above 0."""
    return min(count, max(1, round(share * count))) if share > 0 else 0


def _classify(
    sums: NDArray[np.int64], samples: NDArray[np.int64], zone: GoldZone
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Put each neuron into a group, with its distance there: the nearer, the earlier it is chosen.

    In the gold zone the distance is that from the zone's middle, as a margin. Outside it is 0 at the zone's
    edge and 1 at the extreme, each side measured by its own width: otherwise the noisy side, sqrt(N)/N
    wide, would always come first.

    Returns
    -------
    int8[n_neurons], float64[n_neurons]
    """
    for position in np.flatnonzero(np.abs(sums) > samples).tolist():
        check_sum(int(sums[position]), int(samples[position]))
    trained, n = samples > 0, np.maximum(samples, 1)
    regimes = zone.regimes(sums, samples)
    collapsed, inside = regimes[Regime.COLLAPSED], regimes[Regime.GOLD_ZONE]
    margin, lower = np.abs(sums) / n, zone.floor(n) / n
    width = np.where(collapsed, 1 - zone.collapse, lower)
    outside = np.where(collapsed, margin - zone.collapse, lower - margin)
    fraction = np.divide(outside, width, out=np.ones_like(width), where=width > 0)
    distance = np.where(inside, np.abs(margin - (lower + zone.collapse) / 2), fraction)
    group = np.select(
        [~trained, inside, fraction < _MODERATE], [_UNTRAINED, _GOLD_ZONE, _MODERATE_MARGIN], _FAR
    )
    return group.astype(np.int8), np.where(trained, distance, 0.0)
