"""What ``goldzone evaluate`` judges: a model, or a file of what any program said."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldzone.errors import DataError

if TYPE_CHECKING:
    from goldzone.data.lexicon import Lexicon
    from goldzone.data.settings import LanguageSettings
    from goldzone.g2p.evaluation import Diagnosis
    from goldzone.g2p.phonemizer import Phonemizer

__all__ = ["Judged", "is_predictions", "open_judged"]


@dataclass(frozen=True)
class Judged:
    """A model or predictions, and what is needed to judge them."""

    path: Path
    """As the user gave it."""
    file: Path
    phonemizer: Phonemizer | None
    predictions: Lexicon | None

    @property
    def settings(self) -> LanguageSettings:
        """How words are spelled with letters."""
        from goldzone.data.settings import DEFAULT_SETTINGS

        return self.phonemizer.model.settings if self.phonemizer else DEFAULT_SETTINGS

    def diagnose(self, lexicon: Lexicon, *, threads: int) -> Diagnosis:
        """Judge on words with known pronunciations."""
        if self.phonemizer is not None:
            return self.phonemizer.diagnose(lexicon, threads=threads)
        from goldzone.g2p.comparison import words_said_in
        from goldzone.g2p.evaluation import diagnose_said

        assert self.predictions is not None  # noqa: S101 - one of the two is there
        by_segments = {self.predictions.notation.form, lexicon.notation.form} == {"spaced"}
        said = words_said_in(self.predictions, lexicon, by_segments=by_segments)
        return diagnose_said(said, notation=lexicon.notation, by_segments=by_segments)

    def lacking(self, lexicon: Lexicon) -> int:
        """Count the words that a file of predictions does not have."""
        if self.predictions is None:
            return 0
        has = {entry.word for entry in self.predictions}
        return sum(entry.word not in has for entry in lexicon)


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
    from goldzone.training.runs.run_folder import judged_model_file

    if not is_predictions(path):
        file = judged_model_file(path)
        return Judged(path, file, Phonemizer.load(file), None)
    try:
        return Judged(path, path, None, read_lexicon(path))
    except DataError as error:
        raise DataError(f"{error} (it is no model either)") from None
