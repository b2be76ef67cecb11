"""What a version is made of: the files of a run, and a manifest whose SHA-256 names the version."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError, model_validator

from goldzone.errors import StateError
from goldzone.storage.files import read_bounded
from goldzone.training.runs.model_files import model_file
from goldzone.validation import Checked, problem_line

__all__ = ["MANIFEST", "File", "Manifest", "collect", "manifest_from_json", "version_of"]

MANIFEST: Final = "manifest.json"
_RUN_FILES: Final = (
    "config.toml",
    "source.json",
    "events.jsonl",
    "state/result.json",
    "model/model.goldzone",
    "model/words.goldzone",
    "final/config.toml",
    "final/events.jsonl",
    "final/model/model.goldzone",
    "final/model/words.goldzone",
)
_MODEL: Final = "model/model.goldzone"
_WORDS: Final = "model/words.goldzone"
_MAX_BYTES: Final = 1 << 31
_ID_LENGTH: Final = 16


class File(Checked):
    """One file of a version."""

    sha256: str
    size: int
    """In bytes."""

    @classmethod
    def of(cls, data: bytes) -> File:
        """Describe a file's content."""
        return cls(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


class Manifest(Checked):
    """What a version holds."""

    format: Literal["goldzone registry version 1"] = "goldzone registry version 1"
    language: str
    """As the model calls it."""
    files: dict[str, File]
    model: str
    """SHA-256 of the model that says words, in hex."""
    data: dict[str, Any]
    """How many words it has learnt, and their SHA-256."""
    metrics: dict[str, Any]
    """What it came to on held-out words."""
    config: dict[str, Any]

    @model_validator(mode="after")
    def _names_files_of_runs(self) -> Manifest:
        for name in self.files:
            if name not in _RUN_FILES:  # whoever made it: nothing else is written by those who pull
                raise ValueError(f"files: {name!r} is no file of a run; add the version again")
        return self


def collect(path: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Read a finished run, or a model file, with all that tells where it comes from.

    Raises
    ------
    StateError
        The run is not finished, or a file cannot be read.
    ModelFormatError
        The model is damaged or of another kind.
    """
    from goldzone.g2p.model import read_model  # takes a moment, and only who adds needs it

    said = model_file(path)
    model, digest = read_model(said)
    if path.is_dir():
        names = {name: path / name for name in _RUN_FILES}
    else:
        names = {_MODEL: said, _WORDS: said.with_name(Path(_WORDS).name)}
    files = {
        name: read_bounded(file, _MAX_BYTES, error=StateError)
        for name, file in names.items()
        if file.is_file()
    }
    about = model.about
    manifest = Manifest(
        language=model.name,
        files={name: File.of(data) for name, data in files.items()},
        model=digest,
        data=dict(about.get("data", {})),
        metrics={**about.get("metrics", {}), **about.get("judged", {})},
        config=dict(about.get("config", {})),
    )
    return manifest, files


def version_of(manifest: bytes) -> str:
    """Return the name of a version: the beginning of its manifest's SHA-256."""
    return hashlib.sha256(manifest).hexdigest()[:_ID_LENGTH]


def manifest_from_json(data: bytes, where: str) -> Manifest:
    """Read a manifest.

    Raises
    ------
    StateError
        It is none.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise StateError(f"{where}: is no manifest ({problem_line(error, Manifest)}); restore it") from None
