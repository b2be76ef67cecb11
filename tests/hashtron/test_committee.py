from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ModelFormatError, StateError
from goldzone.hashtron import committee as module
from goldzone.hashtron.committee import (
    MAX_CELLS,
    Committee,
    decode_grades,
    decode_tables,
    encode_grades,
    encode_tables,
)
from goldzone.hashtron.hashing import hash_values
from goldzone.hashtron.neuron import BitTable, GradedTable, Hashtron
from goldzone.hashtron.presets import context_committee
from goldzone.hashtron.quaternary import build_filter
from goldzone.hashtron.weights import read_weights, write_weights
from tests.naive.graded import HIGHEST, naive_grade_halves, naive_table_grade
from tests.naive.hashtron_filter import naive_hash, naive_look_up
from tests.naive.hashtron_network import naive_run

Answers = list[list[bool]]

tables_of_answers = st.lists(
    st.one_of(
        st.lists(st.booleans(), min_size=1, max_size=40),
        # Long tables with few ones: gaps of two and three bytes.
        st.tuples(st.integers(1, 40_000), st.sets(st.integers(0, 39_999), max_size=3)).map(
            lambda drawn: [cell in drawn[1] for cell in range(drawn[0])]
        ),
    ),
    max_size=5,
)


def tables(answers: Answers) -> tuple[BitTable, ...]:
    return tuple(BitTable.from_bits(0xABC + number, bits) for number, bits in enumerate(answers))


def decoded(data: bytes, answers: Answers) -> tuple[BitTable, ...]:
    salts = [0xABC + number for number in range(len(answers))]
    return decode_tables(data, salts, list(map(len, answers)), "m.goldzone: tables")


def naive_gaps(answers: Answers) -> bytes:
    """Write the number of zeros before each one, in groups of seven bits, the low ones first."""
    data, zeros = bytearray(), 0
    for answer in (answer for bits in answers for answer in bits):
        if not answer:
            zeros += 1
            continue
        while zeros >= 128:
            data.append(128 + zeros % 128)
            zeros //= 128
        data.append(zeros)
        zeros = 0
    return bytes(data)


@given(tables_of_answers)
def test_tables_come_back_as_they_were(answers: Answers) -> None:
    data = encode_tables(tables(answers))
    assert data == naive_gaps(answers)
    assert decoded(data, answers) == tables(answers)


@pytest.mark.parametrize("gap", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_gaps_around_a_further_byte_come_back(gap: int) -> None:
    table = BitTable.from_bits(1, np.arange(gap + 3) == gap)
    data = encode_tables([table])
    assert len(data) == max(1, -(-gap.bit_length() // 7))
    assert decode_tables(data, [1], [gap + 3], "m") == (table,)


def test_few_ones_take_few_bytes() -> None:
    silent = BitTable.from_bits(1, np.zeros(1_000_000, np.bool_))
    assert encode_tables([silent] * 3) == b""
    assert encode_tables([]) == b""
    assert decode_tables(b"", [], [], "m") == ()
    assert decode_tables(b"", [1], [1_000_000], "m") == (silent,)


@given(tables_of_answers.filter(lambda answers: any(map(any, answers))), st.data())
def test_damaged_bytes_are_refused_or_are_other_tables_rightly_written(
    answers: Answers, data: st.DataObject
) -> None:
    """A gap has one form only, so what can be read is what would be written."""
    damaged = bytearray(encode_tables(tables(answers)))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(damaged)))
        removed = data.draw(st.integers(0, 2))
        damaged[start : start + removed] = data.draw(st.binary(max_size=6))
    try:
        found = decoded(bytes(damaged), answers)
    except ModelFormatError:
        return
    assert [table.premodulo for table in found] == list(map(len, answers))
    assert encode_tables(found) == damaged


grades_of_tables = st.lists(
    st.lists(st.integers(-HIGHEST, HIGHEST) | st.just(0), min_size=1, max_size=40), min_size=1, max_size=5
)


def graded_tables(grades: list[list[int]]) -> tuple[GradedTable, ...]:
    return tuple(GradedTable.from_grades(0xABC + number, each) for number, each in enumerate(grades))


def decoded_grades(gaps: bytes, halves: bytes, grades: list[list[int]]) -> tuple[GradedTable, ...]:
    salts = [0xABC + number for number in range(len(grades))]
    return decode_grades(gaps, halves, salts, list(map(len, grades)), "m: tables")


@given(grades_of_tables)
def test_grades_are_gaps_and_halves_of_bytes_and_come_back_as_they_were(grades: list[list[int]]) -> None:
    gaps, halves = encode_grades(graded_tables(grades))
    assert gaps == naive_gaps([[grade != 0 for grade in each] for each in grades])
    assert halves == naive_grade_halves([grade for each in grades for grade in each])
    assert decoded_grades(gaps, halves, grades) == graded_tables(grades)


@given(grades_of_tables, st.data())
def test_damaged_grades_are_refused_or_are_other_grades_rightly_written(
    grades: list[list[int]], data: st.DataObject
) -> None:
    parts = [bytearray(part) for part in encode_grades(graded_tables(grades))]
    part = parts[data.draw(st.integers(0, 1))]
    start = data.draw(st.integers(0, len(part)))
    part[start : start + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        found = decoded_grades(bytes(parts[0]), bytes(parts[1]), grades)
    except ModelFormatError:
        return
    assert encode_grades(found) == tuple(map(bytes, parts))


@pytest.mark.parametrize(
    ("gaps", "halves"),
    [
        (b"\x00", b""),  # no grade
        (b"", b"\x01"),  # one too many
        (b"\x00", b"\x11"),  # in the half that is left over
        (b"\x00\x00", b"\x01"),  # a grade of 0
        (b"\x00", b"\x08"),  # -8
    ],
)
def test_grades_that_do_not_match_their_cells_are_refused(gaps: bytes, halves: bytes) -> None:
    with pytest.raises(ModelFormatError) as caught:
        decoded_grades(gaps, halves, [[0, 0]])
    assert str(caught.value) == "m: tables: the grades do not match the cells; copy the file again"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x00\x80", "ends inside a number at byte 2"),
        (b"\x80", "ends inside a number at byte 1"),
        (b"\x00\x81\x00", "the number at byte 1 is malformed"),  # 1, but not in its shortest form
        (b"\x00\x80\x80\x80\x80\x80\x01", "the number at byte 1 is malformed"),
        (b"\x0a", "a one lies beyond the last of 10 cells"),
        (b"\x03\x06", "a one lies beyond the last of 10 cells"),
        (b"\x00" * 11, "a one lies beyond the last of 10 cells"),
        (b"\xff\xff\xff\xff\x7f" * 100, "a one lies beyond the last of 10 cells"),
    ],
)
def test_each_damage_is_named(data: bytes, problem: str) -> None:
    with pytest.raises(ModelFormatError) as caught:
        decode_tables(data, [1, 2], [4, 6], "m: tables")
    assert str(caught.value) == f"m: tables: {problem}; copy the file again"


def test_the_last_cell_can_answer_one() -> None:
    first, second = decode_tables(b"\x03\x05", [1, 2], [4, 6], "m")
    assert first.bits().tolist() == [False] * 3 + [True]
    assert second.bits().tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("premodulos", [[MAX_CELLS + 1], [0xFFFFFFFF] * 3, [MAX_CELLS], [1 << 27, 4097]])
def test_too_many_declared_cells_are_refused_before_anything_is_allocated(premodulos: list[int]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ModelFormatError, match=rf"^m: {sum(premodulos)} cells are declared; at most"):
            decode_tables(b"\x00", [1] * len(premodulos), premodulos, "m")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_could_not_be_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CELLS", 9)
    assert encode_tables(tables([[True] * 4, [True] * 5])) == bytes(9)
    with pytest.raises(
        ModelFormatError, match="10 cells are too many for a model file, which holds 9; use fewer neurons"
    ):
        encode_tables(tables([[True] * 4, [True] * 6]))


def test_so_many_empty_cells_that_they_would_be_refused_are_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_EMPTY_CELLS", 8)
    monkeypatch.setattr(module, "_CELLS_A_BYTE", 4)
    sparse = tables([[True] + [False] * 11])
    assert decode_tables(encode_tables(sparse), [sparse[0].salt], [12], "m") == sparse
    with pytest.raises(ModelFormatError, match="13 cells are too many for a model file with 1 bytes of ones"):
        encode_tables(tables([[True] + [False] * 12]))


def committee() -> Committee:
    generator = np.random.default_rng(5)
    premodulos = (2, 7, 64, 1000)
    context = tuple(
        BitTable.from_bits(int(generator.integers(1 << 32)), generator.random(premodulo) < 0.4)
        for premodulo in premodulos
    )
    scores = np.arange(len(premodulos) + 1, dtype=np.uint32)
    final = Hashtron(((0, 5),), build_filter(scores, scores >= 2))
    return Committee((3, 0, 1, 0), context, final)


def test_the_network_counts_the_tables_ones_and_asks_the_final_neuron() -> None:
    model = committee()
    network = model.network()
    assert network.architecture == context_committee(4)
    inputs = np.random.default_rng(6).integers(0, 1 << 32, (200, 4), dtype=np.uint32)
    for row, word in zip(inputs.tolist(), network.infer(inputs).tolist(), strict=True):
        score = sum(
            int(table.bits()[naive_hash(feature, table.salt, table.premodulo)])
            for feature, table in zip(row, model.bit_tables, strict=True)
        )
        (salt, premodulo), *_ = model.final.program
        assert word == naive_look_up(model.final.filter, naive_hash(score, salt, premodulo))


def test_for_go_the_same_answers_are_filters_that_a_weight_file_can_hold(tmp_path: Path) -> None:
    model = committee()
    network = model.network(for_go=True)
    assert all(isinstance(neuron, Hashtron) for neuron in network.neurons)
    path = tmp_path / "weights.json.zlib"
    write_weights(path, network)
    read = read_weights(path, context_committee(4))
    inputs = np.random.default_rng(7).integers(0, 1 << 32, (3000, 4), dtype=np.uint32)
    expected = model.network().trace(inputs)
    for trace, wanted in zip(read.trace(inputs), expected, strict=True):
        assert np.array_equal(trace.bits, wanted.bits)
        assert np.array_equal(trace.features, wanted.features)


@given(st.integers(0, 2**32 - 1))
def test_the_network_of_a_graded_committee_asks_the_final_neuron_about_its_grades(seed: int) -> None:
    random = np.random.default_rng(seed)
    tables = tuple(
        GradedTable.from_grades(int(salt), random.integers(-HIGHEST, HIGHEST + 1, size=int(size)))
        for salt, size in zip(random.integers(1 << 32, size=3), random.integers(1, 9, size=3), strict=True)
    )
    scores = np.arange(2 * HIGHEST * 3 + 1, dtype=np.uint32)
    final = Hashtron(((0, 1 << 20),), build_filter(hash_values(scores, 0, 1 << 20), scores % 3 == 1))
    model = Committee((2, 0, 2), tables, final)
    columns = model.columns()
    assert columns == (2,) * 14 + (0,) * 14 + (2,) * 14
    for row in random.integers(1 << 32, size=(3, 3)).tolist():
        grades = [naive_table_grade(table, row[of]) for of, table in zip((2, 0, 2), tables, strict=True)]
        expected = (sum(grades) + 3 * HIGHEST) % 3 == 1
        for network in (model.network(), model.network(for_go=True)):
            run = naive_run(network.architecture, network.neurons, [row[column] for column in columns])
            assert run.word == expected
            ones = [sum(run.bits[14 * j : 14 * (j + 1)]) - HIGHEST for j in range(3)]
            assert ones == grades


def test_tables_of_two_kinds_make_no_committee() -> None:
    tables = (BitTable.from_bits(1, [True]), GradedTable.from_grades(1, [3]))
    with pytest.raises(StateError, match="either bit tables or graded ones"):
        Committee((0, 0), tables, Hashtron())
