"""The hard tallies, one sample at a time: run every combination, compare, vote or decide."""

from __future__ import annotations

from goldzone.hashtron.combiners import MajPool2D
from goldzone.hashtron.network import Network
from tests.naive.hashtron_filter import naive_hash
from tests.naive.hashtron_network import naive_run


def naive_tally(
    network: Network, neuron: int, inputs: list[list[int]], expected: list[int], salt: int, premodulo: int
) -> tuple[dict[int, int], bool]:
    """Return the non-zero vote sums by value, and whether a wrong sample voted."""
    architecture = network.architecture
    stage, position = architecture.locate(neuron)
    combiner = architecture.stages[stage].combiner
    sums: dict[int, int] = {}
    possible = False
    for row, wanted in zip(inputs, expected, strict=True):
        now = naive_run(architecture, network.neurons, row)
        flipped = naive_run(architecture, network.neurons, row, frozenset({neuron}))
        vote_for_present = 1 if now.bits[neuron] else -1
        before, after = ((run.word ^ wanted).bit_count() for run in (now, flipped))
        if combiner is None:
            vote = 1 if wanted >> position & 1 else -1
            wrong = vote != vote_for_present
        elif isinstance(combiner, MajPool2D) and _drowned(combiner, network, now.bits, stage, position):
            continue
        elif before == 0 and architecture.n_outputs > 1:
            vote, wrong = vote_for_present, False
        else:
            vote = (after - before) * vote_for_present
            wrong = before > 0
        value = now.seen[neuron]
        if premodulo:
            value = naive_hash(value, salt, premodulo)
        sums[value] = sums.get(value, 0) + vote
        possible |= wrong and vote != 0
    return {value: total for value, total in sorted(sums.items()) if total}, possible


def _drowned(pool: MajPool2D, network: Network, bits: list[int], stage: int, position: int) -> bool:
    """Tell whether the block of a bit votes the same whatever the bit."""
    numbers = network.architecture.stages[stage].neurons
    block = pool.subwidth * pool.subheight
    start = position - position % block
    votes = set()
    for value in (0, 1):
        layer = [bits[number] for number in numbers]
        layer[position] = value
        ones = sum(layer[start : start + block])
        votes.add(2 * ones - block > pool.bias)
    return len(votes) == 1


def naive_pair(
    network: Network,
    pair: tuple[int, int],
    inputs: list[list[int]],
    expected: list[int],
    salt: int,
    premodulo: int,
) -> tuple[dict[int, int], dict[int, int]]:
    """Return what is decided for the first and for the second neuron, by value."""
    a, b = pair
    architecture = network.architecture
    stage, position = architecture.locate(a)
    combiner = architecture.stages[stage].combiner
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    for row, wanted in zip(inputs, expected, strict=True):
        flips: list[set[int]] = [set(), {a}, {b}, {a, b}]
        runs = [naive_run(architecture, network.neurons, row, frozenset(flip)) for flip in flips]
        right = [(run.word ^ wanted) & 1 == 0 for run in runs]
        if combiner is None or all(right):
            continue
        if isinstance(combiner, MajPool2D) and _drowned(combiner, network, runs[0].bits, stage, position):
            continue
        seen_a, *_ = values_a = [
            naive_hash(run.seen[a], salt, premodulo) if premodulo else run.seen[a] for run in runs
        ]
        assert len(set(values_a)) == 1
        seen_b = [naive_hash(run.seen[b], salt, premodulo) if premodulo else run.seen[b] for run in runs]
        bit_a, bit_b = [run.bits[a] for run in runs], [run.bits[b] for run in runs]
        second_idle = right[0] == right[2] and right[1] == right[3]
        first_idle = right[0] == right[1] and right[2] == right[3]
        if second_idle and (right[0] or right[1]):
            choice = bit_a[0] if right[0] else bit_a[1]
            if first.get(seen_a, choice) == choice:
                first[seen_a] = choice
                continue
        if first_idle:
            untouched = bit_b[0] == bit_b[1] and bit_b[2] == bit_b[3]
            stuck = bit_b[0] == bit_b[2]
            if untouched or stuck or right[0] or right[2]:
                choice = bit_b[0] if untouched or stuck or right[0] else bit_b[2]
                if second.get(seen_b[0], choice) == choice:
                    second[seen_b[0]] = choice
                    continue
        for k in range(4):
            agrees = first.get(seen_a, bit_a[k]) == bit_a[k] and second.get(seen_b[k], bit_b[k]) == bit_b[k]
            if right[k] and agrees:
                first[seen_a], second[seen_b[k]] = bit_a[k], bit_b[k]
                break
    return dict(sorted(first.items())), dict(sorted(second.items()))
