"""A committee on samples, one sample and one neuron at a time."""

from __future__ import annotations

from goldzone.data.samples import Samples
from goldzone.hashtron.committee import Committee
from tests.naive.hashtron_filter import WORD
from tests.naive.hashtron_network import naive_bit


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
    for template, table in zip(committee.template_of, committee.tables, strict=True):
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
