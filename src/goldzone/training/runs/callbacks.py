"""Callbacks: what may steer a run while it trains. It can log, change the capacity, and stop the run.

Looking on is the part of listeners (`goldzone.training.runs.listeners`), which change nothing. What a
callback changes is an event of the run, so the log explains the model. A run that is resumed tells its
callbacks again what happened before, and takes the changes from the log: it goes on as if it had never
stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from goldzone.errors import ConfigError
from goldzone.training.runs.events import (
    CapacityChanged,
    Event,
    LayerTrained,
    NeuronTrained,
    RunFinished,
    RunStarted,
    SteppedBack,
    SweepFinished,
    SweepStarted,
    Warned,
)
from goldzone.training.runs.listeners import Listener, dropped
from goldzone.training.settings import CapacitySettings
from goldzone.validation import check

__all__ = ["Callback", "Control", "Steering"]


class Control:
    """What a callback can do to its run."""

    def __init__(self, steering: Steering, name: str) -> None:
        self._steering = steering
        self._name = name

    def log(self, message: str) -> None:
        """Write a line into the run's log, where all displays show it as a warning."""
        self._steering.tell(Warned(message=f"{self._name}: {message}"))

    def stop(self, reason: str) -> None:
        """End the run after the sweep at work, with the model of its best sweep."""
        self._steering.ask_to_stop(f"{self._name}: {reason}")

    def change_capacity(self, reason: str, **fields: Any) -> None:
        """Change settings of ``[capacity]`` from the next sweep on.

        Parameters
        ----------
        reason : str
            For the log.
        **fields
            Of `goldzone.training.settings.CapacitySettings`, with their new values.

        Raises
        ------
        ConfigError
            There is no such field, its value is out of range, or this pipeline takes no changes.
        """
        self._steering.change(self._name, reason, fields)


class Callback:
    """Steers a run; each method does nothing unless a subclass says otherwise.

    A method that raises ends the callback, not the run: the run warns of it. Where the same run is to give
    the same model, a callback decides by what it is told alone.
    """

    def on_run_start(self, event: RunStarted, control: Control) -> None:
        """Take the run's beginning, before the first sweep."""

    def on_sweep_start(self, event: SweepStarted, control: Control) -> None:
        """Take the beginning of a sweep."""

    def on_neuron_trained(self, event: NeuronTrained, control: Control) -> None:
        """Take a neuron that was trained."""

    def on_layer_trained(self, event: LayerTrained, control: Control) -> None:
        """Take a layer that is done for this sweep."""

    def on_sweep_end(self, event: SweepFinished, control: Control) -> None:
        """Take a sweep that is done and measured."""

    def on_step_back(self, event: SteppedBack, control: Control) -> None:
        """Take the return to the state of an earlier sweep."""

    def on_run_end(self, event: RunFinished, control: Control) -> None:
        """Take the run's end; there is nothing left to change."""

    def on_exception(self, error: BaseException) -> None:
        """Take what ends the run before its time: an error, or the wish of a person; it goes on upwards."""


class Steering(Listener):
    """The callbacks of a run, as a listener to its events; the pipeline asks it what they decided.

    Parameters
    ----------
    callbacks : sequence of Callback
        Told in their order.
    """

    def __init__(self, callbacks: Sequence[Callback] = ()) -> None:
        self._callbacks = [(each, Control(self, type(each).__name__)) for each in callbacks]
        self._emit: Callable[[Event], None] = lambda event: None
        self._replaying = False
        self._sweep = 0
        self._changes: list[tuple[int, dict[str, Any]]] = []
        self._settings = CapacitySettings()
        self._refused: str | None = None
        self.stop_reason: str | None = None
        """Why a callback wants the run to end after the sweep at work; None while none does."""

    def begin(self, emit: Callable[[Event], None]) -> None:
        """Take the function that writes events."""
        self._emit = emit

    def catch_up(self, events: Iterable[Event]) -> None:
        """Tell callbacks what happened before; only what was asked for in the sweep at work still counts."""
        self._replaying = True
        try:
            for event in events:
                self.on_event(event)
        finally:
            self._replaying = False

    def on_event(self, event: Event) -> None:
        """Tell the callbacks."""
        match event:
            case CapacityChanged() if self._replaying:
                self._changes.append((event.sweep, _values(event)))
            case SweepStarted(sweep=sweep):
                self._sweep = sweep
                if self._replaying:
                    self.stop_reason = None
            case _:
                pass
        for each, control in tuple(self._callbacks):
            try:
                _tell(each, event, control)
            except Exception as error:
                self._drop(each, control, error)

    def on_exception(self, error: BaseException) -> None:
        """Tell the callbacks of what ends the run."""
        for each, control in tuple(self._callbacks):
            try:
                each.on_exception(error)
            except Exception as problem:
                self._drop(each, control, problem)

    def _drop(self, callback: Callback, control: Control, error: Exception) -> None:
        self._callbacks.remove((callback, control))
        self._emit(Warned(message=dropped(callback, error)))

    def tell(self, event: Event) -> None:
        """Write an event, unless it stands in the log already."""
        if not self._replaying:
            self._emit(event)

    def ask_to_stop(self, reason: str) -> None:
        """Keep why the run is to end; the first reason counts."""
        self.stop_reason = self.stop_reason or reason

    def change(self, name: str, reason: str, fields: dict[str, Any]) -> None:
        """Change capacity settings after the sweep at work; ConfigError if they do not allow it."""
        if self._replaying:
            return  # as the log has it
        if self._refused is not None:
            raise ConfigError(f"capacity: cannot be changed; {self._refused}")
        changed = self._changed(self._settings, [*self._changes, (self._sweep, fields)])
        self._changes.append((self._sweep, fields))
        values = {field: json.dumps(getattr(changed, field)) for field in fields}
        self.tell(CapacityChanged(sweep=self._sweep, values=values, reason=f"{name}: {reason}"))

    def refuse_changes(self, why: str) -> None:
        """Take no changes of capacity from now on; ConfigError if there were some."""
        if self._changes:
            raise ConfigError(f"capacity: cannot be changed; {why}")
        self._refused = why

    def capacity(self, settings: CapacitySettings, sweep: int) -> CapacitySettings:
        """Return the settings that a sweep is trained with, from those that the run began with.

        Raises
        ------
        ConfigError
            The log's changes do not fit them.
        """
        self._settings = settings
        return self._changed(settings, [change for change in self._changes if change[0] < sweep])

    def _changed(
        self, settings: CapacitySettings, changes: Sequence[tuple[int, dict[str, Any]]]
    ) -> CapacitySettings:
        if not changes:
            return settings
        fields = dict(settings)
        for _, values in changes:
            fields |= values
        return check(CapacitySettings, fields, "capacity")


def _values(event: CapacityChanged) -> dict[str, Any]:
    return {field: json.loads(value) for field, value in event.values.items()}


def _tell(callback: Callback, event: Event, control: Control) -> None:
    match event:
        case NeuronTrained():
            callback.on_neuron_trained(event, control)
        case LayerTrained():
            callback.on_layer_trained(event, control)
        case SweepStarted():
            callback.on_sweep_start(event, control)
        case SweepFinished():
            callback.on_sweep_end(event, control)
        case SteppedBack():
            callback.on_step_back(event, control)
        case RunStarted():
            callback.on_run_start(event, control)
        case RunFinished():
            callback.on_run_end(event, control)
        case _:
            pass
