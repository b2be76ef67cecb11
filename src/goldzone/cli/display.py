"""What people see: a live progress bar, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from goldzone.cli.output import screen
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import (
    AlertClosed,
    AlertOpened,
    CapacityChanged,
    Event,
    LayerProgressed,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    RunResumed,
    RunStarted,
    SteppedBack,
    SweepFinished,
    Warned,
)
from goldzone.training.runs.listeners import Listener
from goldzone.training.runs.run_progress import RunProgress

__all__ = ["TrainingDisplay", "duration", "percent", "print_table", "print_titled"]


def percent(share: float | None) -> str:
    """Format a share, or a dash when it is not known."""
    return "-" if share is None else f"{share:.1%}"


def duration(seconds: float) -> str:
    """Format a time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def print_titled(title: str, table: Table) -> None:
    """Print a table under a title on standard output."""
    console = screen()
    # Not as the table's own title, which would be as narrow as the table.
    console.print(title, style="bold", markup=False, soft_wrap=True)
    console.print(table)


def print_table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values under a title on standard output."""
    table = Table(show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    print_titled(title, table)


class TrainingDisplay(Listener):
    """Shows a run on standard error: what happened line by line and, on a terminal, a live progress bar.

    The bar tells sweep, layer, neuron, rate and time left, and under it the accuracies of the last sweep.

    Parameters
    ----------
    config : TrainingConfig
        Of the run.
    title : str
        What each line begins with, where a command trains more than one model.
    """

    def __init__(self, config: TrainingConfig, title: str = "") -> None:
        self._title = title
        self._sweeps = config.pipeline.sweeps
        self._done = RunProgress(config)
        self._unit = "words"
        self._accuracy = self._right(None, None)
        console = screen(stderr=True, soft_wrap=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(title + "{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("reading", total=None, rate="")

    def __enter__(self) -> TrainingDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_stage(self, name: str) -> None:
        """Show the name of a stage without sweeps."""
        self._progress.update(self._task, description=name)

    def on_event(self, event: Event) -> None:
        """Show an event."""
        self._done.on_event(event)
        match event:
            case RunStarted(unit=unit):
                self._unit = unit
                self._accuracy = self._right(None, None)
                self._progress.reset(self._task, total=self._done.total)
                counts = [(event.train_examples, event.unit)]
                if unit != "samples":
                    counts += [(event.positions, "positions"), (event.samples, "samples")]
                counts.append((sum(event.layers), "neurons"))
                self._say(", ".join(f"{count:,} {name}" for count, name in counts))
            case NeuronTrained():
                speed = self._progress.tasks[0].speed
                self._progress.update(
                    self._task,
                    completed=self._done.done,
                    description=f"sweep {event.sweep}/{self._sweeps}  layer {event.layer}  "
                    f"neuron {event.position}\n{self._accuracy}",
                    rate=f"{speed:.0f} neurons/s" if speed else "",
                )
            case LayerProgressed(done=done, total=total, seconds=seconds):
                self._progress.update(
                    self._task,
                    completed=self._done.done,
                    description=f"sweep {event.sweep}/{self._sweeps}  layer {event.layer}  "
                    f"{done:,} of {total:,} {self._unit}\n{self._accuracy}",
                    rate=f"{done / seconds:,.0f} {self._unit}/s" if seconds else "",
                )
            case LayerTrained(layer=1):
                self._progress.update(
                    self._task,
                    description=f"sweep {event.sweep}/{self._sweeps}  measuring\n{self._accuracy}",
                )
            case SweepFinished():
                self._accuracy = self._right(event.train_score, event.dev_score)
                loss = "" if event.loss is None else f"  loss {event.loss:.4f} bits"
                best = "  best so far" if event.best else ""
                self._say(f"sweep {event.sweep}/{self._sweeps}: {self._accuracy}{loss}{best}")
            case RunResumed(sweep=sweep, layer=layer, done=done):
                point = "its beginning" if layer is None else f"layer {layer}, step {done + 1}"
                self._say(f"resumed in sweep {sweep} at {point}")
            case SteppedBack(to_sweep=to_sweep, reason=reason):
                self._say(f"back to the state of sweep {to_sweep}: {reason}")
            case LayerSkipped(sweep=sweep, layer=layer, reason=reason):
                self._say(f"sweep {sweep}: layer {layer} skipped: {reason}")
            case AlertOpened(severity=severity, message=message):
                self._say(f"alert ({severity}): {message}", style="yellow")
            case AlertClosed(rule=rule):
                self._say(f"alert over: {rule.replace('_', ' ')}")
            case CapacityChanged(values=values, reason=reason):
                changed = ", ".join(f"{field} = {value}" for field, value in values.items())
                self._say(f"capacity from the next sweep on: {changed}; {reason}")
            case Warned(message=message):
                self._say(f"warning: {message}", style="yellow")
            case _:
                pass

    def _say(self, line: str, style: str | None = None) -> None:
        self._progress.console.print(self._title + line, style=style, markup=False)

    def _right(self, train: float | None, dev: float | None) -> str:
        return f"{self._unit} right: train {percent(train)}  dev {percent(dev)}"
