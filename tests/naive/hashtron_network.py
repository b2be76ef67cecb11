"""A network, one sample and one neuron at a time."""

from __future__ import annotations

from dataclasses import dataclass

from goldzone.hashtron.architecture import Architecture, HashtronLayer
from goldzone.hashtron.combiners import Combiner
from goldzone.hashtron.neuron import BitTable, Neuron
from tests.naive.hashtron_combiners import naive_feature
from tests.naive.hashtron_filter import WORD, naive_hash, naive_look_up


def naive_bit(neuron: Neuron, feature: int) -> int:
    if isinstance(neuron, BitTable):
        cell = naive_hash(feature, neuron.salt, neuron.premodulo)
        return neuron.cells[cell // 8] >> (cell % 8) & 1
    for salt, maximum in neuron.program:
        feature = naive_hash(feature, salt, maximum)
    return naive_look_up(neuron.filter, feature)


@dataclass
class NaiveRun:
    """Output word, and for each neuron number what it saw and answered."""

    word: int
    seen: list[int]
    bits: list[int]


def naive_run(
    architecture: Architecture,
    neurons: tuple[Neuron, ...],
    inputs: list[int],
    flips: frozenset[int] = frozenset(),
) -> NaiveRun:
    """Run one sample with the bits of `flips` inverted; a last layer without combiner is never flipped."""
    run = NaiveRun(0, [], [])
    features = inputs
    before: list[int] = []
    bits: list[int] = []
    source: Combiner | None = None
    for index, layer in enumerate(architecture.layers):
        if not isinstance(layer, HashtronLayer):
            source = layer
            continue
        last = index == len(architecture.layers) - 1
        numbers = range(layer.neurons)
        if source is not None:
            features = [naive_feature(source, bits, 0 if last else i) for i in numbers]
        else:
            features = [features[0 if len(features) == 1 else i] for i in numbers]
        if layer.residual:
            features = [(feature + before[0 if last else i]) & WORD for i, feature in enumerate(features)]
        before, bits = features, []
        for i in numbers:
            number = len(run.bits)
            seen = naive_hash(features[i], i, layer.premodulo) if layer.premodulo else features[i]
            bit = naive_bit(neurons[number], seen) ^ (number in flips and not last)
            bits.append(bit)
            run.bits.append(bit)
            run.seen.append(seen)
    trailing = architecture.layers[-1]
    for j in range(len(bits)):
        output = bits[j] if isinstance(trailing, HashtronLayer) else naive_feature(trailing, bits, j)
        run.word |= output << j & 0xFFFF
    return run
