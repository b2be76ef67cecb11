"""A network that chooses among the readings of words spelled alike, by their sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.homographs import HomographSample
from goldzone.data.notation import Segments
from goldzone.errors import ConfigError, ModelFormatError
from goldzone.g2p.exceptions import decode_exceptions, encode_exceptions
from goldzone.g2p.homograph_contexts import N_NEURONS, cells_of, contexts_of, keys_of
from goldzone.hashtron.committee import decode_grades, encode_grades
from goldzone.hashtron.neuron import GradedTable
from goldzone.storage.container import read_container, write_container

__all__ = ["STEPS_A_NAT", "Choice", "HomographModel", "read_homographs", "write_homographs"]

STEPS_A_NAT: Final = 10
"""Steps of score by which a reading is e times as likely."""
_KIND: Final = "homographs"
_MEMBERS: Final = ("readings.tsv", "tables.gaps", "tables.grades")


@dataclass(frozen=True, slots=True)
class Choice:
    """A reading, and how probable it is."""

    reading: Segments
    probability: float


@dataclass(frozen=True, eq=False)
class HomographModel:
    """Readings by word, and the neurons that choose."""

    readings: Mapping[str, tuple[Segments, ...]]
    """By word in small letters, the most frequent first; two or more each."""
    tables: tuple[GradedTable, ...]
    """`N_NEURONS` of them."""
    about: dict[str, Any]
    """JSON: what the sentences were, and how many of held-out ones were said right."""

    def choose(self, words: Sequence[str], position: int) -> list[Choice]:
        """Return the readings of a word in its sentence, the most probable first.

        Parameters
        ----------
        words : sequence of str
        position : int
            Index of the word.

        Returns
        -------
        list of Choice
            Empty for a word that has not several readings.
        """
        word = words[position].lower()
        readings = self.readings.get(word, ())
        if not readings:
            return []
        scores = self._scores([each.lower() for each in words], position, readings)
        odds = np.exp((scores - scores.max()) / STEPS_A_NAT)
        order = np.argsort(-scores, kind="stable")
        return [Choice(readings[index], float(odds[index] / odds.sum())) for index in order.tolist()]

    def is_right(self, sample: HomographSample) -> bool:
        """Tell whether the reading of a sample is the one that is chosen."""
        found = self.choose(sample.words, sample.position)
        return bool(found) and found[0].reading == sample.right

    @cached_property
    def _grades(self) -> NDArray[np.int8]:
        """The grades of all cells, end to end."""
        return np.concatenate([table.grades() for table in self.tables])

    def _scores(self, words: Sequence[str], position: int, readings: Sequence[Segments]) -> NDArray[np.int64]:
        keys = np.array([keys_of(words[position], reading) for reading in readings], dtype=np.uint32)
        tables = [(table.salt, table.premodulo) for table in self.tables]
        cells = cells_of(contexts_of(words, position), keys, tables)
        scores: NDArray[np.int64] = self._grades[cells].sum(axis=1, dtype=np.int64)
        return scores


def write_homographs(path: str | os.PathLike[str], model: HomographModel) -> str:
    """Write a model and return its digest."""
    gaps, grades = encode_grades(model.tables)
    content = {
        "kind": _KIND,
        "salts": [table.salt for table in model.tables],
        "premodulos": [table.premodulo for table in model.tables],
        "about": model.about,
    }
    members = dict(zip(_MEMBERS, (encode_exceptions(model.readings), gaps, grades), strict=True))
    return write_container(path, content, members)


def read_homographs(path: str | os.PathLike[str]) -> HomographModel:
    """Read a model.

    Raises
    ------
    ModelFormatError
        The file is missing, damaged, of another kind, or contradicts itself.
    """
    container = read_container(path)
    content = container.content
    if content.get("kind") != _KIND:
        raise ModelFormatError(f"{path}: holds no homographs; make one with: goldzone homographs")
    salts, premodulos, about = (content.get(name) for name in ("salts", "premodulos", "about"))
    listed = isinstance(salts, list) and isinstance(premodulos, list) and isinstance(about, dict)
    if not listed or set(container.members) != set(_MEMBERS):
        raise ModelFormatError(f"{path}: has other parts than homographs have; copy the file again")
    assert isinstance(salts, list) and isinstance(premodulos, list) and isinstance(about, dict)  # noqa: S101, PT018
    numbers = [*salts, *premodulos]
    if len(salts) != N_NEURONS or len(premodulos) != N_NEURONS or not all(map(_is_number, numbers)):
        raise ModelFormatError(f"{path}: does not describe {N_NEURONS} neurons; copy the file again")
    readings, gaps, grades = (container.members[name] for name in _MEMBERS)
    try:
        tables = decode_grades(gaps, grades, salts, premodulos, f"{path}: tables")
    except ConfigError as error:
        raise ModelFormatError(f"{path}: {error}") from None
    found = decode_exceptions(readings, f"{path}: {_MEMBERS[0]}")
    if not all(len(each) > 1 and all(each) for each in found.values()):
        raise ModelFormatError(f"{path}: {_MEMBERS[0]}: a word has not several readings; copy the file again")
    return HomographModel(found, tables, about)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= np.iinfo(np.uint32).max
