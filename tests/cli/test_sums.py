from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest

from goldzone.training.runs.event_log import cut_events, read_events
from goldzone.training.runs.events import RunStarted, SelectionMade
from goldzone.training.runs.run_folder import RunFolder
from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.measurement import GoldZone
from goldzone.training.sums.queries import describe_layer
from tests.cli.conftest import Goldzone, complaint


def sums_file(run: Path) -> Path:
    return run / "state" / "sums.goldzone"


def test_the_layers_of_a_run_are_described(goldzone: Goldzone, run_folder: Path) -> None:
    facts = json.loads(goldzone("sums", run_folder, "--json").out)
    cache = SumCache.load(sums_file(run_folder), (20, 1)).cache
    assert (facts["run"], facts["records"], facts["sweep"]) == (str(run_folder), len(cache), 2)
    assert [row["layer"] for row in facts["layers"]] == [2, 1]
    final, first = facts["layers"]
    assert (final["measured"], final["neurons"]) == (1, 1)
    assert first["neurons"] == 20
    found = describe_layer(cache, 1, GoldZone(), last=4)
    assert (first["median"], first["noisy"]) == (found.median, found.noisy)
    assert (first["counts"], first["gold_zone_positions"]) == (
        list(found.counts),
        list(found.gold_zone_positions),
    )
    assert first["rising"] + first["falling"] + first["stagnant"] == 20
    assert (final["stale"], final["median_age"], final["greatest_age"]) == (0, 0, 0)


def test_the_thresholds_are_those_of_the_run(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    config = Path("copy/config.toml")
    config.write_text(config.read_text().replace("collapse = 0.8", "collapse = 1e-9", 1))
    for row in json.loads(goldzone("sums", "copy", "--json").out)["layers"]:
        assert (row["collapsed"], row["gold_zone"]) == (row["measured"], 0)


def test_people_see_a_table_that_fits(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    finished = goldzone("sums", "copy")
    assert finished.err == ""
    assert finished.out.startswith("copy: ")
    assert "1/1" in finished.out
    assert "20/20" in finished.out
    assert max(map(len, finished.out.splitlines())) <= 80


def test_one_neuron_is_shown_sum_by_sum(goldzone: Goldzone, run_folder: Path) -> None:
    facts = json.loads(goldzone("sums", run_folder, "--neuron", "1.17", "--last", "2", "--json").out)
    history = SumCache.load(sums_file(run_folder), (20, 1)).cache.history(1, 17)
    assert (facts["layer"], facts["position"], facts["sweep"]) == (1, 17, 2)
    assert [(row["sum"], row["samples"], row["sweep"]) for row in facts["history"]] == [
        (record.sum, record.samples, record.sweep) for record in history
    ]
    assert [(row["age"], row["stale"]) for row in facts["history"]] == [(1, False), (0, False)]
    assert facts["trend"]["change"] == history[1].margin - history[0].margin
    assert facts["margin"] == facts["history"][-1]["margin"] == history[1].margin
    shutil.copytree(run_folder, "copy")
    out = goldzone("sums", "copy", "--neuron", "1.17").out
    assert out.startswith("copy: neuron 1.17\n")
    assert f"{history[1].sum:,}" in out
    assert f"{facts['weighted_sum']:,}" in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_is_not_known_of_a_neuron_is_null(goldzone: Goldzone, run_folder: Path) -> None:
    shutil.copytree(run_folder, "copy")
    whole = SumCache.load(sums_file(run_folder), (20, 1)).cache
    cache, source = SumCache((20, 1), identity=whole.identity), whole.history(1, 3)[0]
    cache.run_number("slovak")
    cache.append(source)
    cache.mark_reverted(0, 0)
    cache.record_result(0, source.sweep, train_accuracy=None, dev_accuracy=None, loss=None)
    shutil.rmtree("copy/state")
    Path("copy/state").mkdir()
    cache.save(sums_file(Path("copy")))
    facts = json.loads(goldzone("sums", "copy", "--neuron", "1.3", "--json").out)
    names = ("regime", "margin", "weighted_sum", "trend", "age")
    assert [facts[name] for name in names] == [None] * 5
    (row,) = facts["history"]
    assert (row["dev_accuracy"], row["loss"], row["accepted"]) == (None, None, False)
    assert "taken back" in goldzone("sums", "copy", "--neuron", "1.3").out
    assert goldzone("sums", "copy").code == 0
    assert "neuron 1.4 was not trained yet" in complaint(goldzone("sums", "copy", "--neuron", "1.4"))


def test_all_records_can_be_written_to_a_file(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("sums", run_folder, "--out", "sums.csv")
    with Path("sums.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert finished.out == f"{len(rows)} records written to sums.csv\n"
    assert {row["run"] for row in rows} == {"slovak"}
    for name in ("sums.parquet", "sums.feather"):
        assert json.loads(goldzone("sums", run_folder, "--out", name, "--json").out)["records"] == len(rows)
        assert Path(name).stat().st_size > 0


def test_damage_is_told_on_standard_error_and_the_backup_is_read(
    goldzone: Goldzone, run_folder: Path
) -> None:
    shutil.copytree(run_folder, "copy")
    path = sums_file(Path("copy"))
    path.write_bytes(path.read_bytes()[:-1])
    finished = goldzone("sums", "copy", "--json")
    assert finished.code == 0
    assert finished.err == (
        f"warning: {path}: does not match its SHA-256; it is damaged\n"
        f"warning: {path}: is damaged; the backup sums.goldzone.bak1 was read\n"
    )
    assert json.loads(finished.out)["sweep"] == 1


def test_what_cannot_be_shown_is_one_line(
    goldzone: Goldzone, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaint(goldzone("sums", "nothing")).startswith("nothing: is no run folder")
    assert complaint(goldzone("sums", run_folder, "--out", "a.xls")).startswith(
        "a.xls: is of no known format"
    )
    assert "layer 1 has no neuron 20" in complaint(goldzone("sums", run_folder, "--neuron", "1.20"))
    assert "'1' is not LAYER.POSITION" in complaint(goldzone("sums", run_folder, "--neuron", "1"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    line = complaint(goldzone("sums", run_folder, "--out", "a.parquet"))
    assert line == "pyarrow is not installed; pip install 'goldzone[tables]'"
    shutil.copytree(run_folder, "copy")
    for file in Path("copy/state").iterdir():
        file.unlink()
    assert "holds no sums; wait for the first sweep" in complaint(goldzone("sums", "copy"))
    Path("copy/events.jsonl").write_bytes(b"")
    assert complaint(goldzone("sums", "copy")) == "copy: its training has not begun; wait for the first sweep"


@pytest.fixture
def law_toml(tmp_path: Path) -> Path:
    """A configuration by which sums count."""
    path = tmp_path / "law.toml"
    path.write_text(
        "[network]\nneurons = 20\n[pipeline]\nsweeps = 2\nneurons_per_sweep = 0.5\n"
        '[capacity]\ncontroller = "law"\nfloor = 16\npremodulo = 1024\n[selection]\nstrategy = "gold_zone"\n',
        encoding="utf-8",
    )
    return path


def test_a_run_begins_with_the_sums_of_another(goldzone: Goldzone, law_toml: Path) -> None:
    options = ("--limit", "150", "--no-final", "--json", "--config", law_toml)
    first = json.loads(goldzone("train", "slovak", *options, "--out", "first").out)
    found = [
        json.loads(goldzone("train", "slovak", *options, "--sums-from", "first", "--out", out).out)
        for out in ("second", "again")
    ]
    assert found[0]["digest"] == found[1]["digest"] != first["digest"]
    events = [event for _, event in read_events(RunFolder.open("second").events_path)]
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    assert started.carried_sums == 21
    reasons = [event.reason for event in events if isinstance(event, SelectionMade)]
    before = [event for _, event in read_events(RunFolder.open("first").events_path)]
    assert reasons[0] != next(event.reason for event in before if isinstance(event, SelectionMade))
    assert "stale" in goldzone("sums", "second", "--neuron", "1.3").out

    cut_events(RunFolder.open("again").events_path, 1)  # killed right after the beginning
    shutil.rmtree("first")
    assert json.loads(goldzone("resume", "again", "--json").out)["digest"] == found[0]["digest"]


def test_a_run_that_replaces_the_one_whose_sums_it_begins_with_is_resumed(
    goldzone: Goldzone, law_toml: Path
) -> None:
    options = ("--limit", "150", "--no-final", "--json", "--config", law_toml, "--out", "run")
    goldzone("train", "slovak", *options)
    digest = json.loads(goldzone("train", "slovak", *options, "--force", "--sums-from", "run").out)["digest"]
    cut_events(RunFolder.open("run").events_path, 1)
    assert json.loads(goldzone("resume", "run", "--json").out)["digest"] == digest
    kept = RunFolder.open("run").sums_before_path
    cut_events(RunFolder.open("run").events_path, 1)
    kept.write_bytes(kept.read_bytes()[:-1])
    assert str(kept) in complaint(goldzone("resume", "run"))
    kept.unlink()
    assert complaint(goldzone("resume", "run")).startswith(f"{kept}: cannot be read")


def test_sums_that_steer_nothing_are_told_of(goldzone: Goldzone, quick_toml: Path) -> None:
    options = ("train", "slovak", "--limit", "150", "--no-final", "--json", "--config", quick_toml)
    before = goldzone(*options, "--out", "before")
    after = goldzone(*options, "--out", "after", "--sums-from", "before")
    said = "the sums of the earlier run steer nothing: give capacity.controller law"
    assert said not in before.err
    assert said in after.err
    assert json.loads(before.out)["digest"] == json.loads(after.out)["digest"]


def test_sums_of_another_network_or_none_are_refused(
    goldzone: Goldzone, run_folder: Path, quick_toml: Path
) -> None:
    wider = Path("wider.toml")
    wider.write_text(quick_toml.read_text().replace("neurons = 20", "neurons = 30"), encoding="utf-8")
    options = ("train", "slovak", "--out", "r", "--sums-from")
    assert complaint(goldzone(*options, run_folder, "--config", wider)) == (
        "sums of an earlier run: are of a network of (20, 1) neurons, this one has (30, 1); "
        "give a run of the same templates and neurons"
    )
    assert not Path("r").exists()
    assert "is no run folder" in complaint(goldzone(*options, "nothing"))
