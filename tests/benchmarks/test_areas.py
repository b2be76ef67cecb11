"""What running the areas makes of modules that are missing, fail, or lack a library."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from benchmarks.speed.areas import AREAS, measure_area
from benchmarks.speed.measure import Figure, Setting

FIGURE = Figure("tally.one", 1.0, "s")


def module(figures: Callable[[Setting], list[Figure]]) -> Callable[[str], ModuleType]:
    made = ModuleType("made_up")
    made.figures = figures  # type: ignore[attr-defined]
    return lambda name: made


def raising(error: BaseException) -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        raise error

    return load


def test_figures_are_returned_with_the_area() -> None:
    result = measure_area("tally", Setting(), module(lambda setting: [FIGURE]))
    assert (result.area, result.figures, result.skipped, result.failed) == ("tally", (FIGURE,), "", "")


def test_the_module_is_looked_for_in_this_package() -> None:
    asked: list[str] = []

    def load(name: str) -> ModuleType:
        asked.append(name)
        return module(lambda setting: [])(name)

    measure_area("tally", Setting(), load)
    assert asked == ["benchmarks.speed.tally"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [("benchmarks.speed.tally", "no such module"), ("lightgbm", "lightgbm is not installed")],
)
def test_what_is_not_there_is_skipped(missing: str, said: str) -> None:
    result = measure_area("tally", Setting(), raising(ModuleNotFoundError(name=missing)))
    assert said in result.skipped
    assert not result.failed


@pytest.mark.parametrize("missing", ["goldzone.hashtron.gone", "benchmarks.speed.curves"])
def test_a_missing_module_of_our_own_is_a_failure(missing: str) -> None:
    result = measure_area("tally", Setting(), raising(ModuleNotFoundError("no", name=missing)))
    assert result.failed
    assert not result.skipped


@pytest.mark.parametrize("error", [ValueError("first\n  second"), SystemExit("ended\nwith 1")])
def test_what_an_area_raises_becomes_one_line(error: BaseException) -> None:
    def figures(setting: Setting) -> list[Figure]:
        raise error

    result = measure_area("tally", Setting(), module(figures))
    assert result.failed.startswith(type(error).__name__)
    assert "\n" not in result.failed


def test_an_interruption_is_no_failure_of_an_area() -> None:
    with pytest.raises(KeyboardInterrupt):
        measure_area("tally", Setting(), raising(KeyboardInterrupt()))


def test_no_area_is_listed_twice() -> None:
    assert len(set(AREAS)) == len(AREAS)
