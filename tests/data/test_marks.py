from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import product
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.alignment import align
from goldzone.data.builtin import load_builtin
from goldzone.data.letters import letters_of
from goldzone.data.lexicon import Entry
from goldzone.data.marks import align_parted, own_sounds, part_marks, uncertainty

TONES = {"\u0300": "˨˩", "\u0301": "˧˦"}
"""Grave and acute."""


def entry(word: str, pronunciation: Iterable[str]) -> Entry:
    return Entry(word, letters_of(word), (tuple(pronunciation),))


def tonal_words() -> list[Entry]:
    """Syllables of a consonant, a vowel with a tone mark or none, and a consonant; the tone is said last."""
    return [
        entry(f"{first}{vowel}{mark}{last}", [first, vowel, last, TONES.get(mark, "˧˧")])
        for first, vowel, mark, last in product("ktb", "aou", ("", *TONES), "nmk")
    ]


@pytest.mark.parametrize(
    ("word", "parted"),
    [
        ("hoàn", "hoan\u0300"),
        ("hoàn ấm", "hoan\u0300 âm\u0301"),
        ("ặ-à", "ặ-a\u0300"),
        ("à'ờ", "a\u0300'ơ\u0300"),
        ("àé", "ae\u0300\u0301"),
        ("ôm", "ôm"),
    ],
)
def test_marks_go_to_the_end_of_their_run_of_letters(word: str, parted: str) -> None:
    assert part_marks(letters_of(word), "".join(TONES)) == tuple(parted)


@given(st.text("aàáâấ -k").map(letters_of))
def test_without_marks_the_letters_stay_as_they_are(letters: tuple[str, ...]) -> None:
    assert part_marks(letters, "") == letters
    assert part_marks(letters, "\u0323") == letters


@given(st.text("aàáâấặ -'k").map(letters_of))
def test_no_mark_is_lost(letters: tuple[str, ...]) -> None:
    parted = part_marks(letters, "".join(TONES))
    assert sorted(unicodedata.normalize("NFD", "".join(parted))) == sorted(
        unicodedata.normalize("NFD", "".join(letters))
    )
    assert part_marks(parted, "".join(TONES)) == parted


def test_marks_that_go_with_a_segment_are_found() -> None:
    assert own_sounds(tonal_words()) == "\u0300\u0301"


def test_a_mark_that_only_makes_another_letter_has_no_sound_of_its_own() -> None:
    assert own_sounds([entry(f"{a}ñ{b}", [a, "ɲ", b]) for a, b in product("aoi", "aoi")]) == ""


def test_a_mark_that_says_no_segment_has_no_sound_of_its_own() -> None:
    long = {"á": "aː", "ó": "oː", "ú": "uː"}
    assert own_sounds([entry(f"{a}k{b}", [long[a], "k", long[b]]) for a, b in product(long, long)]) == ""


def test_marks_are_parted_where_that_leaves_less_uncertainty() -> None:
    aligned, marks = align_parted(tonal_words())
    assert marks == "\u0300\u0301"
    assert {"\u0300", "\u0301"} < set(aligned.letters)
    assert "à" not in aligned.letters
    of_mark = {
        aligned.chunks[chunk]
        for letter, chunk in zip(aligned.letter.tolist(), aligned.chunk.tolist(), strict=True)
        if aligned.letters[letter] == "\u0300"
    }
    assert of_mark == {("˨˩",)}


def test_marks_stay_where_they_change_the_sound_of_their_letter() -> None:
    # The mark stands for p, which its letters say in place of what they say alone.
    plain, marked = "はひふ", "ぱぴぷ"
    vowels = "aiu"
    words = [
        entry(kana[i] + other[j], [sound, vowels[i], said, vowels[j]])
        for (kana, sound), (other, said) in product(((plain, "h"), (marked, "p")), repeat=2)
        for i, j in product(range(3), repeat=2)
    ]
    assert own_sounds(words) == "\u309a"
    aligned, marks = align_parted(words)
    assert marks == ""
    assert "ぱ" in aligned.letters


def test_words_without_such_marks_are_aligned_as_they_stand() -> None:
    entries = load_builtin("slovak").entries
    aligned, marks = align_parted(entries)
    plain = align(entries)
    assert marks == ""
    assert aligned.chunks == plain.chunks
    assert np.array_equal(aligned.chunk, plain.chunk)


def test_uncertainty_is_the_entropy_of_what_letters_say() -> None:
    aligned = align([entry("a", "x"), entry("b", "y"), entry("a", "z"), entry("a", "x")])
    assert uncertainty(aligned) == pytest.approx(-2 * log2(2 / 3) - log2(1 / 3))
