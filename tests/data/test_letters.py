from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.letters import letters_of, normalise_word


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Éclair", ["é", "c", "l", "a", "i", "r"]),
        ("e\u0301", ["é"]),
        ("việt", ["v", "i", "ệ", "t"]),
        ("a̱yo̱", ["a̱", "y", "o̱"]),
        ("İzmir", ["i", "z", "m", "i", "r"]),
        ("Straße", ["s", "t", "r", "a", "ß", "e"]),
        ("odvolávat se", [*"odvolávat", " ", *"se"]),
        ("l'an-2", ["l", "'", "a", "n", "-", "2"]),
        ("漢字", ["漢", "字"]),
    ],
)
def test_letters_are_composed_characters_in_small_letters(word: str, expected: list[str]) -> None:
    assert list(letters_of(word)) == expected


def test_capitals_stay_where_the_language_keeps_them() -> None:
    assert letters_of("Ab", lower=False) == ("A", "b")


def test_quotes_are_trimmed_where_the_language_says_so() -> None:
    assert letters_of("'bout'", trim="'") == tuple("bout")
    assert letters_of("o'er", trim="'") == tuple("o'er")
    assert letters_of("''", trim="'") == ("'", "'")


def test_hangul_syllables_are_taken_apart_into_jamo() -> None:
    assert letters_of("한가") == ("\u1112", "\u1161", "\u11ab", "\u1100", "\u1161")
    assert letters_of("aᆯ지") == ("a", "\u11af", "\u110c", "\u1175")


def test_indic_vowel_signs_are_letters_and_nukta_stays_with_its_letter() -> None:
    assert letters_of("ज़ोर") == ("ज\u093c", "\u094b", "र")
    assert letters_of("য়ক্") == ("য\u09bc", "ক", "\u09cd")


def test_kana_voicing_that_has_no_composed_form_stays_with_its_letter() -> None:
    assert letters_of("か\u309aが") == ("か\u309a", "が")


def test_vowel_points_come_after_the_points_of_their_consonant() -> None:
    shin, qamats, dagesh, dot = "\u05e9", "\u05b8", "\u05bc", "\u05c1"
    for spelling in (shin + qamats + dagesh + dot, shin + dot + dagesh + qamats):
        assert letters_of(spelling) == (shin, dagesh, dot, qamats)
    beh, fatha, shadda = "\u0628", "\u064e", "\u0651"
    assert letters_of(beh + fatha + shadda) == (beh, shadda, fatha)


def test_thai_and_lao_vowels_written_first_come_after_their_consonant() -> None:
    assert letters_of("เก็บ") == ("ก", "เ", "\u0e47", "บ")
    assert letters_of("ໄທ") == ("ທ", "ໄ")
    assert letters_of("เ") == ("เ",)


def test_tatweel_is_left_out() -> None:
    assert letters_of("آخــر") == ("آ", "خ", "ر")
    assert letters_of("ـ") == ("ـ",)


def test_a_word_is_stored_without_what_cannot_be_seen() -> None:
    assert normalise_word("\u202bfel\u00adbuj\u200e ") == "felbuj"
    assert normalise_word(" a\u00a0 \u3000b\t") == "a b"
    assert normalise_word("می\u200cخواهم\u200c") == "می\u200cخواهم"
    assert normalise_word("\u200e \u200c") == ""


@given(st.text(max_size=20))
def test_normalising_a_word_twice_changes_nothing(text: str) -> None:
    assert normalise_word(normalise_word(text)) == normalise_word(text)


@given(st.text(max_size=20))
def test_canonically_equal_words_have_the_same_letters(text: str) -> None:
    assert letters_of(unicodedata.normalize("NFD", text)) == letters_of(unicodedata.normalize("NFC", text))


@given(st.text(alphabet="abcéßñčабвжѓ̱ابتنمहककाि'- ", max_size=20))
def test_letters_joined_are_the_word(word: str) -> None:
    assert "".join(letters_of(word, lower=False)) == normalise_word(word)


@given(st.text(max_size=20))
def test_a_word_with_a_visible_character_has_letters(text: str) -> None:
    assert bool(letters_of(text)) == bool(normalise_word(text))
