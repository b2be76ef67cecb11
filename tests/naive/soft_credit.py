"""Margin credit, one sample at a time: run the network with the neuron's bit 0 and 1, weigh, vote."""

from __future__ import annotations

from goldzone.hashtron.fixed_point import exp_table, fixed_log2
from goldzone.hashtron.network import Network
from tests.naive.hashtron_network import naive_run

LOG_STEP = 256
"""`fixed_log2` has 16 fraction bits, evidence 8."""


def naive_evidence(values: list[int], labels: list[int]) -> dict[int, int]:
    """Return how many 1/256 bits each final value speaks for "yes"."""
    total, yes_total = len(labels), sum(labels)
    no_total = total - yes_total
    found = dict.fromkeys(values, 0)
    if not yes_total or not no_total:
        return found

    def bits(count: int) -> int:
        return int(fixed_log2(count)) // LOG_STEP

    for value in found:
        said = [label for seen, label in zip(values, labels, strict=True) if seen == value]
        yes, no = sum(said), len(said) - sum(said)
        # Four samples are added in the shares of the prior; a common factor, the total, keeps it in integers.
        for_yes = bits(yes * total + 4 * yes_total) - bits(4 * yes_total)
        for_no = bits(no * total + 4 * no_total) - bits(4 * no_total)
        found[value] = for_yes - for_no
    return found


def naive_margin_votes(
    network: Network,
    neuron: int,
    inputs: list[list[int]],
    expected: list[int],
    temperature: float,
) -> list[tuple[int, int]]:
    """Return (what the neuron sees, its vote) of each sample; not for a neuron of the last layer."""
    architecture = network.architecture
    last = architecture.stages[-1].neurons
    present = [naive_run(architecture, network.neurons, row) for row in inputs]
    flipped = [naive_run(architecture, network.neurons, row, frozenset({neuron})) for row in inputs]
    votes = [0] * len(inputs)
    steps = temperature * 16
    reach = int(4 * steps)
    table = exp_table(steps, reach + int(12 * steps) + 1).tolist()
    for output, number in enumerate(last):
        labels = [word >> output & 1 for word in expected]
        values = [run.seen[number] for run in present]
        evidence = naive_evidence(values, labels)
        counts = [max(1, labels.count(k)) for k in (0, 1)]
        for k in range(len(inputs)):
            pair = [present[k], flipped[k]]
            if present[k].bits[neuron]:
                pair.reverse()
            with_zero, with_one = (evidence.get(run.seen[number], 0) for run in pair)
            sign = 1 if labels[k] else -1
            margin = (sign * (with_zero + with_one)) // 32  # twice the mean, from 1/256 to 1/16 bits
            decay = table[max(0, min(margin + reach, len(table) - 1))]
            weight = (decay << 14) * len(inputs) // (2 * counts[labels[k]] * table[reach])
            votes[k] += sign * weight * (with_one - with_zero)
    return [(run.seen[neuron], vote) for run, vote in zip(present, votes, strict=True)]
