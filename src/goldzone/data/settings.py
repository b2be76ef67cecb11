"""How a language's lexicon is to be read, as its `language.json` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goldzone.data.segmentation import LENGTH_MARKS, STRESS_MARKS
from goldzone.errors import DataError
from goldzone.storage.files import read_bounded

__all__ = ["DEFAULT_SETTINGS", "LanguageSettings", "read_settings"]

_MAX_BYTES: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """What reading a lexicon needs to know of its language.

    Unicode normalisation is no choice here: goldzone reads all text in NFC.
    """

    lower: bool = True
    """Whether capitals of a word are read as small letters."""
    trim: str = ""
    """Characters left out at both ends of a word's spelling."""
    stress_marks: tuple[str, ...] = STRESS_MARKS
    """Characters of a pronunciation that attach to the sound after them."""
    length_marks: tuple[str, ...] = LENGTH_MARKS
    """Characters of a pronunciation that attach to the sound before them."""


DEFAULT_SETTINGS: Final = LanguageSettings()
"""For lexicons that come without a `language.json`."""


class _WordStep(BaseModel):
    """One entry of `PrePhonWordSteps`; steps of other kinds (Normalize) have no field here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    to_lower: bool | None = Field(None, alias="ToLower")
    trim: str | None = Field(None, alias="Trim")


class _LanguageFile(BaseModel):
    """The fields of `language.json` that bear on reading; each may be missing or null."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    word_steps: tuple[_WordStep, ...] | None = Field(None, alias="PrePhonWordSteps")
    stress_marks: tuple[str, ...] | None = Field(None, alias="DstMultiPrefix")
    length_marks: tuple[str, ...] | None = Field(None, alias="DstMultiSuffix")


def read_settings(path: Path) -> LanguageSettings:
    """Read a `language.json` in the layout of neurlang's datasets.

    A file that lists its word steps lower-cases only if one of them says so; marks that the file leaves null
    are the usual ones.

    Raises
    ------
    DataError
        The file cannot be read, is not JSON, or a field that bears on reading has another type.
    """
    content = read_bounded(path, _MAX_BYTES, error=DataError).removeprefix(b"\xef\xbb\xbf")
    try:
        file = _LanguageFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {field}: {first['msg']}; correct it or remove the file") from error
    steps = file.word_steps or ()
    return LanguageSettings(
        lower=any(step.to_lower for step in steps),
        trim="".join(step.trim for step in steps if step.trim),
        stress_marks=_marks(path, "DstMultiPrefix", file.stress_marks, STRESS_MARKS),
        length_marks=_marks(path, "DstMultiSuffix", file.length_marks, LENGTH_MARKS),
    )


def _marks(
    path: Path, field: str, marks: tuple[str, ...] | None, default: tuple[str, ...]
) -> tuple[str, ...]:
    for mark in marks or ():
        if len(mark) != 1:
            raise DataError(f"{path}: {field}: {mark!r} is not one character; list single characters")
    return default if marks is None else marks
