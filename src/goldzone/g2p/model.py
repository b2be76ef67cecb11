"""A grapheme-to-phoneme model as a value, and its file."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goldzone.data.candidates import CandidateTable
from goldzone.data.settings import LanguageSettings
from goldzone.data.templates import Templates, parse_templates
from goldzone.errors import ConfigError, ModelFormatError
from goldzone.hashtron.committee import Committee, decode_tables, encode_tables
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.neuron import Hashtron
from goldzone.storage.container import read_container, write_container
from goldzone.training.config import TrainingConfig

__all__ = ["G2PModel", "read_model", "write_model"]

_TABLES: Final = "tables.gaps"
_KIND: Final = "g2p-committee"

# Bounds of what a file may ask for: beyond all that training makes, within all that decoding can do.
_MAX_NEURONS: Final = 65_535
_MAX_CHUNK: Final = 255  # segments
_MAX_COUNT: Final = 1 << 62
_LEAST_TEMPERATURE: Final = 1e-3  # 65,535 votes of it leave 20 of 63 bits for the length of a word
_MAX_TEMPERATURE: Final = 1e6


@dataclass(frozen=True, eq=False)
class G2PModel:
    """Everything that saying a word needs, and where the model comes from.

    Attributes
    ----------
    name : str
        Language or lexicon.
    settings : LanguageSettings
        How words are spelled with letters.
    letters, segments : tuple of str
        Alphabets.
    chunks : tuple of tuple of int
        Segments (by index) of each chunk.
    candidates : CandidateTable
        Chunks of each letter.
    templates : Templates
    committee : Committee
    temperature : float
        Votes by which a candidate is e times as likely.
    about : dict
        JSON: training config, data fingerprint, metrics.
    """

    name: str
    settings: LanguageSettings
    letters: tuple[str, ...]
    segments: tuple[str, ...]
    chunks: tuple[tuple[int, ...], ...]
    candidates: CandidateTable
    templates: Templates
    committee: Committee
    temperature: float
    about: dict[str, Any]

    def training_config(self) -> TrainingConfig:
        """Return the configuration that the model was trained with; the defaults where it tells none.

        Raises
        ------
        ModelFormatError
            It is not one that this goldzone knows.
        """
        try:
            return TrainingConfig.model_validate(self.about.get("config", {}))
        except ValidationError as error:
            raise ModelFormatError(
                f"model {self.name!r}: field {_describe('about.config', error)}; "
                "use the goldzone that it was trained with"
            ) from None


Uint32 = Annotated[int, Field(ge=0, le=LARGEST)]
Index = Annotated[int, Field(ge=0, le=LARGEST)]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    """Knows all its fields, and takes no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Settings(_Part):
    lower: bool
    trim: str
    stress_marks: list[str]
    length_marks: list[str]


class _Neurons(_Part):
    template: Annotated[list[Index], Field(min_length=1, max_length=_MAX_NEURONS)]
    salt: list[Uint32]
    premodulo: list[Annotated[int, Field(ge=2, le=LARGEST)]]


class _Final(_Part):
    program: list[Annotated[list[Uint32], Field(min_length=2, max_length=2)]]
    filter: str


class _Content(_Part):
    """The manifest's content, as pydantic checks it."""

    kind: Literal["g2p-committee"]
    architecture: Literal["context_committee"]
    name: str
    settings: _Settings
    letters: list[Text]
    segments: list[Text]
    chunks: list[Annotated[list[Index], Field(max_length=_MAX_CHUNK)]]
    candidates: list[Annotated[list[Index], Field(min_length=1)]]
    counts: list[list[Annotated[int, Field(ge=0, le=_MAX_COUNT)]]]
    templates: list[str]
    neurons: _Neurons
    final: _Final
    temperature: Annotated[float, Field(ge=_LEAST_TEMPERATURE, le=_MAX_TEMPERATURE)]
    about: dict[str, Any]


def write_model(path: str | os.PathLike[str], model: G2PModel) -> str:
    """Write a model to one file and return its digest (see `goldzone.storage.container`).

    Raises
    ------
    ModelFormatError
        The file cannot be written.
    """
    committee = model.committee
    content = {
        "kind": _KIND,
        "architecture": "context_committee",
        "name": model.name,
        "settings": asdict(model.settings),
        "letters": list(model.letters),
        "segments": list(model.segments),
        "chunks": [list(chunk) for chunk in model.chunks],
        "candidates": _rows(model.candidates.offsets, model.candidates.chunk),
        "counts": _rows(model.candidates.offsets, model.candidates.count),
        "templates": list(model.templates.texts),
        "neurons": {
            "template": list(committee.template_of),
            "salt": [table.salt for table in committee.tables],
            "premodulo": [table.premodulo for table in committee.tables],
        },
        "final": {
            "program": [list(row) for row in committee.final.program],
            "filter": committee.final.filter.hex(),
        },
        "temperature": model.temperature,
        "about": model.about,
    }
    return write_container(path, content, {_TABLES: encode_tables(committee.tables)})


def read_model(path: str | os.PathLike[str]) -> tuple[G2PModel, str]:
    """Read a model and its digest.

    Raises
    ------
    ModelFormatError
        The file is damaged, of another kind, or contradicts itself; the message names the file and the field.
    """
    container = read_container(path)
    try:
        content = _Content.model_validate(container.content)
    except ValidationError as error:
        raise ModelFormatError(
            f"{path}: manifest field {_describe('', error)}; it is not a model of this kind"
        ) from None
    if set(container.members) != {_TABLES}:
        raise ModelFormatError(
            f"{path}: members are {sorted(container.members)}; a {_KIND} model has {_TABLES} alone"
        )
    _check(str(path), content)
    try:
        templates = parse_templates(content.templates)
    except ConfigError as error:
        raise ModelFormatError(f"{path}: manifest field 'templates' is unusable: {error}") from None
    neurons = content.neurons
    tables = decode_tables(container.members[_TABLES], neurons.salt, neurons.premodulo, f"{path}: {_TABLES}")
    try:
        program = tuple((salt, maximum) for salt, maximum in content.final.program)
        final = Hashtron(program, bytes.fromhex(content.final.filter))
    except (ValueError, ConfigError) as error:
        raise ModelFormatError(
            f"{path}: manifest field 'final' is unusable ({error}); copy the file again"
        ) from None
    counts = np.cumsum([0, *map(len, content.candidates)]).astype(np.int64)
    model = G2PModel(
        name=content.name,
        settings=LanguageSettings(
            lower=content.settings.lower,
            trim=content.settings.trim,
            stress_marks=tuple(content.settings.stress_marks),
            length_marks=tuple(content.settings.length_marks),
        ),
        letters=tuple(content.letters),
        segments=tuple(content.segments),
        chunks=tuple(map(tuple, content.chunks)),
        candidates=CandidateTable(
            offsets=counts,
            chunk=np.array([c for row in content.candidates for c in row], dtype=np.int32),
            count=np.array([c for row in content.counts for c in row], dtype=np.int64),
        ),
        templates=templates,
        committee=Committee(tuple(neurons.template), tables, final),
        temperature=content.temperature,
        about=content.about,
    )
    try:
        model.training_config()
    except ModelFormatError as error:
        raise ModelFormatError(f"{path}: {error}") from None
    return model, container.digest


def _describe(place: str, error: ValidationError) -> str:
    """Name the first field that pydantic refuses, and why, in one line."""
    first = error.errors(include_url=False)[0]
    field = ".".join([place, *map(str, first["loc"])]).strip(".")
    return f"{field!r} is unusable ({' '.join(first['msg'].split())})"


def _rows(offsets: NDArray[np.int64], values: NDArray[Any]) -> list[list[int]]:
    return [values[first:last].tolist() for first, last in pairwise(offsets.tolist())]


def _check(path: str, content: _Content) -> None:
    """Refuse numbers that point outside the lists they index."""

    def demand(holds: bool, field: str, problem: str) -> None:
        if not holds:
            raise ModelFormatError(f"{path}: manifest field {field!r} {problem}; copy the file again")

    n_segments, n_chunks = len(content.segments), len(content.chunks)
    neurons = content.neurons
    named: tuple[tuple[str, Sequence[Hashable]], ...] = (
        ("letters", content.letters),
        ("segments", content.segments),
        ("chunks", list(map(tuple, content.chunks))),
    )
    for field, values in named:
        demand(len(set(values)) == len(values), field, "names one twice")
    demand(_below(content.chunks, n_segments), "chunks", "names a segment that is not there")
    demand([] in content.chunks, "chunks", "lacks the empty chunk")
    demand(len(content.candidates) == len(content.letters), "candidates", "is not one list a letter")
    demand(_below(content.candidates, n_chunks), "candidates", "names a chunk that is not there")
    demand(
        all(len(set(row)) == len(row) for row in content.candidates),
        "candidates",
        "names a chunk twice for a letter",
    )
    demand(
        list(map(len, content.counts)) == list(map(len, content.candidates)),
        "counts",
        "does not match the candidates",
    )
    demand(
        len(neurons.template) == len(neurons.salt) == len(neurons.premodulo),
        "neurons",
        "has lists of unequal length",
    )
    demand(
        _below([neurons.template], len(content.templates)),
        "neurons.template",
        "names a template that is not there",
    )


def _below(rows: Iterable[Iterable[int]], end: int) -> bool:
    return all(index < end for row in rows for index in row)
