from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.rows import ReadReport
from goldzone.data.split import (
    first_by_hash,
    split_around,
    split_in_parts,
    split_key,
    split_lexicon,
    split_of,
    without_known,
    word_keys,
)
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


@given(st.lists(words, max_size=20, unique=True), st.lists(words, max_size=6), st.lists(words, max_size=6))
def test_words_held_out_by_hand_are_never_learnt(listed: list[str], dev: list[str], test: list[str]) -> None:
    whole, own_dev, own_test = lexicon_of(listed), lexicon_of(dev), lexicon_of(test)
    split = split_around(whole, dev=own_dev, test=own_test)
    keys = [{split_key(e.word) for e in part} for part in (split.train, split.dev, split.test)]
    assert split.test.entries == own_test.entries
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]
    assert keys[0] == {split_key(word) for word in listed} - keys[1] - keys[2]


def test_with_test_words_alone_dev_words_come_from_the_lexicon() -> None:
    split = split_around(NUMBERS, test=lexicon_of(["word1", "word2", "other"]))
    assert len(split.test) == 3
    assert len(split.train) + len(split.dev) == len(NUMBERS) - 2
    assert len(split.dev) / len(NUMBERS) == pytest.approx(1 / 9, abs=0.02)
    assert {e.word for e in split_lexicon(NUMBERS).train} - {"word1", "word2"} <= {
        e.word for e in split.train
    }


def test_with_dev_words_alone_nothing_is_tested() -> None:
    split = split_around(NUMBERS, dev=lexicon_of(["word1", "other"]))
    assert (len(split.train), len(split.dev), len(split.test)) == (len(NUMBERS) - 1, 2, 0)


@given(st.lists(words, max_size=12, unique=True), st.lists(words, max_size=12))
def test_known_words_are_left_out_in_any_capitalisation(listed: list[str], known: list[str]) -> None:
    keys = word_keys(lexicon_of([word.upper() for word in known]))
    kept = without_known(lexicon_of(listed), keys)
    folded = {split_key(word) for word in known}
    assert [e.word for e in kept] == [word for word in listed if split_key(word) not in folded]
    assert keys.tolist() == sorted(set(keys.tolist()))


@given(st.lists(words, max_size=20, unique=True), st.integers(2, 5))
def test_parts_hold_each_word_once_and_capitals_together(listed: list[str], count: int) -> None:
    parts = split_in_parts(lexicon_of([*listed, *(word.upper() for word in listed)]), count)
    assert len(parts) == count
    keys = [{split_key(entry.word) for entry in part} for part in parts]
    assert sum(map(len, parts)) == 2 * len(listed)
    assert sum(map(len, keys)) == len(set().union(*keys))
