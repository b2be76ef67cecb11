from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.text_lines import file_lines, text_lines
from goldzone.errors import DataError


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "voda"])
def test_lines_end_as_they_end_anywhere(end: str, last: str) -> None:
    text = end.join(["voda", "", "dve slová", last])
    assert [*text_lines([text.encode()], "x")] == [["voda", "", "dve slová"], *([[last]] if last else [])]


def test_a_line_is_there_as_soon_as_it_ends() -> None:
    seen: list[bytes] = []

    def arriving() -> Iterator[bytes]:
        for block in (b"a\r", b"\nb", b"", b"c\rd\n", b"\n", b"e"):
            seen.append(block)
            yield block

    lines = text_lines(arriving(), "x")
    assert [(next(lines), len(seen)) for _ in range(4)] == [
        (["a"], 1),  # not kept until what may be the rest of a Windows line end comes
        (["bc", "d"], 4),
        ([""], 5),
        (["e"], 6),
    ]


@given(st.text(alphabet="aé\r\n\u2028\x0b", max_size=12), st.lists(st.integers(0, 12), max_size=4))
def test_blocks_make_no_difference(text: str, cuts: list[int]) -> None:
    data = text.encode()
    at = sorted({0, *cuts, len(data)})
    blocks = [data[a:b] for a, b in pairwise(at)]
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [*chain(*text_lines(blocks, "x"))] == (expected if expected[-1] else expected[:-1])


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    assert [*text_lines(["\ufeffa\n\ufeffb".encode()], "x")] == [["a"], ["b"]]  # of files put together


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"voda\n\xc3\n", "x: line 2 is not UTF-8 text; convert it (iconv -t UTF-8)"),
        (
            "кот\n".encode() + "здравствуйте".encode("windows-1251"),
            "x: line 2 is not UTF-8 text; it looks like windows-1251: "
            "convert it (iconv -f windows-1251 -t UTF-8)",
        ),
        (
            "voda\nmesto\n".encode("utf-16"),
            "x: line 1 is not UTF-8 text; it looks like UTF-16: convert it (iconv -f UTF-16 -t UTF-8)",
        ),
        (
            "voda\nmesto\n".encode("utf-16-le"),
            "x: line 1 is not UTF-8 text; it looks like UTF-16LE: convert it (iconv -f UTF-16LE -t UTF-8)",
        ),
    ],
)
def test_what_is_not_utf8_is_refused_by_its_line(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as refused:
        list(text_lines([data], "x"))
    assert str(refused.value) == message


def test_files_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffvoda\r\nmesto".encode())
    assert list(file_lines(path)) == ["voda", "mesto"]
    with pytest.raises(DataError, match=r"cannot be read .*; check the path"):
        list(file_lines(tmp_path))
