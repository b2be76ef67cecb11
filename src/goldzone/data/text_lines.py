"""Lines of UTF-8 text as they arrive, decoded strictly: of standard input, of a list of words, of a patch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from goldzone.data.encodings import conversion_advice
from goldzone.errors import DataError

__all__ = ["file_lines", "text_lines"]

_BLOCK: Final = 1 << 16
_BYTE_ORDER_MARK: Final = "\ufeff"


def text_lines(blocks: Iterable[bytes], name: str) -> Iterator[list[str]]:
    r"""Yield the lines that each block ends, and in the end the one that nothing ends.

    Lines end with ``\n``, ``\r\n`` or ``\r``, and come without it and without a byte order mark. A line
    that ends with a block is not kept waiting for the next.

    Parameters
    ----------
    blocks : iterable of bytes
        As they are read; an empty one ends nothing.
    name : str
        Where they come from, for messages.

    Raises
    ------
    DataError
        A line is not UTF-8: the message names it, and what its encoding looks like.
    """
    number, rest, after_return = 0, b"", False
    for block in blocks:
        if not block:
            continue
        data = rest + (block[1:] if after_return and block[:1] == b"\n" else block)
        after_return = block[-1:] == b"\r"
        ended = data.splitlines(keepends=True)
        rest = ended.pop() if ended and not ended[-1].endswith((b"\n", b"\r")) else b""
        if ended:
            yield [_decoded(line, name, number + n) for n, line in enumerate(ended, 1)]
            number += len(ended)
    if rest:
        yield [_decoded(rest, name, number + 1)]


def file_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, as `text_lines` does.

    Raises
    ------
    DataError
        It cannot be read, or a line is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            blocks = iter(lambda: file.read(_BLOCK), b"")
            yield from chain.from_iterable(text_lines(blocks, str(path)))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from None


def _decoded(line: bytes, name: str, number: int) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 of Latin text is valid UTF-8 as well
        raise DataError(f"{name}: line {number} is not UTF-8 text; {conversion_advice(line)}") from None
    return text.rstrip("\r\n").removeprefix(_BYTE_ORDER_MARK)
