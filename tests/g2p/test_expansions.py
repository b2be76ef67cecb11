from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError, GoldzoneError
from goldzone.g2p.expansions import either_of, numbers_in


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "42", ["forty-two"]),
        ("en", "1,984.5 km", ["one thousand, nine hundred and eighty-four point five"]),
        ("de", "1.000 oder 3,5", ["eintausend", "drei Komma fünf"]),
        ("sk", "má 12 rokov", ["dvanásť"]),
        ("fr", "20\u202f000 ou 20 000 ou 20\u00a0000", ["vingt mille"] * 3),
        ("fr", "1 2 300", ["un", "deux mille trois cents"]),
        ("en", "3 000", ["three", "zero zero zero"]),  # a blank groups no digits in English
        ("en", "007", ["zero zero seven"]),
        ("en", "1.2.3", ["one two three"]),
        ("en", "0.5", ["zero point five"]),
        (
            "en",
            "1234567890123456",
            ["one two three four five six seven eight nine zero one two three four five six"],
        ),
        ("cs", "9" * 15, None),
        ("en", "B2B 3D 1st", []),  # words that hold digits are words
        ("ja", "2024年", ["二千二十四"]),
        ("ar", "٤٢", ["اثنان و أربعون"]),
    ],
)
def test_numbers_are_read_in_the_notation_of_their_language(
    language: str, text: str, words: list[str] | None
) -> None:
    numbers = numbers_in(language)
    found = [numbers.words(match) for match in numbers.pattern.findall(text)]
    if words is None:
        assert len(found) == 1
        assert found[0]
    else:
        assert found == words


@given(
    st.from_regex(r"[0-9.,' ]{1,24}", fullmatch=True), st.sampled_from(["en", "sk", "am", "ce", "ja", "fr"])
)
def test_any_digits_are_read_as_something(text: str, language: str) -> None:
    numbers = numbers_in(language)
    for match in numbers.pattern.findall(text):
        assert numbers.words(match).strip()


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("pt-BRR", "numbers: num2words does not know the language 'pt-BRR'; did you mean pt_BR?"),
        ("zzzz", "numbers: num2words does not know the language 'zzzz'; known: am, ar, "),
    ],
)
def test_a_language_without_numbers_is_one_line(language: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        numbers_in(language)


def test_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "num2words", None)
    with pytest.raises(GoldzoneError, match=re.escape("pip install 'goldzone[numbers]'")):
        numbers_in("en")


def test_the_longest_text_counts() -> None:
    pattern = either_of(["z.", "z.B.", "New York"], lower=True)
    assert pattern.findall("Z.B. new york, z. xz. z.Bx") == ["Z.B.", "new york", "z."]
