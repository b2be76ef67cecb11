"""The command, with measuring replaced by made-up figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.speed import __main__ as command
from benchmarks.speed.areas import AREAS, AreaResult
from benchmarks.speed.measure import Figure, Setting
from benchmarks.speed.regression import Recorded
from benchmarks.speed.report import Record, context, read_record, write_record

GOOD = Figure("tally.one", 2.0, "ns", bound=3.0, peer="floor", ratio=2.0)


class Machine:
    """Answers for each area with one figure after the other, the last one again and again."""

    def __init__(self, **figures: list[Figure]) -> None:
        self.asked: list[str] = []
        self._figures = figures

    def measure(self, area: str, setting: Setting) -> AreaResult:
        self.asked.append(area)
        left = self._figures.get(area)
        if not left:
            return AreaResult(area, skipped="made up")
        return AreaResult(area, (left.pop(0) if len(left) > 1 else left[0],))


def test_all_areas_are_measured_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tally=[GOOD])
    monkeypatch.setattr(command, "measure_apart", machine.measure)
    assert command.main([]) == 0
    assert machine.asked == list(AREAS)


def test_only_the_named_areas_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(command, "measure_apart", machine.measure)
    assert command.main(["--only", "deep", "tally"]) == 0
    assert machine.asked == ["tally", "deep"]


def test_a_missed_bound_ends_with_1_but_not_in_quick_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "measure_apart", Machine(tally=[replace(GOOD, value=4.0)]).measure)
    assert command.main(["--only", "tally"]) == 1
    assert command.main(["--only", "tally", "--quick"]) == 0


def test_recording_measures_twice_and_keeps_the_spread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = Machine(tally=[GOOD, replace(GOOD, ratio=2.2)])
    monkeypatch.setattr(command, "measure_apart", machine.measure)
    path = tmp_path / "record.json"
    assert command.main(["--only", "tally", "--record", str(path)]) == 0
    assert machine.asked == ["tally", "tally"]
    assert read_record(path).figures["tally.one"].spread == pytest.approx(0.1)


def test_a_regression_is_measured_again_before_it_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, slow = tmp_path / "record.json", replace(GOOD, ratio=3.0)
    write_record(path, Setting(), [Recorded(GOOD)])
    arguments = ["--only", "tally", "--check", str(path)]

    once = Machine(tally=[slow, GOOD])
    monkeypatch.setattr(command, "measure_apart", once.measure)
    assert command.main(arguments) == 0
    assert once.asked == ["tally", "tally"]

    twice = Machine(tally=[slow, slow])
    monkeypatch.setattr(command, "measure_apart", twice.measure)
    assert command.main(arguments) == 1
    assert "tally.one: 1.50 times worse than recorded" in capsys.readouterr().err


def test_areas_without_a_suspicion_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tally=[replace(GOOD, ratio=9.0)])
    bare = Figure("deep.one", 1.0, "s")
    record = Record(context(), {}, {"tally.one": Recorded(GOOD), "deep.one": Recorded(bare)})
    results = [AreaResult("tally", (replace(GOOD, ratio=9.0),)), AreaResult("deep", (bare,))]
    found = command.compare_twice(results, record, lambda area: machine.measure(area, Setting()))
    assert machine.asked == ["tally"]
    assert [one.verdict for one in found] == ["worse", "as recorded"]


def test_a_recorded_figure_that_is_gone_is_told_but_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "record.json"
    old = [Recorded(replace(GOOD, name=name)) for name in ("tally.one", "tally.old", "deep.old")]
    write_record(path, Setting(), old)
    monkeypatch.setattr(command, "measure_apart", Machine(tally=[GOOD]).measure)
    assert command.main(["--check", str(path)]) == 0
    told = capsys.readouterr().err
    assert "tally.old: recorded, but not measured now" in told
    assert "deep.old" not in told  # its area was skipped


@pytest.mark.parametrize(
    "arguments",
    [
        ["--quick", "--record"],
        ["--only", "tally", "--record"],
        ["--repeats", "0"],
        ["--threads", "0"],
        ["--only", "nothing"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2


def test_a_record_of_another_setting_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    write_record(path, Setting(), [])
    with pytest.raises(SystemExit):
        command.main(["--quick", "--check", str(path)])
    assert "the record has quick: False" in capsys.readouterr().err
