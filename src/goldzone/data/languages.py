"""A folder of many languages: what is there, and one of them by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldzone.data.formats import FORMATS
from goldzone.data.language_tags import can_read_tags, looks_like_tag, tagged
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings, read_settings
from goldzone.errors import DataError

__all__ = ["LanguageFolder", "find_languages", "load_language"]

_LEXICON: Final = "lexicon.tsv"
_SETTINGS: Final = "language.json"
_NEAR_MATCHES: Final = 5
_BLOCK: Final = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class LanguageFolder:
    """A folder that holds one language's `lexicon.tsv`.

    Its files are read when they are asked for, so that one that is damaged fails alone.
    """

    name: str
    """The folder's path in the dataset with ``/``: ``french``, ``english/american``."""
    path: Path
    """The folder."""

    @property
    def settings(self) -> LanguageSettings:
        """How its lexicon is to be read: as its `language.json` says, or the defaults where it has none.

        Raises
        ------
        DataError
            The `language.json` cannot be read.
        """
        file = self.path / _SETTINGS
        return read_settings(file) if file.is_file() else DEFAULT_SETTINGS

    def count_rows(self) -> int:
        """Count the lines of its lexicon, usable or not: its size, for a thousandth of the price of reading.

        Raises
        ------
        DataError
            The lexicon cannot be read.
        """
        file = self.path / _LEXICON
        try:
            with file.open("rb") as lexicon:
                rows, last = 0, b"\n"
                while block := lexicon.read(_BLOCK):
                    rows, last = rows + block.count(b"\n"), block[-1:]
        except OSError as error:
            raise DataError(f"{file}: cannot be read ({error.strerror}); check the path") from error
        return rows + (last != b"\n")

    def read(self) -> Lexicon:
        """Read its lexicon with its own settings; the lexicon bears the language's name.

        Raises
        ------
        DataError
            Its files cannot be read (`read_lexicon`).
        """
        return read_lexicon(
            self.path / _LEXICON, settings=self.settings, name=self.name, format=FORMATS["tsv"]
        )


def find_languages(dataset_dir: str | Path) -> list[LanguageFolder]:
    """List the languages of a dataset by name: each folder with a `lexicon.tsv`, one or two levels down.

    Raises
    ------
    DataError
        The dataset is no folder or holds no language.
    """
    return [LanguageFolder(name, path) for name, path in _lexicon_folders(dataset_dir).items()]


def load_language(dataset_dir: str | Path, name: str) -> Lexicon:
    """Read one language's lexicon with its own settings; the lexicon bears the language's name.

    Parameters
    ----------
    dataset_dir : path
    name : str
        As the folder is called, or a tag of BCP 47 or ISO 639 (`goldzone.data.language_tags`).

    Raises
    ------
    DataError
        There is no such language, or a tag means several (the message names similar ones), or its files
        cannot be read (`read_lexicon`).
    """
    folders = _lexicon_folders(dataset_dir)
    if name not in folders:
        name = _by_tag(dataset_dir, name, list(folders))
    return LanguageFolder(name, folders[name]).read()


def _by_tag(dataset_dir: str | Path, name: str, known: list[str]) -> str:
    """Return the one language that a tag means, or refuse."""
    meant = tagged(name, known) if looks_like_tag(name) else []
    if len(meant) == 1:
        return meant[0]
    advice = f"did you mean {', '.join(meant)}?" if meant else _advice(name, known)
    if looks_like_tag(name) and not can_read_tags():
        advice += " Tags need langcodes: pip install 'goldzone[names]'"
    raise DataError(f"{dataset_dir}: no language {name!r}; {advice}")


def _lexicon_folders(dataset_dir: str | Path) -> dict[str, Path]:
    root = Path(dataset_dir)
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give the folder that holds the languages")
    lexicons = (*root.glob(f"*/{_LEXICON}"), *root.glob(f"*/*/{_LEXICON}"))
    folders = {lexicon.parent.relative_to(root).as_posix(): lexicon.parent for lexicon in lexicons}
    if not folders:
        raise DataError(f"{root}: no language/{_LEXICON} in it; give the folder that holds the languages")
    return dict(sorted(folders.items()))


def _advice(name: str, known: list[str]) -> str:
    """Name the languages that may be meant: part of a name first, then similar spelling."""
    wanted = name.casefold()
    within = [language for language in known if wanted and wanted in language]
    similar = difflib.get_close_matches(wanted, known, n=_NEAR_MATCHES)
    last_parts = {language.rpartition("/")[2]: language for language in known}
    similar += [last_parts[part] for part in difflib.get_close_matches(wanted, last_parts, n=_NEAR_MATCHES)]
    near = list(dict.fromkeys(within + similar))[:_NEAR_MATCHES]
    if near:
        return f"did you mean {', '.join(near)}?"
    return f"it holds {len(known)} languages, such as {', '.join(known[:_NEAR_MATCHES])}"
