from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.notation import Segments
from goldzone.errors import DataError
from goldzone.g2p.scoring import _resample, edit_distance, score_words
from tests.naive.scoring import naive_edit_distance, naive_resample

pronunciations = st.lists(st.sampled_from("abc"), min_size=1, max_size=6).map(tuple)
guesses = st.lists(st.sampled_from("abc"), max_size=6).map(tuple)
word_lists = st.lists(
    st.tuples(guesses, st.lists(pronunciations, min_size=1, max_size=3)), min_size=1, max_size=12
)


def distance(a: str, b: str) -> int:
    return edit_distance(np.array(list(map(ord, a)), np.int32), np.array(list(map(ord, b)), np.int32))


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("flaw", "lawn", 2),
        ("abc", "abc", 0),
        ("ab", "ba", 2),  # no transpositions
    ],
)
def test_known_distances(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == edits
    assert distance(b, a) == edits


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_the_distance_is_the_naive_one(a: str, b: str) -> None:
    assert distance(a, b) == naive_edit_distance(a, b)


@given(word_lists)
def test_rates_are_counted_from_the_nearest_listed_pronunciation(
    words: list[tuple[Segments, list[Segments]]],
) -> None:
    scores = score_words([guess for guess, _ in words], [truths for _, truths in words])
    wrong = [guess not in truths for guess, truths in words]
    nearest = [
        min((naive_edit_distance(guess, truth) / len(truth), len(truth)) for truth in truths)
        if is_wrong
        else (0, len(guess))
        for is_wrong, (guess, truths) in zip(wrong, words, strict=True)
    ]
    assert scores.words == len(words)
    assert scores.word_error == sum(wrong) / len(words)
    assert scores.word_accuracy == 1 - scores.word_error
    edits = sum(share * length for share, length in nearest)
    # Among equal shares the shorter pronunciation counts: fewer edits.
    assert scores.phoneme_error == pytest.approx(edits / sum(length for _, length in nearest))


@pytest.mark.parametrize(
    ("guess", "truths", "word_error", "phoneme_error"),
    [
        ("ab", ["ab"], 0, 0),
        ("ab", ["xx", "ab"], 0, 0),  # any listed one is right
        ("ab", ["ax", "xyzw"], 1, 1 / 2),
        ("abcd", ["b", "abcx"], 1, 1 / 4),  # 1 of 4, not 3 of 1
        ("", ["abc"], 1, 1),
        ("abcabc", ["a"], 1, 5),  # may exceed 1
    ],
)
def test_one_word(guess: str, truths: list[str], word_error: float, phoneme_error: float) -> None:
    scores = score_words([tuple(guess)], [list(map(tuple, truths))])
    assert (scores.word_error, scores.phoneme_error) == (word_error, phoneme_error)


def test_segmentation_makes_no_word_wrong_and_the_listed_one_is_counted() -> None:
    scores = score_words([("t", "͡s", "a"), ("b",)], [[("t͡s", "a")], [("c",)]])
    assert scores.word_error == 1 / 2
    assert scores.phoneme_error == 1 / 3  # one edit over two listed segments and one


@given(words=word_lists, seed=st.integers(0, 2**32 - 1))
def test_intervals_hold_the_estimate_and_repeat(
    words: list[tuple[Segments, list[Segments]]], seed: int
) -> None:
    predicted, listed = [guess for guess, _ in words], [truths for _, truths in words]
    scores = score_words(predicted, listed, seed=seed)
    assert scores == score_words(predicted, listed, seed=seed)
    for estimate, interval in (
        (scores.word_error, scores.word_error_interval),
        (scores.phoneme_error, scores.phoneme_error_interval),
    ):
        assert interval.low <= estimate + 1e-12
        assert estimate <= interval.high + 1e-12


def half_wrong(count: int) -> tuple[list[Segments], list[list[Segments]]]:
    return [("a",)] * count, [[("a",)], [("b",)]] * (count // 2)


def test_another_seed_is_another_bootstrap() -> None:
    intervals = {score_words(*half_wrong(200), seed=seed).word_error_interval for seed in range(4)}
    assert len(intervals) > 1


def test_more_words_are_a_narrower_interval() -> None:
    few, many = (score_words(*half_wrong(count)).word_error_interval for count in (20, 2000))
    assert (many.high - many.low) * 5 < few.high - few.low
    # Half of 2,000 words: the normal approximation is 1.96 * sqrt(0.25 / 2000).
    assert (many.high - many.low) / 2 == pytest.approx(0.0219, rel=0.1)


def test_the_interval_agrees_with_all_resamples_of_four_words() -> None:
    predicted: list[Segments] = [("a",), ("a", "a"), ("b",), ("c", "c", "c")]
    listed: list[Sequence[Segments]] = [[("a",)], [("a", "b")], [("x", "y")], [("c", "c", "d")]]
    edits, lengths = [0, 1, 2, 1], [1, 2, 2, 3]
    ratios = sorted(
        sum(edits[word] for word in drawn) / sum(lengths[word] for word in drawn)
        for drawn in itertools.product(range(4), repeat=4)
    )
    interval = score_words(predicted, listed).phoneme_error_interval
    # A thousand draws put the 2.5 % quantile between the exact 1 % and 5 % ones.
    assert ratios[int(0.01 * 256)] <= interval.low <= ratios[int(0.05 * 256)]
    assert ratios[int(0.95 * 256)] <= interval.high <= ratios[int(0.99 * 256)]


@given(
    counts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=20),
    state=st.integers(0, 2**64 - 1),
)
def test_a_resample_is_the_naive_one(counts: list[tuple[int, int]], state: int) -> None:
    columns = np.array(counts, dtype=np.int64).T.copy()
    sums = _resample(columns, np.array([state, 1], dtype=np.uint64))
    assert sums[:, 0].tolist() == naive_resample(columns.tolist(), state)
    assert sums[:, 1].tolist() == naive_resample(columns.tolist(), 1)


def test_every_word_is_drawn_equally_often() -> None:
    states = np.random.default_rng(3).integers(2**64, size=4000, dtype=np.uint64)
    drawn = _resample(np.eye(5, dtype=np.int64), states)
    assert (drawn.sum(axis=0) == 5).all()
    # The standard error of a mean of 4,000 binomial draws (5, 1/5) is 0.014.
    assert drawn.mean(axis=1) == pytest.approx([1] * 5, abs=0.06)


def test_no_word_cannot_be_scored() -> None:
    with pytest.raises(DataError, match="no word to score"):
        score_words([], [])
