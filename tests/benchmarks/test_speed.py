"""The command that measures speed, on made-up figures."""

from __future__ import annotations

import getpass
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from benchmarks.speed import __main__ as command
from benchmarks.speed.areas import AREAS, AreaResult, measure_area
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.regression import Recorded, compare, summarise
from benchmarks.speed.report import read_record, same_processor, table, write_record

RATIO = Figure("tally.one", 2.0, "ns", bound=3.0, peer="floor", ratio=2.0)
BARE = Figure("startup.one", 0.3, "s")


class Machine:
    """Answers for each area with one figure after the other, the last one again and again."""

    def __init__(self, patch: pytest.MonkeyPatch, **figures: list[Figure]) -> None:
        self.asked: list[str] = []
        self._figures = figures
        patch.setattr(command, "measure_apart", self.measure)

    def measure(self, area: str, setting: Setting) -> AreaResult:
        self.asked.append(area)
        left = self._figures.get(area)
        if not left:
            return AreaResult(area, skipped="made up")
        return AreaResult(area, (left.pop(0) if len(left) > 1 else left[0],))


def test_all_areas_are_measured_in_their_order_or_those_that_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(monkeypatch, tally=[RATIO])
    assert command.main([]) == 0
    assert machine.asked == list(AREAS)
    machine.asked.clear()
    assert command.main(["--only", "deep", "tally"]) == 0
    assert machine.asked == ["tally", "deep"]


def test_a_missed_bound_ends_with_1_but_not_in_quick_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(monkeypatch, tally=[replace(RATIO, value=4.0)])
    assert command.main(["--only", "tally"]) == 1
    assert command.main(["--only", "tally", "--quick"]) == 0


def test_recording_measures_twice_and_keeps_the_spread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = Machine(monkeypatch, tally=[RATIO, replace(RATIO, ratio=2.2)])
    path = tmp_path / "record.json"
    assert command.main(["--only", "tally", "--record", str(path)]) == 0
    assert machine.asked == ["tally", "tally"]
    record = read_record(path)
    assert record.figures["tally.one"].spread == pytest.approx(0.1)
    assert same_processor(record)
    assert not same_processor(replace(record, context={**record.context, "processor": "abacus"}))
    text = path.read_text(encoding="utf-8")  # it names no path and no person
    assert str(tmp_path) not in text
    assert f'"{getpass.getuser()}"' not in text


def test_a_regression_is_measured_again_before_it_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, slow = tmp_path / "record.json", replace(RATIO, ratio=3.0)
    write_record(path, Setting(), [Recorded(replace(RATIO, name=n)) for n in ("tally.one", "tally.old")])
    arguments = ["--only", "tally", "--check", str(path)]
    Machine(monkeypatch, tally=[slow, RATIO])
    assert command.main(arguments) == 0
    Machine(monkeypatch, tally=[slow, slow])
    assert command.main(arguments) == 1
    told = capsys.readouterr()
    assert "tally.one: 1.50 times worse than recorded" in told.err
    assert "tally.old: recorded, but not measured now" in told.err
    assert "| **worse**, 1.5 of 1.25 |" in told.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--quick", "--record"], "--quick"),
        (["--only", "tally", "--record"], "--only"),
        (["--repeats", "0"], "--repeats"),
        (["--dataset", "nowhere"], "nowhere: no such folder"),
        (["--quick", "--check"], "the record has quick: False"),
        (["--check", "pyproject.toml"], "pyproject.toml: no record"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if arguments[-1] == "--check":
        write_record(tmp_path / "record", Setting(), [])
        arguments = [*arguments, str(tmp_path / "record")]
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err.splitlines()[-1]


def module(figures: Callable[[Setting], list[Figure]]) -> Callable[[str], ModuleType]:
    made = ModuleType("made_up")
    made.figures = figures  # type: ignore[attr-defined]
    return lambda name: made


def test_what_an_area_raises_becomes_a_line() -> None:
    def raising(error: BaseException) -> AreaResult:
        def figures(setting: Setting) -> list[Figure]:
            raise error

        return measure_area("tally", Setting(), module(figures))

    assert raising(ValueError("first\n  second")).failed == "ValueError: first second"
    assert "lightgbm is not installed" in raising(ModuleNotFoundError(name="lightgbm")).skipped
    assert raising(ModuleNotFoundError("no", name="goldzone.gone")).failed
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt())


def test_the_table_has_a_row_for_each_figure() -> None:
    lines = table([RATIO, replace(RATIO, value=4.0, peer="", ratio=None), BARE], {}).splitlines()
    assert lines[2:] == [
        "| tally.one | 2 | ns | 3 | yes | 2 | floor |",
        "| tally.one | 4 | ns | 3 | **no** |  |  |",
        "| startup.one | 0.3 | s |  |  |  |  |",
    ]


@pytest.mark.parametrize(
    ("now", "recorded", "same_processor", "verdict"),
    [
        (replace(RATIO, value=30.0), Recorded(RATIO), False, "as recorded"),  # the ratio decides
        (replace(RATIO, value=1.0, ratio=2.6), Recorded(RATIO), True, "worse"),
        (replace(RATIO, ratio=2.49), Recorded(RATIO), True, "as recorded"),  # noise: a quarter
        (replace(RATIO, ratio=1.59), Recorded(RATIO), True, "better"),
        (replace(RATIO, ratio=3.19), Recorded(RATIO, 0.2), True, "as recorded"),  # noise: three spreads
        (replace(RATIO, ratio=3.21), Recorded(RATIO, 0.2), True, "worse"),
        (replace(BARE, value=3.0), Recorded(BARE), True, "worse"),
        (replace(BARE, value=3.0), Recorded(BARE), False, "another processor"),
        (replace(BARE, value=1.0, better="higher"), Recorded(replace(BARE, value=3.0)), True, "worse"),
        (BARE, Recorded(replace(BARE, value=0.0)), True, "worse"),
        (BARE, None, True, "new"),
    ],
)
def test_a_figure_is_worse_than_its_record_by_more_than_noise(
    now: Figure, recorded: Recorded | None, same_processor: bool, verdict: str
) -> None:
    assert compare(now, recorded, same_processor=same_processor).verdict == verdict


def test_rounds_become_their_mean_and_the_spread_of_the_ratios() -> None:
    (recorded,) = summarise([[RATIO], [replace(RATIO, value=8.0, ratio=4.0), BARE]])
    assert recorded.figure.value == pytest.approx(4.0)
    assert recorded.figure.ratio == pytest.approx(math.sqrt(8))
    assert recorded.spread == pytest.approx(1.0)
