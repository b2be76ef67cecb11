from __future__ import annotations

import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import Goldzone, complaint
from tests.monitor.run_folders import recorded


def names(text: str) -> set[str]:
    return {family.name for family in text_string_to_metric_families(text)}


def test_standard_output_is_prometheus_text(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "runs" / "r", 0.5)
    shown = goldzone("metrics", "runs")
    assert (shown.code, shown.err) == (0, "")
    assert {"goldzone_build_info", "goldzone_word_accuracy_ratio"} <= names(shown.out)
    assert 'run="runs/r"' in shown.out


def test_a_file_is_replaced_as_a_whole(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "runs" / "r", 0.5)
    out = tmp_path / "goldzone.prom"
    out.write_text("before")
    shown = goldzone("metrics", "runs", "--out", out)
    assert (shown.code, shown.out) == (0, "")
    assert "goldzone_build_info" in names(out.read_text(encoding="utf-8"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["goldzone.prom", "runs"]


def test_without_the_extra_it_says_how_to_install_it(
    goldzone: Goldzone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "r", 0.5)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "goldzone.monitor.metrics", raising=False)
    line = complaint(goldzone("metrics", "r"))
    assert line.endswith("install it with: pip install 'goldzone[metrics]'")


def test_what_cannot_be_done_is_one_line(goldzone: Goldzone, tmp_path: Path) -> None:
    recorded(tmp_path / "r", 0.5)
    assert "nowhere: is no folder" in complaint(goldzone("metrics", "nowhere", "--port", "0"))
    assert "leave out --port" in complaint(goldzone("metrics", "r", "--port", "0", "--out", "x"))
    assert "give --out" in complaint(goldzone("metrics", "r", "--every", "1"))
    assert "give a token" in complaint(goldzone("metrics", "r", "--port", "0", "--host", "0.0.0.0"))  # noqa: S104
    assert "cannot be written" in complaint(goldzone("metrics", "r", "--out", "gone/x"))
