from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.alignment import align
from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.sound_classes import ACCENTED, VOWEL, no_classes, sound_classes, vowels_of
from goldzone.data.split import Split


def words(*rows: tuple[str, tuple[str, ...]]) -> list[Entry]:
    return [Entry(word, tuple(word), (said,)) for word, said in rows]


def test_what_stands_most_often_beside_others_is_a_vowel_and_then_the_rest_is_asked_again() -> None:
    # "sagitta", by hand (Guy 1991): a, then i; s, g and t are consonants.
    letters = "sagit"
    counts = np.zeros((5, 5), np.int64)
    for one, other in zip("sagitta", "agitta", strict=False):
        counts[letters.index(one), letters.index(other)] += 1
    assert vowels_of(counts + counts.T).tolist() == [False, True, False, True, False]


@given(st.integers(0, 6), st.data())
def test_vowels_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.integers(0, 9), min_size=size * size, max_size=size * size))
    counts = np.array(cells, np.int64).reshape(size, size)
    counts = counts + counts.T
    sums = {a: sum(int(counts[a, b]) for b in range(size) if b != a) for a in range(size)}
    vowels: set[int] = set()
    while rest := {a: total for a, total in sums.items() if a not in vowels and total > 0}:
        best = min(rest, key=lambda a: (-rest[a], a))
        vowels.add(best)
        for a in rest:
            if a != best:
                sums[a] -= 2 * int(counts[a, best])
    assert np.flatnonzero(vowels_of(counts)).tolist() == sorted(vowels)


def test_segments_are_classed_by_their_neighbours_and_letters_by_what_they_say() -> None:
    aligned = align(
        words(("tapa", ("t", "ˈa", "p", "a")), ("pota", ("p", "o", "t", "ˈa")), ("top", ("t", "o", "p")))
    )
    classes = sound_classes(aligned)
    of_segment = dict(zip(aligned.segments, classes.segments.tolist(), strict=True))
    assert of_segment == {"a": VOWEL, "ˈa": VOWEL | ACCENTED, "o": VOWEL, "t": 0, "p": 0}
    of_letter = dict(zip(aligned.letters, classes.letters.tolist(), strict=True))
    assert of_letter == {"a": VOWEL, "o": VOWEL, "t": 0, "p": 0}


def test_a_row_of_segments_ends_with_its_word() -> None:
    # Read on from word to word, k would stand beside a vowel as often as m.
    aligned = align(words(("am", ("a", "m")), ("ma", ("m", "a")), ("k", ("k",))))
    assert sound_classes(aligned).segments.tolist() == [VOWEL, 0, 0]  # a, k, m


def test_slovak_vowels_are_found(slovak_split: Split[Lexicon]) -> None:
    aligned = align(slovak_split.train.entries)
    classes = sound_classes(aligned)
    found = {s for s, kind in zip(aligned.segments, classes.segments.tolist(), strict=True) if kind & VOWEL}
    assert {"a", "ɛ", "i", "ɔ", "u", "aː", "iː"} <= found
    assert not found & {"t", "k", "n", "l", "r", "v", "p"}
    letters = {x for x, kind in zip(aligned.letters, classes.letters.tolist(), strict=True) if kind}
    assert set("aeiouyáéíóúý") <= letters
    assert not letters & set("bdfgklmnprtvz")


@pytest.mark.parametrize(("letters", "segments"), [(0, 0), (3, 2)])
def test_no_classes_tell_nothing(letters: int, segments: int) -> None:
    classes = no_classes(letters, segments)
    assert (classes.letters.size, classes.segments.size) == (letters, segments)
    assert not classes.letters.any()
    assert not classes.segments.any()
