"""Homographs: words that are spelled alike and told apart by the sentence they stand in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from goldzone.data.letters import normalise_word
from goldzone.data.notation import Segments
from goldzone.data.rows import MAX_FIELD, ReadReport, SkippedLines, UnusableRowError, read_rows
from goldzone.data.segmentation import has_sound, segment_ipa
from goldzone.data.split import DEFAULT_FRACTIONS, Split, split_of
from goldzone.errors import ConfigError, DataError

__all__ = [
    "HomographSample",
    "HomographTable",
    "Sentence",
    "SentenceFile",
    "homograph_samples",
    "homograph_table",
    "read_sentences",
    "split_sentences",
]

_NOT_GIVEN: Final = "_"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the pronunciation of some of its words."""

    words: tuple[str, ...]
    """The words, in NFC, as written."""
    pronunciations: tuple[Segments | None, ...]
    """One for each word; None where none is given."""


@dataclass(frozen=True, slots=True)
class SentenceFile:
    """The distinct sentences of a file, in order."""

    name: str
    sentences: tuple[Sentence, ...]
    report: ReadReport


@dataclass(frozen=True, slots=True)
class HomographTable:
    """The pronunciations that words were seen with in training, and how often."""

    counts: Mapping[str, Mapping[Segments, int]]
    """By word in small letters; each word's pronunciations the most frequent first, equal ones in the order
    of their text."""

    def candidates(self, word: str) -> tuple[Segments, ...]:
        """List a word's pronunciations, the most frequent first; none for a word never seen."""
        return tuple(self.counts.get(word.lower(), ()))


@dataclass(frozen=True, slots=True)
class HomographSample:
    """One marked word: choose among its candidates by the sentence around it."""

    words: tuple[str, ...]
    """The sentence."""
    position: int
    """Index of the marked word in it."""
    right: Segments
    """Its pronunciation here. In held-out sentences it need not be among the candidates."""
    candidates: tuple[Segments, ...]
    """What the table has for the word, the most frequent first; may be empty or just one."""


def read_sentences(path: str | Path) -> SentenceFile:
    """Read ``sentence<TAB>fields`` rows, words and fields separated by single spaces, ``_`` for "not given".

    Rows that cannot be used (as for lexicons; also those with another number of fields than words, or with no
    pronunciation at all) are skipped and counted.

    Raises
    ------
    DataError
        The file is missing, a folder, binary, or has no usable row.
    """
    path = Path(path)
    skipped: SkippedLines = {}
    rows = [sentence for _, sentence in read_rows(path, _sentence, skipped)]
    if not rows:
        raise DataError(
            f"{path}: no usable row; give a file with sentence<TAB>one field per word on each line"
        )
    sentences = tuple(dict.fromkeys(rows))
    total = len(rows) + sum(map(len, skipped.values()))
    return SentenceFile(path.stem, sentences, ReadReport.of(total, len(sentences), skipped))


def split_sentences(
    sentences: Iterable[Sentence], fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
) -> Split[tuple[Sentence, ...]]:
    """Split by the words of the sentence (`split_of`), so that one sentence marked twice stays on one side.

    Raises
    ------
    ConfigError
        The fractions are not three shares of 1.
    """
    parts: dict[str, list[Sentence]] = {"train": [], "dev": [], "test": []}
    for sentence in sentences:
        parts[split_of(" ".join(sentence.words), fractions)].append(sentence)
    return Split(*map(tuple, parts.values()))


def homograph_table(train: Iterable[Sentence], *, min_count: int = 1) -> HomographTable:
    """Collect what training sentences say of each marked word.

    Parameters
    ----------
    train : iterable of Sentence
        Training sentences only: what is learnt from others is no held-out result.
    min_count : int
        Leave out pronunciations seen less often, which are mostly another notation or an error.

    Raises
    ------
    ConfigError
        The least count is below 1.
    """
    if min_count < 1:
        raise ConfigError(f"min_count: {min_count} is below 1; give 1 to keep every pronunciation")
    seen: dict[str, Counter[Segments]] = {}
    for sentence in train:
        for word, pronunciation in zip(sentence.words, sentence.pronunciations, strict=True):
            if pronunciation is not None:
                seen.setdefault(word.lower(), Counter())[pronunciation] += 1
    counts: dict[str, Mapping[Segments, int]] = {}
    for word in sorted(seen):
        ordered = sorted(seen[word].items(), key=lambda item: (-item[1], item[0]))
        if kept := {segments: count for segments, count in ordered if count >= min_count}:
            counts[word] = MappingProxyType(kept)
    return HomographTable(MappingProxyType(counts))


def homograph_samples(sentences: Iterable[Sentence], table: HomographTable) -> tuple[HomographSample, ...]:
    """Make one sample of each marked word, in order, with the table's candidates."""
    return tuple(
        HomographSample(sentence.words, position, right, table.candidates(sentence.words[position]))
        for sentence in sentences
        for position, right in enumerate(sentence.pronunciations)
        if right is not None
    )


def _sentence(text: str) -> Sentence:
    """Take a row apart; the two fields must agree in length."""
    sentence, tab, rest = text.partition("\t")
    if not tab:
        raise UnusableRowError("no tab between sentence and pronunciations")
    fields = rest.partition("\t")[0]
    if len(sentence) > MAX_FIELD or len(fields) > MAX_FIELD:
        raise UnusableRowError("too long")
    words = tuple(map(normalise_word, sentence.split(" ")))
    if not all(words):
        raise UnusableRowError("empty word")
    pronunciations = tuple(map(_pronunciation, fields.split(" ")))
    if len(words) != len(pronunciations):
        raise UnusableRowError("another number of pronunciations than words")
    if all(pronunciation is None for pronunciation in pronunciations):
        raise UnusableRowError("no pronunciation given")
    return Sentence(words, pronunciations)


def _pronunciation(field: str) -> Segments | None:
    if field == _NOT_GIVEN:
        return None
    segments = segment_ipa(field)
    if not has_sound(segments):
        raise UnusableRowError("pronunciation without a sound")
    return segments
