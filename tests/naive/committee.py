"""A committee on samples, one sample and one neuron at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from goldzone.data.samples import Samples
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import BitTable
from tests.naive.hashtron_filter import WORD, naive_hash
from tests.naive.hashtron_network import naive_bit

Votes: TypeAlias = tuple[Sequence[int], Sequence[int]]
"""Vote of a right and of a wrong candidate by its score."""


def naive_features(samples: Samples, template: int) -> list[int]:
    """Return context value plus candidate key of every candidate of every position, in order."""
    features = []
    for position, symbol in enumerate(samples.symbol.tolist()):
        start, stop = samples.candidate_offsets[symbol : symbol + 2].tolist()
        context = int(samples.context[template, position])
        features += [(context + int(samples.candidate_key[key])) & WORD for key in range(start, stop)]
    return features


def naive_scores(committee: Committee, samples: Samples) -> list[int]:
    """Count, for every sample, the context neurons that answer 1."""
    scores = [0] * samples.n_samples
    for template, table in zip(committee.template_of, committee.bit_tables, strict=True):
        for sample, feature in enumerate(naive_features(samples, template)):
            scores[sample] += naive_bit(table, feature)
    return scores


def naive_answers(committee: Committee, scores: list[int]) -> list[int]:
    """Ask the final neuron about every score."""
    known = {score: naive_bit(committee.final, score) for score in set(scores)}
    return [known[score] for score in scores]


def naive_right_positions(samples: Samples, scores: list[int]) -> list[bool]:
    """Tell, for every position, whether its right candidate alone has the highest score."""
    rights = []
    for position, gold in enumerate(samples.gold.tolist()):
        start, stop = samples.sample_offsets[position : position + 2].tolist()
        own = scores[start:stop]
        rights.append(gold >= 0 and own[gold] == max(own) and own.count(own[gold]) == 1)
    return rights


def naive_right_answers(committee: Committee, samples: Samples, neuron: int) -> list[int]:
    """Return what a context neuron answers to every right candidate that is listed."""
    features = naive_features(samples, committee.template_of[neuron])
    starts = samples.sample_offsets.tolist()
    return [
        naive_bit(committee.bit_tables[neuron], features[starts[position] + gold])
        for position, gold in enumerate(samples.gold.tolist())
        if gold >= 0
    ]


def naive_learnt(
    committee: Committee, samples: Samples, neuron: int, kept: Sequence[int], votes: Votes, threshold: int
) -> Committee:
    """Decide a silent context neuron by votes on the scores; cells without votes answer as in `kept`."""
    salt = committee.bit_tables[neuron].salt
    scores = naive_scores(committee, samples)
    features = naive_features(samples, committee.template_of[neuron])
    sums = [0] * len(kept)
    for position, gold in enumerate(samples.gold.tolist()):
        start, stop = samples.sample_offsets[position : position + 2].tolist()
        for sample in range(start, stop):
            vote = votes[0 if sample - start == gold else 1][scores[sample]]
            weight = 0 if gold < 0 else int(samples.weight[position])
            sums[naive_hash(features[sample], salt, len(kept))] += weight * vote
    bits = [total > threshold if total else old for total, old in zip(sums, kept, strict=True)]
    return with_table(committee, neuron, BitTable.from_bits(salt, bits))


def with_table(committee: Committee, neuron: int, table: BitTable) -> Committee:
    tables = list(committee.bit_tables)
    tables[neuron] = table
    return replace(committee, tables=tuple(tables))


def naive_pair_learnt(
    committee: Committee,
    samples: Samples,
    pair: tuple[int, int],
    premodulos: tuple[int, int],
    votes: Callable[[Committee], Votes],
    threshold: int,
) -> Committee:
    """Silence two context neurons, then decide the first, then the second."""
    kept = []
    for neuron, premodulo in zip(pair, premodulos, strict=True):
        old = committee.bit_tables[neuron]
        silent = [False] * premodulo
        kept.append(old.bits().tolist() if old.premodulo == premodulo else silent)
        committee = with_table(committee, neuron, BitTable.from_bits(old.salt, silent))
    for neuron, answers in zip(pair, kept, strict=True):
        committee = naive_learnt(committee, samples, neuron, answers, votes(committee), threshold)
    return committee
