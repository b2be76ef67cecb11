"""Formats of pronunciation lexicons: which one a file has, told by its first lines, and how a row is read.

Every format gives rows of a word and its pronunciations as they are written. What is no word (comments,
silence, noise) is told by an `UnusableRowError` whose reason is one of `PASSED_OVER`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from goldzone.data.letters import normalise_word
from goldzone.data.rows import MAX_FIELD, UnusableRowError
from goldzone.errors import ConfigError, DataError
from goldzone.validation import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORMATS", "PASSED_OVER", "Format", "Row", "fit", "format_named", "recognise"]


class Row(NamedTuple):
    """A row of a lexicon."""

    word: str
    """As `normalise_word` leaves it."""
    pronunciations: tuple[str, ...]
    """As they are written."""
    more: bool = False
    """Whether further columns were left alone."""


_COMMENT: Final = "comment"
_HEADER: Final = "header"
_NO_WORD: Final = "silence or noise, no word"
PASSED_OVER: Final = frozenset({_COMMENT, _HEADER, _NO_WORD})
"""Reasons for which a row is passed over, though nothing is wrong with it."""

_SHARE: Final = 0.9
"""Of the first rows, as many must agree."""
_COUNTED: Final = 3
"""Rows at least that are numbered one by one."""
_DIGITS: Final = 10
"""So many no row's number has."""
_FEW: Final = 0.1
"""Of pronunciations more are different; of parts of speech, sources or dialects, fewer."""
_ENOUGH: Final = 40
"""Rows from which that is told."""
_MOST_FIGURES: Final = 4
"""Columns of figures before the phones: MFA has one or four, Kaldi one."""
_MOST_PHONE: Final = 5
"""Characters of a phone between blanks, at most; few words are all as short."""
_SILENCES: Final = frozenset({"sil", "spn", "nsn", "sp", "<eps>"})
_MARKED_WORD: Final = re.compile(r"<.*>|\[.*\]|\{.*\}|!?SIL|!sil|-pau-")
_NO_SOUNDS: Final = frozenset({"sil", "spn", "nsn"})
"""What a dictionary of phones says of silence and noise, whatever they are called."""
_WORD_WITH_HASH: Final = re.compile(r"#\t\S|#[^\s#!]\S*(?:\t| {2,})\S")
_DISAMBIGUATION: Final = re.compile(r"#\d+")
_VARIANT: Final = re.compile(r"(.+?)\((\d{1,2})\)")
_DIGIT_PHONES: Final = frozenset("23456789")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_PHONEMIC: Final = re.compile(r"/[^/]*/|\[[^\[\]]*\]")
_BETWEEN: Final = re.compile(r"[\s,;]*")
_WORD_HEADS: Final = frozenset({"word", "words", "orthography", "grapheme", "graphemes", "spelling", "lemma"})
_SOUND_HEADS: Final = frozenset(
    {"pronunciation", "pronunciations", "ipa", "phonemes", "phones", "transcription", "pron", "sampa"}
)


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a lexicon."""

    name: str
    """As `--format` takes it."""
    title: str
    """As people call it."""
    parse: Callable[..., Row]
    """Reads a line; raises `UnusableRowError`."""
    spaced: bool | None = None
    """Whether blanks separate segments; None: told by the pronunciations."""
    has_figures: bool = False
    """Whether figures may stand before the phones; `parse` then takes how many, as `figures`."""


def format_named(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    ConfigError
        There is none.
    """
    if name not in FORMATS:
        near = nearest(name, [*FORMATS])
        advice = f"did you mean {near}?" if near else f"give one of {', '.join(FORMATS)}"
        raise ConfigError(f"format: {name!r} is not known; {advice}")
    return FORMATS[name]


def fit(format: Format, lines: Sequence[str]) -> Format:  # noqa: A002
    """Tell figures from phones that are digits (X-SAMPA's ``2``, ``9``) by a file's first lines.

    Figures stand in all rows, as many, or have a decimal point; further digits of a row are phones. Where all
    rows begin with a digit from 2 to 9, these are phones: of words that begin alike.
    """
    if not format.has_figures:
        return format
    rows = [line.split()[1:] for line in lines if line.strip() and not _is_comment(line)]
    numbered = [row for row in rows if row and _NUMBER.fullmatch(row[0])]
    figures = 0
    common = len(numbered) >= _SHARE * len(rows) and any(row[0] not in _DIGIT_PHONES for row in numbered)
    if common or any("." in row[0] for row in numbered):
        counts = Counter(sum(1 for _ in takewhile(_NUMBER.fullmatch, row)) for row in numbered)
        figures = min(counts.most_common(1)[0][0], _MOST_FIGURES) if counts else 0
    return replace(format, parse=partial(format.parse, figures=figures))


def recognise(lines: Sequence[str], name: str) -> Format:
    """Tell the format of a file by its first lines.

    Parameters
    ----------
    lines : sequence of str
        Without their ends; empty ones are passed over.
    name : str
        Of the file, for messages.

    Raises
    ------
    DataError
        It is none that is known: the message says what the lines look like.
    """
    rows = [line for line in lines if line.strip() and not _is_comment(line)]
    if not rows:
        return FORMATS["tsv"]
    tabs = sum("\t" in row for row in rows) / len(rows)
    if tabs >= 1 - _SHARE:
        return _of_columns([row.split("\t") for row in rows if "\t" in row], name)
    for delimiter in ",;":
        if _share(rows, partial(_is_csv, delimiter=delimiter)) >= _SHARE:
            columns = [_split(row, delimiter) for row in rows]
            _refuse_numbered(columns, name)
            _refuse_repeated(columns, name)
            return FORMATS["csv"] if delimiter == "," else _SEMICOLONS
    words = [row.partition(" # ")[0].split() for row in rows]
    if _share(words, lambda parts: len(parts) > 1) < 1 - _SHARE:
        raise DataError(
            f"{name}: has words only, no pronunciations (no tab in {len(rows):,} lines); "
            "give word<TAB>pronunciation on each line"
        )
    if _share(words, _has_phones) < _SHARE:
        raise DataError(
            f"{name}: its columns are separated by blanks, but what follows the first does not look like "
            "sounds; put a tab after the word, or name the format (--format kaldi)"
        )
    two_blanks = _share(rows, lambda row: re.match(r"\S+ {2,}\S", row) is not None) >= _SHARE
    noted = any(line.startswith(";;;") for line in lines) or any(" # " in row for row in rows)
    variants = any(_VARIANT.fullmatch(parts[0]) for parts in words)
    return FORMATS["cmudict" if two_blanks or noted or variants else "kaldi"]


def _of_columns(rows: Sequence[Sequence[str]], name: str) -> Format:
    """Tell formats whose first column ends with a tab."""
    _refuse_numbered(rows, name)
    _refuse_repeated(rows, name)
    if _share(rows, lambda row: _PHONEMIC.match(row[1].strip()) is not None) >= _SHARE:
        return FORMATS["ipa-dict"]
    figures = _share(rows, lambda row: len(row) > 2 and _NUMBER.fullmatch(row[1].strip()) is not None)
    if figures >= 1 - _SHARE:  # rows with and without may stand side by side
        return FORMATS["mfa"]
    return FORMATS["tsv"]


def _share(rows: Sequence[object], holds: Callable[..., bool]) -> float:
    return sum(map(holds, rows)) / len(rows)


def _is_csv(row: str, delimiter: str) -> bool:
    return len(_split(row, delimiter)) > 1 and bool(_split(row, delimiter)[0].strip())


def _has_phones(parts: Sequence[str]) -> bool:
    phones = [part for part in parts[1:] if not _NUMBER.fullmatch(part)]
    return bool(phones) and max(map(len, phones)) <= _MOST_PHONE


def _refuse_numbered(rows: Sequence[Sequence[str]], name: str) -> None:
    """Refuse rows whose first column counts them: it would be learnt as words."""
    if len(rows) <= _COUNTED or min(map(len, rows)) < 3:
        return
    numbers = [row[0].strip() for row in rows[1:]]  # the first may be a header
    if not all(number.isdecimal() and len(number) < _DIGITS for number in numbers):
        return
    if all(int(after) - int(before) == 1 for before, after in pairwise(numbers)):
        raise DataError(f"{name}: its first column numbers the rows; leave it out (such as: cut -f 2-)")


def _refuse_repeated(rows: Sequence[Sequence[str]], name: str) -> None:
    """Refuse rows whose second column is a part of speech or the like: it would be learnt as sounds."""
    values = Counter(row[1].strip() for row in rows if len(row) > 2 and not _NUMBER.fullmatch(row[1].strip()))
    if values.total() >= _ENOUGH and len(values) < _FEW * values.total():
        some = ", ".join(value for value, _ in values.most_common(3))
        raise DataError(
            f"{name}: its second column says the same again and again ({some}), which are no "
            "pronunciations; leave it out (such as: cut -f 1,3)"
        )


def _split(row: str, delimiter: str) -> list[str]:
    """Take a row of CSV apart; nothing is left of what csv cannot read (a line end inside a row)."""
    try:
        return next(csv.reader([row], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _is_comment(line: str) -> bool:
    """Tell comments from words: CMUdict has the word ``#HASH-MARK``, two blanks after it."""
    return line.startswith((";;;", "#")) and _WORD_WITH_HASH.match(line) is None


def _tabs(line: str) -> Row:
    """Read word, tab, pronunciation; what follows a second tab is left alone."""
    _refuse_comment(line)
    word, tab, rest = line.partition("\t")
    if not tab:
        raise UnusableRowError("no tab between word and pronunciation")
    pronunciation, _, more = rest.partition("\t")
    return _row(word, (pronunciation,), more=bool(more.strip()))


def _csv(line: str, delimiter: str) -> Row:
    _refuse_comment(line)
    columns = _split(line, delimiter)
    if len(columns) < 2:
        raise UnusableRowError("one column only")
    return _row(columns[0], (columns[1],), more=any(column.strip() for column in columns[2:]))


def _ipa_dict(line: str) -> Row:
    """Read ``word<TAB>/one/, /another/``; square brackets as well."""
    _refuse_comment(line)
    word, tab, rest = line.partition("\t")
    if not tab:
        raise UnusableRowError("no tab between word and pronunciation")
    listed = _PHONEMIC.findall(rest.partition("\t")[0])
    left = _PHONEMIC.sub("", rest.partition("\t")[0])
    if not listed or not _BETWEEN.fullmatch(left):
        raise UnusableRowError("no pronunciation between slashes")
    return _row(word, tuple(text[1:-1] for text in listed))


def _mfa(line: str, figures: int = _MOST_FIGURES) -> Row:
    """Read a word, any figures, and phones: separated by tabs, by blanks, or both."""
    _refuse_comment(line)
    word, tab, rest = line.partition("\t")
    if not tab:
        return _blanks(line, figures)
    return _phones(word, rest.split(), figures)


def _blanks(line: str, figures: int = _MOST_FIGURES) -> Row:
    """Read a word and phones between blanks; a probability may stand before the phones."""
    _refuse_comment(line)
    word, _, phones = line.lstrip().partition(" ")
    return _phones(word, phones.split(), figures)


def _cmudict(line: str) -> Row:
    return _blanks(line.partition(" #")[0] if " # " in line or line.endswith(" #") else line, 0)


def _phones(word: str, phones: list[str], figures: int) -> Row:
    first = 0
    while (
        first < len(phones) and _NUMBER.fullmatch(phones[first]) and (first < figures or "." in phones[first])
    ):
        first += 1
    phones = phones[first:]
    while phones and _DISAMBIGUATION.fullmatch(phones[-1]):
        phones = phones[:-1]
    if _MARKED_WORD.fullmatch(word.strip()) or (len(phones) == 1 and phones[0].casefold() in _NO_SOUNDS):
        raise UnusableRowError(_NO_WORD)
    return _row(word, (" ".join(phones),))


def _row(word: str, pronunciations: Sequence[str], *, more: bool = False) -> Row:
    texts = tuple(text.strip() for text in pronunciations)
    if len(word) > MAX_FIELD or max(map(len, texts)) > MAX_FIELD:
        raise UnusableRowError("too long")
    word = normalise_word(word)
    if not word:
        raise UnusableRowError("empty word")
    if not all(texts):
        raise UnusableRowError("empty pronunciation")
    if word.casefold().lstrip("#") in _WORD_HEADS and texts[0].casefold() in _SOUND_HEADS:
        raise UnusableRowError(_HEADER)
    if _MARKED_WORD.fullmatch(word) and _SILENCES.issuperset(texts[0].casefold().split()):
        raise UnusableRowError(_NO_WORD)
    variant = _VARIANT.fullmatch(word)
    return Row(variant[1] if variant else word, texts, more)


def _refuse_comment(line: str) -> None:
    if _is_comment(line):
        raise UnusableRowError(_COMMENT)


_SEMICOLONS: Final = Format("csv", "CSV (semicolons)", partial(_csv, delimiter=";"))

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("tsv", "tab-separated", _tabs),
            Format("csv", "CSV", partial(_csv, delimiter=",")),
            Format("cmudict", "CMUdict", _cmudict, spaced=True),
            Format("kaldi", "Kaldi lexicon", _blanks, spaced=True, has_figures=True),
            Format("mfa", "MFA dictionary", _mfa, spaced=True, has_figures=True),
            Format("sherpa", "sherpa-onnx lexicon", _blanks, spaced=True, has_figures=True),
            Format("ipa-dict", "ipa-dict", _ipa_dict),
            Format("wikipron", "WikiPron", _tabs, spaced=True),
        )
    }
)
"""By the name that `--format` takes."""
