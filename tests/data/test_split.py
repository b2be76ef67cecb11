from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.rows import ReadReport
from goldzone.data.split import first_by_hash, split_key, split_lexicon, split_of
from goldzone.errors import ConfigError

LETTERS = "abcdeiklmnoprstuzßıİIéšž'- ñøæœαβγδςσάавгдийѓაბგאבגابتअआกขあ漢한"
words = st.text(alphabet=LETTERS, min_size=1, max_size=12)


def lexicon_of(names: list[str]) -> Lexicon:
    entries = tuple(Entry(name, tuple(name), (("a",),)) for name in names)
    return Lexicon("test", entries, ReadReport())


NUMBERS = lexicon_of([f"word{number}" for number in range(5000)])


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("dom", "train"),
        ("škola", "train"),
        ("voda", "train"),
        ("oko", "dev"),
        ("שלום", "dev"),
        ("house", "dev"),
        ("zub", "test"),
    ],
)
def test_the_part_of_a_word_never_changes(word: str, part: str) -> None:
    assert split_of(word) == part


@given(words)
def test_all_capitalisations_of_a_word_are_on_one_side(word: str) -> None:
    part = split_of(word)
    for variant in (word.upper(), word.lower(), word.title(), word.casefold(), word.capitalize()):
        assert split_of(variant) == part
    assert split_of(unicodedata.normalize("NFD", word)) == part


def test_turkish_capitals_are_on_the_side_of_their_small_letters() -> None:
    assert split_key("IRMAK") == split_key("ırmak")
    assert split_key("İZMİR") == split_key("izmir")


def test_every_word_is_in_exactly_one_part_in_its_order() -> None:
    split = split_lexicon(NUMBERS)
    parts = [split.train, split.dev, split.test]
    assert sorted(e.word for part in parts for e in part) == sorted(e.word for e in NUMBERS)
    for part, name in zip(parts, ("train", "dev", "test"), strict=True):
        assert [e for e in NUMBERS if split_of(e.word) == name] == list(part.entries)
        assert part.name == "test"


def test_the_parts_have_their_shares() -> None:
    split = split_lexicon(NUMBERS, (0.6, 0.25, 0.15))
    assert len(split.train) == pytest.approx(3000, abs=120)
    assert len(split.dev) == pytest.approx(1250, abs=120)
    assert len(split.test) == pytest.approx(750, abs=120)


def test_words_with_a_small_plain_digest_are_split_like_any_others() -> None:
    sampled = [e.word for e in NUMBERS if hashlib.sha256(e.word.encode()).digest()[0] < 64]
    split = split_lexicon(lexicon_of(sampled))
    assert len(split.test) == pytest.approx(0.1 * len(sampled), abs=40)
    assert len(split.train) == pytest.approx(0.8 * len(sampled), abs=60)


def test_a_larger_train_share_keeps_what_was_in_train() -> None:
    small = {e.word for e in split_lexicon(NUMBERS, (0.5, 0.25, 0.25)).train}
    assert small < {e.word for e in split_lexicon(NUMBERS, (0.7, 0.2, 0.1)).train}


@pytest.mark.parametrize("fractions", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_a_part_may_be_everything(fractions: tuple[float, float, float]) -> None:
    split = split_lexicon(NUMBERS, fractions)
    assert [len(split.train), len(split.dev), len(split.test)] == [5000 * share for share in fractions]


@pytest.mark.parametrize(
    "fractions", [(0.8, 0.1), (0.8, 0.1, 0.2), (1.2, -0.1, -0.1), (float("nan"), 0.5, 0.5)]
)
def test_what_are_no_shares_is_an_error(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError, match="fractions"):
        split_of("word", fractions)
    with pytest.raises(ConfigError, match="fractions"):
        split_lexicon(NUMBERS, fractions)


def test_a_sample_keeps_the_order_and_holds_every_smaller_sample() -> None:
    large, small = first_by_hash(NUMBERS, 700), first_by_hash(NUMBERS, 200)
    assert (len(large), len(small)) == (700, 200)
    assert set(small.entries) < set(large.entries)
    assert list(large.entries) == [e for e in NUMBERS if e in set(large.entries)]


def test_a_sample_does_not_depend_on_the_order_of_the_lexicon() -> None:
    backwards = lexicon_of([e.word for e in reversed(NUMBERS.entries)])
    assert set(first_by_hash(backwards, 50).entries) == set(first_by_hash(NUMBERS, 50).entries)


def test_a_sample_is_split_in_the_same_shares_as_the_whole() -> None:
    split = split_lexicon(first_by_hash(NUMBERS, 1000))
    assert len(split.train) == pytest.approx(800, abs=50)
    assert len(split.test) == pytest.approx(100, abs=40)


def test_a_sample_of_more_words_than_there_are_is_the_lexicon() -> None:
    assert first_by_hash(NUMBERS, 10**9) == NUMBERS
    with pytest.raises(ConfigError, match="count: 0 words"):
        first_by_hash(NUMBERS, 0)
