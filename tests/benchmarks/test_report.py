"""The table, the record and the verdict, on made-up figures."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.speed.areas import AreaResult
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.regression import Comparison, Recorded
from benchmarks.speed.report import Record, read_record, same_processor, table, unfit, verdict, write_record

GOOD = Figure("tally.one", 2.0, "ns", bound=3.0, peer="floor", ratio=1.5)
MISSED = Figure("tally.two", 4.0, "ns", bound=3.0)


def test_the_table_has_a_row_for_each_figure() -> None:
    lines = table([GOOD, MISSED, Figure("a.b", 12345.6, "words/s")], {}).splitlines()
    assert lines[2:] == [
        "| tally.one | 2 | ns | 3 | yes | 1.5 | floor |",
        "| tally.two | 4 | ns | 3 | **no** |  |  |",
        "| a.b | 12,346 | words/s |  |  |  |  |",
    ]


def test_the_table_says_what_has_changed() -> None:
    comparisons = {
        "tally.one": Comparison("tally.one", "worse", 2.0, 1.25),
        "tally.two": Comparison("tally.two", "new"),
    }
    lines = table([GOOD, MISSED], comparisons).splitlines()
    assert lines[2].endswith("| **worse**, 2 of 1.25 |")
    assert lines[3].endswith("| new |")
    assert len({line.count("|") for line in lines}) == 1


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    figures = [Recorded(GOOD, 0.1), Recorded(MISSED)]
    write_record(tmp_path / "record.json", Setting(repeats=3), figures)
    record = read_record(tmp_path / "record.json")
    assert record.figures == {"tally.one": figures[0], "tally.two": figures[1]}
    assert record.setting["repeats"] == 3
    assert same_processor(record)


def test_a_record_names_no_path_and_no_person(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, Setting(dataset=tmp_path), [Recorded(GOOD)])
    text = path.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert f'"{getpass.getuser()}"' not in text


def test_a_run_without_figures_is_still_json(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", Setting(), [])
    assert read_record(tmp_path / "record.json").figures == {}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"figures": [{}]}'])
def test_what_is_no_record_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"record\.json: no record") as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


def test_runs_that_measure_other_things_are_not_compared(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", Setting(), [])
    record = read_record(tmp_path / "record.json")
    assert not unfit(record, Setting(repeats=1))
    assert "quick" in unfit(record, Setting(quick=True))
    assert "dataset" in unfit(record, Setting(dataset=tmp_path))
    assert "threads" in unfit(record, Setting(threads=3))


@pytest.mark.parametrize("field", ["processor", "cores"])
def test_another_processor_is_noticed(tmp_path: Path, field: str) -> None:
    write_record(tmp_path / "record.json", Setting(), [])
    record = read_record(tmp_path / "record.json")
    assert not same_processor(Record({**record.context, field: "abacus"}, {}, {}))


def test_failures_missed_bounds_and_regressions_are_all_told() -> None:
    results = [AreaResult("tally", (GOOD, MISSED)), AreaResult("deep", failed="ValueError: no")]
    worse = Comparison("tally.one", "worse", 2.0, 1.25)
    found = verdict(results, [worse, replace(worse, verdict="better")], quick=False)
    assert [line.split(":")[0] for line in found] == ["deep", "tally.two", "tally.one"]


def test_a_quick_run_misses_no_bounds_but_can_fail() -> None:
    results = [AreaResult("tally", (MISSED,)), AreaResult("deep", failed="ValueError: no")]
    assert verdict(results, [], quick=True) == ("deep: failed: ValueError: no",)


def test_a_skipped_area_is_no_problem() -> None:
    assert verdict([AreaResult("deep", skipped="not installed")], [], quick=False) == ()
