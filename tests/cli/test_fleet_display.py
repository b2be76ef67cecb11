from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from goldzone.cli.fleet_display import FleetDisplay, print_fleet
from goldzone.fleet.jobs import Begun, Done, Failed, Noted, Progressed, Report
from goldzone.fleet.results import FleetSummary
from tests.fleet.toy_worker import job, result

JOBS = [job("english/american", 9000), job("[b]x[/b]", 4000), job("last", 4000)]
REPORTS: list[Report] = [
    Begun("english/american"),
    Begun("[b]x[/b]"),
    Noted("compiling"),
    Noted("compiling"),
    Progressed("english/american", "", 2, 4, 0.5, 0.625),
    Failed("[b]x[/b]", "[red]broken[/red]; " + "mend it " * 20),
    Done("english/american", result("english/american")),
    Begun("last"),
    Done("last", result("last", status="resumed", test=None)),
]


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "\n")


def test_off_a_terminal_there_is_a_line_for_each_language_that_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FleetDisplay(JOBS) as display:
        for report in REPORTS:
            display.report(report)
        display.stopping()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "compiling",
        "[1/3] [b]x[/b]: failed: [red]broken[/red]; " + "mend it " * 20,
        "[2/3] english/american: 50.0% of 10 test words right, 1.5 s",
        "[3/3] last: no test words, 1.5 s, resumed",
        "stopping: the neurons at work are finished and kept",
    ]


def test_on_a_terminal_bars_tell_how_far_all_and_each_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with FleetDisplay(JOBS) as display:
        for report in REPORTS[:5]:
            display.report(report)
        capsys.readouterr()
        display._live.refresh()
        seen = plain(capsys.readouterr().err)
        assert "  english/american: sweep 2/4, 50%, dev words right 62.5%" in seen
        assert "  [b]x[/b]: reading" in seen
        # Half of 9,000 rows, each language counting 1,000 more: 5,000 of 20,000.
        assert re.search(r"0 of 3 languages ━.* 25%  [\d,]+ words/s  \d+:\d\d left", seen)
        assert max(map(len, seen.splitlines())) <= 80
        for report in REPORTS[5:]:
            display.report(report)
        display._live.refresh()
        assert "3 of 3 languages" in plain(capsys.readouterr().err)
    assert capsys.readouterr().err.rstrip().endswith("\x1b[2K")  # the last act is to clear the line


def test_an_error_takes_the_bars_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    display = FleetDisplay(JOBS)
    with pytest.raises(KeyboardInterrupt), display:
        raise KeyboardInterrupt
    assert not display._live.is_started


def test_the_table_shows_results_means_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    big = replace(result("latin/ecclesiastical", test=0.75), words=234_567, bytes=2_345_678, seconds=234.5)
    summary = FleetSummary(
        (result("a[b]"), big, result("z", test=None)),
        (Failed("q", "broken; mend it"),),
        ("u",),
        3723.4,
    )
    print_fleet(summary, [Path("runs/summary.json")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 done, 1 failed, 1 unfinished, in 1:02:03"
    assert max(map(len, lines)) <= 80
    rows = [re.split(r" *│ *", line.strip("│ ")) for line in lines if line.startswith("│")]
    assert rows == [
        ["a[b]", "100", "25.0%", "50.0%", "12.5%", "1,000", "1.5"],
        ["latin/ecclesiastical", "234,567", "25.0%", "75.0%", "12.5%", "2,345,678", "234.5"],
        ["z", "100", "25.0%", "-", "-", "1,000", "1.5"],
        ["mean of 3", "78,256", "25.0%", "62.5%", "12.5%", "782,559", "79.2"],
    ]
    assert lines[-2:] == ["failed: q: broken; mend it", "written: runs/summary.json"]


def test_nothing_done_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_fleet(FleetSummary((), (), ("a",), 1.0), [Path("s")])
    assert capsys.readouterr().out == "0 done, 0 failed, 1 unfinished, in 0:01\nwritten: s\n"
