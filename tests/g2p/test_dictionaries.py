"""Dictionaries are what the tools read, whatever the words and sounds are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.formats import FORMATS
from goldzone.data.notation import Segments
from goldzone.g2p.answers import Answer
from goldzone.g2p.decoder import Pronunciation
from goldzone.g2p.dictionaries import Dictionary, DictionaryWriter
from tests.naive.dictionaries import Row, kaldi_rows, mfa_rows, sherpa_rows

Entries = list[tuple[str, list[tuple[Segments, float]]]]

ODD = (
    *("ice cream", "a\u00a0b\u2028c", "<eps>", "</s>", "#0", "#tag", "##", "word(2)", "(2)", ";;; x", "!SIL"),
    *("[noise]", "\x07", "\x85", "İSTANBUL", "ΟΔΌΣ", "e\u0301", "", " ", "\t", "0.5", "1", '"', "a,b", "%"),
)
plain_kaldi = partial(kaldi_rows, probabilities=False)

words = st.one_of(st.sampled_from(ODD), st.text(max_size=6))
phones = st.one_of(
    st.sampled_from(("AH0", "t͡ɕʷ", "#1", "<eps>", " ", "", "a b", "0.5", "n2", "ˈa")), st.text(max_size=3)
)
pronunciations = st.lists(
    st.tuples(st.lists(phones, max_size=4).map(tuple), st.floats(min_value=2.0**-60, max_value=1.0)),
    max_size=4,
)
entries = st.lists(st.tuples(words, pronunciations), max_size=5)


def written(tool: Dictionary, listed: Entries, *, probabilities: bool = False) -> str:
    writer = DictionaryWriter(tool, probabilities=probabilities)
    return "".join(f"{line}\n" for word, said in listed for line in writer.entry(word, said))


def parsed(tool: Dictionary, text: str, *, probabilities: bool = False) -> list[Row]:
    if tool is Dictionary.MFA:
        return mfa_rows(text)
    if tool is Dictionary.KALDI:
        return kaldi_rows(text, probabilities=probabilities)
    tokens = {phone for line in text.splitlines() for phone in line.split()[1:]}
    return sherpa_rows(text, tokens)


@pytest.mark.parametrize("tool", [Dictionary.MFA, Dictionary.KALDI, Dictionary.SHERPA])
@given(listed=entries)
def test_whatever_is_said_the_tool_reads_it(tool: Dictionary, listed: Entries) -> None:
    plain = parsed(tool, written(tool, listed))
    assert all(figures == () for _, figures, _ in plain)
    weighed = parsed(tool, written(tool, listed, probabilities=True), probabilities=True)
    assert [(word, said) for word, _, said in plain] == [(word, said) for word, _, said in weighed]
    if tool is Dictionary.SHERPA:
        return
    best: dict[str, float] = {}
    for word, (figure,), _ in weighed:
        best[word] = max(best.get(word, 0.0), figure)
    assert set(best.values()) <= {1.0}


@pytest.mark.parametrize("tool", Dictionary)
@given(listed=entries)
def test_what_is_written_is_read_back(tool: Dictionary, listed: Entries) -> None:
    figures = {"0.5", "1", "0"}  # before the phones they are read as probabilities
    tame = [
        (word, [(s, p) for s, p in said if not figures.intersection(s) and not _numeric(s)])
        for word, said in listed
    ]
    lines = written(tool, tame).splitlines()
    rows = [FORMATS[tool.value].parse(line) for line in lines]
    columns = [line.replace("\t", " ").split() for line in lines]
    assert [row.pronunciations[0].split() for row in rows] == [said for _, *said in columns]


def _numeric(segments: Segments) -> bool:
    return any(character.isdecimal() for segment in segments for character in segment)


def test_a_pronunciation_that_is_said_twice_is_written_once() -> None:
    said = [(("a", "b"), 0.5), (("a b",), 0.3), (("c",), 0.25), ((), 0.1)]
    lines = list(DictionaryWriter(Dictionary.MFA, probabilities=True).entry("x", said))
    assert lines == ["x\t1.00\ta b", "x\t0.50\tc"]


def test_of_words_that_become_one_the_first_is_written() -> None:
    listed: Entries = [("Ice cream", [(("a",), 1.0)]), ("ice_cream", [(("b",), 1.0)])]
    assert written(Dictionary.SHERPA, listed) == "ice_cream a\n"
    assert written(Dictionary.KALDI, listed) == "Ice_cream a\nice_cream b\n"


def test_sherpa_has_one_pronunciation_of_a_word() -> None:
    said: list[tuple[Segments, float]] = [(("a",), 0.6), (("b",), 0.4)]
    assert written(Dictionary.SHERPA, [("Ab", said)]) == "ab a\n"
    assert written(Dictionary.CMUDICT, [("Ab", said)]) == "Ab  a\nAb(2)  b\n"


def test_words_that_a_dictionary_cannot_have_are_told() -> None:
    writer = DictionaryWriter(Dictionary.KALDI)
    assert writer.summary == ""
    said = Pronunciation(("a",), log2_probability=0.0)
    for word in ("<s>", "<s>", "ok"):
        list(writer.lines(Answer(word, tuple(word), (said,))))
    assert writer.summary == "1 word that kaldi takes for something else is left out: <s>"
    for word in ("#0", "#1", "#2", "#3", "#4"):
        list(writer.lines(Answer(word, tuple(word), (said,))))
    assert writer.summary == (
        "6 words that kaldi takes for something else are left out: <s>, #0, #1, #2, #3, ..."
    )


@pytest.mark.parametrize(
    ("read", "text", "what"),
    [
        (mfa_rows, "a b c\n", "not enough values"),
        (mfa_rows, "a\t0.5\t0.5\tb\n", "one or four"),
        (mfa_rows, "a\t0.001\tb\n", "0.01 to 1"),
        (mfa_rows, "a\tb", "line feed"),
        (mfa_rows, "a\tb  c\n", "between the blanks"),
        (mfa_rows, "a\tb\na\tb\n", "once"),
        (plain_kaldi, "<eps> a\n", "a word"),
        (plain_kaldi, "a\n", "a pronunciation"),
        (plain_kaldi, "a #1\n", "phones"),
        (plain_kaldi, "a\u00a0b c\n", "no other blanks"),
        (plain_kaldi, "a  b\n", "between the blanks"),
        (plain_kaldi, "a b\na b\n", "once"),
        (partial(kaldi_rows, probabilities=True), "a 1.5 b\n", "to 1"),
        (partial(sherpa_rows, tokens="b"), "A b\n", "small letters"),
        (partial(sherpa_rows, tokens="c"), "a b\n", r"tokens\.txt"),
        (partial(sherpa_rows, tokens="bc"), "a b\na c\n", "each word once"),
    ],
)
def test_the_strict_readers_are_strict(read: Callable[[str], list[Row]], text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read(text)
