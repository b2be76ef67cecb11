from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from goldzone.cli.display import TrainingDisplay, percent, print_table
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import (
    Event,
    LayerProgressed,
    LayerTrained,
    SweepFinished,
    SweepStarted,
    Warned,
)
from tests.monitor.scripts import neuron, run_finished, run_started, sweep_finished

CONFIG = TrainingConfig.model_validate({"pipeline": {"sweeps": 12, "neurons_per_sweep": 0.5}})
STARTED = replace(
    run_started((9, 1)), samples=1_234_567, positions=98_765, train_examples=12_345, dev_examples=2_000
)
WARNING = "3 of 9 rows used; 6 skipped: [bold]no tab[/bold] (line 1, 2, 3, 4, 5, ...), and so on and on"


def finished(sweep: int, dev: float | None, loss: float | None, *, best: bool) -> SweepFinished:
    return replace(sweep_finished(sweep, 0.709, dev), loss=loss, best=best)


RUN: list[Event] = [
    Warned(message=WARNING),
    STARTED,
    SweepStarted(sweep=1),
    neuron(1, 2, 0),
    LayerTrained(sweep=1, layer=2, neurons=1),
    *(neuron(1, 1, position) for position in range(5)),
    LayerTrained(sweep=1, layer=1, neurons=5),
    finished(1, 0.672, 0.25204, best=True),
    neuron(2, 2, 0),
    neuron(2, 1, 65_000),
    finished(2, None, None, best=False),
    run_finished(),
]


def show(events: list[Event]) -> TrainingDisplay:
    with TrainingDisplay(CONFIG) as display:
        for stage in ("aligning", "building samples"):
            display.on_stage(stage)
        for event in events:
            display.on_event(event)
        display.on_stage("testing")
    return display


def test_off_a_terminal_there_are_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show(RUN)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"warning: {WARNING}",  # whole, so that it can be searched for; and no markup is taken out of it
        "12,345 words, 98,765 positions, 1,234,567 samples, 10 neurons",
        "sweep 1/12: words right: train 70.9%  dev 67.2%  loss 0.2520 bits  best so far",
        "sweep 2/12: words right: train 70.9%  dev -",
    ]
    assert max(map(len, err.splitlines()[1:])) <= 80


def test_on_a_terminal_the_bar_tells_where_training_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with TrainingDisplay(CONFIG) as display:
        seen = []
        for event in RUN[:-2]:
            display.on_event(event)
            display._progress.refresh()
            seen.append(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err).replace("\r", "\n"))
    # 12 sweeps of 5 context neurons (half of 9) and the final one: 72.
    assert re.search(r"sweep 1/12  layer 2  neuron 0 .*━ +1%", seen[3])
    assert "words right: train -  dev -" in seen[3]
    assert re.search(r"sweep 1/12  layer 1  neuron 4 .*━ +8%", seen[9])
    assert "sweep 1/12  measuring" in seen[10]
    assert re.search(r"sweep 2/12  layer 1  neuron 65000 .*neurons/s +\d+:\d\d", seen[-1])
    assert "words right: train 70.9%  dev 67.2%" in seen[-1]
    bars = [line for text in seen for line in text.splitlines() if "━" in line]
    assert bars
    assert max(map(len, bars)) <= 80
    assert not any("…" in line for line in bars)


def test_a_pass_in_which_all_learn_together_is_told_by_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    halfway = LayerProgressed(sweep=1, layer=1, done=6_000, total=12_000, seconds=2.0)
    whole = LayerProgressed(sweep=1, layer=1, done=12_000, total=12_000, seconds=4.0)
    with TrainingDisplay(CONFIG) as display:
        for event in (STARTED, SweepStarted(sweep=1), neuron(1, 2, 0), halfway):
            display.on_event(event)
        display._progress.refresh()
        seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err).replace("\r", "\n")
        assert display._progress.tasks[0].completed == 1 + 2.5
        display.on_event(whole)
        for position in range(5):  # what each came to is told when the pass is over
            display.on_event(neuron(1, 1, position))
            assert display._progress.tasks[0].completed == 1 + 5
    assert "sweep 1/12  layer 1  6,000 of 12,000 words" in seen
    assert "3,000 words/s" in seen


def test_the_bar_is_gone_when_training_is_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    show(RUN)
    err = capsys.readouterr().err
    assert err.rstrip().endswith("\x1b[2K")  # the last act is to clear the line


def test_an_error_takes_the_bar_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    display = TrainingDisplay(CONFIG)
    with pytest.raises(KeyboardInterrupt), display:
        raise KeyboardInterrupt
    assert not display._progress.live.is_started


def test_tables_fit_the_screen_and_show_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        "[red]a title is never folded[/red]" * 4, [("[bold]name[/bold]", "x" * 200), ("other", "[1] 2 'a'")]
    )
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "[red]a title is never folded[/red]" * 4
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert out.count("x") == 200
    assert "[bold]name[/bold]" in out
    assert "[1] 2 'a'" in out


def test_shares_are_percent_or_a_dash() -> None:
    assert (percent(0.25), percent(1.0), percent(None)) == ("25.0%", "100.0%", "-")
