from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest

from goldzone.training.sums.cache import SumCache
from tests.cli.conftest import Goldzone, complaint


def sums_file(run: Path) -> Path:
    return run / "state" / "sums.goldzone"


def test_the_layers_of_a_run_are_described(goldzone: Goldzone, run_folder: Path) -> None:
    facts = json.loads(goldzone("sums", run_folder, "--json").out)
    cache = SumCache.load(sums_file(run_folder), (20, 1)).cache
    assert (facts["run"], facts["records"]) == (str(run_folder), len(cache))
    assert facts["sweep"] == max(cache.columns()["sweep"].tolist())
    assert [row["layer"] for row in facts["layers"]] == [2, 1]
    final, first = facts["layers"]
    assert (final["measured"], final["neurons"]) == (1, 1)
    assert first["neurons"] == 20
    found = cache.margin_distribution(1)
    assert (first["median"], first["noisy"], first["counts"]) == (
        found.median,
        found.noisy,
        list(found.counts),
    )
    assert final["changed_below"] == 1
    assert first["changed_below"] == 0
    assert (final["stale"], final["median_age"], final["greatest_age"]) == (0, 0, 0)


def test_people_see_a_table_that_fits(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    finished = goldzone("sums", "copy")
    assert finished.err == ""
    assert finished.out.startswith("copy: ")
    assert "1/1" in finished.out
    assert "20/20" in finished.out
    assert max(map(len, finished.out.splitlines())) <= 80


def test_all_records_can_be_written_to_a_file(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("sums", run_folder, "--out", "sums.csv")
    with Path("sums.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert finished.out == f"{len(rows)} records written to sums.csv\n"
    assert {row["run"] for row in rows} == {"slovak"}
    for name in ("sums.parquet", "sums.feather"):
        assert json.loads(goldzone("sums", run_folder, "--out", name, "--json").out)["records"] == len(rows)
        assert Path(name).stat().st_size > 0


def test_damage_is_told_on_standard_error(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    path = sums_file(Path("copy"))
    shutil.copy(path, f"{path}.bak1")
    path.write_bytes(path.read_bytes()[:-1])
    finished = goldzone("sums", "copy", "--json")
    assert finished.code == 0
    assert finished.err.startswith(f"warning: {path}: does not match its SHA-256")
    assert json.loads(finished.out)["records"] > 0


def test_what_cannot_be_shown_is_one_line(
    goldzone: Goldzone, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaint(goldzone("sums", "nothing")).startswith("nothing: is no run folder")
    assert complaint(goldzone("sums", run_folder, "--out", "a.xls")).startswith(
        "a.xls: is of no known format"
    )
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    line = complaint(goldzone("sums", run_folder, "--out", "a.parquet"))
    assert line == "pyarrow is not installed; pip install 'goldzone[tables]'"
    shutil.copytree(run_folder, "copy")
    for file in Path("copy/state").iterdir():
        file.unlink()
    assert "holds no sums; wait for the run to save them" in complaint(goldzone("sums", "copy"))
    Path("copy/events.jsonl").write_bytes(b"")
    assert complaint(goldzone("sums", "copy")) == "copy: its training has not begun; wait for the first sweep"
