from __future__ import annotations

import csv
import dataclasses
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from goldzone.errors import GoldzoneError, StateError
from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.export import to_arrow, to_pandas, write_csv, write_table
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


def test_a_data_frame_has_these_columns() -> None:
    frame = to_pandas(cache_of_three())
    assert list(frame.columns) == NAMES
    assert frame["run"].tolist() == ["french", "tschechisch é", "french"]
    assert frame["samples"].tolist() == [100, 100, 2**32 - 1]
    assert frame["accepted"].dtype == np.bool_
    assert frame["agreement"].isna().tolist() == [False, True, True]
    assert len(to_pandas(new_cache())) == 0


def test_an_arrow_table_has_nulls_for_what_is_not_known() -> None:
    table = to_arrow(cache_of_three())
    assert table.column_names == NAMES
    assert table["run"].to_pylist() == ["french", "tschechisch é", "french"]
    assert table["agreement"].to_pylist() == [float(np.float32(0.1)), None, None]
    assert str(to_arrow(new_cache()).schema.field("run").type) == "string"


def test_csv_reads_back_exactly(tmp_path: Path) -> None:
    path, cache = tmp_path / "sums.csv", cache_of_three()
    write_csv(cache, path)
    assert path.read_bytes().count(b"\n") == 4
    assert b"\r" not in path.read_bytes()
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
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


@pytest.mark.parametrize("ending", ["csv", "parquet", "FEATHER"])
def test_a_file_has_the_format_that_its_name_says(tmp_path: Path, ending: str) -> None:
    import pandas as pd

    path, cache = tmp_path / f"sums.{ending}", filled()
    write_table(cache, path)
    frame = getattr(pd, f"read_{ending.casefold()}")(path)
    assert list(frame.columns) == NAMES
    assert frame["sum"].tolist() == cache.columns()["sum"].tolist()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"ends with \.csv, \.parquet, \.feather$"):
        write_table(filled(), tmp_path / "sums.xls")
    with pytest.raises(StateError, match="cannot be written"):
        write_table(filled(), tmp_path / "none" / "sums.csv")


@pytest.mark.parametrize(("module", "export"), [("pandas", to_pandas), ("pyarrow", to_arrow)])
def test_what_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, export: Callable[[SumCache], object]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        GoldzoneError, match=rf"^{module} is not installed; pip install 'goldzone\[tables\]'$"
    ):
        export(filled())
