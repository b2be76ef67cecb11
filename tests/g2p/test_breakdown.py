from __future__ import annotations

import numpy as np
import pytest

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.rows import ReadReport
from goldzone.errors import DataError
from goldzone.g2p.breakdown import SaidWord, Share, by_length, by_letter, surest_errors
from goldzone.g2p.comparison import compare, words_said_in
from goldzone.g2p.scoring import resampled_difference


def said(word: str, *, right: bool, probability: float | None = None) -> SaidWord:
    return SaidWord(word, tuple(word), tuple(word), (tuple(word),), right, probability)


WORDS = [
    said("ab", right=True, probability=0.9),
    said("abc", right=False, probability=0.2),
    said("cc", right=False, probability=0.8),
    said("ad", right=True),
    said("ba", right=True),
    said("aab", right=False),
]


def test_by_length() -> None:
    assert by_length(WORDS) == [Share("2", 4, 1), Share("3", 2, 2)]
    assert by_length([]) == []


def test_letters_that_bring_most_errors_come_first() -> None:
    # Half of the words are wrong: c has two of two wrong, a and b two of five and four, d none of one.
    assert by_letter(WORDS, least=1) == [
        Share("c", 2, 2),
        Share("b", 4, 2),
        Share("a", 5, 2),
        Share("d", 1, 0),
    ]
    assert [share.of for share in by_letter(WORDS, least=4)] == ["b", "a"]


def test_the_surest_errors_come_first() -> None:
    assert [word.word for word in surest_errors(WORDS)] == ["cc", "abc", "aab"]


def lexicon(rows: dict[str, tuple[str, ...]]) -> Lexicon:
    entries = tuple(
        Entry(word, tuple(word), tuple(tuple(text) for text in texts)) for word, texts in rows.items()
    )
    return Lexicon("test", entries, ReadReport())


def test_what_another_program_said_is_judged_by_its_first_pronunciation() -> None:
    judged = lexicon({"a": ("x", "y"), "b": ("x",), "c": ("x",)})
    found = words_said_in(lexicon({"b": ("y", "x"), "a": ("y",), "z": ("x",)}), judged, by_segments=False)
    assert [(word.word, word.said, word.right) for word in found] == [
        ("a", ("y",), True),
        ("b", ("y",), False),
        ("c", (), False),
    ]


def test_two_are_compared_word_by_word() -> None:
    first = [said(str(number), right=number % 2 == 0) for number in range(100)]
    second = [said(str(number), right=number % 10 == 1) for number in range(100)]
    found = compare(first, second)
    assert (found.first, found.second) == (0.5, 0.9)
    assert found.difference == pytest.approx(-0.4)
    assert len(found.only_first) == 50
    assert found.only_second == tuple(str(number) for number in range(1, 100, 10))
    assert found.beyond_doubt
    assert found.interval.low < -0.4 < found.interval.high
    assert not compare(first, first).beyond_doubt
    with pytest.raises(DataError, match="the same words"):
        compare(first, second[1:])


def test_the_interval_of_a_difference_is_that_of_pairs() -> None:
    """Where both err on the same words the difference is known exactly; where on others, it is not."""
    generator = np.random.default_rng(1)
    one = (generator.random(400) < 0.3).astype(np.int64)
    same = resampled_difference(np.stack((one, one)))
    assert (same.low, same.high) == (0, 0)
    other = (generator.random(400) < 0.3).astype(np.int64)
    apart = resampled_difference(np.stack((one, other)))
    expected = 1.96 * np.sqrt((one - other).var() / 400)
    assert apart.high - apart.low == pytest.approx(2 * expected, rel=0.15)


def test_figures_are_json_values() -> None:
    assert Share("a", 4, 1).to_json() == {"of": "a", "words": 4, "wrong": 1, "share": 0.25}
