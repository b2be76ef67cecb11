from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from goldzone.data.atom_kernels import (
    EMPTY_HISTORY,
    FIRST,
    NOTHING,
    SUMMARY,
    empty_summary,
    extend_history,
    extend_summary,
)
from goldzone.data.context_kernels import SpokenWords, fill_contexts
from goldzone.data.sound_classes import ACCENTED, VOWEL, SoundClasses
from goldzone.data.templates import DEFAULT_TEMPLATES, parse_templates
from goldzone.g2p.lane_kernels import Lanes, Partials, Words, fill_parts, fill_values
from goldzone.g2p.search_arrays import TemplateArrays

TEMPLATES = (
    *(*DEFAULT_TEMPLATES, "L-15", "L15 C15", "S15 start15", "said same end15", "C1..15 S1", "len9 V-15 V15"),
    *("prevv nvl3 lcons", "nextv nvr3 rcons", "suf3 rest4", "nvs3 lastv", "cstr vowels", "acc acc3"),
)
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


CHUNKS = 10
CLASSES = SoundClasses(
    np.array([VOWEL, 0, VOWEL, 0], np.uint8),
    np.array([0, VOWEL, VOWEL | ACCENTED, ACCENTED, 0, VOWEL], np.uint8),
)


@given(
    symbols=st.lists(st.integers(-1, 3), min_size=1, max_size=20),
    chunks=st.lists(st.integers(0, CHUNKS - 1), min_size=20, max_size=20),
    segments_of=st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=CHUNKS, max_size=CHUNKS),
    data=st.data(),
)
def test_a_lane_sees_what_training_saw(
    symbols: list[int], chunks: list[int], segments_of: list[list[int]], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(symbols) - 1))
    beam, rank, other = 3, 2, 5  # letters of another word stand before and behind
    symbol = np.array([1] * other + symbols + [2] * other, dtype=np.int32)
    offsets = np.array([0, other, other + len(symbols), 2 * other + len(symbols)])
    earlier = np.full(symbol.size, -1, dtype=np.int32)
    for index in range(len(symbols)):
        before = [at for at in range(index) if symbols[at] == symbols[index]]
        earlier[other + index] = before[-1] if before else -1
    segments = [segment for chunk in chunks[:position] for segment in segments_of[chunk]]
    history, summary = EMPTY_HISTORY, np.empty(SUMMARY, dtype=np.uint32)
    empty_summary(summary)
    for segment in segments:
        history = extend_history(history, segment)
        extend_summary(summary, segment, CLASSES.segments)
    partials = Partials(
        n_ranks=np.full((2, 3), beam),
        cost=np.zeros((2, 3, beam), dtype=np.int64),
        n_said=np.zeros((2, 3, beam), dtype=np.int64),
        history=np.zeros((2, 3, beam), dtype=np.uint32),
        summary=np.zeros((2, 3, beam, SUMMARY), dtype=np.uint32),
        recent_chunks=np.zeros((2, 3, beam, REACH), dtype=np.uint32),
        recent_segments=np.zeros((2, 3, beam, REACH), dtype=np.uint32),
        parent=np.zeros((symbol.size, beam), dtype=np.int32),
        chunk=np.full((symbol.size, beam), -1, dtype=np.int32),
    )
    partials.history[position % 2, 1, rank] = history
    partials.summary[position % 2, 1, rank] = summary
    partials.recent_chunks[position % 2, 1, rank] = parts_before(chunks[:position])
    partials.recent_segments[position % 2, 1, rank] = parts_before(segments)
    # The way back: at each letter the pronunciation had another rank.
    ranks = [data.draw(st.integers(0, beam - 1)) for _ in range(position)] + [rank]
    for at in range(position):
        # What is decided at letter `at` has the rank that is drawn for the letters after it.
        partials.chunk[other + at, ranks[at + 1]] = chunks[at]
        partials.parent[other + at, ranks[at + 1]] = ranks[at]
    symbol_there = np.array([symbols[position]], dtype=np.int32)
    lanes = Lanes(np.array([1]), np.array([rank]), symbol_there, np.zeros(2, dtype=np.int64))
    templates = every_template()
    parts = np.zeros((len(templates.atoms), 1), dtype=np.uint32)
    words = Words(offsets, symbol, earlier, CLASSES.letters)
    fill_parts(templates.atoms, words, partials, lanes, 1, position, parts)
    spoken = SpokenWords(
        np.array([0, len(symbols)]),
        np.array(symbols, dtype=np.int32),
        np.array(chunks[: len(symbols)], dtype=np.int32),
        np.cumsum([0, *map(len, segments_of)]),
        np.array([segment for said in segments_of for segment in said], dtype=np.int32),
        CLASSES,
    )
    expected = np.zeros((len(TEMPLATES), len(symbols)), dtype=np.uint32)
    fill_contexts(0, 1, spoken, templates.atoms, templates.offsets, expected)
    value = np.zeros(1, dtype=np.uint32)
    for template in range(len(TEMPLATES)):
        fill_values(templates, template, parts, 1, value)
        assert value[0] == expected[template, position], TEMPLATES[template]


def test_values_are_made_for_the_lanes_that_are_asked_for() -> None:
    templates = every_template()
    parts = np.random.default_rng(1).integers(2**32, size=(len(templates.atoms), 40), dtype=np.uint32)
    whole, some = np.zeros(40, dtype=np.uint32), np.full(40, 7, dtype=np.uint32)
    fill_values(templates, 6, parts, 40, whole)
    fill_values(templates, 6, parts, 19, some)
    assert some[:19].tolist() == whole[:19].tolist()
    assert (some[19:] == 7).all()


def test_no_kind_of_atom_is_left_out() -> None:
    assert set(every_template().atoms[:, 0].tolist()) == set(range(23))
