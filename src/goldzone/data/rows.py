"""Tab-separated files row by row: what can be used, and an account of what cannot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, TypeVar

from goldzone.data.encodings import conversion_advice, likely_encoding
from goldzone.errors import DataError

__all__ = [
    "MAX_FIELD",
    "NOT_UTF8",
    "ReadReport",
    "SkippedLines",
    "SkippedRows",
    "UnusableRowError",
    "first_lines",
    "foreign_bytes",
    "read_rows",
]

MAX_FIELD: Final = 1000
"""Longest field that is read, in characters; the longest sentence of a real file has a third of that."""

NOT_UTF8: Final = "not UTF-8"
"""The reason for which a row of another encoding cannot be used."""

_MAX_LINE: Final = 65_536  # bytes; two fields of four-byte characters fit with room to spare
_SNIFFED: Final = 8_192
_FIRST_LINES: Final = 5
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_FOREIGN_LINES: Final = 1_000
_C0, _DELETE, _C1_END = 0x20, 0x7F, 0xA0

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class SkippedRows:
    """Rows left out for one reason: how many, and the line numbers (from 1) of the first few."""

    reason: str
    count: int
    first_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What became of a file's rows."""

    rows: int = 0
    """Rows of the file, empty lines not counted."""
    used: int = 0
    """Rows that told something new."""
    duplicates: int = 0
    """Usable rows that said again what an earlier row had said."""
    skipped: tuple[SkippedRows, ...] = ()
    """The rest, by reason, the most frequent first."""
    read_as: str = ""
    """The format, as people call it."""
    format: str = ""
    """The same, as `--format` takes it."""
    more_columns: int = 0
    """Rows with further columns, which were left alone."""
    notes: tuple[str, ...] = ()
    """What else should be known of what was read."""

    @classmethod
    def of(
        cls,
        rows: int,
        used: int,
        skipped: SkippedLines,
        *,
        read_as: str = "",
        format: str = "",  # noqa: A002
        more_columns: int = 0,
        notes: tuple[str, ...] = (),
    ) -> ReadReport:
        """Make a report; usable rows that told nothing new are duplicates."""
        reasons = sorted(skipped, key=lambda reason: (-len(skipped[reason]), reason))
        return cls(
            rows,
            used,
            rows - used - sum(map(len, skipped.values())),
            tuple(
                SkippedRows(reason, len(skipped[reason]), tuple(skipped[reason][:_FIRST_LINES]))
                for reason in reasons
            ),
            read_as,
            format,
            more_columns,
            notes,
        )

    def summary(self) -> str:
        """Say it in one line."""
        parts = [f"{self.used} of {self.rows} rows used"]
        if self.duplicates:
            parts.append(f"{self.duplicates} duplicates")
        for skipped in self.skipped:
            lines = ", ".join(map(str, skipped.first_lines))
            more = ", ..." if skipped.count > len(skipped.first_lines) else ""
            parts.append(f"{skipped.count} skipped: {skipped.reason} (line {lines}{more})")
        return "; ".join(parts)


class UnusableRowError(Exception):
    """A row cannot be used; the message says why, in a few words that name no line."""


SkippedLines: TypeAlias = dict[str, list[int]]
"""Line numbers (from 1) of the rows that were left out, by reason."""


def read_rows(path: Path, parse: Callable[[str], _Row], skipped: SkippedLines) -> Iterator[tuple[int, _Row]]:
    r"""Yield each usable row with its line number, and note the others in `skipped`.

    UTF-8 with or without byte order mark, or UTF-16 with one; lines end with ``\n``, ``\r\n`` or ``\r``;
    empty lines are passed over. `parse` turns a
    line's text into a row, and raises `UnusableRowError` where it cannot.

    Raises
    ------
    DataError
        The file is missing, a folder, unreadable or binary.
    """
    with _opened(path) as file:
        yield from _parsed(file, parse, skipped)


def first_lines(path: Path, count: int) -> list[str]:
    """Read the first lines of a text file, without their ends; what is not UTF-8 in them is replaced.

    Raises
    ------
    DataError
        As for `read_rows`.
    """
    with _opened(path) as file:
        lines = (file.readline(_MAX_LINE) for _ in range(count))
        return [line.rstrip(b"\r\n").decode("utf-8", "replace") for line in takewhile(bool, lines)]


def foreign_bytes(path: Path) -> bytes:
    """Return the first lines that are not UTF-8, by which an encoding may be told.

    Raises
    ------
    DataError
        As for `read_rows`.
    """
    with _opened(path) as file:
        lines = iter(partial(file.readline, _MAX_LINE), b"")
        return b"".join(islice((line for line in lines if _is_foreign(line)), _FOREIGN_LINES))


def _is_foreign(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a text file as UTF-8 with line feeds, at its first line."""
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
            if start.startswith(_UTF16) and not start.startswith(_UTF32):
                yield io.BytesIO(_from_utf16(path, start + file.read()))
                return
            if b"\0" in start:
                known = likely_encoding(start)
                advice = conversion_advice(start) if known else "give a tab-separated text file"
                raise DataError(f"{path}: holds NUL bytes, so it is no UTF-8 text; {advice}")
            if b"\r" in start and b"\n" not in start:  # lines end as they did on old Macs
                text = start.removeprefix(_BYTE_ORDER_MARK) + file.read()
                yield io.BytesIO(text.replace(b"\r", b"\n"))
                return
            file.seek(len(_BYTE_ORDER_MARK) if start.startswith(_BYTE_ORDER_MARK) else 0)
            yield file
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a folder; give a tab-separated text file") from error
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def _from_utf16(path: Path, data: bytes) -> bytes:
    try:
        return data.decode("utf-16").replace("\r\n", "\n").replace("\r", "\n").encode()
    except UnicodeError as error:
        raise DataError(f"{path}: is damaged UTF-16 text ({error}); save it as UTF-8") from None


def _parsed(
    file: BinaryIO, parse: Callable[[str], _Row], skipped: SkippedLines
) -> Iterator[tuple[int, _Row]]:
    number = 0
    while raw := file.readline(_MAX_LINE):
        number += 1
        complete = raw.endswith(b"\n") or len(raw) < _MAX_LINE
        while not complete:
            rest = file.readline(_MAX_LINE)
            complete = rest.endswith(b"\n") or len(rest) < _MAX_LINE
            raw = b""  # too long to keep
        if not raw:
            skipped.setdefault("too long", []).append(number)
        elif raw := raw.rstrip(b"\r\n"):
            try:
                yield number, parse(_decoded(raw))
            except UnusableRowError as problem:
                skipped.setdefault(str(problem), []).append(number)


def _decoded(raw: bytes) -> str:
    """Decode a line; refuse what no text has: control characters and the traces of a wrong decoding."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnusableRowError(NOT_UTF8) from None
    if not text.replace("\t", "").isprintable() and any(map(_is_control, text)):
        raise UnusableRowError("control character")
    if "\ufffd" in text:
        raise UnusableRowError("replacement character (U+FFFD)")
    return text


def _is_control(character: str) -> bool:
    code = ord(character)
    return (code < _C0 and character != "\t") or _DELETE <= code < _C1_END
