"""What is wrong with wrong words: each aligned with its nearest right pronunciation, each edit given a kind.

Kinds are told by the characters of the two segments, never by the name of a language.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate
from typing import Any, Final, NamedTuple

from goldzone.data.notation import Segments
from goldzone.data.segmentation import LENGTH_MARKS, MARK_CATEGORIES, STRESS_MARKS, VOWELS
from goldzone.data.sound_classes import ACCENTS
from goldzone.g2p.scoring import is_listed

__all__ = [
    "Confusion",
    "Edit",
    "ErrorKind",
    "Errors",
    "KindCount",
    "KindRule",
    "align_said",
    "find_errors",
    "nearest_edits",
]

_TONES: Final = frozenset(
    (
        *"0123456789⁰¹²³⁴⁵⁶⁷⁸⁹ꜛꜜ↑↓↗↘",
        *map(chr, (*range(0x2E5, 0x2EA), *range(0xA700, 0xA720), *range(0x1DC4, 0x1DCA))),
    )
)
"""Chao's tone letters and other signs of pitch, tones as numbers, and combining contours."""

_LENGTHS: Final = frozenset("ːˑ:\u0306")
"""Length marks of any notation, half long and extra short too (IPA chart, "suprasegmentals")."""

_CEDILLA: Final = "\u0327"
"""No diacritic in IPA: ç is a letter."""

_EDIT: Final = 1 << 20
"""Cost of an edit in an alignment: more than the unlikeness of all edits of a word together."""


class ErrorKind(StrEnum):
    """How a segment that was said differs from the one that should be; the value is the name in JSON."""

    ACCENT = "accent"
    """Only in stress, accent or tone marks; a tone that is a segment of its own, too many or missing, too."""
    LENGTH = "length"
    """Only in length."""
    MARKS = "other_marks"
    """Only in other marks."""
    SEVERAL_MARKS = "several_marks"
    """In marks of more than one of the kinds above, and nothing else."""
    VOWEL = "vowel_for_vowel"
    CONSONANT = "consonant_for_consonant"
    UNLIKE = "vowel_or_consonant"
    """A vowel for a consonant, a consonant for a vowel, or a bare mark for either."""
    LEFT_OUT = "left_out"
    PUT_IN = "put_in"

    @property
    def in_words(self) -> str:
        """The kind as it is shown to people."""
        return _IN_WORDS[self]


_IN_WORDS: Final = {
    ErrorKind.ACCENT: "accent, stress or tone alone",
    ErrorKind.LENGTH: "length alone",
    ErrorKind.MARKS: "other marks alone",
    ErrorKind.SEVERAL_MARKS: "several marks alone",
    ErrorKind.VOWEL: "vowel for vowel",
    ErrorKind.CONSONANT: "consonant for consonant",
    ErrorKind.UNLIKE: "vowel and consonant",
    ErrorKind.LEFT_OUT: "left out",
    ErrorKind.PUT_IN: "put in",
}

_UNLIKENESS: Final = {
    ErrorKind.VOWEL: 1,
    ErrorKind.CONSONANT: 1,
    ErrorKind.LEFT_OUT: 2,
    ErrorKind.PUT_IN: 2,
    ErrorKind.UNLIKE: 3,
}
"""Which of the alignments with the fewest edits is the likeliest; differences in marks alone count 0."""


class _Parts(NamedTuple):
    letters: str
    accents: str
    lengths: str
    others: str


class Edit(NamedTuple):
    """A difference between what was said and what should be; empty where a segment was left out or put in."""

    said: str
    should_be: str


class KindRule:
    """Tells the kind of an edit.

    Parameters
    ----------
    stress_marks, length_marks : iterable of str
        Marks of the language, besides the general ones (see `goldzone.data.settings.LanguageSettings`).
    """

    def __init__(
        self, stress_marks: Iterable[str] = STRESS_MARKS, length_marks: Iterable[str] = LENGTH_MARKS
    ) -> None:
        self._lengths = _LENGTHS.union(length_marks)
        self._accents = ACCENTS.union(_TONES, STRESS_MARKS, stress_marks) - self._lengths
        self._parts = cache(self._take_apart)
        self._kinds: dict[Edit, ErrorKind] = {}
        self._costs: dict[Edit, int] = {}

    def kind(self, edit: Edit) -> ErrorKind:
        """Return the kind of an edit between two different segments."""
        if edit not in self._kinds:
            self._kinds[edit] = self._kind(edit)
        return self._kinds[edit]

    def cost(self, edit: Edit) -> int:
        """Return what an edit adds to the cost of an alignment: nothing where both segments are the same."""
        if edit not in self._costs:
            same = edit.said == edit.should_be
            self._costs[edit] = 0 if same else _EDIT + _UNLIKENESS.get(self.kind(edit), 0)
        return self._costs[edit]

    def _kind(self, edit: Edit) -> ErrorKind:
        said, due = self._parts(edit.said), self._parts(edit.should_be)
        if said.letters == due.letters:
            if not said.letters and (said.accents or due.accents):
                return ErrorKind.ACCENT  # a tone with whatever belongs to it (`˦ˀ˥`)
            differing = [
                kind
                for kind, a, b in zip(
                    (ErrorKind.ACCENT, ErrorKind.LENGTH, ErrorKind.MARKS), said[1:], due[1:], strict=True
                )
                if a != b
            ]
            # The same characters in another order are another text: marks that are out of place.
            return differing[0] if len(differing) == 1 else ErrorKind.SEVERAL_MARKS
        if not edit.said:
            return ErrorKind.LEFT_OUT
        if not edit.should_be:
            return ErrorKind.PUT_IN
        if not said.letters or not due.letters or _is_vowel(said) != _is_vowel(due):
            return ErrorKind.UNLIKE
        return ErrorKind.VOWEL if _is_vowel(said) else ErrorKind.CONSONANT

    def _take_apart(self, segment: str) -> _Parts:
        letters, accents, lengths, others = "", "", "", ""
        for character in unicodedata.normalize("NFD", segment):
            if character in self._accents:
                accents += character
            elif character in self._lengths:
                lengths += character
            elif character != _CEDILLA and unicodedata.category(character) in MARK_CATEGORIES:
                others += character
            else:
                letters += character
        return _Parts(letters, accents, lengths, others)


def _is_vowel(parts: _Parts) -> bool:
    """Go by the first letter; those of a notation without vowel letters of IPA count as consonants."""
    return parts.letters[0].lower() in VOWELS


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often a kind of edit occurs."""

    edits: int = 0
    words: int = 0
    """Wrong words that have edits of this kind."""
    words_only: int = 0
    """Wrong words that have edits of no other kind: right, if this kind never occurred."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """An edit with how often it occurs."""

    said: str
    should_be: str
    times: int
    word: str
    """Where it occurs: among the words with the fewest edits, the first."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What is wrong with some words."""

    words: int
    """Wrong words."""
    edits: int
    kinds: dict[ErrorKind, KindCount]
    """Every kind, in the order of `ErrorKind`."""
    confusions: tuple[Confusion, ...]
    """Every edit, the most frequent first."""

    @property
    def words_of_several_kinds(self) -> int:
        """Wrong words that have edits of more than one kind."""
        return self.words - sum(count.words_only for count in self.kinds.values())

    def to_json(self, *, confusions: int) -> dict[str, Any]:
        """Return counts, and the most frequent confusions, as JSON values."""
        return {
            "errors": {
                "words": self.words,
                "words_of_several_kinds": self.words_of_several_kinds,
                "edits": self.edits,
                "kinds": {
                    kind.value: {"edits": count.edits, "words": count.words, "words_only": count.words_only}
                    for kind, count in self.kinds.items()
                },
            },
            "confusions": [
                {"said": c.said, "should_be": c.should_be, "times": c.times, "word": c.word}
                for c in self.confusions[:confusions]
            ],
        }


def find_errors(
    words: Sequence[str],
    predicted: Sequence[Segments],
    listed: Sequence[Sequence[Segments]],
    rule: KindRule | None = None,
    *,
    by_segments: bool = False,
) -> Errors:
    """Align each wrong word with its nearest listed pronunciation, and count the edits.

    Which words are wrong, and which pronunciation is the nearest, is as `goldzone.g2p.scoring.score_words`
    has it: the edits are those of the phoneme error rate.

    Parameters
    ----------
    words : sequence of str
    predicted : sequence of Segments
    listed : sequence of sequences of Segments
        At least one a word, none of them empty.
    rule : KindRule, optional
    by_segments : bool
    """
    rule = rule or KindRule()
    wrong = [
        (nearest_edits(guess, truths, rule), word)
        for word, guess, truths in zip(words, predicted, listed, strict=True)
        if not is_listed(guess, truths, by_segments=by_segments)
    ]
    edits, with_kind, with_only = Counter[ErrorKind](), Counter[ErrorKind](), Counter[ErrorKind]()
    for found, _ in wrong:
        kinds = Counter(map(rule.kind, found))
        edits.update(kinds)
        with_kind.update(set(kinds))
        if len(kinds) == 1:
            with_only.update(set(kinds))
    times = Counter(edit for found, _ in wrong for edit in found)
    clearest: dict[Edit, str] = {}
    for found, word in sorted(wrong, key=lambda pair: len(pair[0])):
        for edit in found:
            clearest.setdefault(edit, word)
    ranked = sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))
    return Errors(
        words=len(wrong),
        edits=edits.total(),
        kinds={kind: KindCount(edits[kind], with_kind[kind], with_only[kind]) for kind in ErrorKind},
        confusions=tuple(Confusion(*edit, count, clearest[edit]) for edit, count in ranked),
    )


def nearest_edits(guess: Segments, truths: Sequence[Segments], rule: KindRule) -> list[Edit]:
    """Return the edits from what was said to the nearest of the listed pronunciations."""
    options = [(align_said(guess, truth, rule), len(truth)) for truth in truths]
    return min(options, key=lambda option: (len(option[0]) / option[1], len(option[0])))[0]


def align_said(said: Segments, should_be: Segments, rule: KindRule) -> list[Edit]:
    """Return the edits between what was said and what should be, in their order.

    There are as few as can be; of alignments with as few, the one whose segments are most alike.
    """
    put_in = [rule.cost(Edit(segment, "")) for segment in said]
    left_out = [rule.cost(Edit("", segment)) for segment in should_be]
    # best[i][j]: cost of the first i segments said against the first j due (Wagner and Fischer 1974).
    best = [[0, *accumulate(left_out)]]
    for segment, extra in zip(said, put_in, strict=True):
        above = best[-1]
        row = [above[0] + extra]
        for j, due in enumerate(should_be):
            together = above[j] + rule.cost(Edit(segment, due))
            row.append(min(together, row[j] + left_out[j], above[j + 1] + extra))
        best.append(row)
    edits: list[Edit] = []
    i, j = len(said), len(should_be)
    while i or j:
        edit = Edit(said[i - 1] if i else "", should_be[j - 1] if j else "")
        if i and j and best[i][j] == best[i - 1][j - 1] + rule.cost(edit):
            i, j = i - 1, j - 1
        elif j and best[i][j] == best[i][j - 1] + left_out[j - 1]:
            edit, j = Edit("", edit.should_be), j - 1
        else:
            edit, i = Edit(edit.said, ""), i - 1
        if edit.said != edit.should_be:
            edits.append(edit)
    return edits[::-1]
