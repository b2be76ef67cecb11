from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldzone.errors import StateError
from goldzone.fleet.jobs import Begun, Done, Failed
from goldzone.fleet.results import FleetRecord, FleetSummary, mean_of, write_summary
from tests.fleet.toy_worker import job, result


def gathered() -> FleetSummary:
    record = FleetRecord([job(name) for name in ("d", "c", "b", "a")])
    for report in (
        Done("b", result("b", test=0.25)),
        Begun("c"),
        Failed("d", "broken; mend it"),
        Done("a", result("a", test=None)),
    ):
        record.report(report)
    return record.summary(12.5)


def test_what_was_reported_last_is_gathered_by_name() -> None:
    summary = gathered()
    assert [one.name for one in summary.results] == ["a", "b"]
    assert summary.failures == (Failed("d", "broken; mend it"),)
    assert summary.unfinished == ("c",)
    assert summary.seconds == 12.5


def test_means_are_over_the_languages_that_have_the_number() -> None:
    results = gathered().results
    assert mean_of(results, "test_word_accuracy") == 0.25
    assert mean_of([*results, result("e", test=0.75)], "test_word_accuracy") == 0.5
    assert mean_of(results, "words") == 100
    assert mean_of([], "words") is None


def test_the_summary_file_holds_all_in_plain_values(tmp_path: Path) -> None:
    write_summary(tmp_path, gathered())
    found = json.loads((tmp_path / "summary.json").read_text())
    assert [one["name"] for one in found["languages"]] == ["a", "b"]
    assert found["languages"][1]["test_interval"] == [0.125, 0.625]
    assert found["failures"] == [{"name": "d", "message": "broken; mend it", "details": ""}]
    assert found["unfinished"] == ["c"]
    assert found["means"] == {
        "words": 100,
        "dev_word_accuracy": 0.25,
        "test_word_accuracy": 0.25,
        "phoneme_error": 0.125,
        "bytes": 1000,
        "seconds": 1.5,
    }
    assert found["totals"] == {"words": 200, "test_words": 10, "bytes": 2000, "seconds": 3.0}
    assert found["seconds"] == 12.5


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"summary\.json: cannot be written"):
        write_summary(tmp_path / "none", gathered())
