from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.deep.samples import (
    EncodedSamples,
    as_inputs,
    as_samples,
    first_samples,
    read_samples,
    split_samples,
)
from goldzone.errors import DataError

FRACTIONS = (0.6, 0.2, 0.2)


def some(count: int, width: int = 2, seed: int = 1) -> EncodedSamples:
    generator = np.random.default_rng(seed)
    return as_samples(generator.integers(0, 1 << 32, (count, width)), generator.integers(0, 4, count))


def rows(samples: EncodedSamples) -> list[tuple[int, ...]]:
    return [
        (label, *inputs)
        for label, inputs in zip(samples.outputs.tolist(), samples.inputs.tolist(), strict=True)
    ]


def written(tmp_path: Path, name: str, text: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "1,2,3\n0,4,4294967295\n"),
        ("a.csv", "label,one,two\n1,2,3\n0,4,4294967295"),
        ("a.csv", "label,0,1\r\n1,2,3\r\n\r\n0,4,4294967295\r\n"),
        ("a.TSV", "\ufeff1\t 2\t3\n0\t4\t4294967295\n"),
    ],
)
def test_a_text_holds_a_label_and_its_inputs_on_each_line(tmp_path: Path, name: str, text: str) -> None:
    samples = read_samples(written(tmp_path, name, text))
    assert rows(samples) == [(1, 2, 3), (0, 4, 4294967295)]
    assert (str(samples.inputs.dtype), str(samples.outputs.dtype)) == ("uint32", "uint16")


def test_arrays_hold_the_same(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", inputs=[[2, 3], [4, 5]], outputs=[1, 0])
    assert rows(read_samples(tmp_path / "a.npz")) == [(1, 2, 3), (0, 4, 5)]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "a.csv",
            "1,2,3\n\n0,4\n",
            r"a\.csv:3: has 1 inputs; give a label and 2 inputs, as the lines",
        ),
        ("a.csv", "1\n", r"a\.csv:1: has 0 inputs; give a label and inputs"),
        ("a.csv", "label\n1,2\n0,x\n", r"a\.csv:3: '0,x' is no sample; give a label in 0\.\.65535, then"),
        ("a.csv", "-1,2\n", r"a\.csv:1: '-1,2' is no sample"),
        ("a.csv", "65536,2\n", r"a\.csv:1: '65536,2' is no sample"),
        ("a.csv", "1,4294967296\n", r"a\.csv:1: .* is no sample"),
        ("a.csv", "1,2.0\n", r"a\.csv:1: .* is no sample"),
        ("a.csv", "1," + "9" * 200_000, r"a\.csv:1: '' is no sample"),
        ("a.csv", "1;2\n3;4\n", r"a\.csv:2: has 0 inputs"),
        ("a.csv", "label,a\n", r"a\.csv: holds no samples"),
        ("a.csv", b"1,2\n\xff,3\n", r"a\.csv: is not UTF-8"),
        ("a.txt", "1,2\n", r"a\.txt: is no file of samples; give one that ends in \.csv, \.tsv or \.npz"),
        ("a.npz", "", r"a\.npz: is damaged or no \.npz file"),
        ("a.npz", b"PK\x03\x04 and no more", r"a\.npz: is damaged or no \.npz file"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(
    tmp_path: Path, name: str, text: str | bytes, problem: str
) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        read_samples(written(tmp_path, name, text))
    assert "\n" not in str(caught.value)


def test_wrong_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, inputs=[[1]])
    with pytest.raises(DataError, match="lacks an array; save both, inputs and outputs"):
        read_samples(path)
    np.savez(path, inputs=np.array([["x"]], dtype=object), outputs=[1])
    with pytest.raises(DataError, match="is damaged"):  # and never unpickled
        read_samples(path)
    with path.open("wb") as stream:
        np.save(stream, np.ones(3))
    with pytest.raises(DataError, match="is damaged or no"):
        read_samples(path)
    with pytest.raises(DataError, match=r"none\.csv: cannot be read \(No such file"):
        read_samples(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("inputs", "outputs", "problem"),
    [
        ([1, 2], [1, 2], r"inputs have shape \(2,\)"),
        (np.zeros((0, 3), int), [], r"inputs have shape \(0, 3\)"),
        ([[1], [2]], [1], r"2 samples, outputs of shape \(1,\)"),
        ([[1.0]], [1], "inputs are not all integers"),
        ([[-1]], [1], "inputs are not all integers"),
        ([[1]], [65536], r"outputs are not all integers in 0\.\.65535"),
    ],
)
def test_arrays_of_another_shape_or_range_are_refused(inputs: Any, outputs: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        as_samples(inputs, outputs)


def test_inputs_alone_are_checked_alike() -> None:
    assert as_inputs([[1, 2]]).dtype == np.uint32
    with pytest.raises(DataError, match="test: inputs are not all integers"):
        as_inputs([["a"]], "test")


@given(st.permutations(range(30)), st.integers(0, 3))
def test_the_part_of_a_sample_depends_on_its_inputs_alone(order: list[int], label: int) -> None:
    samples = some(30)
    part_of = {row[1:]: name for name, part in parts(samples).items() for row in rows(part)}
    changed = EncodedSamples(
        np.concatenate([samples.inputs[order], samples.inputs[:7]]), np.full(37, label, np.uint16)
    )
    for name, part in parts(changed).items():
        assert all(part_of[row[1:]] == name for row in rows(part))


def parts(samples: EncodedSamples) -> dict[str, EncodedSamples]:
    split = split_samples(samples, FRACTIONS)
    return {"train": split.train, "dev": split.dev, "test": split.test}


def test_parts_have_their_shares_and_keep_the_order() -> None:
    samples = some(5000)
    for share, part in zip(FRACTIONS, parts(samples).values(), strict=True):
        assert len(part) / 5000 == pytest.approx(share, abs=0.03)
        listed = rows(samples)
        assert [listed.index(row) for row in rows(part)] == sorted(listed.index(row) for row in rows(part))
    whole = split_samples(samples, (1.0, 0.0, 0.0))
    assert [len(part) for part in (whole.train, whole.dev, whole.test)] == [5000, 0, 0]


def test_a_larger_share_of_train_only_moves_samples_into_it() -> None:
    samples = some(500)
    less, more = (set(rows(split_samples(samples, (share, 1 - share, 0.0)).train)) for share in (0.5, 0.7))
    assert less < more


def test_a_larger_first_sample_holds_the_smaller_and_is_split_in_the_same_shares() -> None:
    samples = some(2000)
    few, more = first_samples(samples, 500), first_samples(samples, 1000)
    assert (len(few), len(more), len(first_samples(samples, 9999))) == (500, 1000, 2000)
    assert set(rows(few)) < set(rows(more))
    assert len(split_samples(more, FRACTIONS).train) / 1000 == pytest.approx(0.6, abs=0.05)


def test_a_fingerprint_tells_samples_their_labels_and_shapes_apart() -> None:
    one = as_samples([[1, 2], [3, 4]], [0, 1])
    others = [
        as_samples([[1, 2], [3, 5]], [0, 1]),
        as_samples([[1, 2], [3, 4]], [1, 1]),
        as_samples([[3, 4], [1, 2]], [1, 0]),
        as_samples([[1], [2]], [0, 1]),
    ]
    assert one.fingerprint() == as_samples(np.array([[1, 2], [3, 4]], np.uint64), [0, 1]).fingerprint()
    assert len({each.fingerprint() for each in (one, *others)}) == 5
