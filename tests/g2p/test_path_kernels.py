from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator

from goldzone.g2p.lane_kernels import Words, empty_partials
from goldzone.g2p.lessons import credit_words, empty_desk, empty_votes
from goldzone.g2p.model import G2PModel
from goldzone.g2p.path_kernels import (
    Desk,
    Lessons,
    PathRule,
    VoteList,
    fill_reachable,
    hash_pronunciations,
    set_goals,
)
from goldzone.g2p.search_arrays import ModelArrays, model_arrays
from goldzone.g2p.search_kernels import NO_TRACE, Goals, empty_room, find_earlier, search
from goldzone.hashtron.fixed_point import EXP_BITS, exp_table
from tests.g2p.small_models import small_model
from tests.naive.decoding import (
    Path,
    naive_all_paths,
    naive_beam_search,
    naive_can_end,
    naive_listed,
    naive_said,
)
from tests.naive.graded import WORD_VOTE
from tests.naive.paths import (
    NaiveCredit,
    NaivePathRule,
    NaiveWord,
    naive_credit,
    naive_history,
    naive_owed,
)

seeds = st.integers(0, 2**32 - 1)
path_rules = st.builds(
    NaivePathRule,
    beam=st.integers(1, 4),
    margin=st.integers(0, 20),
    reach=st.sampled_from([0, 3, 30, 1000]),
    certain=st.sampled_from([round(0.5 * 2**EXP_BITS), round(0.999 * 2**EXP_BITS), 2**EXP_BITS + 1]),
    steps_told=st.sampled_from([1, 5, 256]),
)


def random_word(random: Generator, model: G2PModel, length: int) -> NaiveWord:
    """Make a word with one to three pronunciations, most of which some path says."""
    symbols = tuple(random.integers(len(model.letters), size=length).tolist())
    sayings = []
    for _ in range(random.integers(1, 4)):
        said = naive_said(model, [int(random.choice(naive_listed(model, symbol))) for symbol in symbols])
        if random.random() < 0.3:
            said = (*said, int(random.integers(len(model.segments))))
        sayings.append(said)
    return NaiveWord(symbols, tuple(dict.fromkeys(sayings)))


def lessons_of_words(words: Sequence[NaiveWord]) -> Lessons:
    offsets = np.cumsum([0, *(len(word.symbols) for word in words)]).astype(np.int64)
    symbol = np.array([symbol for word in words for symbol in word.symbols], dtype=np.int32)
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    find_earlier(offsets, symbol, np.full(9, -1, dtype=np.int32), earlier)
    sayings = [said for word in words for said in word.pronunciations]
    said = np.cumsum([0, *(len(word.pronunciations) for word in words)]).astype(np.int64)
    segment_offsets = np.cumsum([0, *map(len, sayings)]).astype(np.int64)
    segments = np.array([segment for row in sayings for segment in row], dtype=np.int32)
    hashes = np.empty(len(sayings), dtype=np.uint32)
    hash_pronunciations(segment_offsets, segments, hashes)
    return Lessons(offsets, symbol, earlier, said, segment_offsets, segments, hashes)


def kernel_rule(model: G2PModel, rule: NaivePathRule) -> PathRule:
    step = model_arrays(model).softmax.bits_per_vote
    return PathRule(
        exp_table(model.temperature, rule.steps_told), rule.margin, rule.certain, np.int64(rule.reach * step)
    )


def some_words(random: Generator, model: G2PModel) -> list[NaiveWord]:
    return [random_word(random, model, int(length)) for length in random.integers(1, 6, size=5)]


@given(st.lists(st.lists(st.integers(0, 1000), max_size=5), min_size=1, max_size=5))
def test_a_pronunciation_is_hashed_segment_by_segment(sayings: list[list[int]]) -> None:
    lessons = lessons_of_words([NaiveWord((), tuple(map(tuple, sayings)))])
    assert lessons.hashes.tolist() == [naive_history(said) for said in sayings]


def led(
    model: G2PModel, words: list[NaiveWord], turn: int, beam: int, farthest: int
) -> tuple[Goals, list[list[Path]]]:
    """Search words with goals; return the goals, and the paths of each word."""
    arrays, lessons = model_arrays(model), lessons_of_words(words)
    chosen = np.arange(len(words))
    desk = empty_desk(arrays, lessons, len(words), beam)
    size = int(set_goals(lessons, chosen, turn, lessons.offsets, desk.goals))
    goals = Goals(
        desk.goals.offsets, desk.goals.segments, desk.goals.room_offsets, desk.goals.reachable[:size]
    )
    spelled = Words(lessons.offsets, lessons.symbol, lessons.earlier, arrays.classes.letters)
    goals.reachable[:] = 7  # what an earlier batch left
    fill_reachable(arrays, spelled, goals)
    partials = empty_partials(arrays, len(words), lessons.symbol.size, beam)
    search(
        arrays,
        spelled,
        goals,
        partials,
        np.int64(farthest),
        empty_room(arrays, len(words), beam),
        NO_TRACE,
    )
    found: list[list[Path]] = []
    for word in range(len(words)):
        start, stop = lessons.offsets[word : word + 2].tolist()
        side, paths = (stop - start) & 1, []
        for last in range(partials.n_ranks[side, word]):
            rank, chunks = last, []
            for index in range(stop - 1, start - 1, -1):
                chunks.append(int(partials.chunk[index, rank]))
                rank = partials.parent[index, rank]
            paths.append((int(partials.cost[side, word, last]), tuple(chunks[::-1])))
        found.append(paths)
    return goals, found


@given(seed=seeds, beam=st.integers(1, 4), turn=st.integers(0, 5), steps=st.sampled_from([0, 10, 10**6]))
def test_a_search_with_goals_keeps_what_can_still_say_them(
    seed: int, beam: int, turn: int, steps: int
) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    words = some_words(random, model)
    farthest = steps * model_arrays(model).softmax.bits_per_vote
    _, found = led(model, words, turn, beam, farthest)
    aims = [word.pronunciations[turn % len(word.pronunciations)] for word in words]
    assert found == [
        naive_beam_search(model, word.symbols, beam, farthest, aim)
        for word, aim in zip(words, aims, strict=True)
    ]


@settings(max_examples=20)
@given(seed=seeds, turn=st.integers(0, 2))
def test_a_wide_search_finds_the_best_of_all_paths_that_say_the_goal(seed: int, turn: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    words = [random_word(random, model, 4) for _ in range(3)]
    _, found = led(model, words, turn, 256, 2**62)
    for word, paths in zip(words, found, strict=True):
        aim = word.pronunciations[turn % len(word.pronunciations)]
        costs = [
            cost for cost, chunks in naive_all_paths(model, word.symbols) if naive_said(model, chunks) == aim
        ]
        assert [cost for cost, _ in paths] == sorted(costs)


@given(seed=seeds)
def test_of_each_goal_it_is_known_which_part_the_last_letters_can_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random)
    words = some_words(random, model)
    goals, _ = led(model, words, 0, 1, 0)
    expected = [
        naive_can_end(model, word.symbols[position:], word.pronunciations[0][said:])
        for word in words
        for position in range(len(word.symbols) + 1)
        for said in range(len(word.pronunciations[0]) + 1)
    ]
    assert goals.reachable.tolist() == expected


def listed_votes(arrays: ModelArrays, desk: Desk, votes: VoteList) -> Counter[tuple[int, int, int]]:
    """Return how often each (template, feature, vote) is in a list of votes."""
    found: Counter[tuple[int, int, int]] = Counter()
    for kind, templates, values in (
        (0, arrays.by_letters, desk.trace.of_words),
        (1, arrays.by_choices, desk.trace.of_partials),
    ):
        for at in range(votes.length[kind]):
            for row, template in enumerate(templates.number.tolist()):
                feature = (int(values[row, votes.column[kind, at]]) + int(votes.key[kind, at])) % 2**32
                found[template, feature, int(votes.vote[kind, at])] += 1
    return found


def check_credit(
    model: G2PModel, words: list[NaiveWord], chosen: list[int], turn: int, rule: NaivePathRule
) -> list[NaiveCredit]:
    """Credit some words twice on the same desk by the kernels, and hold it against the twin."""
    arrays, lessons = model_arrays(model), lessons_of_words(words)
    desk = empty_desk(arrays, lessons, len(chosen), rule.beam)
    votes = empty_votes(lessons, len(chosen), rule.beam)
    for _ in range(2):
        told = credit_words(arrays, lessons, np.array(chosen), turn, kernel_rule(model, rule), desk, votes)
    expected = [naive_credit(model, words[number], turn, rule) for number in chosen]
    assert told == (
        sum(credit.right for credit in expected),
        sum(credit.lost for credit in expected),
        sum(not credit.reachable for credit in expected),
        sum(credit.voting for credit in expected),
        sum(credit.loss for credit in expected),
    )
    assert desk.share[: len(chosen)].tolist() == [credit.share for credit in expected]
    assert listed_votes(arrays, desk, votes) == Counter(vote for credit in expected for vote in credit.votes)
    return expected


@given(seed=seeds, turn=st.integers(0, 5), rule=path_rules)
def test_paths_vote_for_what_they_are_owed(seed: int, turn: int, rule: NaivePathRule) -> None:
    random = np.random.default_rng(seed)
    model = small_model(random, graded=True)
    words = some_words(random, model)
    chosen = random.permutation(len(words))[: random.integers(1, len(words) + 1)].tolist()
    check_credit(model, words, chosen, turn, rule)


@settings(max_examples=60)
@given(
    paths=st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=6).filter(
        lambda paths: any(right for _, right in paths)
    ),
    rule=path_rules,
)
def test_what_is_owed_adds_up_to_nothing_and_is_p_plus_less_p(
    paths: list[tuple[int, bool]], rule: NaivePathRule
) -> None:
    """The twin itself, held against floating point."""
    model = replace(small_model(np.random.default_rng(1), graded=True), temperature=10.0)
    step = model_arrays(model).softmax.bits_per_vote
    rights = [right for _, right in paths]
    rule = replace(rule, steps_told=500)
    share, owed = naive_owed(model, [(steps * step, ()) for steps, _ in paths], rights, rule)
    assert sum(owed) == 0
    scores = np.array([-steps + (0 if right else rule.margin) for steps, right in paths]) / 10
    p = np.exp(scores - scores.max())
    good = p * rights
    assert share / 2**EXP_BITS == pytest.approx(good.sum() / p.sum(), abs=1e-5)
    if (
        good.sum() > 1e-3
    ):  # a thousand steps of the table of exponentials: its rounding is within the tolerance
        expected = good / good.sum() - p / p.sum()
        assert (np.array(owed) / WORD_VOTE).tolist() == pytest.approx(expected.tolist(), abs=0.02)


def test_all_that_can_become_of_a_word_is_met() -> None:
    """The twin's own cases: right and wrong, lost and found again, out of reach, sure and voting."""
    random = np.random.default_rng(4)
    rule = NaivePathRule(beam=3, margin=10, reach=30, certain=round(0.9 * 2**EXP_BITS))
    met: Counter[str] = Counter()
    for _ in range(12):
        model = replace(small_model(random, graded=True), temperature=10.0)
        words = some_words(random, model)
        for credit in check_credit(model, words, list(range(len(words))), 0, rule):
            met["right" if credit.right else "wrong"] += 1
            met["led" if credit.lost and credit.reachable else "free"] += 1
            met["reachable" if credit.reachable else "unreachable"] += 1
            met["voting" if credit.voting else "silent"] += 1
    assert min(met[name] for name in ("right", "wrong", "led", "free", "unreachable", "voting", "silent")) > 2
