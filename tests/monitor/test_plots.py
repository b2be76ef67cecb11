from __future__ import annotations

import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from msgspec.structs import replace as changed

from goldzone.errors import GoldzoneError
from goldzone.monitor.history import RunHistory, read_history
from goldzone.monitor.plots import ShownRun, draw_runs, write_png
from goldzone.monitor.summary import gold_zone_margins
from goldzone.training.runs.events import Event, SweepStarted
from goldzone.training.sums.measurement import GoldZone
from tests.monitor.small_logs import STARTED, measured, toy_run, trained, write_log


def shown(path: Path, label: str = "toy", events: list[Event] | None = None) -> ShownRun:
    history = read_history(write_log(path / f"{label}.jsonl", toy_run() if events is None else events))
    return ShownRun(label, history, gold_zone_margins(history, GoldZone()))


def deep_run(sweeps: int) -> list[Event]:
    """Three hidden layers, of two neurons each."""
    events: list[Event] = [changed(STARTED, layers=(2, 2, 2, 1))]
    for sweep in range(1, sweeps + 1):
        events.append(SweepStarted(sweep=sweep))
        events += [trained(sweep, 4, 0, -100, 100)]
        events += [trained(sweep, layer, p, 10 * layer + p, 2**layer) for layer in (3, 2, 1) for p in (0, 1)]
        events.append(measured(sweep, 0.5, 0.5))
    return events


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = 8
    while start < len(png):
        (length,) = struct.unpack(">I", png[start : start + 4])
        yield png[start + 4 : start + 8], png[start + 8 : start + 8 + length]
        start += 12 + length


def panels(figure: Figure) -> tuple[Axes, Axes, Axes, Axes]:
    accuracy, margin, premodulo, regimes = figure.axes
    return accuracy, margin, premodulo, regimes


def curves(axes: Axes) -> list[tuple[list[float], list[float]]]:
    """Return the lines drawn over sweeps, without single marks and edges."""
    return [
        (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist())
        for line in axes.lines
        if line.get_transform() == axes.transData and np.size(line.get_xdata()) > 1
    ]


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def test_a_picture_has_1600_by_1000_points_and_tells_no_time(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", [shown(tmp_path)])
    png = (tmp_path / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    found = dict(chunks(png))
    assert struct.unpack(">II", found[b"IHDR"][:8]) == (1600, 1000)
    assert not found.keys() & {b"tEXt", b"iTXt", b"zTXt", b"tIME"}
    pixels = zlib.decompress(b"".join(body for kind, body in chunks(png) if kind == b"IDAT"))
    assert len(set(pixels)) > 50  # something is drawn


def test_the_same_runs_give_the_same_bytes_whatever_the_style_around(tmp_path: Path) -> None:
    runs = [shown(tmp_path, "a"), shown(tmp_path, "b")]
    write_png(tmp_path / "1.png", runs)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 30}):
        write_png(tmp_path / "2.png", runs)
        assert mpl.rcParams["font.size"] == 30  # the surroundings keep theirs
    write_png(tmp_path / "1.png", runs)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_no_screen_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    write_png(tmp_path / "a.png", [shown(tmp_path)])
    assert (tmp_path / "a.png").exists()


def test_the_panels_show_the_run(tmp_path: Path) -> None:
    accuracy, margin, premodulo, regimes = panels(draw_runs([shown(tmp_path)]))
    assert curves(accuracy) == [([1.0, 2.0], [0.6, 0.8]), ([1.0, 2.0], [0.4, 0.3])]
    assert [line.get_linestyle() for line in accuracy.lines[:2]] == ["-", "--"]
    assert legend(accuracy) == ["train", "dev", "best on dev", "stepped back"]
    assert words(accuracy) == ["back to 1"]
    marks = {line.get_marker(): line.get_xydata().tolist() for line in accuracy.lines[2:]}  # type: ignore[union-attr]
    assert marks == {"*": [[1.0, 0.4]], "X": [[2.0, 0.3]]}
    ((sweeps, medians),) = curves(margin)  # the final neuron is left out
    assert sweeps == [1.0, 2.0]
    assert medians == pytest.approx([0.3, 0.6])
    assert curves(premodulo) == [([1.0, 2.0], [1000.0, 1000.0])]
    assert premodulo.get_yscale() == "log"
    assert premodulo.get_title(loc="right") == "R² of log premodulo with log of the law's target: 0.85"
    assert legend(regimes) == ["noisy", "gold zone", "collapsed", "no sum yet"]
    heights = [[bar.get_height() for bar in bars] for bars in regimes.containers]
    assert heights == [[0.0, pytest.approx(1 / 3)]] * 3 + [[1.0, pytest.approx(0.0)]]


def test_every_axis_is_named_and_sweeps_are_whole_numbers(tmp_path: Path) -> None:
    figure = draw_runs([shown(tmp_path)])
    labels = [axes.get_ylabel() for axes in panels(figure)]
    assert labels == [
        "words right (%)",
        "margin |S| / N (median, quartiles)",
        "cells a neuron (median, quartiles)",
        "neurons trained (%)",
    ]
    for axes in panels(figure):
        assert axes.get_xlabel() == "sweep"
        ticks = np.asarray(axes.get_xticks())
        assert (ticks == ticks.round()).all()


def test_the_bands_reach_from_quartile_to_quartile(tmp_path: Path) -> None:
    _, margin, premodulo, _ = panels(draw_runs([shown(tmp_path)]))
    for axes, low, high in ((margin, 0.16, 0.65), (premodulo, 550.0, 5500.0)):
        (band,) = axes.collections
        heights = np.concatenate([np.asarray(path.vertices)[:, 1] for path in band.get_paths()])
        assert (heights.min(), heights.max()) == (pytest.approx(low), pytest.approx(high))


def test_the_gold_zone_s_edges_are_drawn_once_for_all_runs_that_share_them(tmp_path: Path) -> None:
    one, two = shown(tmp_path, "a"), shown(tmp_path, "b")
    for runs, edges, zones in (
        ([one, two], [0.1, 0.8], 1),
        ([one, replace(two, gold_zone=(0.2, 0.6))], [0.1, 0.8, 0.2, 0.6], 0),
        ([replace(one, gold_zone=None)], [], 0),
    ):
        margin = panels(draw_runs(runs))[1]
        horizontal = [line for line in margin.lines if line.get_transform() != margin.transData]
        assert [np.asarray(line.get_ydata())[0] for line in horizontal] == edges
        assert len(margin.patches) == zones
        assert words(margin) == (["gold zone"] if edges else [])


def test_layers_differ_by_colour(tmp_path: Path) -> None:
    _, margin, premodulo, _ = panels(draw_runs([shown(tmp_path, "deep", deep_run(2))]))
    assert legend(margin) == ["layer 1", "layer 2", "layer 3"]
    for axes in (margin, premodulo):
        drawn = [line for line in axes.lines if line.get_transform() == axes.transData]
        assert len({to_hex(line.get_color()) for line in drawn}) == 3
    assert curves(margin)[2] == ([1.0, 2.0], [0.305, 0.305])
    assert curves(premodulo)[2] == ([1.0, 2.0], [8.0, 8.0])


def test_several_runs_differ_by_colour_and_their_layers_by_dashes(tmp_path: Path) -> None:
    figure = draw_runs([shown(tmp_path, "one"), shown(tmp_path, "deep", deep_run(3))])
    (names,) = figure.legends
    assert [text.get_text() for text in names.get_texts()] == ["one (R² 0.85)", "deep (R² -)"]
    accuracy, margin, _, share = panels(figure)
    drawn = [line for line in margin.lines if line.get_transform() == margin.transData]
    assert len({to_hex(line.get_color()) for line in drawn}) == 2
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in drawn[1:]}) == 3  # type: ignore[attr-defined]
    assert legend(margin) == ["layer 1", "layer 2", "layer 3"]
    assert accuracy.get_xlim() == (0.4, 3.6)
    assert share.get_title(loc="left") == "Neurons in the gold zone"
    assert [np.asarray(line.get_xdata()).tolist() for line in share.lines] == [[2.0], []]
    assert np.asarray(share.lines[0].get_ydata()).tolist() == pytest.approx([1 / 3])


def test_a_folder_s_name_is_shown_as_it_is(tmp_path: Path) -> None:
    labels = ["_hidden", "$a", r"$\frac$", "%s {}", "other"]
    runs = [shown(tmp_path, label) for label in labels]
    for some in (runs, *([run] for run in runs)):
        draw_runs(some).draw_without_rendering()
    (names,) = draw_runs(runs).legends
    assert [text.get_text() for text in names.get_texts()] == [f"{label} (R² 0.85)" for label in labels]


def test_one_neuron_alone_is_drawn_and_the_final_one_too(tmp_path: Path) -> None:
    run = shown(tmp_path)
    _, margin, premodulo, _ = panels(draw_runs([replace(run, history=run.history.of_neuron(1, 3))]))
    assert curves(margin) == [([1.0, 2.0], [0.04, 0.5])]
    assert curves(premodulo) == [([1.0, 2.0], [1000.0, 10_000.0])]
    _, margin, _, _ = panels(draw_runs([replace(run, history=run.history.of_layer(2))]))
    assert curves(margin) == [([1.0, 2.0], [1.0, 0.8])]


def test_runs_at_any_stage_are_drawn_without_a_warning(tmp_path: Path) -> None:
    whole = toy_run()
    # As many neurons as there are in a row are one stage.
    stages = [n for n, (a, b) in enumerate(pairwise(whole), 1) if type(a) is not type(b)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for stage in (*stages, len(whole)):
            draw_runs([shown(tmp_path, f"at {stage}", whole[:stage])]).draw_without_rendering()


def test_an_empty_panel_says_why(tmp_path: Path) -> None:
    accuracy, margin, premodulo, regimes = panels(draw_runs([shown(tmp_path, events=[STARTED])]))
    assert words(accuracy) == ["no sweep is measured yet"]
    assert words(margin) == words(regimes) == ["no neuron is trained yet"]
    assert words(premodulo) == ["no neuron is trained with a premodulo yet"]


def test_neurons_without_a_premodulo_leave_a_gap_on_the_log_scale(tmp_path: Path) -> None:
    events = [STARTED, trained(1, 1, 0, 5, 0), trained(2, 1, 0, 5, 64)]
    _, _, premodulo, _ = panels(draw_runs([shown(tmp_path, events=events)]))
    ((_, heights),) = curves(premodulo)
    assert np.isnan(heights[0])
    assert heights[1] == 64
    assert words(premodulo) == []


@pytest.mark.parametrize("constant", [1, 2, 1000, 65_536, (1 << 32) - 1])
def test_a_constant_premodulo_lies_within_an_axis_of_a_decade_or_more(tmp_path: Path, constant: int) -> None:
    events = [STARTED, trained(1, 1, 0, 5, constant), trained(2, 1, 0, 5, constant)]
    low, high = panels(draw_runs([shown(tmp_path, events=events)]))[2].get_ylim()
    assert low < constant < high
    assert high >= 10 * low


def test_the_title_tells_the_run_s_state(tmp_path: Path) -> None:
    figure = draw_runs([shown(tmp_path)])
    assert figure.get_suptitle() == "toy: 4 + 1 neurons, 2 sweeps (all sweeps done)"
    figure = draw_runs([shown(tmp_path, "now", toy_run()[:4])])
    assert figure.get_suptitle() == "now: 4 + 1 neurons, 1 sweep (not finished)"


@pytest.mark.parametrize("name", ["a.svg", "a", "a.png.txt", "png"])
def test_a_name_that_does_not_end_in_png_is_refused(tmp_path: Path, toy: RunHistory, name: str) -> None:
    with pytest.raises(GoldzoneError, match=r": is no name of a picture; give one that ends in \.png$"):
        write_png(tmp_path / name, [ShownRun("toy", toy, None)])
    assert not (tmp_path / name).exists()


def test_a_path_that_cannot_be_written_is_refused_and_nothing_is_left(
    tmp_path: Path, toy: RunHistory
) -> None:
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "none" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(GoldzoneError, match="cannot be written"):
            write_png(path, [ShownRun("toy", toy, None)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "toy.jsonl"]


@pytest.fixture
def toy(tmp_path: Path) -> RunHistory:
    return shown(tmp_path).history
