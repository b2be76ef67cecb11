from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.data.context_kernels import EMPTY_HISTORY, FIRST, NOTHING, extend_history
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.g2p.lane_kernels import Lanes, Partials, Words, fill_parts, fill_values
from goldzone.g2p.search_arrays import TemplateArrays
from tests.naive.context_value import context_value

TEMPLATES = (*DEFAULT_TEMPLATES, "L-15", "L15 C15", "S15 start15", "said same end15", "C1..15 S1")
REACH = 15


def every_template() -> TemplateArrays:
    """All templates as one group, whose neurons do not matter."""
    parsed = parse_templates(TEMPLATES)
    zeros = np.zeros(len(parsed), dtype=np.int64)
    number = np.arange(len(parsed))
    return TemplateArrays(parsed.atoms, np.arange(len(parsed.atoms)), parsed.offsets, number, zeros, zeros)


def parts_before(numbers: list[int]) -> NDArray[np.uint32]:
    """Parts of the last chunks or segments, as `Partials` keeps them."""
    parts = np.full(REACH, NOTHING, dtype=np.uint32)
    latest = numbers[::-1][:REACH]
    parts[: len(latest)] = np.array(latest, dtype=np.uint32) + FIRST
    return parts


@given(
    symbols=st.lists(st.integers(-1, 3), min_size=1, max_size=20),
    said=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=20, max_size=20),
    chunks=st.lists(st.integers(0, 9), min_size=20, max_size=20),
    data=st.data(),
)
def test_a_lane_sees_what_training_saw(
    symbols: list[int], said: list[list[int]], chunks: list[int], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(symbols) - 1))
    beam, rank, other = 3, 2, 5  # letters of another word stand before and behind
    symbol = np.array([1] * other + symbols + [2] * other, dtype=np.int32)
    offsets = np.array([0, other, other + len(symbols), 2 * other + len(symbols)])
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    for index in range(len(symbols)):
        before = [at for at in range(index) if symbols[at] == symbols[index]]
        earlier[other + index] = before[-1] if before else -1
    segments = [segment for chunk in said[:position] for segment in chunk]
    history = EMPTY_HISTORY
    for segment in segments:
        history = extend_history(history, segment)
    partials = Partials(
        n_ranks=np.full((2, 3), beam),
        cost=np.zeros((2, 3, beam), dtype=np.int64),
        history=np.zeros((2, 3, beam), dtype=np.uint32),
        recent_chunks=np.zeros((2, 3, beam, REACH), dtype=np.uint32),
        recent_segments=np.zeros((2, 3, beam, REACH), dtype=np.uint32),
        parent=np.zeros((symbol.size, beam), dtype=np.int32),
        chunk=np.full((symbol.size, beam), -1, dtype=np.int32),
    )
    partials.history[position % 2, 1, rank] = history
    partials.recent_chunks[position % 2, 1, rank] = parts_before(chunks[:position])
    partials.recent_segments[position % 2, 1, rank] = parts_before(segments)
    # The way back: at each letter the pronunciation had another rank.
    ranks = [data.draw(st.integers(0, beam - 1)) for _ in range(position)] + [rank]
    for at in range(position):
        # What is decided at letter `at` has the rank that is drawn for the letters after it.
        partials.chunk[other + at, ranks[at + 1]] = chunks[at]
        partials.parent[other + at, ranks[at + 1]] = ranks[at]
    lanes = Lanes(np.array([1]), np.array([rank]), np.array([symbols[position]], dtype=np.int32))
    templates = every_template()
    parts = np.zeros((len(templates.atoms), 1), dtype=np.uint32)
    fill_parts(templates.atoms, Words(offsets, symbol, earlier), partials, lanes, 1, position, parts)
    value = np.zeros(1, dtype=np.uint32)
    for template in range(len(TEMPLATES)):
        fill_values(templates, template, parts, 0, 1, value)
        assert value[0] == context_value(
            templates.atoms,
            templates.offsets[template],
            templates.offsets[template + 1],
            np.array(symbols, dtype=np.int32),
            position,
            np.array(chunks[:position], dtype=np.int32),
            np.array(segments, dtype=np.int32),
            len(segments),
            history,
        ), TEMPLATES[template]


def test_values_are_made_for_the_lanes_that_are_asked_for() -> None:
    templates = every_template()
    parts = np.random.default_rng(1).integers(2**32, size=(len(templates.atoms), 40), dtype=np.uint32)
    whole, some = np.zeros(40, dtype=np.uint32), np.full(40, 7, dtype=np.uint32)
    fill_values(templates, 6, parts, 0, 40, whole)
    fill_values(templates, 6, parts, 11, 30, some)
    assert some[:19].tolist() == whole[11:30].tolist()
    assert (some[19:] == 7).all()


def test_no_kind_of_atom_is_left_out() -> None:
    assert set(every_template().atoms[:, 0].tolist()) == set(range(7))
