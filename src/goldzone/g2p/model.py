"""A grapheme-to-phoneme model as a value, and its file."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from goldzone.data.candidates import CandidateTable
from goldzone.data.notation import JOINED, Notation, Segments
from goldzone.data.settings import LanguageSettings
from goldzone.data.sound_classes import SoundClasses
from goldzone.data.templates import Templates, parse_templates
from goldzone.errors import ConfigError, ModelFormatError
from goldzone.g2p.exceptions import decode_exceptions, encode_exceptions
from goldzone.hashtron.committee import (
    Committee,
    decode_grades,
    decode_tables,
    encode_grades,
    encode_tables,
)
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.neuron import BitTable, GradedTable, Hashtron
from goldzone.storage.container import read_container, write_container
from goldzone.training.settings import DataSettings, DecodingSettings
from goldzone.validation import Checked, check

__all__ = ["G2PModel", "read_model", "write_model"]

_TABLES: Final = "tables.gaps"
_GRADES: Final = "tables.grades"
_EXCEPTIONS: Final = "exceptions.tsv"
_WORDS: Final = "words.keys"
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
    classes : SoundClasses
        Of the letters and segments.
    templates : Templates
    committee : Committee
    temperature : float
        Votes, or steps of grades, by which a candidate is e times as likely.
    about : dict
        JSON: training config, data fingerprint, metrics.
    parted_marks : str
        Marks that words are parted from before they are said (`goldzone.data.marks.part_marks`).
    notation : Notation
        How its lexicon wrote pronunciations.
    spread : float
        Of graded neurons: how much wider than by the temperature probabilities are spread
        (`goldzone.g2p.confidence`).
    exceptions : mapping of str to tuple of Segments
        Words that are not left to the network, with their pronunciations (`goldzone.g2p.exceptions`).
    word_keys : frozenset of int
        Of words by which texts without blanks are taken apart (`goldzone.data.split.word_key`).
    """

    name: str
    settings: LanguageSettings
    letters: tuple[str, ...]
    segments: tuple[str, ...]
    chunks: tuple[tuple[int, ...], ...]
    candidates: CandidateTable
    classes: SoundClasses
    templates: Templates
    committee: Committee
    temperature: float
    about: dict[str, Any]
    parted_marks: str = ""
    notation: Notation = JOINED
    spread: float = 1.0
    exceptions: Mapping[str, tuple[Segments, ...]] = field(default_factory=dict)
    word_keys: frozenset[int] = frozenset()

    def trained_with(self) -> TrainedWith:
        """Return the settings that saying and testing words need; the defaults where the model tells none.

        Raises
        ------
        ModelFormatError
            They are not ones that this goldzone knows.
        """
        where = f"model {self.name!r}: about.config"
        return check(TrainedWith, self.about.get("config", {}), where, error=ModelFormatError)


class _Decoding(DecodingSettings, extra="ignore"):
    """The section ``[decoding]``, of any version."""


class _Data(DataSettings, extra="ignore"):
    """The section ``[data]``, of any version."""


class TrainedWith(Checked, extra="ignore"):
    """What outlives training of a configuration, of any version; the rest of it is past."""

    decoding: _Decoding = _Decoding()
    data: _Data = _Data()


Uint32 = Annotated[int, Field(ge=0, le=LARGEST)]
Index = Annotated[int, Field(ge=0, le=LARGEST)]
Text = Annotated[str, Field(min_length=1)]


class _Settings(Checked):
    lower: bool
    trim: str
    stress_marks: Annotated[tuple[str, ...], Field(strict=False)]
    length_marks: Annotated[tuple[str, ...], Field(strict=False)]


class _Neurons(Checked):
    template: Annotated[list[Index], Field(min_length=1, max_length=_MAX_NEURONS)]
    salt: list[Uint32]
    premodulo: list[Annotated[int, Field(ge=2, le=LARGEST)]]


class _Classes(Checked):
    """By letter and by segment; models of before there were classes have none."""

    letters: list[Annotated[int, Field(ge=0, le=3)]]
    segments: list[Annotated[int, Field(ge=0, le=3)]]


class _Final(Checked):
    program: list[Annotated[list[Uint32], Field(min_length=2, max_length=2)]]
    filter: str


class _Content(Checked):
    """The manifest's content."""

    kind: Literal["g2p-committee"]
    architecture: Literal["context_committee", "graded_committee"]
    name: str
    settings: _Settings
    parted_marks: str = ""
    notation: Literal["joined", "spaced"] = "joined"
    spread: Annotated[float, Field(ge=0.125, le=64)] = 1.0
    letters: list[Text]
    segments: list[Text]
    chunks: list[Annotated[list[Index], Field(max_length=_MAX_CHUNK)]]
    candidates: list[Annotated[list[Index], Field(min_length=1)]]
    counts: list[list[Annotated[int, Field(ge=0, le=_MAX_COUNT)]]]
    classes: _Classes = _Classes(letters=[], segments=[])
    templates: list[str]
    neurons: _Neurons
    final: _Final
    temperature: Annotated[float, Field(ge=_LEAST_TEMPERATURE, le=_MAX_TEMPERATURE)]
    about: dict[str, Any]

    @model_validator(mode="after")
    def _consistent(self) -> _Content:
        """Refuse numbers that point outside the lists they index."""
        neurons, sizes = self.neurons, list(map(len, self.candidates))
        lists = (len(neurons.template), len(neurons.salt), len(neurons.premodulo))
        for holds, problem in (
            (_once(self.letters), "letters: names one twice"),
            (_once(self.segments), "segments: names one twice"),
            (_once(map(tuple, self.chunks)), "chunks: names one twice"),
            (_below(self.chunks, len(self.segments)), "chunks: names a segment that is not there"),
            ([] in self.chunks, "chunks: lacks the empty chunk"),
            (len(sizes) == len(self.letters), "candidates: is not one list a letter"),
            (_below(self.candidates, len(self.chunks)), "candidates: names a chunk that is not there"),
            (all(map(_once, self.candidates)), "candidates: names a chunk twice for a letter"),
            (list(map(len, self.counts)) == sizes, "counts: does not match the candidates"),
            (len(self.classes.letters) in {0, len(self.letters)}, "classes.letters: is not one a letter"),
            (len(self.classes.segments) in {0, len(self.segments)}, "classes.segments: is not one a segment"),
            (len(set(lists)) == 1, "neurons: has lists of unequal length"),
            (
                _below([neurons.template], len(self.templates)),
                "neurons.template: names a template that is not there",
            ),
        ):
            if not holds:
                raise ValueError(f"{problem}; copy the file again")
        return self


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
        "architecture": "graded_committee" if committee.graded else "context_committee",
        "name": model.name,
        "settings": asdict(model.settings),
        **({"parted_marks": model.parted_marks} if model.parted_marks else {}),
        **({"notation": model.notation.form} if model.notation != JOINED else {}),
        **({"spread": model.spread} if model.spread != 1.0 else {}),
        "letters": list(model.letters),
        "segments": list(model.segments),
        "chunks": [list(chunk) for chunk in model.chunks],
        "candidates": _rows(model.candidates.offsets, model.candidates.chunk),
        "counts": _rows(model.candidates.offsets, model.candidates.count),
        **_classes(model.classes),
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
    members = _encode(committee)
    if model.exceptions:
        members[_EXCEPTIONS] = encode_exceptions(model.exceptions)
    if model.word_keys:
        members[_WORDS] = np.array(sorted(model.word_keys), dtype="<u8").tobytes()
    return write_container(path, content, members)


def read_model(path: str | os.PathLike[str]) -> tuple[G2PModel, str]:
    """Read a model and its digest.

    Raises
    ------
    ModelFormatError
        The file is damaged, of another kind, or contradicts itself; the message names the file and the field.
    """
    container = read_container(path)
    kind = container.content.get("kind")
    if isinstance(kind, str) and kind != _KIND:
        raise ModelFormatError(
            f"{path}: manifest: kind: {kind!r} is no phonemizer; give a model that was trained on words"
        )
    content = check(_Content, container.content, f"{path}: manifest", error=ModelFormatError)
    graded = content.architecture == "graded_committee"
    wanted = [_TABLES, _GRADES] if graded else [_TABLES]
    exceptions = container.members.pop(_EXCEPTIONS, b"")
    words = container.members.pop(_WORDS, b"")
    if len(words) % 8:
        raise ModelFormatError(f"{path}: {_WORDS}: ends inside a number; copy the file again")
    if set(container.members) != set(wanted):
        raise ModelFormatError(
            f"{path}: members are {sorted(container.members)}; a {content.architecture} has {wanted}"
        )
    try:
        templates = parse_templates(content.templates)
    except ConfigError as error:
        raise ModelFormatError(f"{path}: manifest: {error}") from None
    neurons = content.neurons
    members = [container.members[name] for name in wanted]
    tables = _decode(members, neurons.salt, neurons.premodulo, f"{path}: {_TABLES}")
    try:
        program = tuple((salt, maximum) for salt, maximum in content.final.program)
        final = Hashtron(program, bytes.fromhex(content.final.filter))
    except (ValueError, ConfigError) as error:
        raise ModelFormatError(f"{path}: manifest: final: {error}; copy the file again") from None
    about = content.about.get("config", {})
    check(TrainedWith, about, f"{path}: manifest: about.config", error=ModelFormatError)
    model = G2PModel(
        name=content.name,
        settings=LanguageSettings(**dict(content.settings)),
        letters=tuple(content.letters),
        segments=tuple(content.segments),
        chunks=tuple(map(tuple, content.chunks)),
        candidates=CandidateTable(
            offsets=np.cumsum([0, *map(len, content.candidates)]).astype(np.int64),
            chunk=np.array([c for row in content.candidates for c in row], dtype=np.int32),
            count=np.array([c for row in content.counts for c in row], dtype=np.int64),
        ),
        classes=SoundClasses(
            *(
                np.array(given or [0] * size, dtype=np.uint8)
                for given, size in (
                    (content.classes.letters, len(content.letters)),
                    (content.classes.segments, len(content.segments)),
                )
            )
        ),
        templates=templates,
        committee=Committee(tuple(neurons.template), tables, final),
        temperature=content.temperature,
        about=content.about,
        parted_marks=content.parted_marks,
        notation=Notation(content.notation),
        spread=content.spread,
        exceptions=decode_exceptions(exceptions, f"{path}: {_EXCEPTIONS}"),
        word_keys=frozenset(np.frombuffer(words, "<u8").tolist()),
    )
    return model, container.digest


def _encode(committee: Committee) -> dict[str, bytes]:
    """Return the members of a model file that hold the tables."""
    if committee.graded:
        return dict(zip((_TABLES, _GRADES), encode_grades(committee.graded_tables), strict=True))
    return {_TABLES: encode_tables(committee.bit_tables)}


def _decode(
    members: list[bytes], salts: list[int], premodulos: list[int], name: str
) -> tuple[BitTable, ...] | tuple[GradedTable, ...]:
    """Read what `_encode` wrote."""
    if len(members) == 1:
        return decode_tables(members[0], salts, premodulos, name)
    return decode_grades(members[0], members[1], salts, premodulos, name)


def _classes(classes: SoundClasses) -> dict[str, Any]:
    """Return what the manifest says of classes: nothing where they tell nothing."""
    if not classes.letters.any() and not classes.segments.any():
        return {}
    return {"classes": {"letters": classes.letters.tolist(), "segments": classes.segments.tolist()}}


def _rows(offsets: NDArray[np.int64], values: NDArray[Any]) -> list[list[int]]:
    return [values[first:last].tolist() for first, last in pairwise(offsets.tolist())]


def _once(values: Iterable[Hashable]) -> bool:
    listed = list(values)
    return len(set(listed)) == len(listed)


def _below(rows: Iterable[Iterable[int]], end: int) -> bool:
    return all(index < end for row in rows for index in row)
