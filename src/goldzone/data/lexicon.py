"""Pronunciation lexicons: words with their letters and the segments of each pronunciation."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Final

from goldzone.data.encodings import conversion_advice
from goldzone.data.formats import PASSED_OVER, Format, fit, recognise
from goldzone.data.letters import letters_of_normalised
from goldzone.data.lost_characters import LostCharacters, joined_arpabet
from goldzone.data.notation import JOINED, Notation, PronunciationForm, Segments
from goldzone.data.rows import NOT_UTF8, ReadReport, SkippedLines, first_lines, foreign_bytes, read_rows
from goldzone.data.segmentation import has_sound, segment_all
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.errors import DataError

__all__ = ["Entry", "Lexicon", "canonical", "pronunciation_form", "read_lexicon"]

_LOOKED_AT: Final = 400
"""Lines by which a format is recognised."""
_MANY: Final = 20
_MANY_SHARE: Final = 0.05
"""So many rows, and such a share of them, must be unreadable for a file to be refused."""
_SPACED_ROWS: Final = 0.5
_SPACED_TOKEN_LETTERS: Final = 2
_SPACED_LONG_TOKENS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of a lexicon."""

    word: str
    """The word as `normalise_word` leaves it: NFC, with its capitals and blanks."""
    letters: tuple[str, ...]
    """The letters that it is spelled with (`goldzone.data.letters.letters_of`); never empty."""
    pronunciations: tuple[Segments, ...]
    """Distinct pronunciations, in order of first appearance; never empty, and no pronunciation is."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Distinct words in the order of their file; `report` tells of the file that they were read from."""

    name: str
    entries: tuple[Entry, ...]
    report: ReadReport
    notation: Notation = JOINED
    """How the file writes pronunciations."""

    def __len__(self) -> int:
        """Count words."""
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        """Go through the words in order."""
        return iter(self.entries)


def canonical(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the same words and pronunciations in an order of their own: what training gets.

    Sorted by code points, so that the order of a file's rows changes no model.
    """
    by_word = sorted(entries, key=attrgetter("word"))
    return tuple(replace(entry, pronunciations=tuple(sorted(entry.pronunciations))) for entry in by_word)


def read_lexicon(
    path: str | Path,
    *,
    settings: LanguageSettings | None = None,
    name: str | None = None,
    format: Format | None = None,  # noqa: A002 - what people call it
) -> Lexicon:
    """Read a lexicon of any known format (`goldzone.data.formats`).

    Rows of one word are merged, and duplicates dropped. Rows that cannot be used (no tab, empty word or
    pronunciation, a pronunciation without a sound, bytes that are not UTF-8, control characters, a field of
    more than `MAX_FIELD` characters) are skipped and counted in the report; many of them are an error. In a
    file of spaced segments (`pronunciation_form`) each token between blanks is one as it stands, in any
    notation (ARPAbet).

    Parameters
    ----------
    path : str or Path
        A text file, UTF-8 or UTF-16.
    settings : LanguageSettings, optional
        How the language spells and marks; by default, capitals are read as small letters.
    name : str, optional
        The lexicon's name; by default, the file's name without suffix.
    format : Format, optional
        How it is written; recognised by default.

    Raises
    ------
    DataError
        The file is missing, a folder, binary, of no known format, has no usable row, or has many that are
        not.
    """
    path = Path(path)
    settings = settings or DEFAULT_SETTINGS
    looked_at = first_lines(path, _LOOKED_AT)
    format = fit(format or recognise(looked_at, str(path)), looked_at)  # noqa: A001
    skipped: SkippedLines = {}
    listed = list(read_rows(path, format.parse, skipped))
    total = len(listed) + sum(map(len, skipped.values()))
    _refuse_lost(path, total, skipped)
    rows = [(line, row.word, text) for line, row in listed for text in row.pronunciations]
    form = _form(format, [text for _, _, text in rows])

    merged: dict[str, dict[Segments, None]] = {}
    used = 0
    lost = LostCharacters()
    for (line, word, text), segments in zip(rows, _segments(rows, form, settings), strict=True):
        if form == "joined":
            lost.note(text, segments)
        if not has_sound(segments):
            skipped.setdefault("pronunciation without a sound", []).append(line)
            continue
        pronunciations = merged.setdefault(word, {})
        used += segments not in pronunciations
        pronunciations[segments] = None
    if not merged:
        advice = _advice(path, skipped, "give word<TAB>pronunciation on each line")
        raise DataError(f"{path}: no usable row{_reasons(skipped)}; {advice}")

    entries = tuple(
        Entry(word, _letters(word, settings), tuple(pronunciations))
        for word, pronunciations in merged.items()
    )
    more = len(rows) - len(listed)  # pronunciations that share a row
    columns = sum(row.more for _, row in listed)
    notes = (*lost.notes(), *joined_arpabet([text for _, _, text in rows] if form == "joined" else []))
    report = ReadReport.of(
        total + more,
        used,
        skipped,
        read_as=format.title,
        format=format.name,
        more_columns=columns,
        notes=notes,
    )
    return Lexicon(path.stem if name is None else name, entries, report, Notation(form))


def pronunciation_form(pronunciations: Iterable[str]) -> PronunciationForm:
    """Tell whether the blanks of a file separate segments or words and syllables.

    Segments: at least half of the rows hold a blank, and at most a fifth of the tokens between blanks have
    more than two letters (``AA1``, ``t͡ɕ``; syllables and words have more). In real files the second share is
    0 % with segments and above 55 % without.
    """
    rows = spaced_rows = tokens = long_tokens = 0
    for pronunciation in pronunciations:
        rows += 1
        parts = pronunciation.split()
        if len(parts) > 1:
            spaced_rows += 1
            tokens += len(parts)
            long_tokens += sum(map(_is_long, parts))
    spaced = (
        spaced_rows and spaced_rows >= _SPACED_ROWS * rows and long_tokens <= _SPACED_LONG_TOKENS * tokens
    )
    return "spaced" if spaced else "joined"


def _is_long(token: str) -> bool:
    return len(token) > _SPACED_TOKEN_LETTERS and (
        sum(unicodedata.category(character) in {"Ll", "Lu", "Lo"} for character in token)
        > _SPACED_TOKEN_LETTERS
    )


def _form(format: Format, texts: Sequence[str]) -> PronunciationForm:  # noqa: A002
    if format.spaced is None:
        return pronunciation_form(texts)
    return "spaced" if format.spaced else "joined"


def _refuse_lost(path: Path, rows: int, skipped: SkippedLines) -> None:
    """Refuse a file of which many rows cannot be read: its rest would be learnt as if it were all."""
    bad = {reason: lines for reason, lines in skipped.items() if reason not in PASSED_OVER}
    lost = sum(map(len, bad.values()))
    foreign = len(bad.get(NOT_UTF8, ()))
    if 2 * foreign <= rows and (lost < _MANY or lost < _MANY_SHARE * rows):
        return
    advice = _advice(path, bad, "correct them, or name the format (--format)")
    raise DataError(f"{path}: {lost:,} of {rows:,} rows cannot be read{_reasons(bad)}; {advice}")


def _advice(path: Path, skipped: SkippedLines, otherwise: str) -> str:
    """Say what to do: mostly another encoding asks to be converted."""
    foreign = len(skipped.get(NOT_UTF8, ()))
    if 2 * foreign <= sum(map(len, skipped.values())):
        return otherwise
    return conversion_advice(foreign_bytes(path))


def _reasons(skipped: SkippedLines) -> str:
    """Say why rows were skipped, the most frequent reason first."""
    if not skipped:
        return ""
    ranked = sorted(skipped.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return ": " + ", ".join(f"{reason} (line {lines[0]}, {len(lines):,} in all)" for reason, lines in ranked)


def _segments(
    rows: list[tuple[int, str, str]], form: PronunciationForm, settings: LanguageSettings
) -> Iterator[Segments]:
    """Take the pronunciations of all rows apart."""
    texts = (ipa for _, _, ipa in rows)
    found: Iterable[Iterable[str]]
    if form == "spaced":
        found = (unicodedata.normalize("NFC", text).split() for text in texts)
    else:
        found = segment_all(texts, stress_marks=settings.stress_marks, length_marks=settings.length_marks)
    for segments in found:
        yield tuple(map(sys.intern, segments))  # few distinct ones: a lexicon then holds each once


def _letters(word: str, settings: LanguageSettings) -> tuple[str, ...]:
    return tuple(map(sys.intern, letters_of_normalised(word, lower=settings.lower, trim=settings.trim)))
