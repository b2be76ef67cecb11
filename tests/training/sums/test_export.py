from __future__ import annotations

import dataclasses
import math
import sys
from csv import DictReader
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyarrow import csv, feather

from goldzone.errors import GoldzoneError, StateError
from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.export import write_table
from tests.training.sums.small_caches import filled, new_cache, record_of

NAMES = [
    *("layer", "position", "run", "sweep", "time", "sum", "samples", "margin", "premodulo"),
    *("duration_seconds", "agreement", "train_accuracy", "dev_accuracy", "loss", "accepted"),
]


def cache_of_three() -> SumCache:
    cache = new_cache()
    cache.append(dataclasses.replace(record_of(2, 1, -30, sweep=3), agreement=0.1, time=1767225600.123456))
    cache.append(record_of(1, 0, 5, run=1, accepted=False))
    cache.append(record_of(2, 1, 2**32 - 1, 2**32 - 1))
    return cache


def test_columns_come_in_the_order_of_the_appends() -> None:
    columns = cache_of_three().columns()
    assert list(columns) == NAMES
    assert columns["layer"].tolist() == [2, 1, 2]
    assert columns["position"].tolist() == [1, 0, 1]
    assert columns["run"].tolist() == ["french", "tschechisch é", "french"]
    assert columns["margin"].tolist() == [0.3, 0.05, 1.0]
    assert columns["accepted"].tolist() == [True, False, True]


def test_an_arrow_table_has_nulls_for_what_is_not_known(tmp_path: Path) -> None:
    for number, cache in enumerate((cache_of_three(), new_cache())):
        write_table(cache, tmp_path / f"{number}.feather")
    table = feather.read_table(tmp_path / "0.feather")
    assert table.column_names == NAMES
    assert table["run"].to_pylist() == ["french", "tschechisch é", "french"]
    assert table["samples"].to_pylist() == [100, 100, 2**32 - 1]
    assert table["accepted"].to_pylist() == [True, False, True]
    assert table["agreement"].to_pylist() == [float(np.float32(0.1)), None, None]
    assert str(feather.read_table(tmp_path / "1.feather").schema.field("run").type) == "string"


def test_csv_reads_back_exactly(tmp_path: Path) -> None:
    path, cache = tmp_path / "sums.csv", cache_of_three()
    write_table(cache, path)
    assert path.read_bytes().count(b"\n") == 4
    assert b"\r" not in path.read_bytes()
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(DictReader(stream))
    columns = cache.columns()
    assert list(rows[0]) == NAMES
    for name in NAMES:
        texts = [row[name] for row in rows]
        if name == "run":
            assert texts == columns[name].tolist()
        elif name == "accepted":
            assert texts == ["True", "False", "True"]
        else:
            numbers = np.array([float(text) if text else math.nan for text in texts])
            assert np.array_equal(numbers, columns[name].astype(np.float64), equal_nan=True)


READERS = {"csv": csv.read_csv, "parquet": pq.read_table, "FEATHER": feather.read_table}


@pytest.mark.parametrize("ending", READERS)
def test_a_file_has_the_format_that_its_name_says(tmp_path: Path, ending: str) -> None:
    path, cache = tmp_path / f"sums.{ending}", filled()
    write_table(cache, path)
    table = READERS[ending](path)
    assert table.column_names == NAMES
    assert table["sum"].to_pylist() == cache.columns()["sum"].tolist()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"ends with \.csv, \.parquet, \.feather$"):
        write_table(filled(), tmp_path / "sums.xls")
    with pytest.raises(StateError, match="cannot be written"):
        write_table(filled(), tmp_path / "none" / "sums.csv")


def test_what_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(GoldzoneError, match=r"^pyarrow is not installed; pip install 'goldzone\[tables\]'$"):
        write_table(filled(), tmp_path / "sums.parquet")
