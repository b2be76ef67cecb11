from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.segmentation import base_of, has_sound, segment_all, segment_ipa

SOUNDS = "abdefghijklmnoprstuvwxyzæçðøŋœɐɑɒɓɔɖɗəɛɡɣɦɪɫɬɯɱɲɳɾʀʁʂʃʊʋʌʎʐʒʔǃǀβθχãéˤ"
MARKS = "ˈˌ'ːˑʰʱʲʷˠˤˀʼ˞ᵐⁿᵑᶢ˥˦˧˨˩⁵²3̪̯̃̚ʰ̥̩͈́̀͜͡()ꜜ:"
BOUNDARIES = " .-‿,|\u00a0\u200b"

ipa = st.text(alphabet=SOUNDS + MARKS, max_size=24)
ipa_with_boundaries = st.text(alphabet=SOUNDS + MARKS + BOUNDARIES, max_size=24)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("abaca", ["a", "b", "a", "c", "a"]),
        ("naːˑ", ["n", "aːˑ"]),
        ("la:na:", ["l", "a:", "n", "a:"]),
        ("tʰaʷkʼiɚ˞", ["tʰ", "aʷ", "kʼ", "i", "ɚ˞"]),
        ("s̪ẽnʲ", ["s̪", "ẽ", "nʲ"]),
        ("æɐ̯ˀb̥", ["æ", "ɐ̯ˀ", "b̥"]),
        ("t͡ʃa͜ɪ", ["t͡ʃ", "a͜ɪ"]),
        ("t̪͡s̪ʰoŋ͡m˧", ["t̪͡s̪ʰ", "o", "ŋ͡m˧"]),
        ("ɡ͡", ["ɡ͡"]),
        ("aːn˧˥", ["aː", "n˧˥"]),
        ("ma55ma³¹", ["m", "a55", "m", "a³¹"]),
    ],
)
def test_marks_follow_their_sound(text: str, expected: list[str]) -> None:
    assert list(segment_ipa(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ˈtaˌti", ["ˈt", "a", "ˌt", "i"]),
        ("a'ta", ["a", "'t", "a"]),
        ("ˈˈaˌe", ["ˈˈa", "ˌe"]),
        ("ꜜaiə", ["ꜜa", "i", "ə"]),
        ("m(ɪ)n", ["m", "(ɪ)", "n"]),
        ("s⁽ʲ⁾ə", ["s⁽ʲ⁾", "ə"]),
    ],
)
def test_stress_and_downstep_precede_their_sound(text: str, expected: list[str]) -> None:
    assert list(segment_ipa(text)) == expected


def test_stress_in_front_of_a_length_mark_stays_with_the_sound_before() -> None:
    assert segment_ipa("aˈːt") == ("aˈː", "t")


def test_a_mark_without_a_sound_on_its_own_side_goes_to_the_other() -> None:
    assert segment_ipa("ʰtaˈ") == ("ʰt", "aˈ")
    assert segment_ipa("˥ka") == ("˥k", "a")
    assert segment_ipa("ka˥ ˈ") == ("k", "a˥ˈ")


def test_marks_between_boundaries_go_to_the_sound_on_their_own_side() -> None:
    assert segment_ipa("a ˥ - b") == ("a˥", "b")
    assert segment_ipa("a ˈ - b") == ("a", "ˈb")
    assert segment_ipa("- ˥ b") == ("˥b",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ⁿdʷa", ["ⁿdʷ", "a"]),
        ("aᵑga", ["a", "ᵑg", "a"]),
        ("aːᵑ̊ǀa", ["aː", "ᵑ̊ǀ", "a"]),
        ("amáᶢǀʱi", ["a", "m", "á", "ᶢǀʱ", "i"]),
        ("aᵐˈba", ["a", "ᵐˈb", "a"]),
        ("tⁿa", ["tⁿ", "a"]),
        ("tⁿé", ["tⁿ", "é"]),
        ("aⁿ", ["aⁿ"]),
    ],
)
def test_prenasalisation_goes_with_the_next_consonant_else_with_its_sound(
    text: str, expected: list[str]
) -> None:
    assert list(segment_ipa(text)) == expected


@pytest.mark.parametrize("boundary", [" ", ".", "-", "‿", ", ", "\u00a0", "|", "‖", "\u200d", "/", "\n"])
def test_boundaries_are_left_out_and_marks_do_not_reach_across(boundary: str) -> None:
    assert segment_ipa(f"ta{boundary}ʰki") == ("t", "a", "ʰk", "i")
    assert segment_ipa(f"{boundary}ta{boundary}") == ("t", "a")
    assert segment_ipa(boundary) == ()


def test_the_language_may_name_its_own_marks() -> None:
    assert segment_ipa('"ta', stress_marks=['"']) == ('"t', "a")
    assert segment_ipa("ˈta'ti", stress_marks=["ˈ"]) == ("ˈt", "a", "t", "i")
    assert segment_ipa("ta=ti", length_marks=["="]) == ("t", "a=", "t", "i")


def test_input_in_any_normal_form_gives_segments_in_nfc() -> None:
    assert segment_ipa(unicodedata.normalize("NFD", "çãt")) == ("ç", "ã", "t")


@given(ipa)
def test_segments_joined_are_the_text_in_nfc(text: str) -> None:
    assert "".join(segment_ipa(text)) == unicodedata.normalize("NFC", text)


@given(st.lists(st.one_of(ipa, ipa_with_boundaries, st.text(max_size=9))))
def test_many_texts_are_taken_apart_as_each_alone(texts: list[str]) -> None:
    assert segment_all(texts) == [segment_ipa(text) for text in texts]
    marks = {"stress_marks": ["=", "a"], "length_marks": ["ː", "b"]}
    assert segment_all(texts, **marks) == [segment_ipa(text, **marks) for text in texts]


@given(ipa_with_boundaries)
def test_only_boundaries_are_lost(text: str) -> None:
    kept = "".join(character for character in text if character not in BOUNDARIES)
    joined = "".join(segment_ipa(text))
    assert unicodedata.normalize("NFC", joined) == unicodedata.normalize("NFC", kept)


@given(ipa_with_boundaries)
def test_every_segment_holds_a_sound_if_the_text_does(text: str) -> None:
    segments = segment_ipa(text)
    if has_sound(segments):
        assert all(has_sound([segment]) for segment in segments)
    else:
        assert len(segments) <= 1


@given(st.text(max_size=30))
def test_any_text_gives_segments_in_nfc_without_blanks(text: str) -> None:
    for segment in segment_ipa(text):
        assert segment
        assert unicodedata.is_normalized("NFC", segment)
        assert not any(character.isspace() for character in segment)


@pytest.mark.parametrize("text", ["ˈ", "˥˧", "ʰ", "̃", "ⁿ", "-", "", "ː ˈ", "(", "1"])
def test_marks_alone_are_no_sound(text: str) -> None:
    assert not has_sound(segment_ipa(text))


@pytest.mark.parametrize("text", ["a", "ˈa", "ǃ", "AA1", "一"])
def test_a_letter_is_a_sound(text: str) -> None:
    assert has_sound(segment_ipa(text))


@pytest.mark.parametrize(
    ("segment", "base"),
    [("ˈt͡ʃʰ", "tʃʰ"), ("ã̠ː", "a"), ("k̟̚", "k"), ("aˑ˥˩", "a"), ("AA1", "AA"), ("˧˩", "˧˩"), ("ɯ̟ᵝ", "ɯᵝ")],
)
def test_a_base_is_a_segment_without_marks(segment: str, base: str) -> None:
    assert base_of(segment) == base
