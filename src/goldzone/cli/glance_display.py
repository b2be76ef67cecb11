"""What people see of runs that somebody else trains: one in full, or many as a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from goldzone.cli.display import duration, percent
from goldzone.cli.output import escaped
from goldzone.monitor.alert_summary import Alert
from goldzone.monitor.glance import Glance, State
from goldzone.monitor.live_runs import SeenRun, worst_first
from goldzone.monitor.verdict import Verdict
from goldzone.training.runs.events import (
    AlertClosed,
    AlertOpened,
    CapacityChanged,
    Event,
    RunFinished,
    RunStarted,
    SteppedBack,
    SweepFinished,
    Warned,
)

__all__ = ["news_line", "run_picture", "runs_picture", "sparkline"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_LONGEST: Final = 40
"""Sweeps of a sparkline: the last ones."""
_STYLES: Final = {
    Verdict.MEMORISING: "bold red",
    Verdict.FALLING: "bold yellow",
    Verdict.LEARNING: "bold green",
}
_SEVERITIES: Final = {"critical": "bold red", "warning": "yellow"}
_PAST: Final = 3
"""Closed alerts that are told one by one: the last ones."""


def sparkline(values: Sequence[float | None], low: float, high: float) -> str:
    """Draw values as bars between two bounds; a dot where there is none."""
    span = high - low
    return "".join(
        "·"
        if value is None
        else _BARS[min(len(_BARS) - 1, max(0, int((value - low) / span * len(_BARS))))]
        if span > 0
        else _BARS[len(_BARS) // 2]
        for value in values[-_LONGEST:]
    )


def run_picture(seen: Glance) -> RenderableType:
    """Draw one run."""
    return Group(*_parts(seen))


def runs_picture(runs: Sequence[SeenRun], most: int | None = None) -> RenderableType:
    """Draw many runs as a table, worst first; `most` of them."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("run", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    for name in ("sweep", "train", "dev", "gap", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("alerts", no_wrap=True)
    ordered = worst_first(runs)
    above, names = _names(ordered)
    for run, name in zip(ordered[:most], names, strict=False):
        table.add_row(_text(name), *_row(run))
    states = [run.glance.state for run in runs if run.glance]
    counts = [f"{len(runs)} runs", *(f"{states.count(state)} {state}" for state in State if state in states)]
    if unread := sum(run.problem is not None for run in runs):
        counts.append(f"{unread} that cannot be read")
    where = f"{above}: " if above else ""
    parts: list[RenderableType] = [_text(where + ", ".join(counts), "bold"), table]
    parts += [_text(run.problem, "red") for run in ordered[:most] if run.problem]
    if most is not None and len(ordered) > most:
        parts.append(Text(f"and {len(ordered) - most} more, which need less attention", style="dim"))
    return Group(*parts)


def news_line(event: Event, seen: Glance) -> str | None:
    """Tell an event that a reader of plain lines wants to know; None for one that is too small."""
    line: str | None = None
    match event:
        case RunStarted(run=run, layers=layers, train_examples=examples, unit=unit):
            line = f"{run}: {' + '.join(f'{size:,}' for size in layers)} neurons, {examples:,} {unit}"
        case SweepFinished(sweep=sweep, train_score=train, dev_score=dev, best=best):
            mark = "  best so far" if best else ""
            line = f"sweep {sweep}/{seen.sweeps}: train {percent(train)}  dev {percent(dev)}{mark}"
        case SteppedBack(to_sweep=sweep, reason=reason):
            line = f"back to the state of sweep {sweep}: {reason}"
        case AlertOpened(severity=severity, rule=rule, message=message):
            line = f"alert ({severity}), {rule.replace('_', ' ')}: {message}"
        case AlertClosed(rule=rule):
            line = f"alert over: {rule.replace('_', ' ')}"
        case CapacityChanged(values=values, reason=reason):
            changed = ", ".join(f"{field} = {value}" for field, value in values.items())
            line = f"capacity from the next sweep on: {changed}; {reason}"
        case Warned(message=message):
            line = f"warning: {message}"
        case RunFinished(reason=reason):
            line = f"finished: {reason}; {seen.verdict}: {seen.why}"
        case _:
            pass
    return line


def _text(text: str, style: str = "") -> Text:
    """Return a text in which control characters are escaped before lines are broken."""
    return Text(escaped(text), style)


def _parts(seen: Glance) -> Iterator[RenderableType]:
    yield Text.assemble(
        (escaped(seen.path if seen.run is None else f"{seen.path}: {seen.run}"), "bold"),
        f"  {escaped(_state(seen))}  ",
        (f"{seen.verdict}", _STYLES.get(seen.verdict, "bold")),
        f": {seen.why}",
    )
    if seen.state is not State.FINISHED:
        yield _place(seen)
    yield from _curves(seen)
    if seen.layers:
        yield Text()
        yield _layers(seen)
    for alert in seen.open_alerts:
        yield _text(f"alert since sweep {alert.opened}: {_alert(alert)}", _SEVERITIES.get(alert.severity, ""))
    yield from (_text(f"over: {_alert(alert)}", "dim") for alert in seen.past_alerts[-_PAST:])
    if len(seen.past_alerts) > _PAST:
        yield Text(f"and {len(seen.past_alerts) - _PAST} alerts before, which are over", "dim")


def _state(seen: Glance) -> str:
    if seen.state is State.FINISHED:
        return f"finished ({seen.ended})"
    if seen.state is State.SILENT and seen.silent_seconds is not None:
        return f"silent for {duration(seen.silent_seconds)}"
    return seen.state


def _place(seen: Glance) -> RenderableType:
    """Draw where the run is, and the share that is done."""
    place, words = seen.place, []
    if place is not None:
        words.append(f"sweep {place.sweep}/{seen.sweeps}")
        if place.layer is None:
            words.append("between layers")
        else:
            words.append(f"layer {place.layer}")
            if place.position is not None:
                words.append(f"neuron {place.position}")
            words.append(f"{place.done:,} of {place.total:,}")
    facts = [f"{seen.share_done:.0%}"]
    if seen.neurons_per_second is not None:
        facts.append(f"{seen.neurons_per_second:,.3g} neurons/s")
    if seen.seconds_left is not None and seen.state is not State.SILENT:
        facts.append(f"{duration(seen.seconds_left)} left")
    row = Table.grid(expand=True, padding=(0, 1))
    for ratio in (None, 1, None):
        row.add_column(ratio=ratio, no_wrap=True)
    row.add_row("  ".join(words), ProgressBar(total=1.0, completed=seen.share_done), "  ".join(facts))
    return row


def _curves(seen: Glance) -> Iterator[RenderableType]:
    """Draw train and dev accuracy and the gap by sweep, each on its own scale, which it tells."""
    train, dev = [point.train for point in seen.curve], [point.dev for point in seen.curve]
    gaps = [None if t is None or d is None else t - d for t, d in zip(train, dev, strict=True)]
    if all(value is None for value in (*train, *dev)):
        return
    phase = (seen.curve[-1].phase or "").replace("_", " ")
    yield _text(f"{seen.unit} right by sweep" + (f", phase: {phase}" * bool(phase)))
    taken = f", the model is of sweep {seen.best_sweep}" if seen.best_sweep else ""
    for name, values, more in (("train", train, ""), ("dev  ", dev, taken), ("gap  ", gaps, "")):
        known = [value for value in values if value is not None]
        if known:
            low, high = min(known), max(known)
            told = f"{percent(values[-1])} ({percent(low)} to {percent(high)}){more}"
            yield Text(f"{name}  {sparkline(values, low, high)}  {told}", no_wrap=True)


def _layers(seen: Glance) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("layer", "neurons", "noisy", "gold zone", "collapsed", "margin", "premodulo", "law's"):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in reversed(seen.layers):  # in the order of training
        lit = seen.place is not None and seen.place.layer == layer.layer
        table.add_row(
            f"{'> ' if lit else ''}{layer.layer}",
            f"{layer.neurons:,}",
            f"{layer.noisy:,}",
            f"{layer.gold_zone:,}",
            f"{layer.collapsed:,}",
            "-" if layer.margin is None else f"{layer.margin.median:.4f}",
            "-" if layer.premodulo is None else f"{layer.premodulo:,}",
            "-" if layer.target is None else f"{layer.target:,}",
            style="bold" if lit else None,
        )
    if seen.r_squared is None:
        return table
    return Group(table, Text(f"R² of premodulo with the law's: {seen.r_squared:.2f}"))


def _alert(alert: Alert) -> str:
    where = "" if alert.layer is None else f" (layer {alert.layer})"
    return f"{alert.severity}, {alert.rule.replace('_', ' ')}{where}: {alert.message}"


def _names(runs: Sequence[SeenRun]) -> tuple[str, list[str]]:
    """Return the folder that all runs are in, and what they are called below it."""
    paths = [run.path for run in runs]
    if any(path.is_absolute() for path in paths):
        paths = [path.absolute() for path in paths]
    above = os.path.commonpath([path.parent for path in paths]) if paths else ""
    return above, [os.path.relpath(path, above or ".") for path in paths]


def _row(run: SeenRun) -> list[str | Text]:
    seen = run.glance
    if seen is None:
        return [Text("cannot be read", "red")]
    last = seen.curve[-1] if seen.curve else None
    state = "" if seen.state in {State.TRAINING, State.WAITING} else f" {seen.state}"
    verdict = "cannot be read" if run.problem else f"{seen.verdict}{state}"
    sweep = seen.place.sweep if seen.place else (last.sweep if last else 0)
    left = seen.seconds_left if seen.state is State.TRAINING else None
    alerts = sorted({alert.rule.replace("_", " ") for alert in seen.open_alerts})
    return [
        Text(verdict, "red" if run.problem else _STYLES.get(seen.verdict, "")),
        f"{sweep}/{seen.sweeps}",
        percent(last.train if last else None),
        percent(last.dev if last else None),
        percent(seen.gap),
        "-" if left is None else duration(left),
        ", ".join(alerts) or "-",
    ]
