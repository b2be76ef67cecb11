"""Credit, sample by sample: lists of positions, each a list of candidates, straight from the definitions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table, fixed_log2
from tests.naive.hashtron_filter import WORD, naive_hash


@dataclass(frozen=True)
class Position:
    """Context value, candidates' keys, the right candidate (None: not listed), weight."""

    context: int
    keys: Sequence[int]
    right: int | None
    weight: int


def naive_cells(positions: Sequence[Position], salt: int, premodulo: int) -> list[int]:
    return [
        naive_hash((position.context + key) & WORD, salt, premodulo)
        for position in positions
        for key in position.keys
    ]


def _grouped(positions: Sequence[Position], values: Sequence[int]) -> Iterator[tuple[Position, list[int]]]:
    values_left = iter(values)
    for position in positions:
        yield position, [next(values_left) for _ in position.keys]


def naive_rank_votes(
    positions: Sequence[Position], without: Sequence[int], temperature: float
) -> Iterator[float]:
    """Yield each sample's vote: target - p - p (1 - p) / (2 temperature), times the weight; 0 unlisted."""
    for position, scores in _grouped(positions, without):
        total = sum(math.exp((score - max(scores)) / temperature) for score in scores)
        for candidate, score in enumerate(scores):
            p = math.exp((score - max(scores)) / temperature) / total
            vote = (candidate == position.right) - p - p * (1 - p) / (2 * temperature)
            yield 0.0 if position.right is None else position.weight * vote


def naive_table_votes(
    positions: Sequence[Position],
    without: Sequence[int],
    right_vote: Callable[[int], int],
    wrong_vote: Callable[[int], int],
) -> Iterator[int]:
    """Yield each sample's vote by its score without the neuron."""
    for position, scores in _grouped(positions, without):
        for candidate, score in enumerate(scores):
            vote = right_vote(score) if candidate == position.right else wrong_vote(score)
            yield 0 if position.right is None else position.weight * vote


def naive_count_scores(
    positions: Sequence[Position], scores: Sequence[int]
) -> tuple[Counter[int], Counter[int]]:
    """Return the weight of right and of wrong candidates at each score."""
    right, wrong = Counter[int](), Counter[int]()
    for position, own in _grouped(positions, scores):
        if position.right is not None:
            for candidate, score in enumerate(own):
                (right if candidate == position.right else wrong)[score] += position.weight
    return right, wrong


def naive_statistics(
    sequences: Sequence[Sequence[Position]], scores: Sequence[int], temperature: float
) -> tuple[int, int, float]:
    """Return sequences all right, positions right, and the bits of loss where the right one is listed."""
    right_sequences, right_positions, loss = 0, 0, 0.0
    scores_left = iter(scores)
    for sequence in sequences:
        rights = []
        for position, own in _grouped(sequence, [next(scores_left) for p in sequence for _ in p.keys]):
            if position.right is None:
                rights.append(False)
                continue
            others = [score for candidate, score in enumerate(own) if candidate != position.right]
            rights.append(all(score < own[position.right] for score in others))
            shares = [math.exp((score - own[position.right]) / temperature) for score in own]
            loss += math.log2(sum(shares))
        right_sequences += all(rights)
        right_positions += sum(rights)
    return right_sequences, right_positions, loss


def naive_loss(positions: Sequence[Position], scores: Sequence[int], temperature: float) -> int:
    """Add up -log2 of the right candidate's share where it is listed, in the kernel's fixed point."""
    loss = 0
    for position, own in _grouped(positions, scores):
        if position.right is not None:
            told = exp_table(temperature, max(own) - min(own) + 1).tolist()
            total = sum(told[max(own) - score] for score in own)
            behind = max(own) - own[position.right]
            loss += behind * bits_per_vote(temperature) + int(fixed_log2(total)) - (EXP_BITS << LOG_BITS)
    return loss


def naive_boundary(right: Sequence[int], wrong: Sequence[int]) -> int:
    """Return the lowest cut with the most of both classes on their side, each as a share of its class."""

    def quality(cut: int) -> Fraction:
        on_side = Fraction(0)
        if sum(right):
            on_side += Fraction(sum(right[cut:]), sum(right))
        if sum(wrong):
            on_side += Fraction(sum(wrong[:cut]), sum(wrong))
        return on_side

    best = max(quality(cut) for cut in range(len(right)))
    return next(cut for cut in range(len(right)) if quality(cut) == best)


def naive_decision(votes: Sequence[int], kept: Sequence[int], threshold: int) -> tuple[list[int], int, int]:
    """Return each cell's answer, how many differ from `kept`, and the sum of the votes' absolute values."""
    new = [int(sum_ > threshold) if sum_ else old for sum_, old in zip(votes, kept, strict=True)]
    return new, sum(a != b for a, b in zip(new, kept, strict=True)), sum(map(abs, votes))
