"""Pronunciation lexicons: words with their letters and the segments of each pronunciation."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldzone.data.letters import letters_of_normalised, normalise_word
from goldzone.data.notation import JOINED, Notation, PronunciationForm, Segments
from goldzone.data.rows import MAX_FIELD, ReadReport, SkippedLines, UnusableRowError, read_rows
from goldzone.data.segmentation import has_sound, segment_all
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.errors import DataError

__all__ = ["Entry", "Lexicon", "pronunciation_form", "read_lexicon"]

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


def read_lexicon(
    path: str | Path, *, settings: LanguageSettings | None = None, name: str | None = None
) -> Lexicon:
    """Read ``word<TAB>pronunciation`` rows; what follows a second tab (neurlang's tags) is left alone.

    Rows of one word are merged, and duplicates dropped. Rows that cannot be used (no tab, empty word or
    pronunciation, a pronunciation without a sound, bytes that are not UTF-8, control characters, a field of
    more than `MAX_FIELD` characters) are skipped and counted in the report. In a file of spaced segments
    (`pronunciation_form`) each token between blanks is one as it stands, in any notation (ARPAbet).

    Parameters
    ----------
    path : str or Path
        A UTF-8 text file.
    settings : LanguageSettings, optional
        How the language spells and marks; by default, capitals are read as small letters.
    name : str, optional
        The lexicon's name; by default, the file's name without suffix.

    Raises
    ------
    DataError
        The file is missing, a folder, binary, or has no usable row.
    """
    path = Path(path)
    settings = settings or DEFAULT_SETTINGS
    skipped: SkippedLines = {}
    rows = [(line, *fields) for line, fields in read_rows(path, _fields, skipped)]
    total = len(rows) + sum(map(len, skipped.values()))
    form = pronunciation_form(ipa for _, _, ipa in rows)

    merged: dict[str, dict[Segments, None]] = {}
    used = 0
    for (line, word, _), segments in zip(rows, _segments(rows, form, settings), strict=True):
        if not has_sound(segments):
            skipped.setdefault("pronunciation without a sound", []).append(line)
            continue
        pronunciations = merged.setdefault(word, {})
        used += segments not in pronunciations
        pronunciations[segments] = None
    if not merged:
        raise DataError(f"{path}: no usable row; give a file with word<TAB>pronunciation on each line")

    entries = tuple(
        Entry(word, _letters(word, settings), tuple(pronunciations))
        for word, pronunciations in merged.items()
    )
    report = ReadReport.of(total, used, skipped)
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


def _fields(text: str) -> tuple[str, str]:
    """Take the word and the pronunciation out of a row."""
    word, tab, rest = text.partition("\t")
    if not tab:
        raise UnusableRowError("no tab between word and pronunciation")
    ipa = rest.partition("\t")[0].strip()
    if len(word) > MAX_FIELD or len(ipa) > MAX_FIELD:
        raise UnusableRowError("too long")
    word = normalise_word(word)
    if not word:
        raise UnusableRowError("empty word")
    if not ipa:
        raise UnusableRowError("empty pronunciation")
    return word, ipa


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
