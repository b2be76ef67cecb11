from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.samples import candidate_keys
from goldzone.data.templates import CHUNK, SEGMENT
from goldzone.g2p.search_arrays import model_arrays
from tests.g2p.small_models import small_model

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_templates_are_parted_by_what_they_read_and_keep_their_atoms(seed: int) -> None:
    model = small_model(np.random.default_rng(seed))
    arrays = model_arrays(model)
    reads_choices = model.templates.reads_choices()
    used = set(model.committee.template_of)
    for templates, by_choices in ((arrays.by_letters, False), (arrays.by_choices, True)):
        assert templates.number.tolist() == [
            number for number in sorted(used) if reads_choices[number] == by_choices
        ]
        assert len(set(map(tuple, templates.atoms.tolist()))) == len(templates.atoms)
        for index, number in enumerate(templates.number.tolist()):
            own = templates.atom_of[templates.offsets[index] : templates.offsets[index + 1]]
            first, last = model.templates.offsets[number : number + 2]
            assert templates.atoms[own].tolist() == model.templates.atoms[first:last].tolist()


@given(seeds)
def test_every_neuron_belongs_to_its_template(seed: int) -> None:
    model = small_model(np.random.default_rng(seed))
    arrays = model_arrays(model)
    found = []
    for templates in (arrays.by_letters, arrays.by_choices):
        for number, first, last in zip(
            templates.number.tolist(),
            templates.first_neuron.tolist(),
            templates.last_neuron.tolist(),
            strict=True,
        ):
            for neuron in range(first, last):
                start = arrays.neurons.table_offsets[neuron]
                premodulo = int(arrays.neurons.premodulos[neuron])
                size = premodulo if model.committee.graded else -(-premodulo // 8)
                cells = arrays.neurons.tables[start : start + size].tobytes()
                found.append((number, int(arrays.neurons.salts[neuron]), premodulo, cells))
    committee = model.committee
    assert sorted(found) == sorted(
        (number, table.salt, table.premodulo, table.cells)
        for number, table in zip(committee.template_of, committee.tables, strict=True)
    )


@given(seeds)
def test_candidates_and_chunks_are_the_model_s(seed: int) -> None:
    model = small_model(np.random.default_rng(seed))
    arrays = model_arrays(model)
    assert arrays.candidates.key.tolist() == candidate_keys(model.candidates.chunk).tolist()
    assert arrays.most_candidates == max(np.diff(model.candidates.offsets))
    edges = arrays.chunks.offsets
    chunks = [
        tuple(arrays.chunks.segments[edges[index] : edges[index + 1]].tolist())
        for index in range(len(model.chunks))
    ]
    assert tuple(chunks) == model.chunks
    assert model.chunks[arrays.chunks.silent] == ()


@given(seeds)
def test_the_search_remembers_as_far_back_as_a_template_looks(seed: int) -> None:
    model = small_model(np.random.default_rng(seed))
    arrays = model_arrays(model)
    for kind, reach in ((CHUNK, arrays.chunk_reach), (SEGMENT, arrays.segment_reach)):
        named = [argument for atom, argument in model.templates.atoms.tolist() if atom == kind]
        assert reach == max(named, default=1)
