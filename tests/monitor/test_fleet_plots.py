from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.errors import GoldzoneError
from goldzone.monitor.fleet_plots import draw_fleet, write_fleet_png
from tests.fleet.toy_worker import result

RESULTS = [result("best", test=0.75), result("$worst$", test=0.25), result("untested", test=None)]


def test_the_best_is_at_the_top_and_languages_without_test_words_are_left_out() -> None:
    (axes,) = draw_fleet(RESULTS).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$worst$", "best"]
    assert not any(label.get_parse_math() for label in axes.get_yticklabels())  # a name is no formula
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(dots.get_xdata()) == [0.25, 0.75]  # type: ignore[arg-type]
    assert axes.get_title("left") == "Test words right, 2 languages"
    assert axes.get_title("right") == "mean 50.0 %"


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_fleet_png(tmp_path / name, RESULTS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_more_languages_make_a_higher_picture() -> None:
    many = [result(f"l{number}", test=number / 200) for number in range(150)]
    assert draw_fleet(many).get_figheight() > 30
    assert draw_fleet(many).get_figwidth() == draw_fleet(RESULTS).get_figwidth()


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    (axes,) = draw_fleet([]).axes
    assert [text.get_text() for text in axes.texts] == ["no language has test words"]
    write_fleet_png(tmp_path / "empty.png", [])


def test_a_file_that_is_no_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldzoneError, match=r"ends in \.png"):
        write_fleet_png(tmp_path / "x.pdf", RESULTS)
