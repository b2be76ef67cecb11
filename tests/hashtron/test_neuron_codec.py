from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ModelFormatError
from goldzone.hashtron.neuron import AnyNeuron, BitTable, GradedTable, Hashtron
from goldzone.hashtron.neuron_codec import decode_neurons, encode_neurons

WORDS = st.integers(0, (1 << 32) - 1)


@st.composite
def bit_tables(draw: st.DrawFn) -> BitTable:
    return BitTable.from_bits(draw(WORDS), draw(st.lists(st.booleans(), min_size=1, max_size=80)))


HASHTRONS = st.builds(
    Hashtron, st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple), st.binary(max_size=40)
)
GRADED = st.builds(GradedTable.from_grades, WORDS, st.lists(st.integers(-7, 7), min_size=1, max_size=40))
NEURONS = st.lists(bit_tables() | HASHTRONS | GRADED, max_size=5)


@given(NEURONS)
def test_neurons_come_back_as_they_were(neurons: list[AnyNeuron]) -> None:
    assert decode_neurons(encode_neurons(neurons), "state") == tuple(neurons)


@given(NEURONS.filter(bool), st.data())
def test_bytes_that_are_cut_off_are_refused_or_are_fewer_neurons(
    neurons: list[AnyNeuron], data: st.DataObject
) -> None:
    whole = encode_neurons(neurons)
    cut = data.draw(st.integers(1, len(whole)))
    try:
        found = decode_neurons(whole[:-cut], "state")
    except ModelFormatError:
        pass
    else:
        assert found == tuple(neurons[: len(found)])
        assert len(found) < len(neurons)


@pytest.mark.parametrize(
    "data",
    [
        b"\x03",  # no such kind
        b"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",  # a table of no cells
        b"\x00\x01\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00\x09",  # a one beyond the last cell
        b"\x01\xff\xff\xff\xff",  # more rows than bytes
        # One cell with a grade, and no grade for it.
        b"\x02\x01\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00",
    ],
)
def test_bytes_that_are_no_neurons_are_refused(data: bytes) -> None:
    with pytest.raises(ModelFormatError, match="state"):
        decode_neurons(data, "state")
