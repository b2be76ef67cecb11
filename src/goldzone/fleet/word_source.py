"""Where the words of a job are: a language of a dataset, a lexicon file, or a built-in sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldzone.data.builtin import builtin_names, load_builtin
from goldzone.data.languages import LanguageFolder
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.errors import DataError

__all__ = ["WordSource", "find_source"]

_FILES: Final = ("lexicon.tsv", "language.json")


@dataclass(frozen=True, slots=True)
class WordSource:
    """A lexicon that has not been read yet."""

    name: str
    """The language's, or the file's without its ending."""
    place: str
    """The language's folder; without a dataset, the lexicon's file, or empty for a built-in sample."""
    dataset: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, some of which may not be there."""
        if self.dataset is not None:
            return tuple(Path(self.place) / name for name in _FILES)
        return (Path(self.place),) if self.place else ()

    @property
    def _language(self) -> LanguageFolder | None:
        """Where the words are in a dataset."""
        return None if self.dataset is None else LanguageFolder(self.name, Path(self.place))

    @property
    def settings(self) -> LanguageSettings:
        """How words are spelled with letters.

        Raises
        ------
        DataError
            The `language.json` cannot be read.
        """
        return self._language.settings if self._language else DEFAULT_SETTINGS

    def read(self) -> Lexicon:
        """Read the words.

        Raises
        ------
        DataError
            They cannot be read.
        """
        if self._language:
            return self._language.read()
        return read_lexicon(Path(self.place)) if self.place else load_builtin(self.name)

    def count_rows(self) -> int:
        """Count the lines of the lexicon, or its words where there are few; 0 if it cannot be read."""
        try:
            return self._language.count_rows() if self._language else len(self.read())
        except DataError:  # for its worker to report
            return 0


def find_source(name: str) -> WordSource | None:
    """Return the lexicon file or the built-in sample of a name; None if there is neither."""
    path = Path(name)
    if path.is_file():
        return WordSource(path.stem, str(path.resolve()))
    return WordSource(name, "") if name in builtin_names() else None
