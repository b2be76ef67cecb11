from __future__ import annotations

from dataclasses import dataclass, field

from goldzone.monitor.comparison_plots import draw_comparison


@dataclass
class Interval:
    low: float
    high: float


@dataclass
class Difference:
    value: float
    interval: Interval


@dataclass
class One:
    name: str
    word_accuracy: Difference
    verdict: str = "Inconclusive"


@dataclass
class Report:
    languages: list[One]
    overall: One | None
    margin: float = 0.01
    arms: tuple[str, str] = field(default=("new", "$old$"))


def one(name: str, value: float) -> One:
    return One(name, Difference(value, Interval(value - 0.01, value + 0.01)))


def test_the_best_language_is_at_the_top_and_all_at_the_bottom() -> None:
    axes = draw_comparison(Report([one("b", 0.01), one("a", 0.03)], one("", 0.02))).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "b", "a"]
    assert axes.get_title(loc="left") == "Words right: new less $old$"
    vertical = [line.get_xdata()[0] for line in axes.lines[:2]]  # type: ignore[index]
    assert vertical == [0, -0.01]
