"""A model as flat arrays, for the compiled search."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldzone.data.candidates import CandidateTable
from goldzone.data.samples import candidate_keys
from goldzone.data.sound_classes import SoundClasses
from goldzone.data.templates import CHUNK, SEGMENT, Templates
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import bits_per_vote, exp_table
from goldzone.hashtron.kernels import HIGHEST

__all__ = [
    "CandidateArrays",
    "ChunkArrays",
    "LanguageArrays",
    "ModelArrays",
    "NeuronArrays",
    "Softmax",
    "TemplateArrays",
    "arrays_of",
    "model_arrays",
]


class TemplateArrays(NamedTuple):
    """Some templates, and the neurons that read them.

    Attributes
    ----------
    atoms : int32[n_atoms, 2]
        Kind and argument of each atom that occurs, once.
    atom_of, offsets : int64[...], int64[n_templates + 1]
        Atoms of each template by row of `atoms`, in the template's order, all templates end to end.
    number : int64[n_templates]
        The template's number in the model.
    first_neuron, last_neuron : int64[n_templates]
        Neurons of each template, the last one excluded; at least one.
    """

    atoms: NDArray[np.int32]
    atom_of: NDArray[np.int64]
    offsets: NDArray[np.int64]
    number: NDArray[np.int64]
    first_neuron: NDArray[np.int64]
    last_neuron: NDArray[np.int64]


class CandidateArrays(NamedTuple):
    """Candidates of each letter: int64[n_letters + 1], int32[n_candidates], uint32[n_candidates]."""

    offsets: NDArray[np.int64]
    chunk: NDArray[np.int32]
    key: NDArray[np.uint32]


class ChunkArrays(NamedTuple):
    """Segments of each chunk, and the chunk given to letters without candidates.

    Attributes
    ----------
    offsets, segments : int64[n_chunks + 1], int32[...]
    silent : int
    """

    offsets: NDArray[np.int64]
    segments: NDArray[np.int32]
    silent: int


class LanguageArrays(NamedTuple):
    """What is known of a language before anything is learnt: candidates, their chunks, classes, templates."""

    candidates: CandidateTable
    chunks: tuple[tuple[int, ...], ...]
    classes: SoundClasses
    templates: Templates


class NeuronArrays(NamedTuple):
    """Context neurons, grouped by template; at most 65,535 of them, so that a score fits in 16 bits.

    Attributes
    ----------
    salts, premodulos, table_offsets : uint32[n_neurons], uint32[n_neurons], int64[n_neurons]
    tables : uint8[...]
        Bit tables, low bits first; of graded neurons a byte a cell, the grade counted from the lowest one.
    graded : bool
    """

    salts: NDArray[np.uint32]
    premodulos: NDArray[np.uint32]
    table_offsets: NDArray[np.int64]
    tables: NDArray[np.uint8]
    graded: bool


class Softmax(NamedTuple):
    """What scores are worth, as `goldzone.hashtron.fixed_point` makes it from the temperature.

    Attributes
    ----------
    exponentials : int64[top + 1]
        Empty where scores are not made probabilities letter by letter.
    bits_per_vote : int
    top : int
        The highest score that can be.
    """

    exponentials: NDArray[np.int64]
    bits_per_vote: int
    top: int


class ModelArrays(NamedTuple):
    """A model for the kernels.

    Attributes
    ----------
    candidates, chunks, classes, neurons, softmax
    by_letters, by_choices : TemplateArrays
        Templates that read letters alone, and those that read earlier choices.
    most_candidates : int
        Of any letter; at least 1.
    chunk_reach, segment_reach : int
        How far back the templates look for chunks and for segments; at least 1.
    """

    candidates: CandidateArrays
    chunks: ChunkArrays
    classes: SoundClasses
    neurons: NeuronArrays
    softmax: Softmax
    by_letters: TemplateArrays
    by_choices: TemplateArrays
    most_candidates: int
    chunk_reach: int
    segment_reach: int


def model_arrays(model: G2PModel) -> ModelArrays:
    """Lay a model out for the search."""
    committee = model.committee
    order = np.argsort(np.array(committee.template_of), kind="stable")
    tables = [committee.tables[index] for index in order.tolist()]
    sizes = np.cumsum([0, *(len(table.cells) for table in tables)])
    neurons = NeuronArrays(
        salts=np.array([table.salt for table in tables], dtype=np.uint32),
        premodulos=np.array([table.premodulo for table in tables], dtype=np.uint32),
        table_offsets=sizes[:-1].astype(np.int64),
        tables=np.frombuffer(b"".join(table.cells for table in tables), dtype=np.uint8).copy(),
        graded=committee.graded,
    )
    language = LanguageArrays(model.candidates, model.chunks, model.classes, model.templates)
    template_of = np.array(committee.template_of)[order]
    return arrays_of(language, neurons, template_of, model.temperature)


def arrays_of(
    language: LanguageArrays, neurons: NeuronArrays, template_of: NDArray[np.int64], temperature: float
) -> ModelArrays:
    """Put what is known of a language and neurons together.

    Parameters
    ----------
    language : LanguageArrays
    neurons : NeuronArrays
    template_of : int64[n_neurons]
        Ascending: the neurons are grouped by template.
    temperature : float
    """
    templates, candidates = language.templates, language.candidates
    edges = np.searchsorted(template_of, np.arange(len(templates) + 1)).astype(np.int64)
    used = edges[1:] > edges[:-1]
    reads_choices, top = templates.reads_choices(), template_of.size * (2 * HIGHEST if neurons.graded else 1)
    exponentials = np.zeros(0, np.int64) if neurons.graded else exp_table(temperature, top + 1)
    return ModelArrays(
        candidates=CandidateArrays(candidates.offsets, candidates.chunk, candidate_keys(candidates.chunk)),
        chunks=ChunkArrays(
            offsets=np.cumsum([0, *map(len, language.chunks)]).astype(np.int64),
            segments=np.array([index for chunk in language.chunks for index in chunk], dtype=np.int32),
            silent=language.chunks.index(()),
        ),
        classes=language.classes,
        neurons=neurons,
        softmax=Softmax(exponentials, bits_per_vote(temperature), top),
        by_letters=_template_arrays(templates, np.flatnonzero(used & ~reads_choices), edges),
        by_choices=_template_arrays(templates, np.flatnonzero(used & reads_choices), edges),
        most_candidates=max(1, int(np.diff(candidates.offsets).max(initial=0))),
        chunk_reach=_reach(templates.atoms, CHUNK),
        segment_reach=_reach(templates.atoms, SEGMENT),
    )


def _reach(atoms: NDArray[np.int32], kind: int) -> int:
    return int(atoms[atoms[:, 0] == kind, 1].max(initial=1))


def _template_arrays(
    templates: Templates, number: NDArray[np.int64], edges: NDArray[np.int64]
) -> TemplateArrays:
    spans = list(pairwise(templates.offsets.tolist()))
    wanted = [templates.atoms[slice(*spans[index])].tolist() for index in number.tolist()]
    rows = {atom: row for row, atom in enumerate({tuple(atom): None for atoms in wanted for atom in atoms})}
    return TemplateArrays(
        atoms=np.array(list(rows), dtype=np.int32).reshape(-1, 2),
        atom_of=np.array([rows[tuple(atom)] for atoms in wanted for atom in atoms], dtype=np.int64),
        offsets=np.cumsum([0, *map(len, wanted)]).astype(np.int64),
        number=number.astype(np.int64),
        first_neuron=edges[number],
        last_neuron=edges[number + 1],
    )
