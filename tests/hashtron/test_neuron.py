from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.hashtron.neuron import BitTable, GradedTable, Hashtron, Neuron, pack_neurons
from tests.naive.graded import HIGHEST, naive_planes, naive_table_grade
from tests.naive.hashtron_network import naive_bit

UINT32 = st.integers(0, 2**32 - 1)
HASHTRONS = st.builds(
    Hashtron, st.lists(st.tuples(UINT32, UINT32), max_size=3).map(tuple), st.binary(max_size=12)
)
TABLES = st.builds(BitTable.from_bits, UINT32, st.lists(st.booleans(), min_size=1, max_size=40))
GRADES = st.lists(st.integers(-HIGHEST, HIGHEST), min_size=1, max_size=40)
GRADED = st.builds(GradedTable.from_grades, UINT32, GRADES)
FEATURES = st.lists(UINT32, min_size=1, max_size=30)


@given(st.one_of(HASHTRONS, TABLES), FEATURES)
def test_neurons_answer_as_defined(neuron: Neuron, features: list[int]) -> None:
    assert neuron.evaluate(features).tolist() == [naive_bit(neuron, feature) for feature in features]


@given(TABLES, FEATURES)
def test_bit_table_and_its_hashtron_are_one_function(table: BitTable, features: list[int]) -> None:
    hashtron = table.to_hashtron()
    assert hashtron.program == ((table.salt, table.premodulo),)
    assert hashtron.evaluate(features).tolist() == table.evaluate(features).tolist()


def test_large_bit_table_and_its_hashtron_agree() -> None:
    generator = np.random.default_rng(1)
    table = BitTable.from_bits(99, generator.integers(0, 2, 5000))
    features = generator.integers(0, 2**32, 20_000, dtype=np.uint32)
    assert np.array_equal(table.evaluate(features), table.to_hashtron().evaluate(features))


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_bit_table_keeps_its_bits(bits: list[bool]) -> None:
    table = BitTable.from_bits(3, bits)
    assert table.bits().tolist() == bits
    assert len(table.cells) == -(-len(bits) // 8)


@given(GRADED, FEATURES)
def test_graded_tables_answer_as_defined(table: GradedTable, features: list[int]) -> None:
    assert table.evaluate(features).tolist() == [naive_table_grade(table, feature) for feature in features]


@given(UINT32, GRADES)
def test_graded_tables_keep_their_grades_as_planes_of_bits(salt: int, grades: list[int]) -> None:
    table = GradedTable.from_grades(salt, grades)
    assert table.grades().tolist() == grades
    planes = table.planes()
    assert [(plane.salt, plane.premodulo) for plane in planes] == [(salt, len(grades))] * 6
    by_cell = zip(*(plane.bits().tolist() for plane in planes), strict=True)
    assert [list(bits) for bits in by_cell] == [naive_planes(grade) for grade in grades]


@given(GRADED, FEATURES)
def test_of_a_graded_table_s_plain_neurons_as_many_say_yes_as_the_grade_is_above_the_lowest(
    table: GradedTable, features: list[int]
) -> None:
    plain = table.bit_neurons()
    assert len(plain) == 2 * HIGHEST
    assert [sum(naive_bit(neuron, feature) for neuron in plain) - HIGHEST for feature in features] == [
        naive_table_grade(table, feature) for feature in features
    ]


@given(st.lists(st.one_of(HASHTRONS, TABLES), min_size=1, max_size=5), FEATURES)
def test_a_packed_layer_answers_as_its_neurons_do(neurons: list[Neuron], features: list[int]) -> None:
    row = np.array([features], dtype=np.uint32)
    packed = pack_neurons(neurons)
    own = np.stack([(row[0] + np.uint32(j)) for j in range(len(neurons))])
    assert packed.evaluate(row).tolist() == [neuron.evaluate(features).tolist() for neuron in neurons]
    expected = [neuron.evaluate(own[j]).tolist() for j, neuron in enumerate(neurons)]
    assert packed.evaluate(own).tolist() == expected


def test_an_empty_neuron_answers_the_lowest_bit() -> None:
    assert Hashtron().evaluate([0, 1, 2, 2**32 - 1]).tolist() == [0, 1, 0, 1]


def test_neurons_compare_and_hash_by_value() -> None:
    assert (
        len({Hashtron(((1, 2),)), Hashtron(((1, 2),)), BitTable(1, 3, b"\x05"), BitTable(1, 3, b"\x05")}) == 2
    )


@pytest.mark.parametrize(
    ("salt", "premodulo", "cells", "message"),
    [
        (-1, 8, b"\0", "salt"),
        (2**32, 8, b"\0", "salt"),
        (0, 2**32, b"\0", "premodulo"),
        (0, 0, b"", "premodulo is 0"),
        (0, 9, b"\0", "give 2"),
        (0, 3, b"\x08", "beyond its last cell"),
    ],
)
def test_impossible_tables_are_refused(salt: int, premodulo: int, cells: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BitTable(salt, premodulo, cells)


@pytest.mark.parametrize(
    ("salt", "premodulo", "cells", "message"),
    [
        (-1, 1, b"\0", "salt"),
        (0, 0, b"", "has 0 cells; give one each, and at least one"),
        (0, 2, b"\0", "premodulo 2 has 1 cells"),
        (0, 2, b"\x0e\x0f", "a grade above 7"),
    ],
)
def test_impossible_graded_tables_are_refused(salt: int, premodulo: int, cells: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GradedTable(salt, premodulo, cells)


@pytest.mark.parametrize("grade", [-8, 8])
def test_grades_out_of_range_are_refused(grade: int) -> None:
    with pytest.raises(ConfigError, match="give -7 to 7"):
        GradedTable.from_grades(1, [0, grade])


@pytest.mark.parametrize("row", [(-1, 2), (0, 2**32)])
def test_impossible_program_rows_are_refused(row: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="in row 1"):
        Hashtron(((0, 2), row))
