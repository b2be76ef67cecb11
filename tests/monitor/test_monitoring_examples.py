"""The example rules and panels ask for metrics, labels and words that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from goldzone.monitor.metrics import metrics_text
from tests.monitor.run_folders import recorded
from tests.monitor.small_logs import toy_run, write_log

EXAMPLES = Path(__file__).parents[2] / "examples" / "monitoring"
PROMTOOL = shutil.which("promtool")
FREE = {"run", "rule", "severity", "language", "layer"}
"""Labels whose values no example can know."""


@pytest.fixture
def series(tmp_path: Path) -> dict[str, dict[str, set[str]]]:
    """Values of each label of each metric there is."""
    runs = [recorded(tmp_path / "r", 0.6, 0.5, 0.4), write_log(tmp_path / "toy.jsonl", toy_run())]
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics_text(runs).decode()):
        found[family.name] = defaultdict(set)
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((EXAMPLES / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    content: dict[str, Any] = json.loads((EXAMPLES / "grafana.json").read_text(encoding="utf-8"))
    return list(content["panels"])


def queries() -> list[str]:
    return [rule["expr"] for rule in rules()] + [
        target["expr"].replace("$run", ".*") for panel in panels() for target in panel["targets"]
    ]


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_for_what_there_is(query: str, series: dict[str, dict[str, set[str]]]) -> None:
    used = re.findall(r"(goldzone_\w+)(?:\{([^}]*)\})?", query)
    assert used
    for name, matchers in used:
        assert name in series, name
        for label, value in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
            assert label in series[name], f"{name}{{{label}}}"
            if label not in FREE:
                assert set(value.split("|")) <= series[name][label], f"{name}{{{label}={value}}}"


def test_panels_have_what_grafana_places_them_by() -> None:
    found = panels()
    assert len({panel["id"] for panel in found}) == len(found)
    taken: set[tuple[int, int]] = set()
    for panel in found:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24  # columns of a dashboard
        assert not taken & cells, panel["title"]
        taken |= cells
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_a_rule_says_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert "$labels.run" in rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_promtool_takes_rules_panels_and_metrics(tmp_path: Path) -> None:
    assert PROMTOOL is not None
    subprocess.run([PROMTOOL, "check", "rules", EXAMPLES / "alerts.yml"], check=True, timeout=60)
    records = [{"record": f"query:number{n}", "expr": query} for n, query in enumerate(queries())]
    as_rules = tmp_path / "queries.yml"
    plain = json.dumps({"groups": [{"name": "queries", "rules": records}]})  # JSON is YAML, too
    as_rules.write_text(plain, encoding="utf-8")
    subprocess.run([PROMTOOL, "check", "rules", as_rules], check=True, timeout=60)
    recorded(tmp_path / "r", 0.6, 0.5)
    text = metrics_text([tmp_path / "r"])
    linted = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=text, check=True, timeout=60, capture_output=True
    )
    assert linted.stdout + linted.stderr == b""


FIRING = {
    "GoldzoneRunMemorises": {
        'goldzone_run_verdict{run="r",verdict="memorising"}': "1x60",
        'goldzone_run_state{run="r",state="training"}': "1x60",
    },
    "GoldzoneDevAccuracyFalls": {
        'goldzone_run_verdict{run="r",verdict="falling"}': "1x60",
        'goldzone_run_state{run="r",state="training"}': "1x60",
    },
    "GoldzoneRunIsSilent": {'goldzone_run_state{run="r",state="silent"}': "1x60"},
    "GoldzoneRunCannotBeRead": {'goldzone_run_readable{run="r"}': "0x60"},
    "GoldzoneCriticalAlert": {'goldzone_alerts_active{run="r",rule="collapse",severity="critical"}': "1x60"},
    "GoldzoneFewNeuronsInTheGoldZone": {
        'goldzone_gold_zone_neurons{run="r",layer="1"}': "10x60",
        'goldzone_layer_neurons{run="r",layer="1"}': "100x60",
        'goldzone_run_progress_ratio{run="r"}': "0.5x60",
    },
    "GoldzoneTrainingIsSlow": {
        'goldzone_neurons_trained_total{run="r",layer="1"}': "0+100x30 3000+1x30",
        'goldzone_run_state{run="r",state="training"}': "1x60",
    },
}
"""By alert: series by the minute under which it fires after an hour, and no other does."""


def _firing(alert: str) -> str:
    return f'alertstate="firing",alertname="{alert}"'


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_each_alert_fires_when_it_should(tmp_path: Path) -> None:
    assert PROMTOOL is not None
    assert {rule["alert"] for rule in rules()} == set(FIRING)
    for name, series in FIRING.items():
        queries = [
            {
                "expr": f"count by (alertname, run) (ALERTS{{{_firing(rule['alert'])}}})",
                "eval_time": "60m",
                "exp_samples": [{"labels": f'{{alertname="{name}",run="r"}}', "value": 1}]
                if rule["alert"] == name
                else [],
            }
            for rule in rules()
        ]
        given = [{"series": labels, "values": values} for labels, values in series.items()]
        test = {"interval": "1m", "input_series": given, "promql_expr_test": queries}
        path = tmp_path / f"{name}.yml"
        path.write_text(
            json.dumps(
                {
                    "rule_files": [str(EXAMPLES / "alerts.yml")],
                    "evaluation_interval": "1m",
                    "tests": [test],
                }
            ),
            encoding="utf-8",
        )
        subprocess.run([PROMTOOL, "test", "rules", path], check=True, timeout=60)
