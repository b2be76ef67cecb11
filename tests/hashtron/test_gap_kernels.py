from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.hashtron.gap_kernels import pack_ones, read_gaps, write_gaps


def written(bits: list[bool], zeros: int = 0) -> tuple[int, list[int]]:
    packed = np.packbits(np.array(bits, dtype=np.bool_), bitorder="little")
    out = np.zeros(len(bits) + (len(bits) + zeros) // 128 + 1, dtype=np.uint8)
    zeros, end = write_gaps(packed, zeros, out, 0)
    return zeros, out[:end].tolist()


@given(st.lists(st.booleans(), max_size=600))
def test_what_is_written_is_read_again(bits: list[bool]) -> None:
    _, gaps = written(bits)
    ones = np.zeros(len(gaps), dtype=np.int64)
    count, malformed, beyond = read_gaps(np.array(gaps, dtype=np.uint8), len(bits), ones)
    assert (malformed, beyond) == (-1, -1)
    assert ones[:count].tolist() == np.flatnonzero(bits).tolist()


def test_zeros_go_on_into_the_next_table() -> None:
    assert written([False] * 16) == (16, [])
    assert written([False] * 8 + [True] + [False] * 7, zeros=200) == (7, [128 + 208 % 128, 1])


@given(st.lists(st.sampled_from([0, 1, 127, 128, 129, 255]), max_size=12), st.integers(0, 300))
def test_any_bytes_are_read_without_leaving_the_arrays(data: list[int], n_cells: int) -> None:
    ones = np.full(len(data) + 1, -9, dtype=np.int64)
    count, malformed, beyond = read_gaps(np.array(data, dtype=np.uint8), n_cells, ones[:-1])
    assert ones[-1] == -9
    found = ones[:count].tolist()
    assert found == sorted(set(found))
    assert all(0 <= one < n_cells for one in found)
    assert -1 <= malformed < len(data)
    assert -1 <= beyond < len(data)


def test_the_first_wrong_number_is_named() -> None:
    ones = np.zeros(9, dtype=np.int64)

    def problems(*data: int) -> tuple[int, int]:
        return read_gaps(np.array(data, dtype=np.uint8), 10, ones)[1:]

    assert problems(0, 9) == (-1, 1)  # cells 0 and 10 of 10
    assert problems(0, 8) == (-1, -1)
    assert problems(3, 129, 0) == (1, -1)  # 1, but not in its shortest form
    assert problems(3, 129) == (1, -1)  # cut off
    assert problems(3, 255, 255, 255, 255, 255, 1) == (1, -1)  # six bytes
    assert problems(9, 0, 129, 0) == (2, 1)  # reading goes on behind a one beyond the last cell


@given(st.lists(st.booleans(), min_size=1, max_size=100), st.integers(0, 1000))
def test_ones_are_packed_low_bits_first(bits: list[bool], start: int) -> None:
    packed = np.zeros(-(-len(bits) // 8), dtype=np.uint8)
    pack_ones(np.flatnonzero(bits) + start, start, packed)
    assert packed.tolist() == np.packbits(bits, bitorder="little").tolist()
