from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from goldzone.errors import StateError
from goldzone.monitor.metrics import RunCollector, metrics_text
from goldzone.training.runs.event_log import EventLog
from goldzone.training.runs.events import AlertOpened, Event
from tests.monitor.run_folders import recorded
from tests.monitor.scripts import Script, neuron
from tests.monitor.small_logs import toy_run, write_log


def samples(text: bytes) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text.decode()) for sample in family.samples]


def value(text: bytes, name: str, **labels: str) -> float | None:
    """Return the value of the only sample of that name that has these labels; None if there is none."""
    found = [s.value for s in samples(text) if s.name == name and labels.items() <= s.labels.items()]
    assert len(found) <= 1
    return found[0] if found else None


def extend(run: Path, *events: Event) -> None:
    with EventLog(run / "events.jsonl") as log:
        for event in events:
            log.write(event)


def test_what_a_run_came_to_can_be_read_back(tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.6, 0.5, 0.4)
    text = metrics_text([tmp_path])
    expected = {
        ("goldzone_word_accuracy_ratio", "train"): 0.9,
        ("goldzone_word_accuracy_ratio", "dev"): 0.4,
        ("goldzone_run_examples", "dev"): 1_000_000,
    }
    for (name, split), number in expected.items():
        assert value(text, name, run=str(run), split=split) == number
    for name, number in {
        "goldzone_layer_neurons": 3,
        "goldzone_noisy_neurons": 1,
        "goldzone_gold_zone_neurons": 1,
        "goldzone_collapsed_neurons": 1,
        "goldzone_neurons_trained_total": 9,
        "goldzone_premodulo_median_cells": 100,
    }.items():
        assert value(text, name, layer="1") == number, name
    assert value(text, "goldzone_neuron_training_seconds_count") == 12
    assert value(text, "goldzone_neuron_training_seconds_sum") == 12.0
    assert value(text, "goldzone_neuron_training_seconds_bucket", le="0.5") == 0
    assert value(text, "goldzone_neuron_training_seconds_bucket", le="1.0") == 12
    assert value(text, "goldzone_run_state", state="finished") == 1
    assert value(text, "goldzone_run_verdict", verdict="falling") == 1
    assert value(text, "goldzone_run_verdict", verdict="learning") == 0
    assert value(text, "goldzone_alerts_active", rule="dev_falling", severity="warning") == 1
    assert value(text, "goldzone_alerts_active", rule="collapse") == 0
    assert value(text, "goldzone_run_readable") == 1


def test_the_run_is_described_once_and_not_in_every_series(tmp_path: Path) -> None:
    recorded(tmp_path / "r", 0.6)
    (about,) = [s for s in samples(metrics_text([tmp_path])) if s.name == "goldzone_run_info"]
    assert about.labels["language"] == "r"
    assert about.labels["controller"] == "constant"
    assert about.value == 1


def test_series_do_not_grow_with_neurons_or_sweeps(tmp_path: Path) -> None:
    small, large = recorded(tmp_path / "a", 0.5, 0.5), tmp_path / "b.jsonl"
    script = Script(300, 1)
    for sweep in range(1, 6):
        script.sweep(sweep, train=0.9, dev=0.5)
    with EventLog(large) as log:
        for event in script.events:
            log.write(event)

    def keys(path: Path) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        return {
            (s.name, frozenset((k, v) for k, v in s.labels.items() if k not in {"run", "task", "language"}))
            for s in samples(metrics_text([path]))
        }

    assert len(keys(large)) <= len(keys(small))
    assert len(keys(small)) < 120


def test_a_collector_reads_on_and_counters_only_grow(tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.5, finished=False)
    collector = RunCollector([tmp_path])
    assert value(collector.text(), "goldzone_neurons_trained_total", layer="1") == 3
    extend(run, neuron(1, 1, 2), neuron(1, 1, 2))  # again, as a resumed run does
    text = collector.text()
    assert value(text, "goldzone_neurons_trained_total", layer="1") == 5
    assert value(text, "goldzone_neuron_training_seconds_count") == 6
    late = recorded(tmp_path / "late", 0.5)
    assert value(collector.text(), "goldzone_run_readable", run=str(late)) == 1


def test_counters_begin_anew_with_a_log_that_was_replaced(tmp_path: Path) -> None:
    run = recorded(tmp_path / "r", 0.5, 0.6)
    collector = RunCollector([tmp_path])
    collector.text()
    other = recorded(tmp_path / "other", 0.5)
    (other / "events.jsonl").replace(run / "events.jsonl")
    text = collector.text()
    assert value(text, "goldzone_neurons_trained_total", run=str(run), layer="1") == 3
    assert value(text, "goldzone_neuron_training_seconds_count", run=str(run)) == 4


def test_a_run_that_cannot_be_read_is_told_beside_the_others(tmp_path: Path) -> None:
    recorded(tmp_path / "good", 0.5)
    bad = recorded(tmp_path / "bad", 0.5)
    (bad / "events.jsonl").write_bytes(b"{}\n")
    text = metrics_text([tmp_path])
    assert value(text, "goldzone_run_readable", run=str(bad)) == 0
    assert value(text, "goldzone_run_readable", run=str(tmp_path / "good")) == 1
    with pytest.raises(StateError, match="nowhere"):
        metrics_text([tmp_path / "nowhere"])


def test_names_with_quotes_breaks_and_bytes_survive_the_text(tmp_path: Path) -> None:
    name = 'a"b\n{x="y"} \\ \udcff'
    try:
        recorded(tmp_path / name, 0.5)
    except OSError:
        pytest.skip("the file system takes no such names")
    text = metrics_text([tmp_path])
    expected = str(tmp_path / name).replace("\udcff", "\\udcff")
    assert value(text, "goldzone_run_readable", run=expected) == 1


def test_an_empty_log_is_a_run_that_waits(tmp_path: Path) -> None:
    recorded(tmp_path / "r").joinpath("events.jsonl").write_bytes(b"")
    text = metrics_text([tmp_path])
    assert value(text, "goldzone_run_state", state="waiting") == 1
    assert value(text, "goldzone_run_last_event_timestamp_seconds") is None


def test_the_document_names_metrics_that_exist(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "watch.md").read_text(encoding="utf-8")
    runs = [recorded(tmp_path / "r", 0.6, 0.5, 0.4), write_log(tmp_path / "toy.jsonl", toy_run()[:13])]
    opened = AlertOpened(
        rule="collapse", layer=1, severity="info", sweep=1, value=0.0, threshold=0.0, message="m"
    )
    extend(tmp_path / "r", opened)
    families = list(text_string_to_metric_families(metrics_text(runs).decode()))
    known = {f.name for f in families} | {sample.name for f in families for sample in f.samples}
    full = set(re.findall(r"`(goldzone_\w+)`", document))
    short = {f"goldzone_run{end}" for end in re.findall(r"`(_\w+)`", document)}
    assert len(full) > 15
    assert full | short <= known
    unsaid = {f.name for f in families} - full - short - {name.removesuffix("_total") for name in full}
    assert unsaid == set()
