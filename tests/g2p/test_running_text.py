from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p.running_text import tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("good morning", ["good", "morning"]),
        ("I read books.", ["I", "read", "books"]),
        ("don't l'eau rock 'n' roll", ["don't", "l'eau", "rock", "'n'", "roll"]),
        ("well-known - really", ["well-known", "really"]),
        ("„Ende“, (x)", ["Ende", "x"]),
        ("42 kg", ["42", "kg"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("[read](/ɹɛd/) it", ["read", "it"]),
        ("[a] (/b/)", ["a", "b"]),  # nothing is given without the signs side by side
        ("", []),
        ("...", []),
    ],
)
def test_words_are_found(text: str, words: list[str]) -> None:
    assert [token.word for token in tokens(text) if token.is_word] == words


def test_a_given_pronunciation_is_taken() -> None:
    (token,) = tokens("[read](/ɹɛd/)")
    assert (token.word, token.given, token.is_word) == ("read", "ɹɛd", True)


@given(st.text(max_size=30))
def test_the_parts_are_the_whole(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@given(st.text(alphabet="ab'- .[]()/", max_size=20))
def test_words_and_the_rest_take_turns(text: str) -> None:
    found = tokens(text)
    for before, after in itertools.pairwise(found):
        assert before.is_word != after.is_word or before.given is not None or after.given is not None
