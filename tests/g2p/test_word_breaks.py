from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.g2p.word_breaks import break_words, is_unspaced

WORDS = {"中国", "中", "国人", "人民", "人", "民", "银行", "เด็ก", "ไทย", "ཀ་བ"}


@pytest.mark.parametrize(
    ("run", "pieces"),
    [
        ("中国人民银行", ["中国", "人民", "银行"]),
        ("中国人", ["中国", "人"]),  # the longer first word, of two in two pieces
        ("中字符国人", ["中", "字符", "国人"]),
        ("字符", ["字符"]),
        ("เด็กไทย", ["เด็ก", "ไทย"]),  # never before a mark
        ("ཀ་བ་ཀ་བ", ["ཀ་བ་", "ཀ་བ"]),
        ("中", ["中"]),
    ],
)
def test_words_are_found(run: str, pieces: list[str]) -> None:
    assert break_words(run, WORDS.__contains__) == pieces


@given(st.text("中国人民", min_size=1, max_size=9), st.sets(st.text("中国人民", min_size=1, max_size=3)))
def test_no_other_cut_is_better(run: str, words: set[str]) -> None:
    pieces = break_words(run, words.__contains__)
    assert "".join(pieces) == run

    def cost(cut: list[str]) -> tuple[int, int]:
        return sum(len(piece) for piece in cut if piece not in words), len(cut)

    inner = range(1, len(run))
    cuts = [
        [run[first:last] for first, last in zip((0, *at), (*at, len(run)), strict=True)]
        for count in range(len(run))
        for at in combinations(inner, count)
    ]
    assert cost(pieces) == min(map(cost, cuts))


@given(st.text("中国人ab ก็ั", max_size=12))
def test_pieces_are_the_whole_and_marks_stay(run: str) -> None:
    pieces = break_words(run, lambda text: len(text) == 2)
    assert "".join(pieces) == run
    assert not any(piece[0] in "็ั" for piece in pieces[1:])


def test_scripts() -> None:
    assert all(map(is_unspaced, "中あカๆກཀကខ𠀀々"))
    assert not any(map(is_unspaced, "a한ж-ا"))
