from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.notation import Segments
from goldzone.data.segmentation import segment_ipa
from goldzone.g2p.error_kinds import (
    Confusion,
    Edit,
    ErrorKind,
    Errors,
    KindCount,
    KindRule,
    align_said,
    find_errors,
)
from goldzone.g2p.scoring import score_words
from tests.naive.scoring import naive_edit_distance

segments = st.sampled_from(("a", "á", "aː", "e", "t", "tʰ", "d", "˥", "˩"))
pronunciations = st.lists(segments, min_size=1, max_size=5).map(tuple)
guesses = st.lists(segments, max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("said", "should_be", "kind"),
    [
        ("ǔ", "û", "accent"),
        ("a", "ˈa", "accent"),
        ("'a", "a", "accent"),
        ("a˥", "a˥˩", "accent"),
        ("AE0", "AE1", "accent"),
        ("a⁵", "a²", "accent"),
        ("˧˧", "˨˩", "accent"),
        ("˧˩", "˦ˀ˥", "accent"),  # a tone is a tone, with its voice
        ("", "˧˧", "accent"),
        ("˧˧", "", "accent"),
        ("a", "aː", "length"),
        ("aˑ", "aː", "length"),
        ("ĕ", "e", "length"),
        ("a:", "a", "length"),
        ("a", "ã", "other_marks"),
        ("t", "tʰ", "other_marks"),
        ("nʲ", "n", "other_marks"),
        ("ts", "t͡s", "other_marks"),
        ("", "ʰ", "other_marks"),
        ("oː", "ǒ", "several_marks"),
        ("ã", "aː", "several_marks"),
        ("ɛ", "e", "vowel_for_vowel"),
        ("ɛ́ː", "e", "vowel_for_vowel"),
        ("AE1", "IH0", "vowel_for_vowel"),
        ("t", "d", "consonant_for_consonant"),
        ("c", "ç", "consonant_for_consonant"),  # a letter of IPA, not a mark
        ("s", "t͡s", "consonant_for_consonant"),
        ("k", "@", "consonant_for_consonant"),
        ("j", "i", "vowel_or_consonant"),
        ("u", "w", "vowel_or_consonant"),
        ("˥", "a", "vowel_or_consonant"),
        ("", "a", "left_out"),
        ("tʰ", "", "put_in"),
    ],
)
def test_each_edit_has_a_kind(said: str, should_be: str, kind: str) -> None:
    assert KindRule().kind(Edit(said, should_be)) == kind


def test_marks_of_the_language_are_known() -> None:
    rule = KindRule(stress_marks=("!",), length_marks=(";", "ˈ"))
    assert rule.kind(Edit("!a", "a")) == "accent"
    assert rule.kind(Edit("a", "a;")) == "length"
    assert rule.kind(Edit("a", "aˈ")) == "length"
    assert KindRule().kind(Edit("!a", "a")) == "vowel_or_consonant"


@given(segments | st.just(""), segments | st.just(""))
def test_the_other_way_round_an_edit_has_the_opposite_kind(a: str, b: str) -> None:
    if a != b:
        there, back = KindRule().kind(Edit(a, b)), KindRule().kind(Edit(b, a))
        opposite = {ErrorKind.LEFT_OUT: ErrorKind.PUT_IN, ErrorKind.PUT_IN: ErrorKind.LEFT_OUT}
        assert back == opposite.get(there, there)


def naive_alignments(said: Segments, should_be: Segments) -> list[list[Edit]]:
    """List every way to align two pronunciations."""
    if not said or not should_be:
        return [[Edit(segment, "") for segment in said] + [Edit("", segment) for segment in should_be]]
    return (
        [[Edit(said[0], should_be[0]), *rest] for rest in naive_alignments(said[1:], should_be[1:])]
        + [[Edit(said[0], ""), *rest] for rest in naive_alignments(said[1:], should_be)]
        + [[Edit("", should_be[0]), *rest] for rest in naive_alignments(said, should_be[1:])]
    )


@given(guesses, guesses)
def test_the_alignment_is_the_cheapest_of_all(said: Segments, should_be: Segments) -> None:
    rule = KindRule()
    edits = align_said(said, should_be, rule)
    assert len(edits) == naive_edit_distance(said, should_be)
    costs = [sum(map(rule.cost, alignment)) for alignment in naive_alignments(said, should_be)]
    assert sum(map(rule.cost, edits)) == min(costs)


@pytest.mark.parametrize(
    ("said", "should_be", "edits"),
    [
        ("tad", "tad", []),
        ("tad", "ted", [("a", "e")]),
        ("tɡa", "ka", [("t", ""), ("ɡ", "k")]),
        ("ta", "tea", [("", "e")]),
        # Vowel beside vowel and consonant beside consonant, where as many edits do it.
        ("tai", "aki", [("t", ""), ("", "k")]),
        ("", "ta", [("", "t"), ("", "a")]),
        ("ta", "", [("t", ""), ("a", "")]),
    ],
)
def test_known_alignments(said: str, should_be: str, edits: list[tuple[str, str]]) -> None:
    assert align_said(tuple(said), tuple(should_be), KindRule()) == edits


@given(st.lists(st.tuples(guesses, st.lists(pronunciations, min_size=1, max_size=3)), min_size=1, max_size=9))
def test_the_edits_are_those_of_the_phoneme_error_rate(words: list[tuple[Segments, list[Segments]]]) -> None:
    predicted, listed = [guess for guess, _ in words], [truths for _, truths in words]
    errors = find_errors([str(number) for number in range(len(words))], predicted, listed)
    scores = score_words(predicted, listed)
    assert errors.words == round(scores.word_error * len(words))
    lengths = sum(
        len(guess)
        if guess in truths
        else min((naive_edit_distance(guess, truth) / len(truth), len(truth)) for truth in truths)[1]
        for guess, truths in words
    )
    assert errors.edits / lengths == pytest.approx(scores.phoneme_error)


@given(st.lists(st.tuples(guesses, pronunciations), max_size=9))
def test_counts_add_up(words: list[tuple[Segments, Segments]]) -> None:
    errors = find_errors([""] * len(words), [guess for guess, _ in words], [[truth] for _, truth in words])
    counts = errors.kinds.values()
    assert list(errors.kinds) == list(ErrorKind)
    assert errors.edits == sum(count.edits for count in counts) == sum(c.times for c in errors.confusions)
    assert errors.words == sum(count.words_only for count in counts) + errors.words_of_several_kinds
    for count in counts:
        assert count.words_only <= count.words <= min(count.edits, errors.words)
    for kind, count in errors.kinds.items():
        named = [c for c in errors.confusions if KindRule().kind(Edit(c.said, c.should_be)) is kind]
        assert sum(c.times for c in named) == count.edits
    assert [c.times for c in errors.confusions] == sorted((c.times for c in errors.confusions), reverse=True)


def test_errors_of_a_few_words() -> None:
    words = {
        "right": ("ˈtada", ["dada", "ˈtada"]),
        "both": ("tédaː", ["tada"]),
        "first": ("teda", ["tada", "xyxyx"]),
        "second": ("deta", ["data"]),
        "long": ("tada", ["tadaː"]),
    }
    errors = find_errors(
        list(words),
        [segment_ipa(said) for said, _ in words.values()],
        [list(map(segment_ipa, listed)) for _, listed in words.values()],
    )
    assert (errors.words, errors.edits, errors.words_of_several_kinds) == (4, 5, 1)
    assert {kind: count for kind, count in errors.kinds.items() if count.edits} == {
        ErrorKind.LENGTH: KindCount(edits=2, words=2, words_only=1),
        ErrorKind.VOWEL: KindCount(edits=3, words=3, words_only=2),
    }
    assert errors.confusions == (
        Confusion("e", "a", 2, "first"),
        Confusion("a", "aː", 1, "long"),
        Confusion("aː", "a", 1, "both"),
        Confusion("é", "a", 1, "both"),
    )
    assert errors.to_json(confusions=1) == {
        "errors": {
            "words": 4,
            "words_of_several_kinds": 1,
            "edits": 5,
            "kinds": {
                kind.value: {"edits": 0, "words": 0, "words_only": 0}
                | {"length": {"edits": 2, "words": 2, "words_only": 1}}.get(kind.value, {})
                | {"vowel_for_vowel": {"edits": 3, "words": 3, "words_only": 2}}.get(kind.value, {})
                for kind in ErrorKind
            },
        },
        "confusions": [{"said": "e", "should_be": "a", "times": 2, "word": "first"}],
    }


def test_an_edit_is_shown_by_the_word_with_the_fewest() -> None:
    said, due = [("e", "t"), ("e", "d"), ("e", "d")], [[("a", "d")], [("a", "d")], [("a", "d")]]
    (first, *_) = find_errors(["two", "one", "another"], said, due).confusions
    assert first == Confusion("e", "a", 3, "one")


def test_without_wrong_words_there_is_nothing() -> None:
    assert find_errors([], [], []) == find_errors(["a"], [("a",)], [[("a",)]])
    nothing = find_errors([], [], [])
    assert nothing == Errors(0, 0, dict.fromkeys(ErrorKind, KindCount()), ())


def test_every_pair_of_segments_has_one_kind() -> None:
    rule = KindRule()
    given_segments = ["", "a", "ǎː", "aː", "t͡sʰ", "˥", "ʰ", "ː", "@", "‿", "ʔ", "5", "ç"]
    for said, due in product(given_segments, repeat=2):
        if said != due:
            assert rule.kind(Edit(said, due)) in ErrorKind
