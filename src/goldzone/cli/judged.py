"""What ``goldzone evaluate`` judges: a model, or a file of what any program said."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from goldzone.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from goldzone.data.lexicon import Lexicon
    from goldzone.data.settings import LanguageSettings
    from goldzone.g2p.evaluation import Diagnosis
    from goldzone.g2p.phonemizer import Phonemizer

__all__ = ["Judged", "JudgedModel", "Predictions", "is_predictions", "open_judged"]


@dataclass(frozen=True)
class JudgedModel:
    """A phonemizer, and the file that it was read from."""

    path: Path
    """As the user gave it."""
    file: Path
    phonemizer: Phonemizer

    @property
    def settings(self) -> LanguageSettings:
        """How words are spelled with letters."""
        return self.phonemizer.model.settings

    def diagnose(self, lexicon: Lexicon, *, threads: int) -> Diagnosis:
        """Judge on words with known pronunciations."""
        return self.phonemizer.diagnose(lexicon, threads=threads)

    def lacking(self, lexicon: Lexicon) -> int:
        """Count the words that are not said at all: none."""
        del lexicon
        return 0

    def part(self, lexicon: Lexicon, name: str) -> Lexicon:
        """Return a part of training's split of the lexicon."""
        from goldzone.g2p.held_out import part_of

        return part_of(self.phonemizer.model, lexicon, name)

    def met(self, lexicon: Lexicon) -> NDArray[np.uint64]:
        """Return the keys of words that the model has met, or may have met (`met_words`)."""
        from goldzone.g2p.held_out import met_words

        return met_words(self.file, self.phonemizer.model, lexicon)


@dataclass(frozen=True)
class Predictions:
    """What some program said, as rows of a lexicon."""

    path: Path
    said: Lexicon

    @property
    def settings(self) -> LanguageSettings:
        """How words are spelled with letters."""
        from goldzone.data.settings import DEFAULT_SETTINGS

        return DEFAULT_SETTINGS

    def diagnose(self, lexicon: Lexicon, *, threads: int) -> Diagnosis:
        """Judge on words with known pronunciations."""
        from goldzone.g2p.comparison import words_said_in
        from goldzone.g2p.evaluation import diagnose_said

        del threads
        by_segments = self.said.notation.shares_borders(lexicon.notation)
        said = words_said_in(self.said, lexicon, by_segments=by_segments)
        return diagnose_said(said, notation=lexicon.notation, by_segments=by_segments)

    def lacking(self, lexicon: Lexicon) -> int:
        """Count the words that are not said at all."""
        has = {entry.word for entry in self.said}
        return sum(entry.word not in has for entry in lexicon)


Judged: TypeAlias = JudgedModel | Predictions


def is_predictions(path: Path) -> bool:
    """Tell whether a path is a file that is no model: rows of words with pronunciations, then."""
    return path.is_file() and not zipfile.is_zipfile(path)


def open_judged(path: Path) -> Judged:
    """Read a model file, a run folder, or predictions.

    Raises
    ------
    ModelFormatError
        A model is damaged or of another kind.
    DataError
        The file is neither a model nor a lexicon.
    """
    from goldzone.data.lexicon import read_lexicon
    from goldzone.g2p.phonemizer import Phonemizer
    from goldzone.training.runs.model_files import judged_model_file

    if not is_predictions(path):
        file = judged_model_file(path)
        return JudgedModel(path, file, Phonemizer.load(file))
    try:
        return Predictions(path, read_lexicon(path))
    except DataError as error:
        raise DataError(f"{error} (it is no model either)") from None
