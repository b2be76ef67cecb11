from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p.spelling import Spelling

GERMAN = [*"abcdefghijklmnopqrstuvwxyzäöüß", "."]
FRENCH = [*"abcdefghijklmnopqrstuvwxyzéèçœ", "'", "-"]
TURKISH = [*"abcçdefgğhıijklmnoöprsştuüvyz"]


@pytest.mark.parametrize(
    ("letters", "typed", "spelled"),
    [
        (GERMAN, "Tag!", "Tag"),
        (GERMAN, "„Ende“", "Ende"),
        (GERMAN, "Ende.", "Ende"),
        (GERMAN, "z.B.", "z.B"),
        (GERMAN, "!", "!"),  # not all of a word
        (FRENCH, "l’eau", "l'eau"),
        (FRENCH, "l’", "l'"),
        (FRENCH, "(peut‑être)", "peut-être"),
        (FRENCH, "ﬁn", "fin"),
        (FRENCH, "œuf", "œuf"),
        (FRENCH, "ｅａｕ", "eau"),
        (FRENCH, "４", "４"),  # nor is 4 a letter
        (TURKISH, "IŞIK", "ıŞık".replace("ı", "ı").replace("k", "K")),
        (TURKISH, "İZMİR", "iZMiR"),
        (GERMAN, "IST", "IST"),
    ],
)
def test_a_word_becomes_what_the_model_knows(letters: list[str], typed: str, spelled: str) -> None:
    assert Spelling(letters, lower=True).of(typed) == spelled


def test_a_sign_that_says_something_is_a_letter() -> None:
    assert Spelling(["!", "x", "a"], lower=True, sounding=["!"]).of("!xa.") == "!xa"


@given(st.text(alphabet="abcé'’.,!-\u2019 ", max_size=8))
def test_spelling_twice_changes_nothing_more(word: str) -> None:
    spelling = Spelling(FRENCH, lower=True)
    assert spelling.of(spelling.of(word)) == spelling.of(word)
