"""Beam credit, one word at a time: whole paths side by side, each with all that it votes for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, bits_per_vote, exp_table, fixed_log2
from tests.naive.decoding import Path, naive_beam_search, naive_context, naive_listed, naive_said
from tests.naive.graded import WORD_VOTE
from tests.naive.hashtron_filter import WORD, naive_hash

Segments: TypeAlias = tuple[int, ...]
TemplateVote: TypeAlias = tuple[int, int, int]
"""A template, the feature that its neurons read, and the vote for it."""


@dataclass(frozen=True)
class NaiveWord:
    """Letters and pronunciations, by number."""

    symbols: tuple[int, ...]
    pronunciations: tuple[Segments, ...]


@dataclass(frozen=True)
class NaivePathRule:
    """Beam, margin and `reach` in steps of score; `certain` of 2**EXP_BITS."""

    beam: int
    margin: int
    reach: int
    certain: int
    steps_told: int = 256
    """Steps behind the best path beyond which a path counts as impossible."""


@dataclass(frozen=True)
class NaiveCredit:
    """What became of a word, and its votes."""

    right: bool
    """The best path is."""
    lost: bool
    reachable: bool
    share: int = 0
    """p(right), of 2**EXP_BITS."""
    loss: int = 0
    voting: bool = False
    votes: tuple[TemplateVote, ...] = ()


def naive_history(said: Sequence[int]) -> int:
    """Hash a pronunciation: segment by segment, each number plus one added to the hash before."""
    value = 0x5EED
    for segment in said:
        value = naive_hash((value + segment + 1) & WORD, 1, WORD)
    return value


def naive_credit(model: G2PModel, word: NaiveWord, turn: int, rule: NaivePathRule) -> NaiveCredit:
    """Search a word; let each path vote for what it is owed, a lost word with a path that it is led to."""
    farthest = rule.reach * bits_per_vote(model.temperature)
    free = naive_beam_search(model, word.symbols, rule.beam, farthest)
    right = [naive_said(model, chunks) in word.pronunciations for _, chunks in free]
    led: list[Path] = []
    if not any(right):
        goal = word.pronunciations[turn % len(word.pronunciations)]
        led = naive_beam_search(model, word.symbols, rule.beam, farthest, goal)[:1]
        if not led:
            return NaiveCredit(right=False, lost=True, reachable=False)
    share, owed = naive_owed(model, [*free, *led], [*right, *[True] * len(led)], rule)
    votes: list[TemplateVote] = []
    if share < rule.certain:
        votes += naive_path_votes(model, word.symbols, free, owed[: len(free)])
        votes += naive_path_votes(model, word.symbols, led, owed[len(free) :])
    return NaiveCredit(
        right=right[0],
        lost=bool(led),
        reachable=True,
        share=share,
        loss=(EXP_BITS << LOG_BITS) - int(fixed_log2(max(1, share))),
        voting=share < rule.certain,
        votes=tuple(votes),
    )


def naive_owed(
    model: G2PModel, paths: Sequence[Path], right: Sequence[bool], rule: NaivePathRule
) -> tuple[int, list[int]]:
    """Return p(right) and what each path is owed: p+ - p in votes, rounded so that all add up to nothing."""
    costs = [cost // bits_per_vote(model.temperature) for cost, _ in paths]
    steps = [cost if good else cost - rule.margin for cost, good in zip(costs, right, strict=True)]
    told = exp_table(model.temperature, rule.steps_told).tolist()
    behind = [step - min(steps) for step in steps]
    weights = [told[far] if far < len(told) else 0 for far in behind]
    good = sum(weight for weight, is_right in zip(weights, right, strict=True) if is_right)
    owed = [-(weight * WORD_VOTE // sum(weights)) for weight in weights]
    for path, weight in enumerate(weights):
        if right[path] and good:
            owed[path] += weight * WORD_VOTE // good
    owed[right.index(True)] -= sum(owed)  # the best right path takes what rounding, or all, left over
    return good * 2**EXP_BITS // sum(weights), owed


def naive_path_votes(
    model: G2PModel, symbols: Sequence[int], paths: Sequence[Path], owed: Sequence[int]
) -> Iterator[TemplateVote]:
    """Yield the vote for each choice: paths that chose it after the same choices vote as one.

    A template that reads letters alone cannot tell what was chosen before, so there they need only agree on
    the choice itself.
    """
    reads_choices = model.templates.reads_choices().tolist()
    for position, symbol in enumerate(symbols):
        if len(naive_listed(model, symbol)) < 2:
            continue
        for template in sorted(set(model.committee.template_of)):
            shared: dict[tuple[int, ...], int] = {}
            for (_, chunks), own in zip(paths, owed, strict=True):
                known = chunks[: position + 1] if reads_choices[template] else chunks[position : position + 1]
                shared[known] = shared.get(known, 0) + own
            for known, vote in shared.items():
                before = known[:-1] if reads_choices[template] else (0,) * position
                context = naive_context(model, template, symbols, position, before)
                if vote:
                    yield template, (context + naive_key(known[-1])) & WORD, vote


def naive_key(chunk: int) -> int:
    """Spread a chunk's number over 32 bits."""
    return naive_hash(chunk, 0x60D2, WORD)
