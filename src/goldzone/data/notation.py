"""How a lexicon writes pronunciations: segments separated by blanks, or joined to one text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from goldzone.data.segmentation import segment_ipa
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings

__all__ = ["JOINED", "Notation", "PronunciationForm", "Segments"]

Segments: TypeAlias = tuple[str, ...]
"""A pronunciation."""

PronunciationForm = Literal["joined", "spaced"]
"""How a file writes a pronunciation: one IPA string, or segments separated by blanks."""


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write pronunciations; what is learnt in one is said in the same.

    Examples
    --------
    >>> Notation("spaced").write(("HH", "AH0", "L", "OW1")), Notation("joined").write(("h", "ə", "l"))
    ('HH AH0 L OW1', 'həl')
    """

    form: PronunciationForm = "joined"

    @property
    def separator(self) -> str:
        """What stands between two segments."""
        return " " if self.form == "spaced" else ""

    def shares_borders(self, other: Notation) -> bool:
        """Tell whether the borders of segments are known in both, so that they can be compared."""
        return self.form == other.form == "spaced"

    def write(self, segments: Segments) -> str:
        """Write a pronunciation."""
        return self.separator.join(segments)

    def read(self, text: str, settings: LanguageSettings = DEFAULT_SETTINGS) -> Segments:
        """Take a pronunciation apart."""
        if self.form == "spaced":
            return tuple(unicodedata.normalize("NFC", text).split())
        marks = {"stress_marks": settings.stress_marks, "length_marks": settings.length_marks}
        return segment_ipa(text, **marks)


JOINED = Notation()
"""One text a pronunciation."""
