"""The order of training, proved from the event log alone.

Within each sweep the final neuron is trained first; then the layers go strictly backward (L, L-1, ..., 1),
each trained in the order that it announces, or marked as skipped (epic, "Always train backward").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goldzone.errors import StateError
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    RunFinished,
    RunStarted,
    SelectionMade,
    SteppedBack,
    SweepFinished,
    SweepStarted,
)

__all__ = ["Violation", "believable_events", "check_order"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A line of the log that breaks the order."""

    line: int
    """From 1."""
    problem: str


def believable_events(path: Path) -> tuple[list[tuple[int, Event]], str | None]:
    """Return the events up to the first line that cannot be believed, and what is wrong with that line."""
    events: list[tuple[int, Event]] = []
    try:
        for line, event in read_events(path):
            events.append((line, event))
    except StateError as error:
        return events, str(error).removeprefix(f"{path} line {len(events) + 1}: ")
    return events, None


def check_order(events: Iterable[tuple[int, Event]]) -> tuple[Violation, ...]:
    """Check the order of training in a log.

    Warnings and alerts are no training: they may stand anywhere. A log may end anywhere, as that of a running
    or killed run does. After a violation the check goes on from what the line says: one fault is told once.
    Events come as `goldzone.training.runs.event_log.read_events` yields them.

    Raises
    ------
    StateError
        If the run trained forward: it has no backward order to check.
    """
    checker = _Checker()
    for line, event in events:
        checker.take(line, event)
    return tuple(checker.violations)


class _Checker:
    """Where in the run the log is: one `_take_...` method for each kind of event that training writes."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._line = 0
        self._sequence = 0
        self._layers: int | None = None
        self._last_sweep = 0
        self._open = False
        self._layer = 0
        self._began = False
        self._trained = 0
        self._total: int | None = None
        self._stepped = False
        self._finished = False

    def take(self, line: int, event: Event) -> None:
        self._line = line
        if event.sequence != self._sequence:
            self._violated(f"has sequence {event.sequence} in place of {self._sequence}")
        self._sequence = event.sequence + 1
        check = _CHECKS.get(type(event))
        if check is None:
            return
        if self._finished:
            self._violated(f"{type(event).__name__} after the end of the run")
        elif self._layers is None and not isinstance(event, RunStarted):
            self._violated(f"{type(event).__name__} before the start of the run")
        else:
            check(self, event)

    def _violated(self, problem: str) -> None:
        self.violations.append(Violation(self._line, problem))

    def _take_run_started(self, event: RunStarted) -> None:
        direction = getattr(event, "direction", "backward")
        if direction != "backward":
            raise StateError(
                f"run {event.run!r}: trained {direction}, so it has no backward order; give a backward run"
            )
        if self._layers is not None:
            self._violated("the run starts a second time")
        elif not event.layers:
            self._violated("the run has no layers")
        self._layers = len(event.layers)

    def _take_sweep_started(self, event: SweepStarted) -> None:
        if self._open:
            self._violated(f"sweep {event.sweep} starts before sweep {self._last_sweep} is finished")
        if event.sweep != self._last_sweep + 1:
            self._violated(f"sweep {event.sweep} in place of {self._last_sweep + 1}")
        self._last_sweep = event.sweep
        self._open, self._stepped = True, False
        self._enter(self._layers or 0)

    def _take_selection_made(self, event: SelectionMade) -> None:
        if self._is_due(event, "is selected"):
            if self._began:
                self._violated(f"layer {event.layer} is selected after it began")
            self._began = True

    def _take_neuron_trained(self, event: NeuronTrained) -> None:
        if not self._is_due(event, "is trained"):
            return
        self._began = True
        if event.order != self._trained:
            self._violated(f"neuron {event.order} of layer {event.layer} in place of {self._trained}")
        if self._total is not None and event.total != self._total:
            self._violated(f"layer {event.layer} trains {event.total} neurons, but said {self._total}")
        elif event.order >= event.total:
            self._violated(f"neuron {event.order} of layer {event.layer}, which trains {event.total}")
        self._trained, self._total = event.order + 1, event.total

    def _take_layer_trained(self, event: LayerTrained) -> None:
        if not self._is_due(event, "is done"):
            return
        if not event.neurons:
            self._violated(f"layer {event.layer} trained no neuron and is not marked as skipped")
        elif not event.neurons == self._trained == self._total:
            self._violated(
                f"layer {event.layer} is done with {event.neurons} neurons, "
                f"but {self._trained} of {self._total or 0} were trained"
            )
        self._enter(event.layer - 1)

    def _take_layer_skipped(self, event: LayerSkipped) -> None:
        if not self._is_due(event, "is skipped"):
            return
        if event.layer == self._layers and not self._trained:
            self._violated("the final neuron is skipped; every sweep must begin with it")
        self._enter(event.layer - 1)

    def _take_sweep_finished(self, event: SweepFinished) -> None:
        if not self._is_in_sweep(event):
            return
        if self._layer:
            self._violated(f"sweep {event.sweep} is finished before layer {self._layer} is done or skipped")
        self._open = False

    def _take_stepped_back(self, event: SteppedBack) -> None:
        if self._open:
            self._violated("a step back within a sweep")
        elif event.sweep != self._last_sweep or self._stepped:
            self._violated(f"a step back after sweep {event.sweep} does not follow it")
        elif not 1 <= event.to_sweep <= event.sweep:
            self._violated(f"a step back to sweep {event.to_sweep}, which was not before")
        self._stepped = True

    def _take_run_finished(self, event: RunFinished) -> None:
        del event
        if self._open:
            self._violated(f"the run ends within sweep {self._last_sweep}")
        self._finished = True

    def _enter(self, layer: int) -> None:
        """Await a layer; 0: all of the sweep are done."""
        self._layer, self._began, self._trained, self._total = layer, False, 0, None

    def _is_in_sweep(self, event: Any) -> bool:
        """Tell whether an event belongs to the open sweep."""
        if not self._open:
            self._violated(f"{type(event).__name__} outside of a sweep")
        elif event.sweep != self._last_sweep:
            self._violated(f"{type(event).__name__} of sweep {event.sweep} within sweep {self._last_sweep}")
        else:
            return True
        return False

    def _is_due(self, event: Any, what: str) -> bool:
        """Tell whether it is the turn of an event's layer; if not, go on from that layer."""
        if not self._is_in_sweep(event):
            return False
        if event.layer == self._layer and self._layer:
            return True
        awaited = f"layer {self._layer}" if self._layer else "the end of the sweep"
        self._violated(f"layer {event.layer} {what} in place of {awaited}")
        self._enter(event.layer if isinstance(event, NeuronTrained | SelectionMade) else event.layer - 1)
        if isinstance(event, NeuronTrained):
            self._began, self._trained, self._total = True, event.order + 1, event.total
        return False


_CHECKS: Final[dict[type[Event], Callable[[_Checker, Any], None]]] = {
    RunStarted: _Checker._take_run_started,
    SweepStarted: _Checker._take_sweep_started,
    SelectionMade: _Checker._take_selection_made,
    NeuronTrained: _Checker._take_neuron_trained,
    LayerTrained: _Checker._take_layer_trained,
    LayerSkipped: _Checker._take_layer_skipped,
    SweepFinished: _Checker._take_sweep_finished,
    SteppedBack: _Checker._take_stepped_back,
    RunFinished: _Checker._take_run_finished,
}
